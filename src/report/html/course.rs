//! The seconds of a run in as many columns as a chart has room for, and lines over them.

use super::{
    chart::{Axis, Chart, Hint, Line},
    run::Run,
};
use crate::report::{archive::SeriesRow, figures::clock};
use std::{fmt::Write, time::Duration};

/// One line: its name, how it looks, and its value in a column.
pub(super) type Course = (&'static str, usize, fn(&Column<'_>) -> f64);

/// The rows in one place on the time axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<'r> {
    from: f64,
    to: f64,
    /// There is one at least.
    pub(super) rows: &'r [SeriesRow],
}

/// The columns of a run in their order.
pub(super) fn columns<'r>(run: &'r Run<'_>) -> Vec<Column<'r>> {
    let rows = &run.archive.series;
    rows.chunks(rows.len().div_ceil(COLUMNS_MAX).max(1)).filter_map(Column::of).collect()
}

/// A chart of these lines; nothing where all of them are nought all along.
pub(super) fn chart<'c>(run: &Run<'_>, label: &'c str, courses: &[Course]) -> Option<Chart<'c>> {
    let columns = columns(run);
    let line = |(name, look, of): &Course| Line {
        name: (*name).to_owned(),
        look: *look,
        points: columns.iter().map(|column| Some((column.middle(), of(column)))).collect(),
    };
    let lines: Vec<Line> = courses.iter().map(line).collect();
    let highest = lines.iter().flat_map(|line| line.points.iter().flatten()).map(|(_, value)| *value);
    let highest = highest.fold(0.0, f64::max);
    let hint = |column: &Column<'_>| {
        let mut text = String::new();
        for (name, _, of) in courses {
            let value = of(column);
            let decimals = if value.fract() == 0.0 { 0 } else { 2 };
            let _ = write!(text, "\n{name} {value:.decimals$}");
        }
        column.hint(&text)
    };
    (highest > 0.0).then(|| Chart {
        label,
        x: Axis::seconds(run.seconds),
        y: Axis::linear(highest, ""),
        hints: columns.iter().map(hint).collect(),
        lines,
        below: None,
        marks: Vec::new(),
        class: "",
    })
}

impl<'r> Column<'r> {
    fn of(rows: &'r [SeriesRow]) -> Option<Self> {
        let (first, last) = (rows.first()?, rows.last()?);
        // The last row is often a few milliseconds long, and a rate of those says nothing.
        let is_sliver = rows.len() == 1 && last.length < SLIVER;
        let from = (first.at - first.length).max(0.0);
        (!is_sliver).then_some(Self { from, to: last.at, rows })
    }

    pub(super) fn middle(&self) -> f64 {
        (self.from + self.to) / 2.0
    }

    pub(super) fn length(&self) -> f64 {
        (self.to - self.from).max(0.001)
    }

    /// Tells its time, and then `text`.
    pub(super) fn hint(&self, text: &str) -> Hint {
        let at = clock(Duration::try_from_secs_f64(self.from).unwrap_or_default());
        Hint { from: self.from, to: self.to, text: format!("{at}{text}") }
    }
}

const COLUMNS_MAX: usize = 240;
const SLIVER: f64 = 0.2;
