//! Drives the search of a scenario for the highest rate: sets the rate of all shards, judges each stage on what they
//! recorded together, and lets the target recover after a stage that it did not keep.

use super::{
    collector::{scenario_names, scope},
    shard::TICK,
};
use crate::{
    load::{Finding, Hunt, Purpose, Schedule, Search, Throttles, Trial},
    metrics::{Counters, HostCounts, Interval, KneeStage, KneeSummary, Scope, StepInterval, Threshold},
    scenario::Plan,
    time::Instant,
};
use std::{sync::Arc, time::Duration};

/// A search under way.
#[derive(Debug)]
pub(super) struct Knee {
    plan: Arc<Plan>,
    throttles: Arc<Throttles>,
    /// The number of its scenario.
    scenario: usize,
    search: Search,
    hunt: Hunt,
    state: State,
    /// What was recorded since the stage is measured.
    window: Interval,
    /// What became of the iterations of the scenario so far.
    counters: Counters,
    result: KneeSummary,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The scenario has not begun.
    Waiting,
    /// Nothing comes due until nothing is under way any more, or the time is over.
    Recovering {
        until: Instant,
    },
    /// The rate is set, and what is recorded does not count yet.
    Settling {
        trial: Trial,
        began: Instant,
    },
    /// What is recorded counts.
    Measuring {
        trial: Trial,
        began: Instant,
        since: Instant,
    },
    Over,
}

impl Knee {
    /// The search of a plan that has one; its scenario is held until the first rate is set.
    pub(super) fn of(plan: &Arc<Plan>, throttles: &Arc<Throttles>) -> Option<Self> {
        let search = |schedule: &Schedule| match schedule {
            Schedule::Search { search, .. } => Some(*search),
            _ => None,
        };
        let mut scenarios = plan.scenarios.iter().enumerate();
        let (scenario, search) =
            scenarios.find_map(|(number, one)| Some((number, search(&one.load.schedule)?)))?;
        throttles.set_factor(scenario, 0.0, Duration::ZERO);
        Some(Self {
            scenario,
            search,
            hunt: Hunt::new(search),
            state: State::Waiting,
            window: Interval::new(plan.scenarios.len(), plan.steps.len())
                .with_selections(plan.selections.len()),
            counters: Counters::default(),
            result: KneeSummary { scenario: plan.scenarios[scenario].name.clone(), ..KneeSummary::default() },
            plan: Arc::clone(plan),
            throttles: Arc::clone(throttles),
        })
    }

    /// The number of the scenario that searches.
    pub(super) fn scenario(&self) -> usize {
        self.scenario
    }

    /// What the search came to so far.
    pub(super) fn summary(&self) -> KneeSummary {
        self.result.clone()
    }

    /// Takes what a shard recorded.
    pub(super) fn take(&mut self, interval: &Interval) {
        interval.scenarios.get(self.scenario).into_iter().for_each(|counters| self.counters += *counters);
        if matches!(self.state, State::Measuring { .. }) {
            self.window.merge(interval);
        }
    }

    /// All shards have told of another tick; `began` is when the scenario began. Returns what is worth telling.
    pub(super) fn tick(&mut self, began: Option<Instant>, now: Instant) -> Option<String> {
        match self.state {
            State::Waiting if began.is_some_and(|began| began <= now) => self.begin_stage(now),
            State::Recovering { until } if self.counters.in_flight() == 0 || now >= until => {
                self.begin_stage(now);
            }
            State::Settling { trial, began } if now >= began + self.search.settle + TICK => {
                self.window.clear();
                self.state = State::Measuring { trial, began, since: now };
            }
            State::Measuring { trial, began, since } if now.since(since) >= self.measured(trial) => {
                return Some(self.end_stage(trial, began, since, now));
            }
            _ => {}
        }
        None
    }

    fn measured(&self, trial: Trial) -> Duration {
        self.search.measured(trial.purpose)
    }

