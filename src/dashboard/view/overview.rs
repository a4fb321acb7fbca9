//! The overview: is the plan being met, and is the system well?
//!
//! ```text
//! ╭ Scenarios ───────────────────────────────────╮   left out when there is no room
//! ╰──────────────────────────────────────────────╯
//! ╭ Load ────────────────────────────────────────╮   always there
//! ╰──────────────────────────────────────────────╯
//! ╭ Throughput ──────╮╭ Response time ───────────╮   take what height there is
//! ╰──────────────────╯╰──────────────────────────╯
//! ╭ Response codes ──╮╭ Thresholds ╮╭ Events ────╮   thresholds above the events where it is narrow,
//! ╰──────────────────╯╰────────────╯╰────────────╯   and left out where it is low
//! ```

use super::Extent;
use crate::dashboard::{
    panel::{codes, events, load, response, scenarios, thresholds, throughput},
    state::State,
};
use crate::metrics::Snapshot;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let heights = Heights::of(area, state, snapshot);
    let rows = [heights.scenarios, heights.load, heights.charts, heights.lists].map(Constraint::Length);
    let [first, second, third, fourth] = Layout::vertical(rows).areas(area);
    if heights.scenarios > 0 {
        scenarios::render(frame, first, state, snapshot);
    }
    load::render(frame, second, snapshot, &state.look);
    charts(frame, third, state, snapshot);
    if heights.lists > 0 {
        lists(frame, fourth, state, snapshot);
    }
}

/// The scenarios are the list: the selected one is whose rate keys change.
pub(super) fn extent(_: &State, _: Rect, snapshot: &Snapshot) -> Extent {
    Extent { rows: snapshot.stages.len(), page: snapshot.stages.len() }
}

struct Heights {
    scenarios: u16,
    load: u16,
    charts: u16,
    lists: u16,
}

impl Heights {
    fn of(area: Rect, state: &State, snapshot: &Snapshot) -> Self {
        let load = if area.height >= 26 { 5 } else { 4 };
        let most_scenarios = (area.height / 8).max(1);
        let scenarios =
            if area.height >= 17 { 2 + count(snapshot.stages.len()).clamp(1, most_scenarios) } else { 0 };
        let rest = area.height.saturating_sub(load + scenarios);
        let lists = if rest >= 12 && !state.expanded {
            lists_wanted(area.width, snapshot).clamp(6, rest / 2)
        } else {
            0
        };
        Self { scenarios, load, charts: rest - lists, lists }
    }
}

/// The height at which no list has to leave anything out, nor stands half empty.
fn lists_wanted(width: u16, snapshot: &Snapshot) -> u16 {
    let [codes, thresholds, events] =
        [snapshot.codes.len(), snapshot.thresholds.len(), snapshot.events.len()]
            .map(|length| count(length.max(1)));
    let right = if width >= THREE_LISTS {
        thresholds.max(events)
    } else {
        thresholds.saturating_add(events).saturating_add(2)
    };
    codes.max(right).saturating_add(2)
}

fn charts(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let shares = [Constraint::Fill(if area.width < 70 { 0 } else { 2 }), Constraint::Fill(3)];
    let [left, right] = Layout::horizontal(shares).areas(area);
    throughput::render(frame, left, state, &snapshot.series);
    response::render(frame, right, state, &snapshot.series);
}

fn lists(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let wanted = 2 + count(snapshot.thresholds.len()).max(1);
    if area.width >= THREE_LISTS {
        let [left, middle, right] = Layout::horizontal([Constraint::Fill(1); 3]).areas(area);
        codes::render(frame, left, snapshot, look);
        thresholds::render(frame, middle, snapshot, look);
        events::render(frame, right, snapshot, look);
        return;
    }
    let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(area);
    codes::render(frame, left, snapshot, look);
    let height = if area.height >= 9 { wanted.min(area.height - LEAST_EVENTS) } else { 0 };
    let [upper, lower] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(right);
    if height > 0 {
        thresholds::render(frame, upper, snapshot, look);
    }
    events::render(frame, lower, snapshot, look);
}

fn count(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// From this width on codes, thresholds and events stand side by side.
const THREE_LISTS: u16 = 150;
/// The height that thresholds leave to the events below them.
const LEAST_EVENTS: u16 = 5;
