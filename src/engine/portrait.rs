//! The collector's portrait of the run at one moment: the snapshot that faces see.

use super::{collector::Collector, control::Questions, courses::Courses, rows};
use crate::{
    driver::usage,
    load::Schedule,
    metrics::{
        Attempts, ConnectTimes, DeviceRow, Generator, Interval, Latency, PartView, Phase, Snapshot,
        StageProgress, State, StepView, TerminalsView, TimePart,
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
            series: self.series.clone(),
            steps: self.steps.clone(),
            codes: self.failures.codes(&self.total.codes()),
            causes: self.failures.causes(),
            samples: Arc::clone(&self.failures.samples),
            parts: self.parts.clone(),
            agents: self.agents.clone(),
            generator: self.generator(),
            terminals: self.terminals(),
            trace: self.trace.clone(),
            devices: self.devices(),
            devices_left_out: 0,
            events: Arc::clone(&self.events),
            thresholds: self.judge.views(),
            health: self.health.views(),
            outcome: self.outcome,
            paused: self.start.control.is_paused(),
            questions: self.start.control.questions().map(Questions::open).unwrap_or_default(),
            connections: self.connections(),
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
        let duration = scenario.load.likely_duration().filter(|duration| !duration.is_zero());
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

    /// Connections that are open.
    pub(super) fn connections(&self) -> u64 {
        self.gauges.iter().map(|gauges| gauges.connections).sum()
    }

    pub(super) fn generator(&self) -> Generator {
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
        let window = self.start.rows.borrow().clone();
        let mut view = TerminalsView { count, first: window.first.into(), ..TerminalsView::default() };
        let mut fleet = Vec::new();
        for gauges in &self.gauges {
            view.activity.signed_out += gauges.activity.signed_out;
            view.activity.idle += gauges.activity.idle;
            view.activity.busy += gauges.activity.busy;
            view.activity.reversal_pending += gauges.activity.reversal_pending;
            view.matching += gauges.rows.matching;
            view.selected = view.selected.or_else(|| gauges.rows.selected.clone());
            fleet.extend(gauges.rows.rows.iter().cloned());
        }
        view.rows = rows::arranged(fleet, &window);
        view
    }

    /// The devices in the order of the fleet.
    pub(super) fn devices(&self) -> Vec<DeviceRow> {
        let mut rows: Vec<_> = self.gauges.iter().flat_map(|gauges| &gauges.devices).collect();
        rows.sort_by_key(|(number, _)| *number);
        rows.into_iter().map(|(number, row)| DeviceRow { number: *number, ..row.clone() }).collect()
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

/// Every step that was recorded so far.
pub(super) fn step_views(plan: &Plan, total: &Interval, courses: &Courses) -> Vec<StepView> {
    let steps = plan.steps.iter().zip(&total.steps).enumerate();
    let recorded = steps.filter(|(_, (_, step))| step.total() > 0);
    recorded.map(|(number, (name, step))| courses.complete(number, StepView::of(name, step))).collect()
}

/// Where the time of all steps went, as far as it was measured.
pub(super) fn parts(total: &Interval) -> Vec<PartView> {
    let mut http = Attempts::default();
    total.steps.iter().filter_map(|step| step.attempts.as_deref()).for_each(|attempts| http.merge(attempts));
    let mut service = Latency::default();
    total.steps.iter().for_each(|step| service.merge(&step.all().service));
    let nothing = ConnectTimes::default();
    let connecting = total.connections.times().unwrap_or(&nothing);
    let parts = [
        (TimePart::Lag, &total.lag),
        (TimePart::Wait, &connecting.wait),
        (TimePart::Connect, &connecting.connect),
        (TimePart::Handshake, &connecting.handshake),
        (TimePart::HttpConnect, &http.connect),
        (TimePart::HttpHandshake, &http.tls),
        (TimePart::FirstByte, &http.first_byte),
        (TimePart::Service, &service),
    ];
    let measured = parts.into_iter().filter(|(_, times)| !times.is_empty());
    measured
        .map(|(part, times)| PartView { part, count: times.count(), times: times.percentiles() })
        .collect()
}