    fn begin_stage(&mut self, now: Instant) {
        let Some(trial) = self.hunt.trial() else {
            self.state = State::Over;
            return self.throttles.finish(self.scenario);
        };
        let began = now + LEAD;
        self.throttles.set_factor(self.scenario, trial.rate, began.since(Instant::START));
        self.state = State::Settling { trial, began };
    }

    fn end_stage(&mut self, trial: Trial, began: Instant, since: Instant, now: Instant) -> String {
        let (finding, reasons) = self.finding();
        let kept = finding == Finding::Kept;
        self.hunt.judge(finding);
        let text = told(trial, finding, &reasons);
        self.result.stages.push(KneeStage {
            purpose: trial.purpose.name().to_owned(),
            rate: trial.rate,
            begins_at_s: began.as_secs_f64(),
            measured_s: now.since(since).as_secs_f64(),
            steps: self.window.steps.iter().map(StepInterval::total).sum(),
            kept,
            reasons,
        });
        self.result.rate = self.hunt.knee();
        if kept {
            self.begin_stage(now);
        } else {
            // What piled up must not spoil the next stage.
            self.throttles.set_factor(self.scenario, 0.0, now.since(Instant::START));
            let patience = self.plan.scenarios[self.scenario].graceful_stop;
            self.state = State::Recovering { until: now + patience };
        }
        text
    }

    /// What the stage says of the target, and why it was not kept. A machine that was too busy says nothing of it.
    fn finding(&self) -> (Finding, Vec<String>) {
        let mut reasons = self.reasons();
        let lag = self.window.lag.percentiles().p99;
        if lag > LAG_MOST_MS {
            reasons.push(format!("this machine was too busy: iterations began {lag:.0} ms late (p99)"));
            return (Finding::Unsure, reasons);
        }
        (if reasons.is_empty() { Finding::Kept } else { Finding::Missed }, reasons)
    }

    /// Why the target did not keep the rate; empty where it did.
    fn reasons(&self) -> Vec<String> {
        let Self { plan, window, .. } = self;
        let names = scenario_names(plan);
        let seconds = self.search.measure.as_secs_f64();
        let scope = Scope { seconds, ..scope(plan, &names, HostCounts::default()) };
        let mut reasons: Vec<String> = plan.scenarios[self.scenario]
            .conduct
            .keeps
            .iter()
            .filter_map(|threshold| broken(threshold, window, &scope))
            .collect();
        let dropped = window.scenarios.get(self.scenario).map_or(0, |counters| counters.dropped);
        if dropped > 0 {
            reasons.push(format!("{dropped} iterations found no terminal free"));
        }
        if window.steps.iter().all(|step| step.total() == 0) {
            reasons.push("no step ended".to_owned());
        }
        reasons
    }
}

/// A condition that does not hold, with its value.
fn broken(threshold: &Threshold, window: &Interval, scope: &Scope<'_>) -> Option<String> {
    let value = threshold.value(window, scope)?;
    (!threshold.holds(value)).then(|| format!("{} ({value:.3})", threshold.expression))
}

fn told(trial: Trial, finding: Finding, reasons: &[String]) -> String {
    let what = match trial.purpose {
        Purpose::Raise | Purpose::Bisect => "search",
        Purpose::Confirm => "search, once more",
        Purpose::Hold => "search, held",
    };
    let found = match finding {
        Finding::Kept => return format!("{what}: {:.1}/s is kept", trial.rate),
        Finding::Missed => "is not kept",
        Finding::Unsure => "says nothing",
    };
    format!("{what}: {:.1}/s {found}: {}", trial.rate, reasons.join("; "))
}

/// Where iterations begin later than this, a stage says nothing of the target.
const LAG_MOST_MS: f64 = 50.0;
/// A new rate is announced so long before it counts, so that every shard hears of it in time.
const LEAD: Duration = Duration::from_millis(100);
