//! The percentile curve of one step: each further nine is as wide as the last.
//!
//! ```text
//! ╭ sale: response time by percentile ──────────────── ─ now  ╌ baseline ╮
//! │ 500 ms                                                   ⢀⠤⠤⠤        │
//! │ 100 ms                               ⣀⣀⠤⠤⠒⠒⠊⠉                        │
//! │  20 ms ⠤⠤⠤⠤⠤⠤⠒⠒⠒⠒⠒⠉⠉⠉⠉                                                │
//! │        0 %               90 %             99 %            99.9 %     │
//! ╰───────────────────────────────────────────────────────────────────────╯
//! ```

use super::scale::Scale;
use crate::dashboard::{
    look::Look,
    state::{State, TimeKind},
    text,
    words::Text,
};
use crate::metrics::{Latency, StepView};
use ratatui::{
    Frame,
    layout::Rect,
    style::Color,
    symbols::Marker,
    text::{Line, Span},
    widgets::canvas::{self, Canvas},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, step: Option<&StepView>) {
    let look = &state.look;
    let baseline = step.and_then(|step| state.baseline_of(&step.name));
    let name = step.map_or("", |step| &*step.name);
    let title = format!("{name}: {}", look.say(state.time.curve_title()));
    let block = text::panel(Line::raw(title), area, look);
    let inner = block.inner(area);
    frame.render_widget(block.title_top(legend(baseline.is_some(), look).right_aligned()), area);
    let curves: Vec<(&[f64], Color, f64)> = [
        baseline.map(|step| (curve(step, state.time), look.theme.baseline.fg.unwrap_or_default(), DASH)),
        step.map(|step| (curve(step, state.time), look.theme.percentiles[0], 1.0)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let plot = Rect {
        x: inner.x + Scale::COLUMNS.min(inner.width),
        width: inner.width.saturating_sub(Scale::COLUMNS + 1),
        height: inner.height.saturating_sub(1),
        ..inner
    };
    let values = curves.iter().flat_map(|(curve, ..)| curve.iter().copied());
    let Some(scale) = Scale::of(values) else {
        return frame.render_widget(Line::styled(look.say(Text::NoAnswerYet), look.theme.dim), inner);
    };
    let last = curves.iter().map(|(curve, ..)| curve.len()).max().unwrap_or(2).saturating_sub(1).max(1);
    scale.render_labels(frame, plot, look);
    lines(frame, plot, &curves, &scale, last);
    scale.render_grid(frame, plot, look);
    axis(frame, Rect { y: plot.bottom(), height: 1, ..plot }, last, look);
}

fn curve(step: &StepView, time: TimeKind) -> &[f64] {
    match time {
        TimeKind::Response | TimeKind::Parts => &step.response_curve,
        TimeKind::Service => &step.service_curve,
    }
}

fn lines(frame: &mut Frame, plot: Rect, curves: &[(&[f64], Color, f64)], scale: &Scale, last: usize) {
    let canvas = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, last as f64])
        .y_bounds(scale.bounds())
        .paint(|context| {
            for (curve, color, length) in curves {
                for (x, pair) in curve.windows(2).enumerate() {
                    let (x1, y1) = (x as f64, pair[0].log10());
                    let y2 = y1 + (pair[1].log10() - y1) * length;
                    context.draw(&canvas::Line { x1, y1, x2: x1 + length, y2, color: *color });
                }
            }
        });
    frame.render_widget(canvas, plot);
}

/// The percentiles of whole nines, at their places.
fn axis(frame: &mut Frame, area: Rect, last: usize, look: &Look) {
    let mut line = String::new();
    for (nines, name) in NINES.iter().enumerate() {
        let point = nines * Latency::CURVE_PER_NINE as usize;
        let place = point * usize::from(area.width) / last;
        let begin = place.saturating_sub(if point == 0 { 0 } else { text::width(name) / 2 });
        let gap = begin.checked_sub(text::width(&line)).filter(|gap| nines == 0 || *gap > 1);
        if let Some(gap) = gap.filter(|_| point <= last && begin + name.len() <= usize::from(area.width) + 1)
        {
            line = line + &" ".repeat(gap) + name;
        }
    }
    frame.render_widget(Line::styled(line, look.theme.dim), area);
}

fn legend<'a>(has_baseline: bool, look: &Look) -> Line<'a> {
    let mut line = Line::from(vec![
        Span::styled(" ─ ", look.theme.accent),
        Span::styled(format!("{} ", look.say(Text::Now)), look.theme.dim),
    ]);
    if has_baseline {
        line.spans.push(Span::styled(" ╌ ", look.theme.baseline));
        line.spans.push(Span::styled(format!("{} ", look.say(Text::BaselineWord)), look.theme.dim));
    }
    line
}

/// The baseline is dashed: so much of each piece of its line is drawn.
const DASH: f64 = 0.55;
const NINES: [&str; 6] = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"];
