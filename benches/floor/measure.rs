//! What one round came to, and the middle of several.

use std::time::Duration;

/// One round of one side.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Client CPU of a round trip.
    pub micros: f64,
    /// Host CPU of a round trip.
    pub host_micros: f64,
    /// Round trips.
    pub per_second: f64,
    /// Round trips per connection, p99 over p50.
    pub fairness: f64,
}

/// What was counted at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// When.
    pub at: Duration,
    /// Round trips so far.
    pub count: u64,
    /// CPU of this process so far.
    pub cpu: Duration,
    /// CPU of the host so far.
    pub host_cpu: Duration,
}

impl Measure {
    /// What happened between two points.
    pub fn between(begin: &Point, end: &Point, fairness: f64) -> Self {
        let count = (end.count - begin.count) as f64;
        let micros = |begin: Duration, end: Duration| (end - begin).as_secs_f64() * 1e6 / count;
        Self {
            micros: micros(begin.cpu, end.cpu),
            host_micros: micros(begin.host_cpu, end.host_cpu),
            per_second: count / (end.at - begin.at).as_secs_f64(),
            fairness,
        }
    }
}

/// The median of one figure.
pub fn median<T>(rounds: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How unequal connections were served: the 99th percentile over the median.
pub fn spread(counts: &mut [u64]) -> f64 {
    counts.sort_unstable();
    let at = |percent: usize| counts.get((counts.len() * percent / 100).min(counts.len().saturating_sub(1)));
    at(99).zip(at(50)).map_or(0.0, |(&high, &middle)| high as f64 / middle.max(1) as f64)
}
