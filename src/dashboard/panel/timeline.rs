//! The time axis of the charts: which intervals fall into which column.

use crate::dashboard::{format, look::Look, state::Span as TimeSpan, text};
use crate::metrics::{Point, Series};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};
use std::time::Duration;

/// The part of the run that charts show: the latest so much of it, or all that is known and at least a minute.
pub(in crate::dashboard) struct Timeline<'a> {
    series: &'a Series<Point>,
    start: Duration,
    span: Duration,
}

impl<'a> Timeline<'a> {
    pub(in crate::dashboard) fn of(series: &'a Series<Point>, span: TimeSpan) -> Self {
        let start = series.first().map_or(Duration::ZERO, |point| point.at.saturating_sub(point.length));
        let end = series.last().map_or(Duration::ZERO, |point| point.at);
        match span.length() {
            Some(length) => Self { series, start: start.max(end.saturating_sub(length)), span: length },
            None => Self { series, start, span: end.saturating_sub(start).max(SHORTEST) },
        }
    }

    /// The intervals that overlap each of `columns` columns, from the left; none where nothing is known.
    pub(in crate::dashboard) fn columns(&self, columns: usize) -> Vec<Vec<&'a Point>> {
        let edge = |column: usize| self.start + self.span.mul_f64(column as f64 / columns as f64);
        let overlap = |column: usize| {
            let (from, to) = (edge(column), edge(column + 1));
            self.series.after(from).take_while(|point| point.at.saturating_sub(point.length) < to).collect()
        };
        (0..columns).map(overlap).collect()
    }

    /// How long one of `columns` columns is.
    pub(in crate::dashboard) fn column_length(&self, columns: usize) -> Duration {
        self.span / u32::try_from(columns.max(1)).unwrap_or(u32::MAX)
    }

    /// Writes the first, the middle and the last time of the axis into the line `area`.
    pub(in crate::dashboard) fn render_axis(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let [first, middle, last] =
            [0.0, 0.5, 1.0].map(|share| format::clock(self.start + self.span.mul_f64(share)));
        let half = usize::from(area.width) / 2;
        let before_middle = half.saturating_sub(text::width(&middle).div_ceil(2));
        let left = text::left(&first, before_middle) + &middle;
        let rest = usize::from(area.width).saturating_sub(text::width(&left));
        let line = if rest > text::width(&last) && before_middle > text::width(&first) {
            left + &text::right(&last, rest)
        } else {
            text::left(&first, area.width.into())
        };
        frame.render_widget(Line::from(Span::styled(line, look.theme.dim)), area);
    }
}

const SHORTEST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Series<Point> {
        let second =
            |at| Point { at: Duration::from_secs(at), length: Duration::from_secs(1), ..Point::default() };
        (1..=count).map(second).collect()
    }

    fn ends(columns: Vec<Vec<&Point>>) -> Vec<Vec<u64>> {
        columns.iter().map(|points| points.iter().map(|point| point.at.as_secs()).collect()).collect()
    }

    #[test]
    fn a_young_run_leaves_the_right_of_its_minute_empty() {
        let series = seconds(2);
        let columns = ends(Timeline::of(&series, TimeSpan::Run).columns(60));
        assert_eq!(columns[..3], [vec![1], vec![2], vec![]]);
        assert!(columns[3..].iter().all(Vec::is_empty));
    }

    #[test]
    fn a_long_run_puts_several_intervals_into_a_column_and_a_wide_screen_one_into_several() {
        let series = seconds(120);
        let columns = ends(Timeline::of(&series, TimeSpan::Run).columns(60));
        assert_eq!((&columns[0], &columns[59]), (&vec![1, 2], &vec![119, 120]));
        let columns = ends(Timeline::of(&series, TimeSpan::Run).columns(240));
        assert_eq!((&columns[0], &columns[1], &columns[2]), (&vec![1], &vec![1], &vec![2]));
    }

    #[test]
    fn a_part_of_the_run_ends_now() {
        let series = seconds(120);
        let columns = ends(Timeline::of(&series, TimeSpan::TenSeconds).columns(10));
        assert_eq!((&columns[0], &columns[9]), (&vec![111], &vec![120]));
        let columns = ends(Timeline::of(&seconds(4), TimeSpan::TenSeconds).columns(10));
        assert_eq!((&columns[0], &columns[3], &columns[4]), (&vec![1], &vec![4], &vec![]));
    }

    #[test]
    fn nothing_known_is_empty_everywhere() {
        assert!(Timeline::of(&Series::default(), TimeSpan::Run).columns(10).iter().all(Vec::is_empty));
    }
}
