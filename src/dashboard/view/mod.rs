//! The nine screens: a file each, with one `draw`, and one `extent` of the list that keys move through.

mod agents;
mod connections;
mod errors;
mod latency;
mod log;
mod overview;
mod samples;
mod steps;
mod terminal_detail;
mod terminals;
mod thresholds;

use super::{
    draw::body,
    state::{Extent, Screen, State},
};
use crate::metrics::Snapshot;
use ratatui::{Frame, layout::Rect};

/// Draws the screen that `state` shows into `area`.
pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let draw = match state.screen {
        Screen::Overview => overview::draw,
        Screen::Latency => latency::draw,
        Screen::Steps => steps::draw,
        Screen::Terminals => terminals::draw,
        Screen::Errors => errors::draw,
        Screen::Connections => connections::draw,
        Screen::Agents => agents::draw,
        Screen::Thresholds => thresholds::draw,
        Screen::Log => log::draw,
    };
    draw(frame, area, state, snapshot);
}

/// The list of the screen that `state` shows, on a terminal of size `area`.
pub(super) fn extent(state: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    let extent = match state.screen {
        Screen::Overview => overview::extent,
        Screen::Latency => latency::extent,
        Screen::Steps => steps::extent,
        Screen::Terminals => terminals::extent,
        Screen::Errors => errors::extent,
        Screen::Connections => connections::extent,
        Screen::Agents => agents::extent,
        Screen::Thresholds => thresholds::extent,
        Screen::Log => log::extent,
    };
    extent(state, body(area), snapshot)
}
