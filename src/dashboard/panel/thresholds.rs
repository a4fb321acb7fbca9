//! The thresholds with their present values, the broken ones first.
//!
//! ```text
//! ╭ Thresholds: 1 of 3 broken ──────────────────╮
//! │ ✘ sale.response_time: p(99) < 100ms  118 ms │
//! │ ✔ failed: rate < 0.5%                0.12 % │
//! ╰─────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, text, theme::Theme};
use crate::metrics::{Snapshot, Threshold, ThresholdView, Unit};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, theme: &Theme) {
    let all = snapshot.thresholds.len();
    let broken = snapshot.thresholds.iter().filter(|threshold| threshold.pass == Some(false)).count();
    let title =
        if broken > 0 { format!("Thresholds: {broken} of {all} broken") } else { "Thresholds".to_owned() };
    let block = text::panel(Line::raw(title), area, theme);
    let columns = usize::from(block.inner(area).width);
    let mut thresholds: Vec<&ThresholdView> = snapshot.thresholds.iter().collect();
    thresholds.sort_by_key(|threshold| threshold.pass != Some(false));
    let mut lines: Vec<Line> =
        thresholds.into_iter().map(|threshold| line(threshold, columns, theme)).collect();
    if lines.is_empty() {
        lines.push(Line::styled(" none in this scenario", theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn line<'a>(threshold: &ThresholdView, columns: usize, theme: &Theme) -> Line<'a> {
    let (sign, style) = match threshold.pass {
        Some(true) => ("✔", theme.ok),
        Some(false) => ("✘", theme.error),
        None => ("◌", theme.dim),
    };
    let value = value(threshold);
    let room = columns.saturating_sub(6 + text::width(&value));
    Line::from_iter([
        Span::styled(format!(" {sign} "), style),
        Span::raw(text::left(&threshold.expression, room)),
        Span::styled(
            format!("  {value} "),
            if threshold.pass == Some(false) { theme.error } else { theme.strong },
        ),
    ])
}

fn value(threshold: &ThresholdView) -> String {
    let Some(value) = threshold.value else { return "no sample".to_owned() };
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
            value(&ThresholdView { expression: expression.into(), value: number, ..ThresholdView::default() })
        };
        assert_eq!(value("sale.response_time: p(99) < 800ms", Some(118.2)), "118 ms");
        assert_eq!(value("schedule_lag: count < 8", Some(5.0)), "5");
        assert_eq!(value("failed: rate < 0.5%", Some(0.0012)), "0.12 %");
        assert_eq!(value("checks: rate > 99%", Some(0.999_999)), ">99.9 %");
        assert_eq!(value("reconciliation.lost: count == 0", Some(3.0)), "3");
        assert_eq!(value("failed: rate < 0.5%", None), "no sample");
    }
}
