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
            Column::text(Text::Step, 12, 0, |step, _| step.name.clone()),
            Column::number(Text::Count, 6, 0, |step, _| format::count(step.count)),
            Column::number(Text::Mean, 7, 3, |step, _| format::time(step.$times.mean)),
            Column::number(Text::P50, 7, 0, |step, _| format::time(step.$times.p50)),
            Column::number(Text::P90, 7, 1, |step, _| format::time(step.$times.p90)),
            Column::number(Text::P95, 7, 2, |step, _| format::time(step.$times.p95)),
            Column::number(Text::P99, 7, 0, |step, _| format::time(step.$times.p99)),
            Column::number(Text::P999, 7, 1, |step, _| format::time(step.$times.p999)),
            Column::number(Text::Max, 7, 0, |step, _| format::time(step.$times.max)),
        ]
    };
}

const RESPONSE: &[Column<StepView>] = columns!(response);
const SERVICE: &[Column<StepView>] = columns!(service);
