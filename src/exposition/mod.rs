//! A snapshot as other monitoring systems want it: one list of metrics, written in the text form of Prometheus or as
//! the JSON of OpenTelemetry. Pure; who asks for it, and where it goes, is the business of the command line.

mod otlp;
mod prometheus;

pub use otlp::otlp;
pub use prometheus::{CONTENT_TYPE, prometheus};

use crate::metrics::{Bucket, Snapshot, StepView, ThresholdView};

/// One metric with all its series.
struct Metric {
    name: &'static str,
    help: &'static str,
    /// As UCUM writes it, for OpenTelemetry; Prometheus has it in the name.
    unit: &'static str,
    series: Series,
}

enum Series {
    /// Only grows.
    Counter(Vec<(Labels, f64)>),
    Gauge(Vec<(Labels, f64)>),
    Histogram(Vec<(Labels, Distribution)>),
}

type Labels = Vec<(&'static str, String)>;

/// A distribution in buckets whose bounds are the same for every run and at every moment.
struct Distribution {
    /// How many samples do not exceed each of [`bounds`], in seconds.
    below: Vec<u64>,
    count: u64,
    sum_seconds: f64,
}

/// Everything that is told of `snapshot`.
fn metrics(snapshot: &Snapshot) -> Vec<Metric> {
    let mut all = of_run(snapshot);
    all.extend(of_scenarios(snapshot));
    all.extend(of_steps(snapshot));
    all.extend(of_thresholds(snapshot));
    all
}

fn of_run(snapshot: &Snapshot) -> Vec<Metric> {
    let generator = snapshot.generator;
    let one = |value: f64| vec![(Labels::new(), value)];
    let lag = [("0.5", generator.lag.p50), ("0.99", generator.lag.p99), ("0.999", generator.lag.p999)];
    let activity = snapshot.terminals.activity;
    let terminals = [
        ("signed_out", activity.signed_out),
        ("idle", activity.idle),
        ("busy", activity.busy),
        ("reversal_pending", activity.reversal_pending),
    ];
    let codes = snapshot.codes.iter().map(|(code, _, count)| (vec![("code", code.clone())], *count as f64));
    let info = vec![("scenario", snapshot.name.clone()), ("target", snapshot.target.clone())];
    vec![
        gauge("posfleet_run_info", "What runs against what; always 1", "1", vec![(info, 1.0)]),
        gauge(
            "posfleet_run_elapsed_seconds",
            "Time since the start",
            "s",
            one(snapshot.elapsed.as_secs_f64()),
        ),
        gauge(
            "posfleet_run_paused",
            "Whether the load is paused",
            "1",
            one(f64::from(u8::from(snapshot.paused))),
        ),
        gauge(
            "posfleet_connections",
            "Connections that are open",
            "{connection}",
            one(snapshot.connections as f64),
        ),
        gauge(
            "posfleet_terminals",
            "Terminals by what they do",
            "{terminal}",
            labelled("activity", terminals),
        ),
        counter("posfleet_answers_total", "Answers by their code", "{answer}", codes.collect()),
        gauge(
            "posfleet_schedule_lag_seconds",
            "From the scheduled to the actual start of iterations, since the start of the run",
            "s",
            lag.map(|(quantile, ms)| (vec![("quantile", quantile.to_owned())], ms / 1000.0)).into(),
        ),
        counter(
            "posfleet_process_cpu_seconds_total",
            "CPU time of this process",
            "s",
            one(generator.cpu_seconds),
        ),
        gauge(
            "posfleet_process_max_resident_bytes",
            "The largest resident memory of this process so far",
            "By",
            one(generator.max_rss_bytes as f64),
        ),
    ]
}

fn of_scenarios(snapshot: &Snapshot) -> [Metric; 3] {
    let (mut counts, mut in_flight, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for stage in &snapshot.stages {
        let counters = stage.counters;
        let states = [
            ("planned", counters.planned),
            ("started", counters.started),
            ("late", counters.late),
            ("dropped", counters.dropped),
            ("finished", counters.finished),
            ("failed", counters.failed),
        ];
        let scenario = || ("scenario", stage.name.clone());
        for (state, count) in states {
            counts.push((vec![scenario(), ("state", state.to_owned())], count as f64));
        }
        in_flight.push((vec![scenario()], counters.in_flight() as f64));
        rates.extend(stage.target_rate.map(|rate| (vec![scenario()], rate)));
    }
    [
        counter("posfleet_iterations_total", "Iterations by what became of them", "{iteration}", counts),
        gauge("posfleet_iterations_in_flight", "Iterations under way", "{iteration}", in_flight),
        gauge("posfleet_iterations_planned_per_second", "The rate of the plan now", "{iteration}/s", rates),
    ]
}

fn of_steps(snapshot: &Snapshot) -> Vec<Metric> {
    let (mut ends, mut checks) = (Vec::new(), Vec::new());
    let (mut response, mut service, mut quantiles) = (Vec::new(), Vec::new(), Vec::new());
    for step in &snapshot.steps {
        let name = || ("step", step.name.clone());
        let classes = [
            ("approved", step.approved),
            ("declined", step.declined),
            ("timeout", step.timeouts),
            ("error", step.errors),
        ];
        for (class, count) in classes {
            ends.push((vec![name(), ("class", class.to_owned())], count as f64));
        }
        for (result, count) in [("passed", step.checks.0), ("failed", step.checks.1)] {
            checks.push((vec![name(), ("result", result.to_owned())], count as f64));
        }
        response.push((vec![name()], Distribution::new(&step.response_buckets, step.response.mean)));
        service.push((vec![name()], Distribution::new(&step.service_buckets, step.service.mean)));
        quantiles.extend(exact_quantiles(step));
    }
    vec![
        counter("posfleet_steps_total", "Steps by how they ended", "{step}", ends),
        counter("posfleet_checks_total", "Checks by their result", "{check}", checks),
        histogram("posfleet_response_time_seconds", "From when a step was due to its end", response),
        histogram("posfleet_service_time_seconds", "From the send to the answer", service),
        gauge(
            "posfleet_response_time_quantile_seconds",
            "Exact to three digits, since the start of the run; unlike the histogram it cannot be added up",
            "s",
            quantiles,
        ),
    ]
}

fn exact_quantiles(step: &StepView) -> [(Labels, f64); 4] {
    let times = step.response;
    [("0.5", times.p50), ("0.9", times.p90), ("0.99", times.p99), ("0.999", times.p999)].map(
        |(quantile, ms)| (vec![("step", step.name.clone()), ("quantile", quantile.to_owned())], ms / 1000.0),
    )
}

fn of_thresholds(snapshot: &Snapshot) -> [Metric; 2] {
    let all = || {
        snapshot
            .thresholds
            .iter()
            .map(|one| ("verdict", one))
            .chain(snapshot.health.iter().map(|one| ("health", one)))
    };
    let labels = |(purpose, one): (&str, &ThresholdView)| -> Labels {
        vec![("threshold", one.expression.clone()), ("purpose", purpose.to_owned())]
    };
    let values = all().filter_map(|(purpose, one)| Some((labels((purpose, one)), one.value?)));
    let holds =
        all().filter_map(|(purpose, one)| Some((labels((purpose, one)), f64::from(u8::from(one.pass?)))));
    [
        gauge(
            "posfleet_threshold_value",
            "The present value, in the unit of the condition",
            "1",
            values.collect(),
        ),
        gauge("posfleet_threshold_holds", "Whether the condition holds", "1", holds.collect()),
    ]
}

fn labelled<const N: usize>(label: &'static str, values: [(&str, u64); N]) -> Vec<(Labels, f64)> {
    values.map(|(text, count)| (vec![(label, text.to_owned())], count as f64)).into()
}

fn gauge(name: &'static str, help: &'static str, unit: &'static str, series: Vec<(Labels, f64)>) -> Metric {
    Metric { name, help, unit, series: Series::Gauge(series) }
}

fn counter(name: &'static str, help: &'static str, unit: &'static str, series: Vec<(Labels, f64)>) -> Metric {
    Metric { name, help, unit, series: Series::Counter(series) }
}

fn histogram(name: &'static str, help: &'static str, series: Vec<(Labels, Distribution)>) -> Metric {
    Metric { name, help, unit: "s", series: Series::Histogram(series) }
}

impl Distribution {
    fn new(buckets: &[Bucket], mean_ms: f64) -> Self {
        let count = buckets.iter().map(|bucket| bucket.count).sum();
        // Bars end at bounds of ours, so that none lies across one; rounding must not move it.
        let is_below = |bucket: &&Bucket, bound: f64| bucket.to_ms / 1000.0 <= bound * 1.001;
        let until =
            |bound| buckets.iter().filter(|bucket| is_below(bucket, bound)).map(|bucket| bucket.count).sum();
        Self { below: bounds().map(until).collect(), count, sum_seconds: mean_ms / 1000.0 * count as f64 }
    }
}

/// The bounds of all histograms in seconds: five a decade from 100 µs to 100 s.
fn bounds() -> impl Iterator<Item = f64> {
    (0..=30).map(|number| 10f64.powf(f64::from(number) / 5.0 - 4.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Latency;
    use std::time::Duration;

    #[test]
    fn the_buckets_of_a_distribution_count_what_does_not_exceed_their_bounds() {
        let mut latency = Latency::default();
        let millis = [1, 2, 2, 30, 700, 200_000];
        millis.into_iter().for_each(|millis| latency.record(Duration::from_millis(millis)));
        let distribution = Distribution::new(&latency.buckets(10), latency.mean_ms());
        assert_eq!((distribution.count, distribution.below.last()), (6, Some(&5)));
        let below = |seconds: f64| {
            let place = bounds().position(|bound| (bound / seconds - 1.0).abs() < 0.01).expect("a bound");
            distribution.below[place]
        };
        assert_eq!([below(0.0001), below(0.01), below(0.1), below(1.0)], [0, 3, 4, 5]);
        assert!((distribution.sum_seconds - 200.735).abs() < 0.3, "{}", distribution.sum_seconds);
    }
}
