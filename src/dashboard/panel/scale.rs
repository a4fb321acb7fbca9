//! A logarithmic axis of times whose ends are round values.

use crate::dashboard::{format, look::Look, text};
use ratatui::{Frame, layout::Rect, text::Line};

/// A logarithmic axis of times.
pub(super) struct Scale {
    /// The common logarithm of the lowest time in milliseconds.
    low: f64,
    high: f64,
}

impl Scale {
    /// The columns of its labels.
    pub(super) const COLUMNS: u16 = 8;

    /// The axis for these times in milliseconds; `None` when there is none above zero.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut ends: Option<(f64, f64)> = None;
        for value in values.filter(|value| *value > 0.0 && value.is_finite()) {
            let (low, high) = ends.unwrap_or((value, value));
            ends = Some((low.min(value), high.max(value)));
        }
        let (low, high) = ends?;
        let low = ROUND.iter().rev().copied().find(|round| *round <= low * 1.000_1)?;
        let high = ROUND.iter().copied().find(|round| *round >= high.max(low * 2.0) * 0.999_9)?;
        Some(Self { low: low.log10(), high: high.log10() })
    }

    /// The ends, as common logarithms.
    pub(super) fn bounds(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// The row of `ms` in a plot of `rows` rows, counted from the top.
    pub(super) fn row(&self, ms: f64, rows: u16) -> u16 {
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

    /// Writes the labels to the left of `plot`.
    pub(super) fn render_labels(&self, frame: &mut Frame, plot: Rect, look: &Look) {
        for ms in self.ticks(plot.height) {
            let label = text::right(&format::tick(ms), usize::from(Self::COLUMNS) - 1);
            let area = Rect {
                x: plot.x - Self::COLUMNS,
                y: plot.y + self.row(ms, plot.height),
                width: Self::COLUMNS,
                height: 1,
            };
            frame.render_widget(Line::styled(label, look.theme.dim), area);
        }
    }

    /// Continues the labels into the plot where nothing has been drawn.
    pub(super) fn render_grid(&self, frame: &mut Frame, plot: Rect, look: &Look) {
        for y in self.ticks(plot.height).into_iter().map(|ms| plot.y + self.row(ms, plot.height)) {
            for x in plot.x..plot.right() {
                if let Some(cell) = frame.buffer_mut().cell_mut((x, y)).filter(|cell| cell.symbol() == " ") {
                    cell.set_symbol("┈").set_style(look.theme.dim);
                }
            }
        }
    }
}

/// Round times in milliseconds from half a microsecond to a quarter of an hour.
const ROUND: [f64; 29] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e2, 2e2,
    5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_round_times_and_labels_keep_their_distance() {
        let scale = Scale::of([3.1, 12.0, 80.0, 310.0].into_iter()).expect("there are values");
        assert_eq!((scale.row(2.0, 10), scale.row(500.0, 10)), (9, 0));
        let sorted = |rows| {
            let mut ticks = scale.ticks(rows);
            ticks.sort_by(f64::total_cmp);
            ticks
        };
        assert_eq!(sorted(30), [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        assert_eq!(sorted(9), [2.0, 10.0, 100.0, 500.0]);
        assert_eq!(sorted(4), [10.0, 500.0]);
        assert!(Scale::of([0.0; 4].into_iter()).is_none());
    }
}
