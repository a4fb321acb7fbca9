//! The thresholds with their present values, the broken ones first.
//!
//! ```text
//! ╭ Thresholds: 1 of 3 broken ──────────────────╮
//! │ ✘ sale.response_time: p(99) < 100ms  118 ms │
//! │ ✔ failed: rate < 0.5%                0.12 % │
//! ╰─────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, look::Look, text, words::Text};
use crate::metrics::{Snapshot, Threshold, ThresholdView, Unit};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
    let all = snapshot.thresholds.len();
    let broken = snapshot.thresholds.iter().filter(|threshold| threshold.pass == Some(false)).count();
    let title = if broken > 0 {
        look.fill(Text::ThresholdsBroken, &[&broken.to_string(), &all.to_string()])
    } else {
        look.say(Text::Thresholds).to_owned()
    };
    let block = text::panel(Line::raw(title), area, look);
    let columns = usize::from(block.inner(area).width);
    let mut thresholds: Vec<&ThresholdView> = snapshot.thresholds.iter().collect();
    thresholds.sort_by_key(|threshold| threshold.pass != Some(false));
    let mut lines: Vec<Line> =
        thresholds.into_iter().map(|threshold| line(threshold, columns, look)).collect();
    if lines.is_empty() {
        lines.push(Line::styled(look.say(Text::NoThreshold), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn line<'a>(threshold: &ThresholdView, columns: usize, look: &Look) -> Line<'a> {
    let (sign, style) = match threshold.pass {
        Some(true) => ("✔", look.theme.ok),
        Some(false) => ("✘", look.theme.error),
        None => ("◌", look.theme.dim),
    };
    let value = threshold
        .value
        .map_or_else(|| look.say(Text::NoSample).to_owned(), |value| written(threshold, value));
    let room = columns.saturating_sub(6 + text::width(&value));
    Line::from_iter([
        Span::styled(format!(" {sign} "), style),
        Span::raw(text::left(&threshold.expression, room)),
        Span::styled(
            format!("  {value} "),
            if threshold.pass == Some(false) { look.theme.error } else { look.theme.strong },
        ),
    ])
}

/// `value` in the unit of the threshold's condition.
pub(in crate::dashboard) fn written(threshold: &ThresholdView, value: f64) -> String {
    match Threshold::parse_whole(&threshold.expression).map(|threshold| threshold.unit()) {
        Ok(Unit::Milliseconds) => format::time(value),
        Ok(Unit::Share) => format::share((value * SHARE_STEPS).round() as u64, SHARE_STEPS as u64),
        Ok(Unit::PerSecond) => format!("{value:.1}/s"),
        Ok(Unit::Count) | Err(_) => format::count(value.max(0.0) as u64),
    }
}

const SHARE_STEPS: f64 = 1e9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_the_unit_of_their_condition() {
        let value = |expression: &str, number| {
            written(&ThresholdView { expression: expression.into(), ..ThresholdView::default() }, number)
        };
        assert_eq!(value("sale.response_time: p(99) < 800ms", 118.2), "118 ms");
        assert_eq!(value("schedule_lag: count < 8", 5.0), "5");
        assert_eq!(value("failed: rate < 0.5%", 0.0012), "0.12 %");
        assert_eq!(value("checks: rate > 99%", 0.999_999), ">99.9 %");
        assert_eq!(value("reconciliation.lost: count == 0", 3.0), "3");
    }
}
