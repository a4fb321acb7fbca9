//! Lines over the seconds of a run, drawn from the rows of its series.

use super::{
    chart::{Axis, Chart, Hint, Line},
    run::Run,
};
use crate::report::{archive::SeriesRow, figures::clock};
use std::time::Duration;

/// One line: its name, how it looks, and what becomes of the rows of one column.
pub(super) type Course = (&'static str, usize, fn(&[SeriesRow]) -> f64);

/// A chart of these lines in this unit; nothing where all of them are nought all along.
pub(super) fn chart<'c>(run: &Run<'_>, label: &'c str, unit: &str, courses: &[Course]) -> Option<Chart<'c>> {
    let rows = &run.archive.series;
    let columns: Vec<Column> = rows
        .chunks(rows.len().div_ceil(COLUMNS_MAX).max(1))
        .filter_map(|rows| Column::of(rows, courses))
        .collect();
    let highest = columns.iter().flat_map(|column| &column.values).copied().fold(0.0, f64::max);
    if highest <= 0.0 {
        return None;
    }
    let line = |(number, (name, look, _)): (usize, &Course)| Line {
        name: (*name).to_owned(),
        look: *look,
        points: columns.iter().map(|column| Some((column.middle(), *column.values.get(number)?))).collect(),
    };
    Some(Chart {
        label,
        x: Axis::seconds(run.seconds),
        y: Axis::linear(highest, unit),
        lines: courses.iter().enumerate().map(line).collect(),
        below: None,
        hints: columns.iter().map(|column| column.hint(unit, courses)).collect(),
        marks: Vec::new(),
        class: "",
    })
}

/// Mean over the time of the rows of what they tell a second.
pub(super) fn mean(rows: &[SeriesRow], of: fn(&SeriesRow) -> f64) -> f64 {
    let length: f64 = rows.iter().map(|row| row.length).sum();
    rows.iter().map(|row| of(row) * row.length).sum::<f64>() / length.max(0.001)
}

/// What lies in one place on the time axis.
struct Column {
    from: f64,
    to: f64,
    values: Vec<f64>,
}

impl Column {
    fn of(rows: &[SeriesRow], courses: &[Course]) -> Option<Self> {
        let (first, last) = (rows.first()?, rows.last()?);
        let from = (first.at - first.length).max(0.0);
        Some(Self { from, to: last.at.max(from), values: courses.iter().map(|(.., of)| of(rows)).collect() })
    }

    fn middle(&self) -> f64 {
        (self.from + self.to) / 2.0
    }

    fn hint(&self, unit: &str, courses: &[Course]) -> Hint {
        let mut text = clock(Duration::try_from_secs_f64(self.from).unwrap_or_default());
        for ((name, ..), value) in courses.iter().zip(&self.values) {
            let decimals = if value.fract() == 0.0 { 0 } else { 2 };
            text.push_str(&format!("\n{name} {value:.decimals$}{unit}"));
        }
        Hint { from: self.from, to: self.to, text }
    }
}

const COLUMNS_MAX: usize = 240;
