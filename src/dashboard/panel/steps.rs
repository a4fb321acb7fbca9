//! The table of steps with their percentiles; on wide terminals also what became of them.
//!
//! ```text
//! ╭ Response time: from the scheduled start to the answer, waiting included ─────╮
//! │   step         count     mean     p50     p90     p95     p99   p99.9     max │
//! │ ▸ sale         25.8k  24.1 ms  21.5 … │
//! ╰───────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{
    format,
    state::{State, TimeKind},
    text,
};
use crate::metrics::{Snapshot, StepView};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let theme = &state.theme;
    let block = text::panel(Line::raw(state.time.title()), area, theme);
    let inner = block.inner(area);
    let columns = columns(inner.width.into());
    let name =
        usize::from(inner.width).saturating_sub(3 + columns.iter().map(|column| column.width).sum::<usize>());
    let name = name.min(snapshot.steps.iter().map(|step| text::width(&step.name)).max().unwrap_or(0).max(12));
    let heading = columns.iter().map(|column| text::right(column.heading, column.width));
    let heading = format!("   {}{}", text::left("step", name), heading.collect::<String>());
    let mut lines = vec![Line::styled(heading, theme.dim)];
    let rows = usize::from(inner.height).saturating_sub(1);
    let first = (state.step + 1).saturating_sub(rows);
    for (index, step) in snapshot.steps.iter().enumerate().skip(first).take(rows) {
        let selected = index == state.step;
        let mark = if selected { " ▸ " } else { "   " };
        let values =
            columns.iter().map(|column| text::right(&(column.value)(step, state.time), column.width));
        let style = if selected { theme.accent.add_modifier(Modifier::BOLD) } else { PLAIN };
        lines.push(Line::from_iter([
            Span::styled(format!("{mark}{}", text::left(&step.name, name)), style),
            Span::styled(values.collect::<String>(), if selected { theme.strong } else { PLAIN }),
        ]));
    }
    if snapshot.steps.is_empty() {
        lines.push(Line::styled("   no step has ended yet", theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

struct Column {
    heading: &'static str,
    width: usize,
    value: fn(&StepView, TimeKind) -> String,
}

/// The columns for `columns` columns of text: the counts of outcomes only where there is room.
fn columns(columns: usize) -> Vec<&'static Column> {
    let needed = 15 + COLUMNS.iter().chain(OUTCOMES).map(|column| column.width).sum::<usize>();
    let outcomes = if columns >= needed { OUTCOMES } else { &[] };
    COLUMNS.iter().chain(outcomes).collect()
}

const PLAIN: Style = Style::new();

const COLUMNS: &[Column] = &[
    Column { heading: "count", width: 6, value: |step, _| format::count(step.count) },
    Column { heading: "mean", width: 8, value: |step, kind| format::time(kind.percentiles(step).mean) },
    Column { heading: "p50", width: 8, value: |step, kind| format::time(kind.percentiles(step).p50) },
    Column { heading: "p90", width: 8, value: |step, kind| format::time(kind.percentiles(step).p90) },
    Column { heading: "p95", width: 8, value: |step, kind| format::time(kind.percentiles(step).p95) },
    Column { heading: "p99", width: 8, value: |step, kind| format::time(kind.percentiles(step).p99) },
    Column { heading: "p99.9", width: 8, value: |step, kind| format::time(kind.percentiles(step).p999) },
    Column { heading: "max", width: 8, value: |step, kind| format::time(kind.percentiles(step).max) },
];

const OUTCOMES: &[Column] = &[
    Column { heading: "approved", width: 11, value: |step, _| format::count(step.approved) },
    Column { heading: "declined", width: 10, value: |step, _| format::count(step.declined) },
    Column { heading: "timeouts", width: 10, value: |step, _| format::count(step.timeouts) },
    Column { heading: "errors", width: 8, value: |step, _| format::count(step.errors) },
];
