//! The judge: thresholds against what was measured, second by second while a run is under way, and at its end.

mod sample;
mod scope;
mod window;

pub use scope::Scope;

use super::{Interval, Threshold, ThresholdSummary, ThresholdView};
use std::{collections::VecDeque, time::Duration};
use window::Window;

impl Threshold {
    /// The value over everything in `total`, in the unit of the limit; `None` without a sample.
    ///
    /// Counts are known without a sample; those of the host only when the run is over.
    pub fn value(&self, total: &Interval, scope: &Scope<'_>) -> Option<f64> {
        self.sample(total, scope)?.value(self, scope.seconds)
    }
}

/// Judges thresholds while a run is under way, on what all shards recorded together.
///
/// A condition without a window is about the whole run so far, and its last value decides. One with a window must hold
/// in every window, so that the worst decides.
#[derive(Debug)]
pub struct Judge {
    rulings: Vec<Ruling>,
    /// The time that was measured so far, without pauses.
    measured: Duration,
}

/// A threshold and what is known of it.
#[derive(Debug)]
struct Ruling {
    threshold: Threshold,
    window: Option<Window>,
    /// The present value.
    value: Option<f64>,
    /// The value of the window that is furthest on the wrong side.
    worst: Option<f64>,
    /// When it first did not hold: by a window, or so that the run had to end.
    broken_at: Option<Duration>,
    /// Whether the run has to end because of it.
    is_tripped: bool,
    /// The latest values, the oldest first; bounded.
    trend: VecDeque<f64>,
}

impl Judge {
    /// Judges these, in this order.
    pub fn new(thresholds: Vec<Threshold>) -> Self {
        let ruling = |threshold: Threshold| Ruling {
            window: threshold.options.window.map(Window::new),
            threshold,
            value: None,
            worst: None,
            broken_at: None,
            is_tripped: false,
            trend: VecDeque::new(),
        };
        Self { rulings: thresholds.into_iter().map(ruling).collect(), measured: Duration::ZERO }
    }

    /// Takes the next `length` of the run: what was recorded in it, and everything so far.
    pub fn second(&mut self, length: Duration, second: &Interval, total: &Interval, scope: &Scope<'_>) {
        self.measured += length;
        let scope = Scope { seconds: self.measured.as_secs_f64(), ..*scope };
        for ruling in &mut self.rulings {
            ruling.second(length, second, total, &scope, self.measured);
        }
    }

    /// The load was paused: windows begin anew when it goes on.
    pub fn paused(&mut self) {
        self.rulings.iter_mut().filter_map(|ruling| ruling.window.as_mut()).for_each(Window::clear);
    }

    /// The first threshold because of which the run has to end.
    pub fn tripped(&self) -> Option<&Threshold> {
        self.rulings.iter().find(|ruling| ruling.is_tripped).map(|ruling| &ruling.threshold)
    }

    /// The thresholds with their present values.
    pub fn views(&self) -> Vec<ThresholdView> {
        self.rulings.iter().map(Ruling::view).collect()
    }

    /// The last word on all of them.
    pub fn finish(&mut self, total: &Interval, scope: &Scope<'_>) -> Vec<ThresholdSummary> {
        let scope = Scope { seconds: self.measured.as_secs_f64(), ..*scope };
        self.rulings.iter_mut().map(|ruling| ruling.finish(total, &scope)).collect()
    }
}

impl Ruling {
    fn second(
        &mut self,
        length: Duration,
        second: &Interval,
        total: &Interval,
        scope: &Scope<'_>,
        measured: Duration,
    ) {
        self.value = match &mut self.window {
            None => self.threshold.value(total, scope),
            Some(window) => {
                if let Some(sample) = self.threshold.sample(second, scope) {
                    window.push(length, &sample);
                }
                window.whole().and_then(|(sample, seconds)| sample.value(&self.threshold, seconds))
            }
        };
        let Some(value) = self.value else { return };
        self.trend.push_back(value);
        if self.trend.len() > TREND_MAX {
            self.trend.pop_front();
        }
        let holds = self.threshold.holds(value);
        if self.window.is_some() {
            let worst =
                self.worst.filter(|worst| self.threshold.margin(*worst) <= self.threshold.margin(value));
            self.worst = Some(worst.unwrap_or(value));
        }
        let ends = !holds && self.threshold.options.abort_after.is_some_and(|after| measured >= after);
        self.is_tripped |= ends;
        if !holds && (self.window.is_some() || ends) {
            self.broken_at.get_or_insert(measured);
        }
    }

