//! What happened lately, the newest at the bottom.
//!
//! ```text
//! ╭ Events ──────────────────────────────────────────╮
//! │    1:02   opening is done: 2000 terminals        │
//! │    2:01 ⚠ 3 iterations dropped: no terminal free │
//! ╰──────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, look::Look, text, words::Text};
use crate::metrics::{EventLine, Severity, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
    let block = text::panel(look.say(Text::Events).into(), area, look);
    let inner = block.inner(area);
    let old = snapshot.events.len().saturating_sub(inner.height.into());
    let clock = text::width(&format::clock(snapshot.elapsed)).max(5);
    let line = |event| line(event, clock, inner.width.into(), look);
    let mut lines: Vec<Line> = snapshot.events.iter().skip(old).map(line).collect();
    if lines.is_empty() {
        lines.push(Line::styled(look.say(Text::NothingHappened), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

pub(in crate::dashboard) fn line<'a>(
    event: &EventLine,
    clock: usize,
    columns: usize,
    look: &Look,
) -> Line<'a> {
    let (sign, style) = match event.severity {
        Severity::Info => ("·", look.theme.dim),
        Severity::Warning => ("⚠", look.theme.warning),
        Severity::Error => ("✘", look.theme.error),
    };
    let at = format!(" {} ", text::right(&format::clock(event.at), clock));
    Line::from_iter([
        Span::styled(at, look.theme.dim),
        Span::styled(format!("{sign} "), style),
        Span::raw(text::fit_words(&event.text, columns.saturating_sub(clock + 5))),
    ])
}
