//! Progress for programs: a run under way as one JSON object a line, and its summary as the last.

use crate::metrics::{Counters, Percentiles, Snapshot, Summary};
use serde::Serialize;

/// The state of a run as one line of JSON, without a line end.
pub fn progress_line(snapshot: &Snapshot) -> String {
    let last = snapshot.series.last();
    let line = Progress {
        r#type: "progress",
        elapsed_ms: snapshot.elapsed.as_millis() as u64,
        phase: snapshot.phase.name(),
        counters: snapshot.counters,
        in_flight: snapshot.counters.in_flight(),
        connections: snapshot.connections,
        errors: snapshot.steps.iter().map(|step| step.timeouts + step.errors).sum(),
        response_time_ms: last.map(|point| point.response).filter(|times| times.max > 0.0),
        lag_p99_ms: last.map_or(0.0, |point| point.lag.p99),
        thresholds_broken: snapshot
            .thresholds
            .iter()
            .filter(|threshold| threshold.pass == Some(false))
            .count(),
    };
    serde_json::to_string(&line).expect("texts and finite numbers are JSON")
}

/// The summary of a run as the last line of JSON, without a line end.
pub fn summary_line(summary: &Summary) -> String {
    serde_json::to_string(&Last { r#type: "summary", summary }).expect("keys are texts and numbers finite")
}

#[derive(Serialize)]
struct Progress {
    r#type: &'static str,
    elapsed_ms: u64,
    phase: &'static str,
    counters: Counters,
    in_flight: u64,
    connections: u64,
    errors: u64,
    /// Of the last second; absent when no step ended in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_time_ms: Option<Percentiles>,
    lag_p99_ms: f64,
    thresholds_broken: usize,
}

#[derive(Serialize)]
struct Last<'s> {
    r#type: &'static str,
    summary: &'s Summary,
}
