//! Carries out the search of a scenario for the highest rate: shows a [`Pursuit`] what all shards recorded together, and
//! does what it says. Which rates are tried, and when a stage is over, is its business.

use super::collector::{scenario_names, scope};
use crate::{
    load::{Finding, Move, Purpose, Pursuit, Schedule, SearchStage, Sight, Standing, Throttles, Trial},
    metrics::{
        Comparison, Counters, HostCounts, Interval, KneeLimit, KneeStage, KneeSummary, Scope, StepInterval,
        Threshold, Unit,
    },
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
    pursuit: Pursuit,
    /// What was recorded since the stage is measured.
    window: Interval,
    /// When it was emptied.
    since: Instant,
    /// What became of the iterations of the scenario so far.
    counters: Counters,
    result: KneeSummary,
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
            pursuit: Pursuit::new(search, plan.scenarios[scenario].graceful_stop),
            window: Interval::new(plan.scenarios.len(), plan.steps.len()).with_selections(&plan.selections),
            since: Instant::START,
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
        self.window.merge(interval);
    }

    /// All shards have told of another tick; `began` is when the scenario began. Returns what is worth telling.
    pub(super) fn tick(&mut self, began: Option<Instant>, now: Instant) -> Option<String> {
        began.filter(|began| *began <= now)?;
        let (sight, reasons) = self.see(now);
        let moves = self.pursuit.look(now.since(Instant::START), &sight);
        let mut told = None;
        for step in moves {
            match step {
                Move::Rate { rate, at } => self.throttles.set_factor(self.scenario, rate, at),
                Move::Finish => self.throttles.finish(self.scenario),
                Move::Measure => {
                    self.window.clear();
                    self.since = now;
                }
                Move::Judged { stage, finding, measured } => {
                    let reasons = self.grounds(finding, &sight, &reasons);
                    told = Some(told_of(stage.trial, finding, &reasons));
                    self.keep(stage, finding, measured, reasons);
                }
            }
        }
        told
    }

    /// What there is to see, and which conditions do not hold.
    fn see(&self, now: Instant) -> (Sight, Vec<String>) {
        let Self { plan, window, .. } = self;
        let names = scenario_names(plan);
        let seconds = now.since(self.since).as_secs_f64();
        let scope = Scope { seconds, ..scope(plan, &names, HostCounts::default()) };
        let values: Vec<(&Threshold, f64)> = plan.scenarios[self.scenario]
            .conduct
            .keeps
            .iter()
            .filter_map(|threshold| Some((threshold, threshold.value(window, &scope)?)))
            .collect();
        let broken = values.iter().filter(|(threshold, value)| !threshold.holds(*value));
        let mut reasons: Vec<String> =
            broken.map(|(threshold, value)| format!("{} ({value:.3})", threshold.expression)).collect();
        let counters = window.scenarios.get(self.scenario).copied().unwrap_or_default();
        if counters.dropped > 0 {
            reasons.push(format!("{} iterations found no terminal free", counters.dropped));
        }
        let sight = Sight {
            in_flight: self.counters.in_flight(),
            started: counters.started,
            steps: window.steps.iter().map(StepInterval::total).sum(),
            standing: match reasons.is_empty() {
                false => Standing::Broken,
                true if values.iter().all(|(threshold, value)| is_easy(threshold, *value)) => Standing::Easy,
                true => Standing::Held,
            },
            is_busy: window.lag.percentiles().p99 > LAG_MOST_MS,
        };
        (sight, reasons)
    }

    /// Why a stage was not kept, or says nothing of the target; empty where it was kept.
    fn grounds(&self, finding: Finding, sight: &Sight, broken: &[String]) -> Vec<String> {
        let mut grounds = if finding == Finding::Kept { Vec::new() } else { broken.to_vec() };
        if finding == Finding::Unsure {
            let lag = self.window.lag.percentiles().p99;
            let started = sight.started;
            grounds.push(format!(
                "this machine was too busy: {started} iterations began, {lag:.0} ms late (p99)"
            ));
        }
        if finding == Finding::Missed && sight.steps == 0 {
            grounds.push("no step ended".to_owned());
        }
        grounds
    }

    fn keep(&mut self, stage: SearchStage, finding: Finding, measured: Duration, reasons: Vec<String>) {
        self.result.stages.push(KneeStage {
            purpose: stage.trial.purpose.name().to_owned(),
            rate: stage.trial.rate,
            begins_at_s: stage.began.as_secs_f64(),
            measured_s: measured.as_secs_f64(),
            steps: self.window.steps.iter().map(StepInterval::total).sum(),
            kept: finding == Finding::Kept,
            verdict: finding.name().to_owned(),
            reasons,
        });
        let hunt = self.pursuit.hunt();
        self.result.rate = hunt.knee();
        self.result.missed = hunt.bound().map(|(rate, _)| rate);
        self.result.limit = match hunt.bound() {
            Some((_, true)) => KneeLimit::Target,
            Some((_, false)) => KneeLimit::Machine,
            None => KneeLimit::MaxRate,
        };
    }
}

/// Whether `value` is at most half as bad as the condition allows.
fn is_easy(threshold: &Threshold, value: f64) -> bool {
    let limit = threshold.limit;
    match (threshold.comparison, threshold.unit()) {
        (Comparison::Less | Comparison::AtMost, _) => value <= limit / 2.0,
        (Comparison::Greater | Comparison::AtLeast, Unit::Share) => 1.0 - value <= (1.0 - limit) / 2.0,
        (Comparison::Greater | Comparison::AtLeast, _) => value >= limit * 2.0,
        (Comparison::Equal | Comparison::NotEqual, _) => threshold.holds(value),
    }
}

fn told_of(trial: Trial, finding: Finding, reasons: &[String]) -> String {
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

/// Where iterations begin later than this, a stage that is not kept says nothing of the target.
const LAG_MOST_MS: f64 = 50.0;
