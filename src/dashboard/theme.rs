//! The palette: which style each meaning has.
//!
//! What a colour says is always said by a word, a sign or a position as well. The sixteen colours are those that a
//! terminal's own theme defines; the others are of middle lightness, so that they suit dark and light backgrounds.

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
    /// What belongs to the baseline.
    pub baseline: Style,
    /// From few to many, on maps of counts.
    pub heat: [Color; 4],
}

impl Theme {
    /// With the sixteen colours of the terminal.
    pub const SIXTEEN: Self = Self {
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
        baseline: Style::new().fg(Color::Yellow),
        heat: [Color::Blue, Color::Cyan, Color::Yellow, Color::Red],
    };

    /// With colours of 256.
    pub const INDEXED: Self = Self {
        accent: Style::new().fg(Color::Indexed(37)),
        fill: Style::new().fg(Color::Indexed(66)),
        ok: Style::new().fg(Color::Indexed(71)),
        warning: Style::new().fg(Color::Indexed(172)).add_modifier(Modifier::BOLD),
        error: Style::new().fg(Color::Indexed(167)).add_modifier(Modifier::BOLD),
        badge: Style::new()
            .fg(Color::Indexed(172))
            .add_modifier(Modifier::BOLD)
            .add_modifier(Modifier::REVERSED),
        percentiles: [Color::Indexed(37), Color::Indexed(68), Color::Indexed(133), Color::Indexed(168)],
        baseline: Style::new().fg(Color::Indexed(136)),
        heat: [Color::Indexed(61), Color::Indexed(97), Color::Indexed(168), Color::Indexed(172)],
        ..Self::SIXTEEN
    };

    /// With colours of 24 bits.
    pub const RGB: Self = Self {
        accent: Style::new().fg(Color::Rgb(0x1f, 0x9e, 0xa8)),
        fill: Style::new().fg(Color::Rgb(0x4d, 0x8a, 0x92)),
        ok: Style::new().fg(Color::Rgb(0x4f, 0xa3, 0x5a)),
        warning: Style::new().fg(Color::Rgb(0xc8, 0x8a, 0x1a)).add_modifier(Modifier::BOLD),
        error: Style::new().fg(Color::Rgb(0xd4, 0x58, 0x58)).add_modifier(Modifier::BOLD),
        badge: Style::new()
            .fg(Color::Rgb(0xc8, 0x8a, 0x1a))
            .add_modifier(Modifier::BOLD)
            .add_modifier(Modifier::REVERSED),
        percentiles: [
            Color::Rgb(0x1f, 0x9e, 0xa8),
            Color::Rgb(0x4f, 0x83, 0xcc),
            Color::Rgb(0x9a, 0x6a, 0xc4),
            Color::Rgb(0xcf, 0x5f, 0x9e),
        ],
        baseline: Style::new().fg(Color::Rgb(0xa8, 0x8a, 0x2c)),
        heat: [
            Color::Rgb(0x5a, 0x5f, 0xb8),
            Color::Rgb(0x93, 0x52, 0xa8),
            Color::Rgb(0xcf, 0x55, 0x7a),
            Color::Rgb(0xdc, 0x8a, 0x2e),
        ],
        ..Self::SIXTEEN
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
        baseline: Style::new(),
        heat: [Color::Reset; 4],
        ..Self::SIXTEEN
    };
}
