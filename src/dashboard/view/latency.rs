//! The latency screen: the table of steps, and below it how the times of the selected one are distributed.
//!
//! ```text
//! ╭ Response time: from the scheduled start to the answer, waiting included ─╮
//! │   step       count    mean     p50     p90     p95     p99   p99.9  max  │
//! ╰──────────────────────────────────────────────────────────────────────────╯
//! ╭ sale: histogram, heatmap, percentile curve, or the parts of the time ────╮
//! ╰──────────────────────────────────────────────────────────────────────────╯
//! ```

use super::Extent;
use crate::dashboard::{
    panel::{curve, heatmap, histogram, parts, steps},
    state::{ChartKind, State, TimeKind},
};
use crate::metrics::Snapshot;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let height = if state.expanded { 0 } else { table_height(area, snapshot) };
    let [upper, lower] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area);
    if height > 0 {
        steps::render(frame, upper, state, snapshot);
    }
    let step = snapshot.steps.get(state.list().selected);
    match (state.time, state.chart) {
        (TimeKind::Parts, _) => parts::render(frame, lower, snapshot, &state.look),
        (_, ChartKind::Histogram) => histogram::render(frame, lower, state, step),
        (_, ChartKind::Heatmap) => heatmap::render(frame, lower, state, snapshot),
        (_, ChartKind::Curve) => curve::render(frame, lower, state, step),
    }
}

pub(super) fn extent(_: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    let page = usize::from(table_height(area, snapshot).saturating_sub(BESIDE_ROWS)).max(1);
    Extent { rows: snapshot.steps.len(), page }
}

fn table_height(area: Rect, snapshot: &Snapshot) -> u16 {
    let wanted = u16::try_from(snapshot.steps.len()).unwrap_or(u16::MAX).max(1).saturating_add(BESIDE_ROWS);
    wanted.min(area.height * 2 / 5)
}

/// Border and heading.
const BESIDE_ROWS: u16 = 3;
