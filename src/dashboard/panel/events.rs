//! What happened lately, the newest at the bottom.
//!
//! ```text
//! ╭ Events ──────────────────────────────────────────╮
//! │    1:02   opening is done: 2000 terminals        │
//! │    2:01 ⚠ 3 iterations dropped: no terminal free │
//! ╰──────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, text, theme::Theme};
use crate::metrics::{EventLine, Severity, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, theme: &Theme) {
    let block = text::panel("Events".into(), area, theme);
    let inner = block.inner(area);
    let old = snapshot.events.len().saturating_sub(inner.height.into());
    let clock = text::width(&format::clock(snapshot.elapsed)).max(5);
    let line = |event| line(event, clock, inner.width.into(), theme);
    let mut lines: Vec<Line> = snapshot.events.iter().skip(old).map(line).collect();
    if lines.is_empty() {
        lines.push(Line::styled(" nothing happened yet", theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn line<'a>(event: &EventLine, clock: usize, columns: usize, theme: &Theme) -> Line<'a> {
    let (sign, style) = match event.severity {
        Severity::Info => ("·", theme.dim),
        Severity::Warning => ("⚠", theme.warning),
        Severity::Error => ("✘", theme.error),
    };
    let at = format!(" {} ", text::right(&format::clock(event.at), clock));
    Line::from_iter([
        Span::styled(at, theme.dim),
        Span::styled(format!("{sign} "), style),
        Span::raw(text::fit_words(&event.text, columns.saturating_sub(clock + 5))),
    ])
}
