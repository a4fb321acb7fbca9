//! Percentiles of the response time over the time of the run, on a logarithmic scale.
//!
//! ```text
//! ╭ Response time ─────────────────────────────────────────╮
//! │ 500 ms ┈┈┈┈┈┈┈┈┈⡠⠊⠉⠒⠤⣀┈┈┈┈┈┈┈┈┈┈┈┈┈┈⢀⠤⠒⠉⠑  p99.9 412 ms │
//! │ 100 ms ⠤⠤⠤⠒⠒⠒⠉⠉⠉⠉⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⠤⠒⠒⠒⠉⠉⠉⠉  p99   118 ms │
//! │        ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀  p90  48.1 ms │
//! │  20 ms ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈  p50  21.5 ms │
//! │        0:00              1:06           2:13           │
//! ╰────────────────────────────────────────────────────────╯
//! ```

use super::timeline::Timeline;
use crate::dashboard::{format, text, theme::Theme};
use crate::metrics::{Percentiles, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    symbols::Marker,
    text::{Line, Span},
    widgets::canvas::{self, Canvas},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, theme: &Theme) {
    let block = text::panel("Response time".into(), area, theme);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let timeline = Timeline::of(&snapshot.series);
    let axis = u16::from(inner.height >= 6);
    let plot = Rect {
        x: inner.x + SCALE_COLUMNS,
        width: inner.width.saturating_sub(SCALE_COLUMNS + LEGEND_COLUMNS),
        height: inner.height.saturating_sub(axis),
        ..inner
    };
    let columns: Vec<Option<[f64; 4]>> =
        timeline.columns(usize::from(plot.width) * 2).iter().map(|points| worst(points)).collect();
    let Some(scale) = Scale::of(&columns) else {
        return frame.render_widget(Line::styled(" no answer yet", theme.dim), inner);
    };
    scale.render_labels(frame, plot, theme);
    lines(frame, plot, &columns, &scale, theme);
    scale.render_grid(frame, plot, theme);
    legend(frame, plot, &columns, &scale, theme);
    if axis > 0 {
        timeline.render_axis(frame, Rect { y: plot.bottom(), height: 1, ..plot }, theme);
    }
}

/// The highest of each percentile; percentiles of several intervals have no mean.
fn worst(points: &[&crate::metrics::Point]) -> Option<[f64; 4]> {
    let four = |response: &Percentiles| [response.p50, response.p90, response.p99, response.p999];
    points
        .iter()
        .filter(|point| point.steps > 0 && point.response.max > 0.0)
        .map(|point| four(&point.response))
        .reduce(|one, other| std::array::from_fn(|index| f64::max(one[index], other[index])))
}

/// The logarithmic axis: the ends are round values.
struct Scale {
    /// The common logarithm of the lowest time in milliseconds.
    low: f64,
    high: f64,
}

impl Scale {
    fn of(columns: &[Option<[f64; 4]>]) -> Option<Self> {
        let values = || columns.iter().flatten().flatten().copied().filter(|value| *value > 0.0);
        let (low, high) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
        let low = ROUND.iter().rev().copied().find(|round| *round <= low * 1.000_1)?;
        let high = ROUND.iter().copied().find(|round| *round >= high.max(low * 2.0) * 0.999_9)?;
        Some(Self { low: low.log10(), high: high.log10() })
    }

    /// The row of `ms` in a plot of `rows` rows, counted from the top.
    fn row(&self, ms: f64, rows: u16) -> u16 {
        let share = (self.high - ms.log10()) / (self.high - self.low);
        let dots = share.clamp(0.0, 1.0) * f64::from((rows * 4).saturating_sub(1));
        dots.round() as u16 / 4
    }

    /// The round times that get a label: decades first, then the ends, then what leaves two rows to all of these.
    fn ticks(&self, rows: u16) -> Vec<f64> {
        let within = |ms: &f64| (self.low - 1e-9..=self.high + 1e-9).contains(&ms.log10());
        let is_decade = |ms: f64| (ms.log10() - ms.log10().round()).abs() < 1e-9;
        let is_end = |ms: f64| (ms.log10() - self.low).abs().min((ms.log10() - self.high).abs()) < 1e-9;
        let mut round: Vec<f64> = ROUND.iter().copied().filter(within).collect();
        round.sort_by_key(|ms| (!is_decade(*ms), !is_end(*ms)));
        let mut ticks: Vec<f64> = Vec::new();
        for ms in round {
            if ticks.iter().all(|other| self.row(ms, rows).abs_diff(self.row(*other, rows)) >= 2) {
                ticks.push(ms);
            }
        }
        ticks
    }

