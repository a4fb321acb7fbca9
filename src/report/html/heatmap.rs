//! Time × latency: how many steps ended when and how fast, as shades of a logarithmic scale.

use super::{
    chart::{Axis, Chart, Hint, unit},
    events::marks,
    run::Run,
};
use crate::report::{
    archive::{Column, Heat, Timeline},
    figures::{clock, count, time},
};
use maud::{Markup, html};
use std::{collections::BTreeMap, fmt::Write, time::Duration};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let timeline = run.timeline.as_ref()?;
    let used = || timeline.columns.iter().flat_map(|column| column.heat.0.keys().copied());
    let (low, high) = (used().min()?, used().max()?);
    let rows = Rows { low, height: (high - low + 1).div_ceil(ROWS_MAX).max(1) };
    let cells = Cells::of(timeline, &rows);
    let (x, y) = (Axis::seconds(run.seconds), Axis::log_ms(Heat::edge_ms(low), Heat::edge_ms(high + 1)));
    let below = html! {
        @for (shade, path) in cells.paths(&x, &y, timeline.span, &rows).iter().enumerate() {
            @if !path.is_empty() { path.(format!("heat h{}", shade + 1)) d=(path) {} }
        }
    };
    let chart = Chart {
        label: "How many steps ended when and how fast",
        x,
        y,
        lines: Vec::new(),
        below: Some(below),
        hints: timeline.columns.iter().filter_map(|column| hint(column, timeline.span, &rows)).collect(),
        marks: marks(run),
        class: "tall",
    };
    let says = "Response times of all steps. The stronger a cell, the more steps ended there; each shade stands for \
                a few times as many as the one before.";
    super::section("heatmap", "When and how fast", says, &html! { (scale(cells.most)) (chart.draw()) })
}

/// How the rows of histograms become those of the picture.
struct Rows {
    low: u32,
    /// Rows of the histograms in one of the picture.
    height: u32,
}

impl Rows {
    fn of(&self, row: u32) -> u32 {
        self.low + (row - self.low) / self.height * self.height
    }

    fn edges_ms(&self, row: u32) -> (f64, f64) {
        (Heat::edge_ms(row), Heat::edge_ms(row + self.height))
    }
}

/// Counts by column and row of the picture.
struct Cells {
    counts: BTreeMap<(usize, u32), u64>,
    most: u64,
}

impl Cells {
    fn of(timeline: &Timeline, rows: &Rows) -> Self {
        let mut counts: BTreeMap<(usize, u32), u64> = BTreeMap::new();
        for column in &timeline.columns {
            for (&row, &count) in &column.heat.0 {
                *counts.entry((column.number, rows.of(row))).or_default() += count;
            }
        }
        let most = counts.values().copied().max().unwrap_or(0);
        Self { counts, most }
    }

    /// One path for each shade.
    fn paths(&self, x: &Axis, y: &Axis, span: f64, rows: &Rows) -> [String; SHADES] {
        let mut paths: [String; SHADES] = Default::default();
        for (&(column, row), &count) in &self.counts {
            let left = x.place(column as f64 * span);
            let right = x.place((column + 1) as f64 * span);
            let (from, to) = rows.edges_ms(row);
            let (bottom, top) = (1.0 - y.place(from), 1.0 - y.place(to));
            if let Some(path) = paths.get_mut(shade(count, self.most)) {
                let (left, right, bottom, top) = (unit(left), unit(right), unit(bottom), unit(top));
                let _ = write!(path, "M{left} {top}H{right}V{bottom}H{left}z");
            }
        }
        paths
    }
}

/// The shade of a count, from 0, on a logarithmic scale.
fn shade(count: u64, most: u64) -> usize {
    if most <= 1 {
        return SHADES - 1;
    }
    let share = (count.max(1) as f64).ln() / (most as f64).ln();
    ((share * SHADES as f64) as usize).min(SHADES - 1)
}

/// What the shades stand for.
fn scale(most: u64) -> Markup {
    let from = |shade: usize| (most.max(1) as f64).powf(shade as f64 / SHADES as f64).ceil() as u64;
    html! {
        ul.legend.scale {
            @for shade in 0..SHADES {
                li {
                    svg.box viewBox="0 0 10 10" aria-hidden="true" { rect.(format!("heat h{}", shade + 1)) width="10" height="10" {} }
                    (count(from(shade))) @if shade + 1 == SHADES { "+ steps" }
                }
            }
        }
    }
}

fn hint(column: &Column, span: f64, rows: &Rows) -> Option<Hint> {
    let from = column.number as f64 * span;
    let at = clock(Duration::try_from_secs_f64(from).ok()?);
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    column.heat.0.iter().for_each(|(&row, &number)| *counts.entry(rows.of(row)).or_default() += number);
    let mut text = format!(
        "{at}\n{} steps, {} of them without an answer",
        count(column.response.count),
        count(column.failed)
    );
    for (row, number) in counts.iter().rev() {
        let (from, to) = rows.edges_ms(*row);
        let _ = write!(text, "\n{} – {}: {}", time(from), time(to), count(*number));
    }
    Some(Hint { from, to: from + span, text })
}

const SHADES: usize = 8;
const ROWS_MAX: u32 = 48;
