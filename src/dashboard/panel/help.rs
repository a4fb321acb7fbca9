//! The help, drawn over the screen from the table of keys.
//!
//! ```text
//! ╭ Keys ──────────────────────────────────────────────╮
//! │  1 2 3          show Overview, Latency, Terminals  │
//! │  Tab Shift-Tab  next screen, previous screen       │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{keys::BINDINGS, text, theme::Theme};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, theme: &Theme) {
    let mut lines = table(BINDINGS.iter().map(|binding| (binding.label, binding.what)), theme);
    if usize::from(area.height) >= lines.len() + WORDS.len() + 4 {
        lines.push(Line::default());
        lines.extend(table(WORDS.iter().copied(), theme));
    }
    let width = lines.iter().map(Line::width).max().unwrap_or_default() as u16 + 3;
    let popup = area.centered(width.min(area.width).into(), (lines.len() as u16 + 2).min(area.height).into());
    frame.render_widget(Clear, popup);
    let block = text::panel("Keys".into(), popup, theme).border_style(theme.accent);
    frame.render_widget(Paragraph::new(lines).block(block), popup);
}

fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>, theme: &Theme) -> Vec<Line<'a>> {
    let row = |(word, meaning): (&'a str, &'a str)| {
        let word = format!(" {} ", text::left(word, WORD_COLUMNS));
        Line::from_iter([Span::styled(word, theme.accent), Span::raw(meaning)])
    };
    rows.map(row).collect()
}

/// The words of the screens that are not obvious.
const WORDS: &[(&str, &str)] = &[
    ("planned", "iterations that came due"),
    ("late", "began noticeably after they were due"),
    ("dropped", "came due while no terminal was free"),
    ("errors", "steps that timed out or could not be done"),
    ("lag", "from the scheduled to the actual start"),
];

const WORD_COLUMNS: usize = 14;
