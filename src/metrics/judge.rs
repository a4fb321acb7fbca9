//! The present value of a threshold's metric.

use super::{
    Aggregation, Attempts, Class, HostCounts, Interval, Latency, MetricName, StepInterval, StepNames,
    Threshold,
};

impl Threshold {
    /// The value over everything recorded so far, in the unit of the limit; `None` without a sample.
    ///
    /// Counts are known without a sample; those of the host only when the run is over.
    pub fn value(&self, total: &Interval, names: &StepNames, host: HostCounts<'_>) -> Option<f64> {
        let steps = || steps(&self.metric, total, names);
        let sum = |count: &dyn Fn(&StepInterval) -> u64| steps().map(count).sum::<u64>();
        let counters = total.counters();
        match &self.metric {
            MetricName::ResponseTime(_) => self.of_latency(merged(steps(), |class_of| &class_of.response)),
            MetricName::ServiceTime(_) => self.of_latency(merged(steps(), |class_of| &class_of.service)),
            MetricName::ConnectTime(_) => self.of_latency(of_attempts(steps(), |all| &all.connect)),
            MetricName::TlsTime(_) => self.of_latency(of_attempts(steps(), |all| &all.tls)),
            MetricName::FirstByteTime(_) => self.of_latency(of_attempts(steps(), |all| &all.first_byte)),
            MetricName::ScheduleLag => self.of_latency(total.lag.clone()),
            MetricName::Approved(_) => {
                self.of_count(sum(&|step| step.count(Class::Approved)), sum(&StepInterval::total))
            }
            MetricName::Failed(_) => {
                let failed = sum(&|step| step.count(Class::TimedOut) + step.count(Class::Failed));
                self.of_count(failed, sum(&StepInterval::total))
            }
            MetricName::Declined(_) => {
                self.of_count(sum(&|step| step.count(Class::Declined)), sum(&StepInterval::total))
            }
            MetricName::Checks(_) => {
                let passed = sum(&|step| step.checks_passed);
                self.of_count(passed, passed + sum(&|step| step.checks_failed))
            }
            MetricName::DroppedIterations => self.of_count(counters.dropped, counters.planned),
            MetricName::Iterations => Some(counters.finished as f64),
            MetricName::Reconciliation(name) => {
                host.reconciliation.and_then(|found| found.count(name)).map(|count| count as f64)
            }
            MetricName::Settlements(name) => {
                host.settlements.and_then(|found| found.count(name)).map(|count| count as f64)
            }
            MetricName::Portal(name) => {
                host.portal.and_then(|found| found.count(name)).map(|count| count as f64)
            }
        }
    }

    fn of_latency(&self, latency: Latency) -> Option<f64> {
        match self.aggregation {
            Aggregation::Count => Some(latency.count() as f64),
            _ if latency.is_empty() => None,
            Aggregation::Percentile(percentile) => Some(latency.percentile_ms(percentile)),
            Aggregation::Mean => Some(latency.mean_ms()),
            Aggregation::Min => Some(latency.min_ms()),
            Aggregation::Max => Some(latency.max_ms()),
            Aggregation::Rate => None,
        }
    }

    fn of_count(&self, count: u64, all: u64) -> Option<f64> {
        match self.aggregation {
            Aggregation::Rate if all == 0 => None,
            Aggregation::Rate => Some(count as f64 / all as f64),
            _ => Some(count as f64),
        }
    }
}

/// The steps a metric is about: the one it names, or all.
fn steps<'a>(
    metric: &'a MetricName,
    total: &'a Interval,
    names: &'a StepNames,
) -> impl Iterator<Item = &'a StepInterval> {
    let is_meant = |name: &str| metric.step().is_none_or(|step| step == name);
    names.iter().zip(&total.steps).filter(move |(name, _)| is_meant(name)).map(|(_, step)| step)
}

fn merged<'a>(
    steps: impl Iterator<Item = &'a StepInterval>,
    part: impl Fn(&super::Latencies) -> &Latency,
) -> Latency {
    let mut all = Latency::default();
    for step in steps {
        Class::ALL
            .iter()
            .filter_map(|&class| step.class(class))
            .for_each(|latencies| all.merge(part(latencies)));
    }
    all
}

fn of_attempts<'a>(
    steps: impl Iterator<Item = &'a StepInterval>,
    part: impl Fn(&Attempts) -> &Latency,
) -> Latency {
    let mut all = Latency::default();
    steps.filter_map(|step| step.attempts.as_deref()).for_each(|attempts| all.merge(part(attempts)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{PortalChecks, PortalFault, ReconciliationSummary};
    use std::time::Duration;

    #[test]
    fn values_are_of_the_named_step_or_of_all() {
        let mut names = StepNames::default();
        let (sale, echo) = (names.intern("sale"), names.intern("echo"));
        let mut total = Interval::new(1, names.len());
        for millis in 1..=100 {
            total.steps[usize::from(sale.0)].record(Class::Approved, Duration::from_millis(millis), None);
        }
        total.steps[usize::from(echo.0)].record(Class::TimedOut, Duration::from_secs(30), None);
        total.scenarios[0].planned = 200;
        total.scenarios[0].dropped = 20;
        let value = |metric, text| {
            let threshold = Threshold::parse(metric, text).expect("valid");
            threshold.value(&total, &names, HostCounts::default())
        };
        assert!((value("sale.response_time", "p(50) < 1s").expect("a sample") - 50.0).abs() < 0.1);
        assert_eq!(value("echo.failed", "rate < 1%"), Some(1.0));
        assert_eq!(value("failed", "count < 1"), Some(1.0));
        assert_eq!(value("sale.failed", "rate < 1%"), Some(0.0));
        assert_eq!(value("sale.service_time", "p(50) < 1s"), None);
        assert_eq!(value("dropped_iterations", "rate < 1%"), Some(0.1));
        assert_eq!(value("reconciliation.lost", "count == 0"), None);
        assert_eq!(value("settlements.open", "count == 0"), None);
        assert_eq!(value("portal.alarms", "count == 0"), None);
    }

    #[test]
    fn findings_in_the_portal_count_as_mismatches_where_there_is_a_portal() {
        let mut found = ReconciliationSummary { mismatches: 1, lost: 1, ..ReconciliationSummary::default() };
        let value = |found: &ReconciliationSummary, metric| {
            let host = HostCounts { reconciliation: Some(found), ..HostCounts::default() };
            let threshold = Threshold::parse(metric, "count == 0").expect("valid");
            threshold.value(&Interval::new(0, 0), &StepNames::default(), host)
        };
        assert_eq!(value(&found, "reconciliation.wrong_card"), None);
        let mut checks = PortalChecks::default();
        [PortalFault::WrongCard, PortalFault::WrongCard, PortalFault::NoCode]
            .into_iter()
            .for_each(|fault| checks.note(fault));
        found.add_portal(checks);
        assert_eq!(value(&found, "reconciliation.wrong_card"), Some(2.0));
        assert_eq!(value(&found, "reconciliation.held"), Some(0.0));
        assert_eq!(value(&found, "reconciliation.mismatches"), Some(4.0));
        assert_eq!((found.mismatched_transactions(), value(&found, "reconciliation.lost")), (1, Some(1.0)));
    }
}
