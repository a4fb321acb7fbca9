//! The log: what happened and which marks were set, the newest first, all of it or what holds a text.
//!
//! ```text
//! ╭ Log: 3 of 6 lines, /reversal ────────────────────────────────────╮
//! │    1:36 · 50000017: reversal answered with 00                    │
//! │    1:21 ✘ 50000017: no answer to 0200 within 30 s, reversal due  │
//! ╰──────────────────────────────────────────────────────────────────╯
//! ```

use super::Extent;
use crate::dashboard::{
    format,
    panel::{events, scroll},
    state::State,
    text,
    words::Text,
};
use crate::metrics::{EventLine, Snapshot};
use ratatui::{Frame, layout::Rect, style::Modifier, text::Line, widgets::Paragraph};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let found: Vec<&EventLine> = found(state, snapshot).collect();
    let mut title =
        look.fill(Text::LogLines, &[&found.len().to_string(), &snapshot.events.len().to_string()]);
    if !state.search.is_empty() {
        title = title + ", /" + &state.search;
    }
    let block = text::panel(title.into(), area, look);
    let inner = block.inner(area);
    let clock = text::width(&format::clock(snapshot.elapsed)).max(5);
    let list = state.list();
    let mut lines: Vec<Line> = Vec::new();
    for (index, event) in found.iter().enumerate().skip(list.top).take(inner.height.into()) {
        let line = events::line(event, clock, inner.width.into(), look);
        let is_selected = index == list.selected;
        lines.push(if is_selected { line.patch_style(Modifier::BOLD) } else { line });
    }
    if lines.is_empty() {
        lines.push(Line::styled(look.say(Text::NothingHappened), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
    scroll::render(frame, area, list, inner.height.into(), found.len());
}

pub(super) fn extent(state: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    Extent { rows: found(state, snapshot).count(), page: usize::from(area.height).saturating_sub(2).max(1) }
}

/// The lines that hold the text that is searched, whatever its case; the newest first.
fn found<'s>(state: &State, snapshot: &'s Snapshot) -> impl Iterator<Item = &'s EventLine> {
    let wanted = state.search.to_lowercase();
    let events = snapshot.events.iter().rev();
    events.filter(move |event| wanted.is_empty() || event.text.to_lowercase().contains(&wanted))
}
