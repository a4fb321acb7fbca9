//! Latencies over time: response times of all steps, and the lag of the generator itself.

use super::{
    chart::{Axis, Chart, Hint, Line},
    events::marks,
    faults,
    run::Run,
};
use crate::report::{
    archive::{Column, Figures, Timeline},
    figures::{clock, count, time},
};
use maud::{Markup, html};
use std::time::Duration;

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let timeline =
        run.timeline.as_ref().filter(|timeline| timeline.columns.iter().any(|one| one.response.count > 0))?;
    let chart = Chart {
        marks: marks(run),
        below: faults::band(run, &Axis::seconds(run.seconds)),
        ..chart(run, timeline, "Response times over time", &RESPONSE, |column| Some(column.response))
    };
    let says = "From the scheduled start of a step to its end, all steps. Logarithmic: equal distances are equal factors.";
    super::section("latency", "Latency over time", says, &html! { (chart.draw()) (faults::legend(run)) })
}

/// The lag of the schedule.
pub(super) fn lag(run: &Run<'_>, timeline: &Timeline) -> Markup {
    chart(run, timeline, "Lag of the schedule over time", &LAG, |column| Some(column.lag)).draw()
}

/// The two lines of one step.
pub(super) fn of_step(run: &Run<'_>, timeline: &Timeline, step: &str) -> Markup {
    let label = format!("Response times of {step} over time");
    let chart = chart(run, timeline, &label, &STEP, |column| column.steps.get(step).copied());
    Chart { class: "small", hints: Vec::new(), ..chart }.draw()
}

fn chart<'c>(
    run: &Run<'_>,
    timeline: &Timeline,
    label: &'c str,
    of: &[Percentile],
    figures: impl Fn(&Column) -> Option<Figures>,
) -> Chart<'c> {
    let columns: Vec<Cell> = cells(run, timeline, figures);
    let line = |percentile: &Percentile| Line {
        name: percentile.name.to_owned(),
        look: percentile.look,
        points: columns
            .iter()
            .map(|cell| cell.figures.map(|found| (cell.middle(), (percentile.of)(found))))
            .collect(),
    };
    let lines: Vec<Line> = of.iter().map(line).collect();
    let values = || lines.iter().flat_map(|line| line.points.iter().flatten()).map(|(_, value)| *value);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    Chart {
        label,
        x: Axis::seconds(run.seconds),
        y: Axis::log_ms(low, high),
        hints: columns.iter().filter_map(Cell::hint).collect(),
        lines,
        below: None,
        marks: Vec::new(),
        class: "",
    }
}

/// One place on the time axis, with figures where something was recorded.
struct Cell {
    from: f64,
    to: f64,
    figures: Option<Figures>,
}

impl Cell {
    fn middle(&self) -> f64 {
        (self.from + self.to) / 2.0
    }

    fn hint(&self) -> Option<Hint> {
        let of = self.figures?;
        let at = clock(Duration::try_from_secs_f64(self.from).unwrap_or_default());
        let (p50, p90, p99, p999, max) =
            (time(of.p50), time(of.p90), time(of.p99), time(of.p999), time(of.max));
        let text = format!(
            "{at}\n{} recorded\nmax {max}\np99.9 {p999}\np99 {p99}\np90 {p90}\np50 {p50}",
            count(of.count)
        );
        Some(Hint { from: self.from, to: self.to, text })
    }
}

/// Every column of the axis in its order, the empty ones too: they are gaps.
fn cells(run: &Run<'_>, timeline: &Timeline, figures: impl Fn(&Column) -> Option<Figures>) -> Vec<Cell> {
    let last = timeline.columns.last().map_or(0, |column| column.number).min(COLUMNS_MAX);
    let mut cells: Vec<Cell> = (0..=last)
        .map(|number| {
            let from = number as f64 * timeline.span;
            Cell { from, to: (from + timeline.span).min(run.seconds).max(from), figures: None }
        })
        .collect();
    for column in &timeline.columns {
        if let Some(cell) = cells.get_mut(column.number) {
            cell.figures = figures(column).filter(|figures| figures.count > 0);
        }
    }
    cells
}

/// One line of a chart of latencies.
struct Percentile {
    name: &'static str,
    look: usize,
    of: fn(Figures) -> f64,
}

const P50: Percentile = Percentile { name: "p50", look: 2, of: |of| of.p50 };
const P90: Percentile = Percentile { name: "p90", look: 3, of: |of| of.p90 };
const P99: Percentile = Percentile { name: "p99", look: 1, of: |of| of.p99 };
const P999: Percentile = Percentile { name: "p99.9", look: 5, of: |of| of.p999 };
const MAX: Percentile = Percentile { name: "max", look: 4, of: |of| of.max };
const RESPONSE: [Percentile; 4] = [P50, P90, P99, P999];
const LAG: [Percentile; 3] = [P50, P99, MAX];
const STEP: [Percentile; 2] = [P50, P99];
const COLUMNS_MAX: usize = 1_000;
