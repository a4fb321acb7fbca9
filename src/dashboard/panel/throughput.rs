//! How many iterations end per second over the time of the run, and how many were planned to begin.
//!
//! ```text
//! ╭ Throughput ───────────── top 204.0/s ╮
//! │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▂▂▂▃▃▃▃▃▃▃▃▃▃▃▃│
//! │▂▃▄▅▆▇███████████████████████████████│
//! │0:00              1:06           2:13│
//! ╰─────────────────────────────────────╯
//! ```

use super::timeline::Timeline;
use crate::dashboard::{format, look::Look, state::State, text, words::Text};
use crate::metrics::{Point, Series};
use ratatui::{Frame, buffer::Buffer, layout::Rect, text::Line};
use std::time::Duration;

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, series: &Series<Point>) {
    let look = &state.look;
    let timeline = Timeline::of(series, state.span);
    let is_wide = area.width >= 46;
    let title = look.say(if is_wide { Text::ThroughputDone } else { Text::Throughput });
    let block = text::panel(title.into(), area, look);
    let inner = block.inner(area);
    let axis = u16::from(inner.height >= 5);
    let plot = Rect { height: inner.height.saturating_sub(axis), ..inner };
    let columns = timeline.columns(plot.width.into());
    let done: Vec<f64> = columns.iter().map(|points| rate(points, |point| point.counters.finished)).collect();
    let planned: Vec<f64> =
        columns.iter().map(|points| rate(points, |point| point.counters.planned)).collect();
    let highest = done.iter().chain(&planned).copied().fold(0.0, f64::max);
    let is_planned = planned.iter().any(|rate| *rate > 0.0);
    let dashes = if is_wide && is_planned { look.say(Text::DashPlanned) } else { "" };
    let legend = format!(" {dashes}{} ", look.fill(Text::TopRate, &[&format::rate(highest)]));
    let block = block.title_top(Line::styled(legend, look.theme.dim).right_aligned());
    frame.render_widget(block, area);
    bars(frame.buffer_mut(), plot, &done, highest, look);
    plan(frame.buffer_mut(), plot, &planned, highest, look);
    if axis > 0 {
        timeline.render_axis(frame, Rect { y: plot.bottom(), height: 1, ..inner }, look);
    }
}

fn rate(points: &[&Point], count: impl Fn(&Point) -> u64) -> f64 {
    let time: Duration = points.iter().map(|point| point.length).sum();
    let total: u64 = points.iter().map(|point| count(point)).sum();
    if time.is_zero() { 0.0 } else { total as f64 / time.as_secs_f64() }
}

fn bars(buffer: &mut Buffer, plot: Rect, values: &[f64], highest: f64, look: &Look) {
    for (x, value) in (plot.x..plot.right()).zip(values) {
        let mut eighths = level(*value, highest, plot.height);
        for y in (plot.y..plot.bottom()).rev() {
            let here = eighths.min(8);
            eighths -= here;
            if let (Some(cell), true) = (buffer.cell_mut((x, y)), here > 0) {
                cell.set_symbol(LEVELS[here - 1]).set_style(look.theme.fill);
            }
        }
    }
}

/// Marks the planned rate where no bar hides it, which is where the plan is not met.
fn plan(buffer: &mut Buffer, plot: Rect, values: &[f64], highest: f64, look: &Look) {
    for (x, value) in (plot.x..plot.right()).zip(values) {
        let rows = level(*value, highest, plot.height).div_ceil(8) as u16;
        let free =
            rows > 0 && buffer.cell((x, plot.bottom() - rows)).is_some_and(|cell| cell.symbol() == " ");
        if let (Some(cell), true) = (buffer.cell_mut((x, plot.bottom() - rows)), free) {
            cell.set_symbol("╌").set_style(look.theme.dim);
        }
    }
}

/// The height of `value` in eighths of a row; never none for something.
fn level(value: f64, highest: f64, rows: u16) -> usize {
    if value <= 0.0 || highest <= 0.0 {
        return 0;
    }
    let most = f64::from(rows) * 8.0;
    ((value / highest * most).round() as usize).clamp(1, (most as usize).max(1))
}

const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
