//! The thresholds screen: what the verdict hangs on, how near each limit is, and when the run would be ended.
//!
//! ```text
//! ╭ Thresholds: 1 of 4 broken ───────────────────────────────────────────────────────────╮
//! │   threshold                          value   limit  margin  window  trend    ends in │
//! │ ✘ sale.response_time: p(99) < 100ms  118 ms  100 ms  −18 %    run   ▁▂▃▅▇█        –  │
//! ╰──────────────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::Extent;
use crate::dashboard::{
    format,
    look::Look,
    panel::{
        scroll,
        spark::spark,
        table::{Column, Table},
        thresholds::written,
    },
    state::State,
    text,
    words::Text,
};
use crate::metrics::{Snapshot, ThresholdView};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::Line,
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let all = snapshot.thresholds.len();
    let broken = snapshot.thresholds.iter().filter(|threshold| threshold.pass == Some(false)).count();
    let title = match broken {
        0 => look.say(Text::Thresholds).to_owned(),
        _ => look.fill(Text::ThresholdsBroken, &[&broken.to_string(), &all.to_string()]),
    };
    let block = text::panel(title.into(), area, look);
    let inner = block.inner(area);
    let longest = snapshot.thresholds.iter().map(|one| text::width(&one.expression) + 2).max().unwrap_or(0);
    let table = Table::of(COLUMNS, inner.width.into(), longest);
    let list = state.list();
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    for (index, threshold) in snapshot.thresholds.iter().enumerate().skip(list.top).take(page(area)) {
        let is_selected = index == list.selected;
        lines.push(Line::styled(
            table.line(threshold, is_selected, look),
            style(threshold, is_selected, look),
        ));
    }
    if all == 0 {
        lines.push(Line::styled(look.say(Text::NoThreshold), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
    scroll::render(frame, area, list, page(area), all);
}

pub(super) fn extent(_: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    Extent { rows: snapshot.thresholds.len(), page: page(area) }
}

fn page(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(3).max(1)
}

fn style(threshold: &ThresholdView, is_selected: bool, look: &Look) -> Style {
    let style = match threshold.pass {
        Some(false) => look.theme.error,
        Some(true) => Style::new(),
        None => look.theme.dim,
    };
    if is_selected { style.add_modifier(Modifier::BOLD) } else { style }
}

fn expression(threshold: &ThresholdView) -> String {
    let sign = match threshold.pass {
        Some(true) => "✔",
        Some(false) => "✘",
        None => "◌",
    };
    format!("{sign} {}", threshold.expression)
}

fn value(threshold: &ThresholdView, look: &Look) -> String {
    threshold.value.map_or_else(|| look.say(Text::NoSample).to_owned(), |value| written(threshold, value))
}

/// The margin as a share of the limit, with a sign; of a limit of zero there is none.
fn margin(threshold: &ThresholdView) -> String {
    match threshold.margin {
        Some(margin) if threshold.limit.abs() > f64::EPSILON && margin.is_finite() => {
            let percent = margin / threshold.limit.abs() * 100.0;
            format!("{percent:+.0} %").replace('-', "−")
        }
        _ => "–".to_owned(),
    }
}

fn window(threshold: &ThresholdView, look: &Look) -> String {
    threshold
        .window
        .map_or_else(|| look.say(Text::RunWord).to_owned(), |window| format!("{} s", window.as_secs()))
}

/// What happens when it does not hold: when it broke, when it would end the run, or nothing until the end.
fn prospect(threshold: &ThresholdView, look: &Look) -> String {
    match (threshold.broken_at, seconds_to_limit(threshold)) {
        (Some(at), _) => look.fill(Text::BrokenAt, &[&format::clock(at)]),
        (None, Some(seconds)) if threshold.aborts => look.fill(Text::EndsIn, &[&format!("{seconds:.0}")]),
        (None, _) if threshold.aborts => look.say(Text::WouldEnd).to_owned(),
        (None, _) => "–".to_owned(),
    }
}

/// When the value reaches its limit if it goes on like in its latest seconds.
fn seconds_to_limit(threshold: &ThresholdView) -> Option<f64> {
    let recent = threshold.trend.get(threshold.trend.len().saturating_sub(TREND_SECONDS)..)?;
    let (first, last) = (recent.first()?, recent.last()?);
    let slope = (last - first) / (recent.len().checked_sub(1).filter(|steps| *steps > 0)? as f64);
    let seconds = (threshold.limit - last) / slope;
    let is_near = (0.0..PROSPECT_SECONDS_MAX).contains(&seconds);
    (is_near && threshold.pass == Some(true)).then_some(seconds)
}

const COLUMNS: &[Column<ThresholdView>] = &[
    Column::text(Text::ThresholdWord, 30, 0, |row, _| expression(row)),
    Column::number(Text::Value, 9, 0, value),
    Column::number(Text::Limit, 8, 1, |row, _| written(row, row.limit)),
    Column::number(Text::Margin, 7, 0, |row, _| margin(row)),
    Column::number(Text::Window, 6, 3, window),
    Column::text(Text::Trend, 12, 2, |row, _| spark(&row.trend, 12)),
    Column::text(Text::Prospect, 14, 0, prospect),
];

const TREND_SECONDS: usize = 10;
/// What is further away than this is no news.
const PROSPECT_SECONDS_MAX: f64 = 600.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(limit: f64, trend: &[f64]) -> ThresholdView {
        ThresholdView {
            limit,
            trend: trend.to_vec(),
            pass: Some(true),
            aborts: true,
            ..ThresholdView::default()
        }
    }

    #[test]
    fn a_value_that_rises_to_its_limit_says_when_it_gets_there() {
        assert_eq!(seconds_to_limit(&threshold(100.0, &[50.0, 60.0, 70.0])), Some(3.0));
        assert_eq!(seconds_to_limit(&threshold(100.0, &[70.0, 60.0, 50.0])), None);
        assert_eq!(seconds_to_limit(&threshold(100.0, &[70.0, 70.0])), None);
        assert_eq!(seconds_to_limit(&threshold(100.0, &[])), None);
        assert_eq!(seconds_to_limit(&threshold(0.9, &[0.99, 0.98])).map(f64::round), Some(8.0));
    }

    #[test]
    fn margins_have_a_sign_and_limits_of_zero_have_none() {
        let with = |limit, margin| margin_of(ThresholdView { limit, margin, ..ThresholdView::default() });
        assert_eq!([with(100.0, Some(25.0)), with(100.0, Some(-18.2))], ["+25 %", "−18 %"]);
        assert_eq!([with(0.0, Some(-3.0)), with(5.0, None)], ["–", "–"]);
    }

    fn margin_of(threshold: ThresholdView) -> String {
        margin(&threshold)
    }
}
