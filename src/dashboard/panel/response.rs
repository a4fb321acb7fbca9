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

use super::{scale::Scale, timeline::Timeline};
use crate::dashboard::{format, look::Look, state::State, text, words::Text};
use crate::metrics::{Percentiles, Point, Series};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    symbols::Marker,
    text::{Line, Span},
    widgets::canvas::{self, Canvas},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, series: &Series<Point>) {
    let look = &state.look;
    let title = format!("{}, {}", look.say(Text::ResponseTime), look.say(state.span.name()));
    let block = text::panel(title.into(), area, look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let timeline = Timeline::of(series, state.span);
    let axis = u16::from(inner.height >= 6);
    let plot = Rect {
        x: inner.x + Scale::COLUMNS,
        width: inner.width.saturating_sub(Scale::COLUMNS + LEGEND_COLUMNS),
        height: inner.height.saturating_sub(axis),
        ..inner
    };
    let columns: Vec<Option<[f64; 4]>> =
        timeline.columns(usize::from(plot.width) * 2).iter().map(|points| worst(points)).collect();
    let Some(scale) = Scale::of(columns.iter().flatten().flatten().copied()) else {
        return frame.render_widget(Line::styled(look.say(Text::NoAnswerYet), look.theme.dim), inner);
    };
    scale.render_labels(frame, plot, look);
    lines(frame, plot, &columns, &scale, look);
    scale.render_grid(frame, plot, look);
    legend(frame, plot, &columns, &scale, look);
    if axis > 0 {
        timeline.render_axis(frame, Rect { y: plot.bottom(), height: 1, ..plot }, look);
    }
}

/// The highest of each percentile; percentiles of several intervals have no mean.
fn worst(points: &[&Point]) -> Option<[f64; 4]> {
    let ended = points.iter().filter(|point| point.steps > 0 && point.response.max > 0.0);
    let worst = ended.map(|point| point.response).reduce(Percentiles::worst)?;
    Some([worst.p50, worst.p90, worst.p99, worst.p999])
}

fn lines(frame: &mut Frame, plot: Rect, columns: &[Option<[f64; 4]>], scale: &Scale, look: &Look) {
    let last = columns.len().saturating_sub(1) as f64;
    let canvas =
        Canvas::default().marker(Marker::Braille).x_bounds([0.0, last]).y_bounds(scale.bounds()).paint(
            |context| {
                for (index, color) in look.theme.percentiles.into_iter().enumerate() {
                    for (x, pair) in columns.windows(2).enumerate() {
                        let (Some(to), x) = (pair[1], x as f64) else { continue };
                        let (from, x1) = pair[0].map_or((to, x + 1.0), |from| (from, x));
                        let (y1, y2) = (from[index].log10(), to[index].log10());
                        context.draw(&canvas::Line { x1, y1, x2: x + 1.0, y2, color });
                    }
                }
            },
        );
    frame.render_widget(canvas, plot);
}

/// The present values, each at the end of its line; what would stand in the same row moves down.
fn legend(frame: &mut Frame, plot: Rect, columns: &[Option<[f64; 4]>], scale: &Scale, look: &Look) {
    let Some(present) = columns.iter().rev().flatten().next() else { return };
    let area = |y| Rect { x: plot.right(), y, width: LEGEND_COLUMNS, height: 1 };
    let rows = spread(present.map(|ms| scale.row(ms, plot.height)), plot.height);
    for (index, row) in rows.into_iter().enumerate().filter(|(_, row)| *row < plot.height) {
        let line = Line::from_iter([
            Span::styled(format!("  {} ", NAMES[index]), Style::new().fg(look.theme.percentiles[index])),
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
const LEGEND_COLUMNS: u16 = 16;

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
}
