//! The collector's portrait of the run at one moment: the snapshot that faces see.

use super::collector::Collector;
use crate::{
    driver::usage,
    iso8583::ResponseCode,
    load::Schedule,
    metrics::{
        Class, DeviceRow, Generator, Interval, Phase, ResponseCodeText, Snapshot, StageProgress, State,
        StepInterval, StepView, TerminalsView,
    },
    scenario::{Plan, Scenario},
    time::Instant,
};
use std::{sync::Arc, time::Duration};

impl Collector {
    pub(super) fn publish(&mut self, phase: Phase) {
        let now = self.start.clock.now();
        let plan = &self.start.plan;
        let mut counters = self.total.counters();
        counters += self.second.counters();
        let snapshot = Snapshot {
            name: plan.name.clone(),
            target: self.target(),
            seed: plan.seed.0,
            phase,
            elapsed: now.since(Instant::START),
            planned_duration: planned_duration(plan),
            stages: plan
                .scenarios
                .iter()
                .enumerate()
                .map(|(number, scenario)| self.stage(number, scenario, now))
                .collect(),
            counters,
            series: Arc::clone(&self.series),
            steps: self.steps.clone(),
            codes: codes(&self.total),
            generator: self.generator(),
            terminals: self.terminals(),
            devices: self.devices(),
            events: Arc::clone(&self.events),
            thresholds: self.judge.views(),
            health: self.health.views(),
            paused: self.start.control.is_paused(),
            connections: self.gauges.iter().map(|gauges| gauges.connections).sum(),
            connecting: self.total.connections.view(self.gauges.iter().map(|gauges| gauges.waiting).sum()),
        };
        self.start.publish.send_replace(Arc::new(snapshot));
    }

    fn target(&self) -> String {
        let mut targets: Vec<String> = self.start.targets.iter().map(ToString::to_string).collect();
        targets.dedup();
        let host = if self.start.host.is_some() { "embedded host " } else { "" };
        format!("{host}{}", targets.join(", "))
    }

    /// How far a scenario is.
    pub(super) fn stage(&self, number: usize, scenario: &Scenario, now: Instant) -> StageProgress {
        let life = self.start.gates.life(number, now);
        let elapsed = life.began.map_or(Duration::ZERO, |began| life.ended.unwrap_or(now).since(began));
        let duration = scenario.load.likely_duration();
        let (stage, target_rate) = match &scenario.load.schedule {
            Schedule::Arrivals { rate, .. } => {
                let (index, count) = rate.stage(elapsed);
                ((index + 1, count), Some(rate.value(elapsed) * self.start.control.factor(number)))
            }
            Schedule::Ramp { terminals } => {
                let (index, count) = terminals.stage(elapsed);
                ((index + 1, count), None)
            }
            Schedule::Search { .. } => {
                let rate = self.start.throttles.factor(number);
                ((1, 1), Some(rate))
            }
            Schedule::Instants(_) | Schedule::Loop { .. } => ((1, 1), None),
        };
        let state = match (life.began, life.ended) {
            (None, None) => State::Waiting,
            (_, Some(_)) => State::Done,
            _ if duration.is_some_and(|duration| elapsed > duration) => State::Finishing,
            _ => State::Running,
        };
        let mut counters = self.total.scenarios.get(number).copied().unwrap_or_default();
        counters += self.second.scenarios.get(number).copied().unwrap_or_default();
        let (name, executor) = (scenario.name.clone(), scenario.executor.to_owned());
        StageProgress { name, executor, state, stage, target_rate, elapsed, duration, counters }
    }

    fn generator(&self) -> Generator {
        let usage = usage();
        Generator {
            lag: self.total.lag.percentiles(),
            cpu_seconds: usage.cpu.as_secs_f64(),
            cpu_cores: self.cpu_cores,
            max_rss_bytes: usage.max_rss_bytes,
            shards: self.start.shards,
        }
    }

    fn terminals(&self) -> TerminalsView {
        let count = self.start.plan.groups.iter().map(|group| group.identities.len() as u64).sum();
        let mut view = TerminalsView { count, ..TerminalsView::default() };
        for gauges in &self.gauges {
            view.activity.signed_out += gauges.activity.signed_out;
            view.activity.idle += gauges.activity.idle;
            view.activity.busy += gauges.activity.busy;
            view.activity.reversal_pending += gauges.activity.reversal_pending;
            view.rows.extend(gauges.rows.iter().cloned());
        }
        view.rows.sort_by_key(|row| row.number);
        view
    }

    /// The devices in the order of the fleet.
    fn devices(&self) -> Vec<DeviceRow> {
        let mut rows: Vec<_> = self.gauges.iter().flat_map(|gauges| &gauges.devices).collect();
        rows.sort_by_key(|(number, _)| *number);
        rows.into_iter().map(|(_, row)| row.clone()).collect()
    }
}

/// How long all scenarios take by plan when the target keeps up, where that is known.
fn planned_duration(plan: &Plan) -> Option<Duration> {
    use crate::scenario::Start as S;
    let mut ends: Vec<Option<Duration>> = Vec::with_capacity(plan.scenarios.len());
    for scenario in &plan.scenarios {
        let begin = match scenario.start {
            S::At(after) | S::Signal(after) => Some(after),
            S::After(other, delay) => ends.get(other).copied().flatten().map(|end| end + delay),
        };
        ends.push(begin.zip(scenario.load.likely_duration()).map(|(begin, duration)| begin + duration));
    }
    ends.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn codes(total: &Interval) -> Vec<(String, String, u64)> {
    let meaning = |code: ResponseCodeText| {
        let Some(code) = code.response_code() else { return "HTTP status".to_owned() };
        ResponseCode::from_bytes(&code).map_or("", ResponseCode::meaning).to_owned()
    };
    total.codes().sorted().into_iter().map(|(code, count)| (code.to_string(), meaning(code), count)).collect()
}

/// Every step that was recorded so far.
pub(super) fn step_views(plan: &Plan, total: &Interval) -> Vec<StepView> {
    let recorded = plan.steps.iter().zip(&total.steps).filter(|(_, step)| step.total() > 0);
    recorded.map(|(name, step)| step_view(name, step)).collect()
}

fn step_view(name: &str, step: &StepInterval) -> StepView {
    let all = step.all();
    StepView {
        name: name.to_owned(),
        count: step.total(),
        approved: step.count(Class::Approved),
        declined: step.count(Class::Declined),
        timeouts: step.count(Class::TimedOut),
        errors: step.count(Class::Failed),
        checks: (step.checks_passed, step.checks_failed),
        response: all.response.percentiles(),
        service: all.service.percentiles(),
        response_buckets: all.response.buckets(BUCKETS_PER_DECADE),
        service_buckets: all.service.buckets(BUCKETS_PER_DECADE),
    }
}

const BUCKETS_PER_DECADE: u32 = 10;