    fn finish(&mut self, total: &Interval, scope: &Scope<'_>) -> ThresholdSummary {
        if self.window.is_none() {
            self.value = self.threshold.value(total, scope);
        }
        let value = self.worst.or(self.value);
        let holds = value.is_none_or(|value| self.threshold.holds(value));
        ThresholdSummary {
            expression: self.threshold.expression.clone(),
            value,
            pass: holds && !self.is_tripped,
            broken_at_seconds: self.broken_at.map(|at| at.as_secs_f64()),
        }
    }

    fn view(&self) -> ThresholdView {
        let options = self.threshold.options;
        ThresholdView {
            expression: self.threshold.expression.clone(),
            value: self.value,
            pass: match (self.broken_at, self.value) {
                (Some(_), _) => Some(false),
                (None, value) => value.map(|value| self.threshold.holds(value)),
            },
            limit: self.threshold.limit,
            margin: self.value.map(|value| self.threshold.margin(value)),
            window: options.window,
            broken_at: self.broken_at,
            aborts: options.abort_after.is_some(),
            trend: self.trend.iter().copied().collect(),
        }
    }
}

/// Two minutes of seconds: as much as a screen shows.
const TREND_MAX: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Class, HostCounts, PortalChecks, PortalFault, ReconciliationSummary, StepNames};
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
            threshold.value(&total, &Scope::of_steps(&names))
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
            threshold.value(&Interval::new(0, 0), &Scope { host, ..Scope::of_steps(&StepNames::default()) })
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

    fn second(judge: &mut Judge, scope: &Scope<'_>, total: &mut Interval, failed: u64, all: u64) {
        let mut interval = Interval::new(1, 1);
        for number in 0..all {
            let class = if number < failed { Class::Failed } else { Class::Approved };
            interval.steps[0].record(class, Duration::from_millis(5), None);
        }
        total.merge(&interval);
        judge.second(Duration::from_secs(1), &interval, total, scope);
    }

    fn judge(text: &str) -> (Judge, StepNames) {
        let mut names = StepNames::default();
        names.intern("sale");
        (Judge::new(vec![Threshold::parse("failed", text).expect("valid")]), names)
    }

    #[test]
    fn a_window_that_once_did_not_hold_decides_though_the_whole_run_would_hold() {
        let (mut judge, names) = judge("rate < 50% over 2s");
        let (scope, mut total) = (Scope::of_steps(&names), Interval::new(1, 1));
        let seconds = [(9, 10), (0, 10), (8, 10), (9, 10), (0, 10), (0, 10), (0, 10), (0, 10)];
        for (number, (failed, all)) in seconds.into_iter().enumerate() {
            second(&mut judge, &scope, &mut total, failed, all);
            assert_eq!(judge.rulings[0].broken_at.is_some(), number >= 3, "after second {number}");
        }
        let judged = judge.finish(&total, &scope).remove(0);
        assert_eq!((judged.pass, judged.value), (false, Some(0.85)), "the worst window");
        assert_eq!(judged.broken_at_seconds, Some(4.0));
        assert_eq!(judge.views()[0].value, Some(0.0), "the present window");
    }

    #[test]
    fn nothing_is_broken_before_there_are_enough_samples() {
        let (mut judge, names) = judge("rate < 50% min 30");
        let (scope, mut total) = (Scope::of_steps(&names), Interval::new(1, 1));
        second(&mut judge, &scope, &mut total, 20, 20);
        assert_eq!(judge.views()[0].pass, None);
        second(&mut judge, &scope, &mut total, 10, 10);
        assert_eq!(judge.views()[0].pass, Some(false));
        assert!(judge.tripped().is_none(), "it does not ask for the end");
    }

    #[test]
    fn an_abort_waits_for_its_delay_and_then_stays_broken() {
        let (mut judge, names) = judge("rate < 50% abort after 3s");
        let (scope, mut total) = (Scope::of_steps(&names), Interval::new(1, 1));
        for number in 1..=3 {
            second(&mut judge, &scope, &mut total, 10, 10);
            assert_eq!(judge.tripped().is_some(), number == 3, "after second {number}");
        }
        second(&mut judge, &scope, &mut total, 0, 1000);
        assert!(judge.tripped().is_some());
        assert!(!judge.finish(&total, &scope)[0].pass, "it ended the run, whatever came afterwards");
    }

    #[test]
    fn a_pause_empties_the_windows() {
        let (mut judge, names) = judge("rate < 50% over 2s");
        let (scope, mut total) = (Scope::of_steps(&names), Interval::new(1, 1));
        second(&mut judge, &scope, &mut total, 10, 10);
        judge.paused();
        second(&mut judge, &scope, &mut total, 10, 10);
        assert_eq!(judge.views()[0].pass, None, "the two seconds do not follow on each other");
    }
}
