//! Time × logarithm of the response time, over all steps: the more steps ended in a cell, the fuller it is.
//!
//! ```text
//! ╭ All steps: when and how fast ────────────────────── few ░▒▓█ many ╮
//! │  500 ms            ░░                                             │
//! │  100 ms ░░░░▒▒▒░░▒▒▓▓▒▒░░░░░░▒░░░                                 │
//! │   20 ms ▓▓▓▓███▓▓██████▓▓▓▓▓▓█▓▓▓                                 │
//! │         0:00              1:06           2:13                     │
//! ╰───────────────────────────────────────────────────────────────────╯
//! ```

use super::timeline::Timeline;
use crate::dashboard::{format, look::Look, state::State, text, words::Text};
use crate::metrics::{Heat, Point, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use std::{collections::BTreeMap, time::Duration};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let block = text::panel(look.say(Text::HeatmapTitle).into(), area, look);
    let inner = block.inner(area);
    frame.render_widget(block.title_top(legend(look).right_aligned()), area);
    let timeline = Timeline::of(&snapshot.series, state.span);
    let plot = Rect {
        x: inner.x + SCALE_COLUMNS.min(inner.width),
        width: inner.width.saturating_sub(SCALE_COLUMNS + 1),
        height: inner.height.saturating_sub(1),
        ..inner
    };
    let length = timeline.column_length(plot.width.into());
    let columns: Vec<BTreeMap<u16, u64>> =
        timeline.columns(plot.width.into()).iter().map(|points| counts(points, length)).collect();
    let Some(rows) = Rows::of(&columns, plot.height) else {
        return frame.render_widget(Line::styled(look.say(Text::NoAnswerYet), look.theme.dim), inner);
    };
    cells(frame, plot, &columns, &rows, look);
    labels(frame, plot, &rows, look);
    timeline.render_axis(frame, Rect { y: plot.bottom(), height: 1, ..plot }, look);
}

/// What a column of this length has of intervals that may be longer than it, and reach beyond it.
fn counts(points: &[&Point], length: Duration) -> BTreeMap<u16, u64> {
    let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
    points.iter().flat_map(|point| &*point.heat.0).for_each(|(row, count)| {
        *counts.entry(*row).or_default() += u64::from(*count);
    });
    let time: Duration = points.iter().map(|point| point.length).sum();
    let share = length.as_secs_f64() / time.as_secs_f64().max(f64::MIN_POSITIVE);
    counts.values_mut().for_each(|count| *count = (*count as f64 * share).ceil() as u64);
    counts
}

/// How the rows of the counts become those of the picture.
struct Rows {
    low: u16,
    /// Rows of the counts in one of the picture.
    each: u16,
    height: u16,
}

impl Rows {
    fn of(columns: &[BTreeMap<u16, u64>], height: u16) -> Option<Self> {
        let used = || columns.iter().flat_map(|column| column.keys().copied());
        let (low, high) = (used().min()?, used().max()?);
        let each = (high - low + 1).div_ceil(height.max(1)).max(1);
        Some(Self { low, each, height })
    }

    /// The row of the picture, counted from the top.
    fn place(&self, row: u16) -> u16 {
        self.height.saturating_sub(1 + (row - self.low) / self.each)
    }
}

fn cells(frame: &mut Frame, plot: Rect, columns: &[BTreeMap<u16, u64>], rows: &Rows, look: &Look) {
    let mut summed: BTreeMap<(u16, u16), u64> = BTreeMap::new();
    for (x, column) in (plot.x..plot.right()).zip(columns) {
        for (row, count) in column {
            *summed.entry((x, plot.y + rows.place(*row))).or_default() += count;
        }
    }
    let most = summed.values().copied().max().unwrap_or(0);
    for (position, count) in summed {
        let shade = shade(count, most);
        if let Some(cell) = frame.buffer_mut().cell_mut(position).filter(|_| position.1 < plot.bottom()) {
            cell.set_symbol(SHADES[shade]).set_style(Style::new().fg(look.theme.heat[shade]));
        }
    }
}

/// The shade of a count on a logarithmic scale.
fn shade(count: u64, most: u64) -> usize {
    if most <= 1 {
        return SHADES.len() - 1;
    }
    let share = (count.max(1) as f64).ln() / (most as f64).ln();
    ((share * SHADES.len() as f64) as usize).min(SHADES.len() - 1)
}

fn labels(frame: &mut Frame, plot: Rect, rows: &Rows, look: &Look) {
    let step = if rows.height >= 9 { 3 } else { 2 };
    for row in (0..rows.height).rev().step_by(step) {
        let edge = rows.low + (rows.height - 1 - row) * rows.each;
        let label = text::right(&format::time(Heat::edge_ms(edge)), usize::from(SCALE_COLUMNS) - 1);
        let area = Rect { x: plot.x - SCALE_COLUMNS, y: plot.y + row, width: SCALE_COLUMNS, height: 1 };
        frame.render_widget(Line::styled(label, look.theme.dim), area);
    }
}

fn legend<'a>(look: &Look) -> Line<'a> {
    let shades =
        SHADES.iter().zip(look.theme.heat).map(|(sign, colour)| Span::styled(*sign, Style::new().fg(colour)));
    let mut line = Line::from(Span::styled(format!(" {} ", look.say(Text::Few)), look.theme.dim));
    line.spans.extend(shades);
    line.spans.push(Span::styled(format!(" {} ", look.say(Text::Many)), look.theme.dim));
    line
}

const SHADES: [&str; 4] = ["░", "▒", "▓", "█"];
const SCALE_COLUMNS: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_go_from_one_to_the_most_on_a_logarithmic_scale() {
        assert_eq!([1, 9, 11, 110, 1_100, 10_000].map(|count| shade(count, 10_000)), [0, 0, 1, 2, 3, 3]);
        assert_eq!(shade(1, 1), 3);
    }

    #[test]
    fn a_column_has_its_share_of_intervals_that_are_longer() {
        let point = |length, counts: &[(u16, u32)]| Point {
            length: Duration::from_secs(length),
            heat: Heat(counts.into()),
            ..Point::default()
        };
        let (long, short) = (point(8, &[(20, 80), (30, 1)]), point(2, &[(20, 20)]));
        let two = Duration::from_secs(2);
        assert_eq!(counts(&[&long], two), BTreeMap::from([(20, 20), (30, 1)]));
        assert_eq!(counts(&[&short], two), BTreeMap::from([(20, 20)]));
        assert_eq!(counts(&[&long, &short], two), BTreeMap::from([(20, 20), (30, 1)]));
        assert_eq!(counts(&[], two), BTreeMap::new());
    }

    #[test]
    fn the_lowest_row_is_at_the_bottom_and_all_rows_have_a_place() {
        let column = BTreeMap::from([(20, 1), (49, 1)]);
        let rows = Rows::of(&[column], 10).expect("there are counts");
        assert_eq!((rows.each, rows.place(20), rows.place(49)), (3, 9, 0));
    }
}
