//! The nine screens: a file each, with one `draw`, and one `extent` of the list that keys move through.

mod agents;
mod connections;
mod device_detail;
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
    Mode,
    draw::body,
    panel,
    state::{Extent, Screen, State},
    text,
    words::Text,
};
use crate::metrics::Snapshot;
use ratatui::{Frame, layout::Rect, text::Line, widgets::Paragraph};

/// Draws the screen that `state` shows into `area`.
pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    if state.mode == Mode::Replay && !is_recorded(state.screen, snapshot) {
        return not_recorded(frame, area, state);
    }
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

/// Says that a recording has nothing for this screen.
fn not_recorded(frame: &mut Frame, area: Rect, state: &State) {
    let look = &state.look;
    let block = text::panel(look.say(state.screen.name()).into(), area, look);
    let line = Line::styled(look.say(Text::NotRecorded), look.theme.dim);
    frame.render_widget(Paragraph::new(line).block(block), area);
}

/// What single terminals do is in no results folder; connections and the process are not in those of earlier versions.
fn is_recorded(screen: Screen, snapshot: &Snapshot) -> bool {
    match screen {
        Screen::Terminals => false,
        Screen::Connections | Screen::Agents => snapshot.series.is_empty() || !snapshot.agents.is_empty(),
        _ => true,
    }
}

/// The list of the devices below the fleet, on a terminal of size `area`.
pub(super) fn device_extent(state: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    terminals::device_extent(state, body(area), snapshot)
}

/// The number in the fleet of the device in row `place` of that list.
pub(super) fn device_at(place: usize, state: &State, snapshot: &Snapshot) -> Option<u32> {
    panel::devices::shown(&snapshot.devices, &state.filter).get(place).map(|device| device.number)
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
