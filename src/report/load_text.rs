//! What shapes of load add to the summary: the rate that a search found, the flows of mixes, the warm-up.

use crate::metrics::{KneeLimit, KneeStage, KneeSummary, Summary, WarmUp};

/// The lines with their headings; empty where there is nothing to tell.
pub(super) fn load_text(summary: &Summary) -> Vec<(&'static str, Vec<String>)> {
    let mut parts = Vec::new();
    parts.extend(summary.knee.as_ref().map(|knee| ("Highest rate", knee_text(knee))));
    if !summary.flows.is_empty() {
        let all: u64 = summary.flows.values().sum();
        let share = |count: u64| count as f64 / all as f64 * 100.0;
        let lines =
            summary.flows.iter().map(|(flow, count)| format!("  {flow}: {count} ({:.1} %)", share(*count)));
        parts.push(("Flows of mixes", lines.collect()));
    }
    if let Some(WarmUp { iterations, steps, failed }) = summary.warmup {
        let line =
            format!("  {iterations} iterations, {steps} steps, {failed} of them failed: in no figure above");
        parts.push(("Warm-up", vec![line]));
    }
    parts
}

fn knee_text(knee: &KneeSummary) -> Vec<String> {
    let found = match knee.rate {
        Some(rate) => {
            format!("  {}: {rate:.1}/s is the highest rate that was kept; {}", knee.scenario, bound(knee))
        }
        None => format!("  {}: no rate was kept", knee.scenario),
    };
    std::iter::once(found).chain(knee.stages.iter().map(stage)).collect()
}

/// What lies above the rate that was found.
fn bound(knee: &KneeSummary) -> String {
    match (knee.missed, knee.limit) {
        (Some(rate), KneeLimit::Machine) => format!("at {rate:.1}/s this machine was too busy to tell"),
        (Some(rate), _) => format!("{rate:.1}/s was not"),
        (None, _) => "`maxRate` allows no higher one".to_owned(),
    }
}

fn stage(stage: &KneeStage) -> String {
    let KneeStage { purpose, rate, measured_s, kept, verdict, reasons, .. } = stage;
    let verdict = match (*kept, verdict.as_str()) {
        (true, _) => "kept".to_owned(),
        (false, "unsure") => format!("says nothing: {}", reasons.join("; ")),
        (false, _) => format!("not kept: {}", reasons.join("; ")),
    };
    format!("    {purpose:<7} {rate:>10.1}/s for {measured_s:>5.1} s  {verdict}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_was_not_kept_says_why() {
        let broken = KneeStage {
            purpose: "raise".to_owned(),
            rate: 800.0,
            begins_at_s: 4.0,
            measured_s: 2.25,
            steps: 900,
            kept: false,
            verdict: "missed".to_owned(),
            reasons: vec!["sale.response_time: p(95) < 100ms (812.000)".to_owned()],
        };
        let found = KneeSummary {
            scenario: "find".to_owned(),
            rate: Some(401.5),
            missed: Some(410.0),
            stages: vec![broken],
            ..KneeSummary::default()
        };
        let text = knee_text(&found);
        assert_eq!(text[0], "  find: 401.5/s is the highest rate that was kept; 410.0/s was not");
        let text = knee_text(&KneeSummary { limit: KneeLimit::Machine, ..found });
        assert!(text[0].ends_with("; at 410.0/s this machine was too busy to tell"), "{}", text[0]);
        assert!(text[1].ends_with("not kept: sale.response_time: p(95) < 100ms (812.000)"), "{}", text[1]);
    }
}
