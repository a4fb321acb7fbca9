//! The palette: which style each meaning has.
//!
//! Only the sixteen colours that a terminal's own theme defines are used, so that the screens suit dark and light
//! backgrounds. What a colour says is always said by a word, a sign or a position as well.

use ratatui::style::{Color, Modifier, Style};

/// The styles of the screens by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Headings of panels and tables.
    pub title: Style,
    /// Values that matter.
    pub strong: Style,
    /// Borders, labels, and what is not important now.
    pub dim: Style,
    /// What is selected or belongs to the program.
    pub accent: Style,
    /// Areas of bars.
    pub fill: Style,
    /// What is as it should be.
    pub ok: Style,
    /// What deserves a look.
    pub warning: Style,
    /// What failed.
    pub error: Style,
    /// What must not be overlooked.
    pub badge: Style,
    /// The lines of p50, p90, p99 and p99.9.
    pub percentiles: [Color; 4],
}

impl Theme {
    /// With colours.
    pub const COLOUR: Self = Self {
        title: Style::new().add_modifier(Modifier::BOLD).remove_modifier(Modifier::DIM),
        strong: Style::new().add_modifier(Modifier::BOLD),
        dim: Style::new().add_modifier(Modifier::DIM),
        accent: Style::new().fg(Color::Cyan),
        fill: Style::new().fg(Color::Cyan).add_modifier(Modifier::DIM),
        ok: Style::new().fg(Color::Green),
        warning: Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
        error: Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        badge: Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD).add_modifier(Modifier::REVERSED),
        percentiles: [Color::Cyan, Color::Blue, Color::Magenta, Color::LightMagenta],
    };

    /// Without colours: bold, dim and reversed only.
    pub const PLAIN: Self = Self {
        accent: Style::new(),
        fill: Style::new(),
        ok: Style::new(),
        warning: Style::new().add_modifier(Modifier::BOLD),
        error: Style::new().add_modifier(Modifier::BOLD),
        badge: Style::new().add_modifier(Modifier::BOLD).add_modifier(Modifier::REVERSED),
        percentiles: [Color::Reset; 4],
        ..Self::COLOUR
    };

    /// The theme for the value of the environment variable `NO_COLOR`: any text in it switches colours off.
    pub fn for_no_color(no_color: Option<&str>) -> Self {
        if no_color.is_some_and(|value| !value.is_empty()) { Self::PLAIN } else { Self::COLOUR }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_switches_colours_off_unless_it_is_empty() {
        assert_eq!(Theme::for_no_color(Some("1")), Theme::PLAIN);
        assert_eq!(Theme::for_no_color(Some("")), Theme::COLOUR);
        assert_eq!(Theme::for_no_color(None), Theme::COLOUR);
    }
}
