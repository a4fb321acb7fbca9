//! Iterations over time: whether the plan was met.

use super::{
    chart::{Axis, Chart, Hint, Line},
    events::marks,
    faults,
    run::Run,
};
use crate::{
    metrics::Counters,
    report::{archive::SeriesRow, figures::clock},
};
use maud::{Markup, html};
use std::time::Duration;

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let columns = columns(run);
    if columns.is_empty() {
        return None;
    }
    let line = |name: &str, look, count: fn(&Counters) -> u64| Line {
        name: name.to_owned(),
        look,
        points: columns
            .iter()
            .map(|column| Some((column.middle(), column.rate(count(&column.counters)))))
            .collect(),
    };
    let mut lines = vec![
        line("planned", 3, |of| of.planned),
        line("started", 1, |of| of.started),
        line("finished", 2, |of| of.finished),
    ];
    let losses: [(&str, usize, Count); 3] =
        [("dropped", 4, |of| of.dropped), ("late", 5, |of| of.late), ("failed", 6, |of| of.failed)];
    for (name, look, of) in losses {
        if columns.iter().any(|column| of(&column.counters) > 0) {
            lines.push(line(name, look, of));
        }
    }
    let highest = lines.iter().flat_map(|line| line.points.iter().flatten()).map(|(_, rate)| *rate);
    let x = Axis::seconds(run.seconds);
    let chart = Chart {
        label: "Iterations planned, started and finished each second, over the time of the run",
        below: faults::band(run, &x),
        x,
        y: Axis::linear(highest.fold(0.0, f64::max), "/s"),
        lines,
        hints: columns.iter().map(Column::hint).collect(),
        marks: marks(run),
        class: "",
    };
    let says = "Iterations per second. Where started leaves planned, no terminal was free; where finished leaves \
                started, work piled up.";
    super::section("iterations", "Was the plan met?", says, &html! { (chart.draw()) (faults::legend(run)) })
}

/// The seconds of one column of the chart.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    from: f64,
    to: f64,
    counters: Counters,
    in_flight: u64,
}

impl Column {
    fn middle(&self) -> f64 {
        (self.from + self.to) / 2.0
    }

    fn rate(&self, count: u64) -> f64 {
        count as f64 / (self.to - self.from).max(0.001)
    }

    fn hint(&self) -> Hint {
        let of = self.counters;
        let text = format!(
            "{}\nplanned {}\nstarted {}\nlate {}\ndropped {}\nfinished {}\nfailed {}\nin flight at the end {}",
            clock(Duration::try_from_secs_f64(self.from).unwrap_or_default()),
            of.planned,
            of.started,
            of.late,
            of.dropped,
            of.finished,
            of.failed,
            self.in_flight
        );
        Hint { from: self.from, to: self.to, text }
    }
}

fn columns(run: &Run<'_>) -> Vec<Column> {
    let rows = &run.archive.series;
    rows.chunks(rows.len().div_ceil(COLUMNS_MAX).max(1)).filter_map(column).collect()
}

fn column(rows: &[SeriesRow]) -> Option<Column> {
    let (first, last) = (rows.first()?, rows.last()?);
    let mut counters = Counters::default();
    rows.iter().for_each(|row| counters += row.counters);
    let from = (first.at - first.length).max(0.0);
    // The last row is often a few milliseconds long, and a rate of those says nothing.
    let is_sliver = rows.len() == 1 && last.length < SLIVER;
    (!is_sliver).then_some(Column { from, to: last.at, counters, in_flight: last.in_flight })
}

/// One of the counters.
type Count = fn(&Counters) -> u64;

const COLUMNS_MAX: usize = 240;
const SLIVER: f64 = 0.2;