    fn render_labels(&self, frame: &mut Frame, plot: Rect, theme: &Theme) {
        for ms in self.ticks(plot.height) {
            let label = text::right(&format::tick(ms), usize::from(SCALE_COLUMNS) - 1);
            let area = Rect {
                x: plot.x - SCALE_COLUMNS,
                y: plot.y + self.row(ms, plot.height),
                width: SCALE_COLUMNS,
                height: 1,
            };
            frame.render_widget(Line::styled(label, theme.dim), area);
        }
    }

    /// Continues the labels into the plot where nothing has been drawn.
    fn render_grid(&self, frame: &mut Frame, plot: Rect, theme: &Theme) {
        for y in self.ticks(plot.height).into_iter().map(|ms| plot.y + self.row(ms, plot.height)) {
            for x in plot.x..plot.right() {
                if let Some(cell) = frame.buffer_mut().cell_mut((x, y)).filter(|cell| cell.symbol() == " ") {
                    cell.set_symbol("┈").set_style(theme.dim);
                }
            }
        }
    }
}

fn lines(frame: &mut Frame, plot: Rect, columns: &[Option<[f64; 4]>], scale: &Scale, theme: &Theme) {
    let last = columns.len().saturating_sub(1) as f64;
    let canvas = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, last])
        .y_bounds([scale.low, scale.high])
        .paint(|context| {
            for (index, color) in theme.percentiles.into_iter().enumerate() {
                for (x, pair) in columns.windows(2).enumerate() {
                    let (Some(to), x) = (pair[1], x as f64) else { continue };
                    let (from, x1) = pair[0].map_or((to, x + 1.0), |from| (from, x));
                    let (y1, y2) = (from[index].log10(), to[index].log10());
                    context.draw(&canvas::Line { x1, y1, x2: x + 1.0, y2, color });
                }
            }
        });
    frame.render_widget(canvas, plot);
}

/// The present values, each at the end of its line; what would stand in the same row moves down.
fn legend(frame: &mut Frame, plot: Rect, columns: &[Option<[f64; 4]>], scale: &Scale, theme: &Theme) {
    let Some(present) = columns.iter().rev().flatten().next() else { return };
    let area = |y| Rect { x: plot.right(), y, width: LEGEND_COLUMNS, height: 1 };
    let rows = spread(present.map(|ms| scale.row(ms, plot.height)), plot.height);
    for (index, row) in rows.into_iter().enumerate().filter(|(_, row)| *row < plot.height) {
        let line = Line::from_iter([
            Span::styled(format!("  {} ", NAMES[index]), Style::new().fg(theme.percentiles[index])),
            Span::raw(text::right(&format::time(present[index]), 7)),
        ]);
        frame.render_widget(line, area(plot.y + row));
    }
}

/// Rows for p50 (the lowest line) to p99.9 (the highest one) of which no two are equal.
fn spread(wanted: [u16; 4], rows: u16) -> [u16; 4] {
    let mut spread = wanted;
    for index in (0..3).rev() {
        spread[index] = spread[index].max(spread[index + 1] + 1);
    }
    let mut lowest = rows.saturating_sub(1);
    for row in &mut spread {
        *row = (*row).min(lowest);
        lowest = row.saturating_sub(1);
    }
    spread
}

const NAMES: [&str; 4] = ["p50  ", "p90  ", "p99  ", "p99.9"];
const SCALE_COLUMNS: u16 = 8;
const LEGEND_COLUMNS: u16 = 16;

/// Round times in milliseconds from half a microsecond to a quarter of an hour.
const ROUND: [f64; 29] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e2, 2e2,
    5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_never_share_a_row() {
        assert_eq!(spread([5, 3, 2, 0], 6), [5, 3, 2, 0]);
        assert_eq!(spread([0, 0, 0, 0], 6), [3, 2, 1, 0]);
        assert_eq!(spread([5, 5, 5, 5], 6), [5, 4, 3, 2]);
        assert_eq!(spread([3, 3, 3, 0], 4), [3, 2, 1, 0]);
    }

    #[test]
    fn the_scale_ends_at_round_times_and_labels_keep_their_distance() {
        let scale = Scale::of(&[Some([3.1, 12.0, 80.0, 310.0])]).expect("there are values");
        assert_eq!((scale.row(2.0, 10), scale.row(500.0, 10)), (9, 0));
        let sorted = |rows| {
            let mut ticks = scale.ticks(rows);
            ticks.sort_by(f64::total_cmp);
            ticks
        };
        assert_eq!(sorted(30), [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        assert_eq!(sorted(9), [2.0, 10.0, 100.0, 500.0]);
        assert_eq!(sorted(4), [10.0, 500.0]);
        assert!(Scale::of(&[None, Some([0.0; 4])]).is_none());
    }
}
