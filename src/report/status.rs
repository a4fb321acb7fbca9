//! The line that a run without a dashboard prints every few seconds.

use super::figures::{NOTHING, clock, count, time};
use crate::metrics::{Percentiles, Phase, Point, Snapshot};

/// The state of a run in one line, without a line end.
///
/// Rates and the two percentiles are those of the last second, dropped iterations and errors count from the start.
pub fn status_line(snapshot: &Snapshot) -> String {
    let last = snapshot.series.last();
    let rate = |of: fn(&Point) -> u64| {
        last.map_or(NOTHING.to_owned(), |point| format!("{:.0}/s", point.per_second(of(point))))
    };
    let p99 = |of: fn(&Point) -> Percentiles| {
        last.map(of).filter(|times| times.max > 0.0).map_or(NOTHING.to_owned(), |times| time(times.p99))
    };
    let errors = snapshot.steps.iter().map(|step| step.timeouts + step.errors).sum();
    let cells = [
        format!("{} {}", elapsed(snapshot), phase(snapshot)),
        format!("planned {}", rate(|point| point.counters.planned)),
        format!("started {}", rate(|point| point.counters.started)),
        format!("done {}", rate(|point| point.counters.finished)),
        format!("in flight {}", count(snapshot.counters.in_flight())),
        format!("dropped {}", count(snapshot.counters.dropped)),
        format!("errors {}", count(errors)),
        format!("p99 {}", p99(|point| point.response)),
        format!("lag p99 {}", p99(|point| point.lag)),
    ];
    cells.join("  ")
}

fn elapsed(snapshot: &Snapshot) -> String {
    let elapsed = clock(snapshot.elapsed);
    snapshot
        .planned_duration
        .map_or_else(|| elapsed.clone(), |planned| format!("{elapsed}/{}", clock(planned)))
}

fn phase(snapshot: &Snapshot) -> &'static str {
    if snapshot.paused && snapshot.phase == Phase::Running { "paused" } else { snapshot.phase.name() }
}
