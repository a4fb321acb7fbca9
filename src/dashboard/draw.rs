//! One picture: the lines that every screen has, and between them the screen that is shown.
//!
//! ```text
//!  header      scenario, target, screens; phase, time, seed, verdict
//!  body        overview, latency or terminals
//!  generator   is the measurement itself to be trusted?
//!  hints       the keys that matter here
//! ```

use super::{
    panel,
    state::{Screen, State},
    text,
};
use crate::metrics::Snapshot;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

/// Draws `snapshot` as `state` wants to see it.
pub fn draw(frame: &mut Frame, state: &State, snapshot: &Snapshot) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return too_small(frame, area);
    }
    let [header, _, generator, hints] = rows(area);
    panel::header::render(frame, header, state, snapshot);
    match state.screen {
        Screen::Overview => panel::overview::render(frame, body(area), snapshot, &state.theme),
        Screen::Latency => panel::latency::render(frame, body(area), state, snapshot),
        Screen::Terminals => panel::terminals::render(frame, body(area), state, snapshot),
    }
    panel::generator::render(frame, generator, snapshot, &state.theme);
    panel::hints::render(frame, hints, state);
    if state.help {
        panel::help::render(frame, body(area), &state.theme);
    }
}

/// The part of a terminal of size `area` that belongs to the screen itself.
pub(super) fn body(area: Rect) -> Rect {
    let [_, body, ..] = rows(area);
    body
}

fn rows(area: Rect) -> [Rect; 4] {
    let lengths = [Constraint::Length(2), Constraint::Fill(1), Constraint::Length(1), Constraint::Length(1)];
    Layout::vertical(lengths).areas(area)
}

fn too_small(frame: &mut Frame, area: Rect) {
    let message = format!("posfleet needs {}×{}", SMALLEST.0, SMALLEST.1);
    frame.render_widget(Line::raw(text::fit(&message, area.width.into())), area);
}

/// The smallest terminal that a screen fits into.
const SMALLEST: (u16, u16) = (60, 16);
