//! What the terminal or the device that is looked at says and hears: the newest at the bottom, card data hidden.
//!
//! ```text
//! ╭ Messages, card data hidden ──────────────────────────────────────────╮
//! │ 2:11.402 → 0200  2 622848******0017  3 000000  4 000000012300        │
//! │ 2:11.424 ← 0210  39 00                                               │
//! ╰──────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, state::State, text, words::Text};
use crate::metrics::{Snapshot, TraceLine, Way};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

/// Draws what was heard of terminal `number`; a message that is longer than a line goes on in the next ones.
pub(in crate::dashboard) fn render(
    frame: &mut Frame,
    area: Rect,
    number: u32,
    state: &State,
    snapshot: &Snapshot,
) {
    let look = &state.look;
    let block = text::panel(look.say(Text::Messages).into(), area, look);
    let inner = block.inner(area);
    let trace = Some(&snapshot.trace).filter(|trace| trace.terminal == Some(number));
    let mut lines: Vec<Line> = Vec::new();
    for message in trace.iter().flat_map(|trace| trace.lines.iter()) {
        lines.extend(wrapped(message, inner.width.into(), state));
    }
    let surplus = lines.len().saturating_sub(inner.height.into());
    lines.drain(..surplus);
    if lines.is_empty() {
        lines.push(Line::styled(look.say(Text::Listening), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn wrapped<'a>(message: &TraceLine, columns: usize, state: &State) -> Vec<Line<'a>> {
    let theme = &state.look.theme;
    let (arrow, style) = match message.way {
        Way::Out => ("→", theme.accent),
        Way::In => ("←", theme.strong),
        Way::Note => ("·", theme.dim),
    };
    let at = format!(" {}.{:03} ", format::clock(message.at), message.at.subsec_millis());
    let indent = text::width(&at) + 2;
    let mut lines = Vec::new();
    for (index, part) in text::wrap(&message.text, columns.saturating_sub(indent + 1)).into_iter().enumerate()
    {
        let head = if index == 0 {
            (at.clone(), format!("{arrow} "))
        } else {
            (" ".repeat(indent - 2), "  ".into())
        };
        lines.push(Line::from_iter([
            Span::styled(head.0, theme.dim),
            Span::styled(head.1, style),
            Span::raw(part),
        ]));
    }
    lines
}
