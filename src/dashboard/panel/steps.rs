//! The table of steps with the percentiles of one of their times.
//!
//! ```text
//! ╭ Response time: from the scheduled start to the answer, waiting included ─────╮
//! │   step         count     mean     p50     p90     p95     p99   p99.9     max │
//! │ ▸ sale         25.8k  24.1 ms  21.5 … │
//! ╰───────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::table::{Column, Table};
use crate::dashboard::{
    format,
    state::{State, TimeKind},
    text,
    words::Text,
};
use crate::metrics::{Bucket, Percentiles, Snapshot, StepView};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::Line,
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let block = text::panel(Line::raw(look.say(state.time.title())), area, look);
    let inner = block.inner(area);
    let longest = snapshot.steps.iter().map(|step| text::width(&step.name)).max().unwrap_or(0);
    let columns = if state.time == TimeKind::Service { SERVICE } else { RESPONSE };
    let table = Table::of(columns, inner.width.into(), longest);
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    let (list, rows) = (state.list(), usize::from(inner.height).saturating_sub(1));
    for (index, step) in snapshot.steps.iter().enumerate().skip(list.top).take(rows) {
        let is_selected = index == list.selected;
        let style = if is_selected { look.theme.accent.add_modifier(Modifier::BOLD) } else { Style::new() };
        lines.push(Line::styled(table.line(step, is_selected, look), style));
    }
    if snapshot.steps.is_empty() {
        lines.push(Line::styled(look.say(Text::NoStepYet), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

impl TimeKind {
    fn title(self) -> Text {
        match self {
            Self::Response | Self::Parts => Text::ResponseTimeIs,
            Self::Service => Text::ServiceTimeIs,
        }
    }

    pub(super) fn distribution_title(self) -> Text {
        match self {
            Self::Response | Self::Parts => Text::ResponseDistribution,
            Self::Service => Text::ServiceDistribution,
        }
    }

    pub(super) fn curve_title(self) -> Text {
        match self {
            Self::Response | Self::Parts => Text::ResponseCurve,
            Self::Service => Text::ServiceCurve,
        }
    }

    pub(in crate::dashboard) fn percentiles(self, step: &StepView) -> &Percentiles {
        match self {
            Self::Response | Self::Parts => &step.response,
            Self::Service => &step.service,
        }
    }

    pub(super) fn buckets(self, step: &StepView) -> &[Bucket] {
        match self {
            Self::Response | Self::Parts => &step.response_buckets,
            Self::Service => &step.service_buckets,
        }
    }
}

macro_rules! columns {
    ($times:ident) => {
        &[
            Column {
                heading: Text::Step,
                width: 12,
                rank: 0,
                is_number: false,
                value: |step, _| step.name.clone(),
            },
            Column {
                heading: Text::Count,
                width: 6,
                rank: 0,
                is_number: true,
                value: |step, _| format::count(step.count),
            },
            columns!($times, Mean, 3, mean),
            columns!($times, P50, 0, p50),
            columns!($times, P90, 1, p90),
            columns!($times, P95, 2, p95),
            columns!($times, P99, 0, p99),
            columns!($times, P999, 1, p999),
            columns!($times, Max, 0, max),
        ]
    };
    ($times:ident, $heading:ident, $rank:literal, $percentile:ident) => {
        Column {
            heading: Text::$heading,
            width: 7,
            rank: $rank,
            is_number: true,
            value: |step, _| format::time(step.$times.$percentile),
        }
    };
}

const RESPONSE: &[Column<StepView>] = columns!(response);
const SERVICE: &[Column<StepView>] = columns!(service);
