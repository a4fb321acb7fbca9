//! What of an interval a threshold is about, and the one value that becomes of it.

use super::Scope;
use crate::metrics::{
    Aggregation, Attempts, Class, Connections, Counters, DeviceLatencies, Interval, Latencies, Latency,
    MetricName, StepInterval, Threshold,
};

/// What of an interval, or of several, a threshold is about.
#[derive(Clone, Debug)]
pub(super) enum Sample {
    /// Durations.
    Times(Latency),
    /// So many of so many.
    Share {
        /// How many there are.
        count: u64,
        /// Of how many.
        all: u64,
    },
}

impl Sample {
    /// How many samples it has.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Times(latency) => latency.count(),
            Self::Share { all, .. } => *all,
        }
    }

    /// The value of `threshold` over so many seconds, in the unit of its limit; `None` with too few samples.
    pub(super) fn value(&self, threshold: &Threshold, seconds: f64) -> Option<f64> {
        if self.len() < threshold.options.samples_min {
            return None;
        }
        match self {
            Self::Times(latency) => of_latency(threshold.aggregation, latency),
            Self::Share { count, all } => of_count(threshold.aggregation, *count, *all, seconds),
        }
    }
}

fn of_latency(aggregation: Aggregation, latency: &Latency) -> Option<f64> {
    match aggregation {
        Aggregation::Count => Some(latency.count() as f64),
        _ if latency.is_empty() => None,
        Aggregation::Percentile(percentile) => Some(latency.percentile_ms(percentile)),
        Aggregation::Mean => Some(latency.mean_ms()),
        Aggregation::Min => Some(latency.min_ms()),
        Aggregation::Max => Some(latency.max_ms()),
        Aggregation::Rate | Aggregation::PerSecond => None,
    }
}

fn of_count(aggregation: Aggregation, count: u64, all: u64, seconds: f64) -> Option<f64> {
    match aggregation {
        Aggregation::Rate if all == 0 => None,
        Aggregation::Rate => Some(count as f64 / all as f64),
        Aggregation::PerSecond if seconds <= 0.0 => None,
        Aggregation::PerSecond => Some(count as f64 / seconds),
        _ => Some(count as f64),
    }
}

impl Threshold {
    /// What of `interval` it is about; nothing where nobody keeps such figures.
    pub(super) fn sample(&self, interval: &Interval, scope: &Scope<'_>) -> Option<Sample> {
        match &self.metric {
            MetricName::Reconciliation(name) => counted(scope.host.reconciliation?.count(name)?),
            MetricName::Settlements(name) => counted(scope.host.settlements?.count(name)?),
            MetricName::Portal(name) => counted(scope.host.portal?.count(name)?),
            MetricName::Connections(name) => of_connections(scope.connections(interval, self)?, name),
            MetricName::ScheduleLag => Some(Sample::Times(interval.lag.clone())),
            MetricName::Standstill => Some(Sample::Times(interval.standstill.clone())),
            MetricName::DroppedIterations
            | MetricName::LateIterations
            | MetricName::FailedIterations
            | MetricName::Iterations
            | MetricName::ScheduleAchieved => {
                Some(self.of_iterations(scope.counters(interval, &self.selector)))
            }
            _ => Some(self.of_steps(&scope.steps(interval, self)?)),
        }
    }

    fn of_iterations(&self, counters: Counters) -> Sample {
        let (count, all) = match self.metric {
            MetricName::DroppedIterations => (counters.dropped, counters.planned),
            MetricName::LateIterations => (counters.late, counters.started),
            MetricName::FailedIterations => (counters.failed, counters.finished),
            MetricName::ScheduleAchieved => (counters.started, counters.planned),
            _ => (counters.finished, counters.finished),
        };
        Sample::Share { count, all }
    }

    fn of_steps(&self, steps: &[&StepInterval]) -> Sample {
        let sum = |count: &dyn Fn(&StepInterval) -> u64| steps.iter().map(|step| count(step)).sum::<u64>();
        let times = |part: fn(&Latencies) -> &Latency| Sample::Times(merged(steps, part));
        let attempts = |part: fn(&Attempts) -> &Latency| Sample::Times(of_attempts(steps, part));
        let devices = |part: fn(&DeviceLatencies) -> &Latency| Sample::Times(of_devices(steps, part));
        let share = |count| Sample::Share { count, all: sum(&StepInterval::total) };
        let ended = |class| share(sum(&|step| step.count(class)));
        match self.metric {
            MetricName::ResponseTime => times(|of_class| &of_class.response),
            MetricName::ServiceTime => times(|of_class| &of_class.service),
            MetricName::ConnectTime => attempts(|all| &all.connect),
            MetricName::TlsTime => attempts(|all| &all.tls),
            MetricName::FirstByteTime => attempts(|all| &all.first_byte),
            MetricName::DeviceTime => devices(|all| &all.device),
            MetricName::LineTime => devices(|all| &all.line),
            MetricName::HostTime => devices(|all| &all.host),
            MetricName::Approved => ended(Class::Approved),
            MetricName::Declined => ended(Class::Declined),
            MetricName::TimedOut => ended(Class::TimedOut),
            MetricName::Failed => share(sum(&|step| step.count(Class::TimedOut) + step.count(Class::Failed))),
            MetricName::Answers => {
                let code = self.selector.code;
                share(sum(&|step| code.map_or_else(|| step.codes.total(), |code| step.codes.count(code))))
            }
            MetricName::Checks => {
                let passed = sum(&|step| step.checks_passed);
                Sample::Share { count: passed, all: passed + sum(&|step| step.checks_failed) }
            }
            _ => share(sum(&StepInterval::total)),
        }
    }
}

fn of_connections(connections: &Connections, name: &str) -> Option<Sample> {
    let share = |(count, all)| Sample::Share { count, all };
    connections.time(name).map(Sample::Times).or_else(|| connections.share(name).map(share))
}

fn counted(count: u64) -> Option<Sample> {
    Some(Sample::Share { count, all: u64::MAX })
}

fn merged(steps: &[&StepInterval], part: fn(&Latencies) -> &Latency) -> Latency {
    let mut all = Latency::default();
    let of_classes = steps.iter().flat_map(|step| Class::ALL.iter().filter_map(|&class| step.class(class)));
    of_classes.for_each(|latencies| all.merge(part(latencies)));
    all
}

fn of_attempts(steps: &[&StepInterval], part: fn(&Attempts) -> &Latency) -> Latency {
    let mut all = Latency::default();
    steps.iter().filter_map(|step| step.attempts.as_deref()).for_each(|attempts| all.merge(part(attempts)));
    all
}

fn of_devices(steps: &[&StepInterval], part: fn(&DeviceLatencies) -> &Latency) -> Latency {
    let mut all = Latency::default();
    steps.iter().filter_map(|step| step.devices.as_deref()).for_each(|times| all.merge(part(times)));
    all
}
