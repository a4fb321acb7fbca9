//! The thresholds: what was demanded, what came, and how far it is from the limit.

use super::run::Run;
use crate::{
    metrics::{Threshold, ThresholdSummary},
    report::text::value,
};
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let thresholds = &run.archive.summary.as_ref()?.thresholds;
    let body = html! {
        @if thresholds.is_empty() {
            p { "None was set: the verdict says only that the run could be measured." }
        } @else {
            div.wide { table {
                thead { tr { th { "" } th { "threshold" } th.n { "value" } th.n { "from the limit" } } }
                tbody { @for threshold in thresholds { (row(threshold)) } }
            } }
        }
    };
    super::section("thresholds", "Thresholds", "", &body)
}

fn row(threshold: &ThresholdSummary) -> Markup {
    let (sign, word, class) = match (threshold.pass, threshold.value) {
        (false, _) => ("✗", "broken", "bad"),
        (true, Some(_)) => ("✓", "held", "good"),
        (true, None) => ("–", "no sample", "warn"),
    };
    html! {
        tr {
            td.(class) { (sign) " " (word) }
            td.wrap { code { (threshold.expression) } }
            td.n { (value(threshold)) }
            td.n { (distance(threshold).unwrap_or_default()) }
        }
    }
}

/// How far the value is from the limit, in percent of the limit.
fn distance(threshold: &ThresholdSummary) -> Option<String> {
    let limit = Threshold::parse_whole(&threshold.expression).ok()?.limit;
    let value = threshold.value.filter(|value| value.is_finite())?;
    if limit == 0.0 {
        return None;
    }
    let percent = (value - limit) / limit * 100.0;
    let shown =
        if percent.abs() < 10.0 { format!("{:.2}", percent.abs()) } else { format!("{:.0}", percent.abs()) };
    Some(format!("{shown} % {}", if percent > 0.0 { "above" } else { "below" }))
}
