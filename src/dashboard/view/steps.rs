//! The steps screen: what becomes of each step; opened, the course of one step over time.
//!
//! ```text
//! ╭ Steps ─────────────────────────────────────────────────────────────────────╮
//! │   step     rate/s  count   p50  p90  p99  p99.9  max  appr decl t/o err  ✓ │
//! ╰────────────────────────────────────────────────────────────────────────────╯
//! opened:
//! ╭ Throughput ──────────╮╭ Response time ─────────────────────────────────────╮
//! ╰──────────────────────╯╰────────────────────────────────────────────────────╯
//! ```

use super::Extent;
use crate::dashboard::{
    format,
    panel::{
        facts::{self, Fact},
        response, scroll,
        table::{Column, Table},
        throughput,
    },
    state::{State, TimeKind},
    text,
    words::Text,
};
use crate::metrics::{Counters, Point, Series, Snapshot, StepView};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::Line,
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    match snapshot.steps.get(state.list().selected).filter(|_| state.is_open) {
        Some(step) => opened(frame, area, state, step),
        None => table(frame, area, state, snapshot),
    }
}

pub(super) fn extent(_: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    Extent { rows: snapshot.steps.len(), page: page(area) }
}

fn page(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(3).max(1)
}

fn table(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let title = if state.time == TimeKind::Service { Text::StepsService } else { Text::StepsResponse };
    let block = text::panel(look.say(title).into(), area, look);
    let inner = block.inner(area);
    let longest = snapshot.steps.iter().map(|step| text::width(&step.name)).max().unwrap_or(0);
    let columns = if state.time == TimeKind::Service { SERVICE } else { RESPONSE };
    let table = Table::of(columns, inner.width.into(), longest);
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    let list = state.list();
    for (index, step) in snapshot.steps.iter().enumerate().skip(list.top).take(page(area)) {
        let is_selected = index == list.selected;
        let style = match () {
            () if is_selected => look.theme.accent.add_modifier(Modifier::BOLD),
            () if step.errors + step.timeouts + step.checks.1 > 0 => look.theme.warning,
            () => Style::new(),
        };
        lines.push(Line::styled(table.line(step, is_selected, look), style));
    }
    if snapshot.steps.is_empty() {
        lines.push(Line::styled(look.say(Text::NoStepYet), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
    scroll::render(frame, area, list, page(area), snapshot.steps.len());
}

fn opened(frame: &mut Frame, area: Rect, state: &State, step: &StepView) {
    let look = &state.look;
    let [upper, lower] = Layout::vertical([Constraint::Length(4), Constraint::Fill(1)]).areas(area);
    let block = text::panel(step.name.clone().into(), upper, look);
    let columns = usize::from(block.inner(upper).width);
    let codes = step.codes.iter().map(|(code, count)| format!("{code} {}", format::count(*count)));
    let codes: Vec<String> = codes.collect();
    let facts = [
        Fact::of(Text::Count, format::count(step.count), look),
        Fact::of(Text::Approved, format::count(step.approved), look),
        Fact::of(Text::Declined, format::count(step.declined), look),
        Fact::bad(Text::Timeouts, step.timeouts, look),
        Fact::bad(Text::ErrorsWord, step.errors, look),
        Fact::of(Text::Checks, checks(step), look),
    ];
    let codes = Fact {
        what: Text::Codes,
        value: text::fit(&codes.join("  "), columns.saturating_sub(12)),
        style: Style::new(),
    };
    let lines = vec![facts::line(facts, columns, look), facts::line([codes], columns, look)];
    frame.render_widget(Paragraph::new(lines).block(block), upper);
    let series: Series<Point> = step.series.iter().map(point).collect();
    let shares = [Constraint::Fill(2), Constraint::Fill(3)];
    let [left, right] = Layout::horizontal(shares).areas(lower);
    throughput::render(frame, left, state, &series);
    response::render(frame, right, state, &series);
}

/// A second of a step as charts take those of the run.
fn point(second: &crate::metrics::StepPoint) -> Point {
    Point {
        at: second.at,
        length: second.length,
        counters: Counters { finished: second.count, ..Counters::default() },
        response: second.response,
        steps: second.count,
        errors: second.errors,
        ..Point::default()
    }
}

/// How often the step ended in the latest second in which it did.
fn rate(step: &StepView) -> String {
    let latest = step.series.last().filter(|second| !second.length.is_zero());
    format::rate(latest.map_or(0.0, |second| second.count as f64 / second.length.as_secs_f64()))
}

fn checks(step: &StepView) -> String {
    let (passed, failed) = step.checks;
    if passed + failed == 0 { "–".to_owned() } else { format::share(passed, passed + failed) }
}

macro_rules! columns {
    ($times:ident) => {
        &[
            Column::text(Text::Step, 10, 0, |step, _| step.name.clone()),
            Column::number(Text::RatePerSecond, 6, 2, |step, _| rate(step)),
            Column::number(Text::Count, 6, 0, |step, _| format::count(step.count)),
            Column::number(Text::P50, 7, 1, |step, _| format::time(step.$times.p50)),
            Column::number(Text::P90, 7, 4, |step, _| format::time(step.$times.p90)),
            Column::number(Text::P99, 7, 0, |step, _| format::time(step.$times.p99)),
            Column::number(Text::P999, 7, 3, |step, _| format::time(step.$times.p999)),
            Column::number(Text::Max, 7, 3, |step, _| format::time(step.$times.max)),
            Column::number(Text::ApprovedShort, 5, 0, |step, _| format::count(step.approved)),
            Column::number(Text::DeclinedShort, 5, 0, |step, _| format::count(step.declined)),
            Column::number(Text::TimeoutsShort, 5, 0, |step, _| format::count(step.timeouts)),
            Column::number(Text::ErrorsShort, 5, 0, |step, _| format::count(step.errors)),
            Column::number(Text::Checks, 7, 1, |step, _| checks(step)),
        ]
    };
}

const RESPONSE: &[Column<StepView>] = columns!(response);
const SERVICE: &[Column<StepView>] = columns!(service);
