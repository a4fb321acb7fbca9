//! One picture: the lines that every screen has, and between them the screen that is shown.
//!
//! ```text
//!  header      scenario, target, screens; phase, time, seed, verdict
//!  body        one of the nine views; over it the log or the help
//!  generator   is the measurement itself to be trusted?
//!  hints       the keys that matter here, a question, or what the run said to the last request
//! ```

use super::{
    ascii,
    look::Charset,
    panel,
    state::{Prompt, State},
    text, view,
};
use crate::metrics::Snapshot;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Clear,
};

/// Draws `snapshot` as `state` wants to see it.
pub fn draw(frame: &mut Frame, state: &State, snapshot: &Snapshot) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(frame, area, state);
    } else {
        whole(frame, area, state, snapshot);
    }
    if state.look.charset == Charset::Ascii {
        ascii::replace(frame.buffer_mut());
    }
}

fn whole(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let [header, body, generator, hints] = rows(area);
    panel::header::render(frame, header, state, snapshot);
    view::draw(frame, body, state, snapshot);
    panel::generator::render(frame, generator, snapshot, &state.look);
    let is_taken =
        panel::prompt::render(frame, hints, state) || panel::question::render(frame, hints, state, snapshot);
    if !is_taken {
        panel::hints::render(frame, hints, state);
    }
    if state.log {
        let height = (body.height / 3).max(5);
        let over = Rect { y: body.bottom() - height, height, ..body };
        frame.render_widget(Clear, over);
        panel::events::render(frame, over, snapshot, &state.look);
    }
    if state.help && !matches!(state.prompt, Some(Prompt::Question(_))) {
        panel::help::render(frame, body, state);
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

fn too_small(frame: &mut Frame, area: Rect, state: &State) {
    let (columns, rows) = (SMALLEST.0.to_string(), SMALLEST.1.to_string());
    let message = state.look.fill(super::words::Text::TooSmall, &[&columns, &rows]);
    frame.render_widget(Line::raw(text::fit(&message, area.width.into())), area);
}

/// The smallest terminal that a screen fits into.
const SMALLEST: (u16, u16) = (60, 16);
