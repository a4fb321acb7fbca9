//! Iterations over time: whether the plan was met.

use super::{
    chart::{Axis, Chart, Hint, Line},
    course::{self, Column},
    events::marks,
    faults,
    run::Run,
};
use crate::metrics::Counters;
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let columns: Vec<Counted<'_>> = course::columns(run).into_iter().map(Counted::of).collect();
    if columns.is_empty() {
        return None;
    }
    let line = |name: &str, look, count: fn(&Counters) -> u64| Line {
        name: name.to_owned(),
        look,
        points: columns
            .iter()
            .map(|one| Some((one.column.middle(), one.rate(count(&one.counters)))))
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
        hints: columns.iter().map(Counted::hint).collect(),
        marks: marks(run),
        class: "",
    };
    let says = "Iterations per second. Where started leaves planned, no terminal was free; where finished leaves \
                started, work piled up.";
    super::section("iterations", "Was the plan met?", says, &html! { (chart.draw()) (faults::legend(run)) })
}

/// What became of the iterations in one column of the chart.
struct Counted<'r> {
    column: Column<'r>,
    counters: Counters,
}

impl<'r> Counted<'r> {
    fn of(column: Column<'r>) -> Self {
        let mut counters = Counters::default();
        column.rows.iter().for_each(|row| counters += row.counters);
        Self { column, counters }
    }

    fn rate(&self, count: u64) -> f64 {
        count as f64 / self.column.length()
    }

    fn hint(&self) -> Hint {
        let of = self.counters;
        let in_flight = self.column.rows.last().map_or(0, |row| row.in_flight);
        self.column.hint(&format!(
            "\nplanned {}\nstarted {}\nlate {}\ndropped {}\nfinished {}\nfailed {}\nin flight at the end {in_flight}",
            of.planned, of.started, of.late, of.dropped, of.finished, of.failed,
        ))
    }
}

/// One of the counters.
type Count = fn(&Counters) -> u64;
