//! The latency screen: the table of steps, and below it the distribution of the selected one.
//!
//! ```text
//! ╭ Response time: from the scheduled start to the answer, waiting included ─╮
//! │   step       count    mean     p50     p90     p95     p99   p99.9  max  │
//! ╰──────────────────────────────────────────────────────────────────────────╯
//! ╭ sale: distribution ──────────────────────────────────────────────────────╮
//! ╰──────────────────────────────────────────────────────────────────────────╯
//! ```

use super::{histogram, steps};
use crate::dashboard::state::{State, TimeKind};
use crate::metrics::{Bucket, Percentiles, Snapshot, StepView};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let wanted = u16::try_from(snapshot.steps.len()).unwrap_or(u16::MAX).max(1).saturating_add(3);
    let height = wanted.min(area.height * 2 / 5);
    let [upper, lower] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area);
    steps::render(frame, upper, state, snapshot);
    histogram::render(frame, lower, state, snapshot.steps.get(state.step));
}

impl TimeKind {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Response => "Response time: from the scheduled start to the answer, waiting included",
            Self::Service => "Service time: from the send to the answer, waiting not included",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Response => "response time",
            Self::Service => "service time",
        }
    }

    pub(super) fn percentiles(self, step: &StepView) -> &Percentiles {
        match self {
            Self::Response => &step.response,
            Self::Service => &step.service,
        }
    }

    pub(super) fn buckets(self, step: &StepView) -> &[Bucket] {
        match self {
            Self::Response => &step.response_buckets,
            Self::Service => &step.service_buckets,
        }
    }
}
