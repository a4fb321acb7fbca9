//! The collector: merges what the shards record, publishes snapshots, judges, and reconciles in the end.

use super::{
    control::Command,
    gate::Gates,
    observer::{Moment, Observer},
    recorder::{Delta, Gauges},
    shard::TICKS_PER_SECOND,
};
use crate::{
    driver::{Clock, HostServer, usage},
    iso8583::ResponseCode,
    load::Schedule,
    metrics::{
        ActivityCounts, Class, EventLine, Generator, GeneratorSummary, Interval, Phase, Point, Severity,
        Snapshot, StageProgress, State, StepInterval, StepSummary, StepView, Summary, TerminalsView,
        Threshold, ThresholdSummary, ThresholdView, Verdict,
    },
    reconcile::{Findings, Reconciliation},
    scenario::{Plan, Scenario},
    time::Instant,
};
use crossbeam::channel::Receiver;
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

/// What a collector starts with.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) plan: Arc<Plan>,
    pub(super) targets: Arc<[SocketAddr]>,
    pub(super) host: Option<HostServer>,
    pub(super) clock: Clock,
    pub(super) shards: usize,
    pub(super) gates: Arc<Gates>,
    pub(super) started_at: String,
    pub(super) commands: watch::Receiver<Command>,
    pub(super) publish: watch::Sender<Arc<Snapshot>>,
}

/// Merges, publishes, judges.
pub(super) struct Collector {
    start: Start,
    observer: Box<dyn Observer>,
    /// Whether the observer has failed, and hears of nothing more.
    is_deaf: bool,
    /// Since the start of the run.
    total: Interval,
    /// Since the last whole second.
    second: Interval,
    second_began: Instant,
    gauges: Vec<Gauges>,
    series: Arc<VecDeque<Point>>,
    events: Arc<VecDeque<EventLine>>,
    reconciliation: Option<Reconciliation>,
    broken: bool,
    shards_running: usize,
    deltas: usize,
    cpu_before: Duration,
    steps: Vec<StepView>,
    thresholds: Vec<ThresholdView>,
}

impl Collector {
    pub(super) fn new(start: Start, observer: Box<dyn Observer>) -> Self {
        let (scenarios, steps) = (start.plan.scenarios.len(), start.plan.steps.len());
        Self {
            observer,
            is_deaf: false,
            total: Interval::new(scenarios, steps),
            second: Interval::new(scenarios, steps),
            second_began: Instant::START,
            gauges: vec![Gauges::default(); start.shards],
            series: Arc::default(),
            events: Arc::default(),
            reconciliation: start.host.as_ref().map(|_| Reconciliation::default()),
            broken: false,
            shards_running: start.shards,
            deltas: 0,
            cpu_before: usage().cpu,
            steps: Vec::new(),
            thresholds: Vec::new(),
            start,
        }
    }

    /// Collects until every shard has handed over its last, then reconciles and sums up.
    pub(super) fn run(mut self, deltas: &Receiver<Delta>) -> Summary {
        while self.shards_running > 0
            && let Ok(delta) = deltas.recv()
        {
            self.take(delta);
        }
        self.complete_second();
        let findings = self.reconcile();
        let summary = self.summary(findings.as_ref());
        self.tell(|observer| observer.finish(&summary, findings.as_ref()));
        self.publish(Phase::Done);
        summary
    }

    fn take(&mut self, delta: Delta) {
        self.second.merge(&delta.interval);
        self.broken |= delta.broken;
        self.shards_running -= usize::from(delta.is_last);
        delta.events.into_iter().for_each(|event| self.event(event));
        if let Some(reconciliation) = &mut self.reconciliation {
            delta.journal.iter().for_each(|entry| reconciliation.terminal(entry));
        }
        if !delta.journal.is_empty() {
            self.tell(|observer| observer.journal(&delta.journal));
        }
        if delta.gauges.activity != ActivityCounts::default()
            && let Some(gauges) = self.gauges.get_mut(delta.shard)
        {
            *gauges = delta.gauges;
        }
        self.deltas += 1;
        if self.deltas.is_multiple_of(self.start.shards) {
            let tick = self.deltas / self.start.shards;
            if tick.is_multiple_of(TICKS_PER_SECOND as usize) {
                self.complete_second();
            }
            self.publish(self.phase());
        }
    }

    /// Closes the interval of the last second and hands it on.
    fn complete_second(&mut self) {
        let now = self.start.clock.now();
        let point = self.point(now);
        let begin = self.second_began.since(Instant::START);
        if !self.is_deaf {
            let moment =
                Moment { begin, interval: &self.second, steps: &self.start.plan.steps, point: &point };
            if let Err(error) = self.observer.interval(&moment) {
                self.observer_failed(&error);
            }
        }
        self.total.merge(&self.second);
        self.second.clear();
        self.second_began = now;
        let series = Arc::make_mut(&mut self.series);
        series.push_back(point);
        if series.len() > SERIES_MAX {
            series.pop_front();
        }
        self.steps = step_views(&self.start.plan, &self.total);
        self.thresholds = self.start.plan.thresholds.iter().map(|threshold| self.view(threshold)).collect();
    }

    fn point(&self, now: Instant) -> Point {
        let mut total = self.total.counters();
        total += self.second.counters();
        let count = |class| self.second.steps.iter().map(|step| step.count(class)).sum::<u64>();
        let codes = self.second.codes().sorted();
        Point {
            at: now.since(Instant::START),
            length: now.since(self.second_began),
            counters: self.second.counters(),
            in_flight: total.in_flight(),
            response: self.second.response().percentiles(),
            steps: Class::ALL.iter().map(|&class| count(class)).sum(),
            errors: count(Class::TimedOut) + count(Class::Failed),
            lag: self.second.lag.percentiles(),
            codes: codes.into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
        }
    }

    fn phase(&self) -> Phase {
        match () {
            () if self.shards_running < self.start.shards => Phase::Stopping,
            () if *self.start.commands.borrow() > Command::Run => Phase::Stopping,
            () => Phase::Running,
        }
    }

    fn publish(&mut self, phase: Phase) {
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
            generator: self.generator(now),
            terminals: self.terminals(),
            events: Arc::clone(&self.events),
            thresholds: self.thresholds.clone(),
            connections: self.gauges.iter().map(|gauges| gauges.connections).sum(),
        };
        self.start.publish.send_replace(Arc::new(snapshot));
    }

    fn target(&self) -> String {
        let mut targets: Vec<String> = self.start.targets.iter().map(ToString::to_string).collect();
        targets.dedup();
        let host = if self.start.host.is_some() { "embedded host " } else { "" };
        format!("{host}{}", targets.join(", "))
    }

    fn stage(&self, number: usize, scenario: &Scenario, now: Instant) -> StageProgress {
        let life = self.start.gates.life(number, now);
        let elapsed = life.began.map_or(Duration::ZERO, |began| life.ended.unwrap_or(now).since(began));
        let duration = scenario.load.duration();
        let (stage, target_rate) = match &scenario.load.schedule {
            Schedule::Arrivals { rate, .. } => {
                let (index, count) = rate.stage(elapsed);
                ((index + 1, count), Some(rate.value(elapsed)))
            }
            Schedule::Loop { .. } => ((1, 1), None),
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

    fn generator(&mut self, _now: Instant) -> Generator {
        let usage = usage();
        Generator {
            lag: self.total.lag.percentiles(),
            cpu_seconds: usage.cpu.as_secs_f64(),
            cpu_cores: self.cpu_cores(usage.cpu),
            max_rss_bytes: usage.max_rss_bytes,
            shards: self.start.shards,
        }
    }

    /// Cores' worth of CPU since the last whole second.
    fn cpu_cores(&mut self, cpu: Duration) -> f64 {
        let length = self.start.clock.now().since(self.second_began).as_secs_f64();
        let cores = cpu.saturating_sub(self.cpu_before).as_secs_f64() / length.max(0.001);
        if length < 0.2 {
            self.cpu_before = cpu;
        }
        cores
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

    /// Compares the journals with the books of the embedded host.
    fn reconcile(&mut self) -> Option<Findings> {
        let server = self.start.host.take()?;
        self.publish(Phase::Reconciling);
        let host = server.stop();
        let mut reconciliation = self.reconciliation.take()?;
        host.ledger().captured().for_each(|(key, amount)| reconciliation.host(key, amount));
        let findings = reconciliation.finish();
        for mismatch in findings.mismatches.iter().take(MISMATCHES_TOLD) {
            let (key, at) = (mismatch.key, self.start.clock.now().since(Instant::START));
            let text = format!(
                "reconciliation: terminal {} batch {} STAN {}: {}",
                key.terminal,
                key.batch,
                key.stan,
                mismatch.fault.text()
            );
            self.event(EventLine { at, severity: Severity::Error, text });
        }
        Some(findings)
    }

    fn summary(&mut self, findings: Option<&Findings>) -> Summary {
        let plan = Arc::clone(&self.start.plan);
        let reconciliation = findings.map(|findings| findings.summary);
        let judge = |threshold: &Threshold| {
            let value = threshold.value(&self.total, &plan.steps, reconciliation.as_ref());
            let pass = value.is_none_or(|value| threshold.holds(value));
            ThresholdSummary { expression: threshold.expression.clone(), value, pass }
        };
        let thresholds: Vec<ThresholdSummary> = plan.thresholds.iter().map(judge).collect();
        self.thresholds = thresholds
            .iter()
            .map(|judged| ThresholdView {
                expression: judged.expression.clone(),
                value: judged.value,
                pass: Some(judged.pass),
            })
            .collect();
        let all_hold = thresholds.iter().all(|threshold| threshold.pass);
        let (verdict, exit_code) = self.verdict(all_hold);
        let usage = usage();
        Summary {
            schema: Summary::SCHEMA,
            scenario: plan.name.clone(),
            seed: plan.seed.0,
            verdict,
            exit_code,
            started_at: self.start.started_at.clone(),
            duration_seconds: self.start.clock.now().as_secs_f64(),
            counters: self.total.counters(),
            steps: step_summaries(&plan, &self.total),
            generator: GeneratorSummary {
                schedule_lag_ms: self.total.lag.percentiles().into(),
                cpu_seconds: usage.cpu.as_secs_f64(),
                max_rss_bytes: usage.max_rss_bytes,
                terminals: plan.groups.iter().map(|group| group.identities.len() as u64).sum(),
                shards: self.start.shards,
            },
            thresholds,
            reconciliation,
        }
    }

    /// What the run says, and the exit code of the program.
    ///
    /// 1. A step that could not be carried out is the scenario's fault: 107.
    /// 2. A run whose results could not be kept, or that was aborted by hand, says nothing: 110.
    /// 3. A signal is reported as such: 105.
    /// 4. Else the thresholds decide: 0 or 99.
    fn verdict(&self, all_hold: bool) -> (Verdict, u8) {
        let judged = if all_hold { Verdict::Pass } else { Verdict::Fail };
        match *self.start.commands.borrow() {
            _ if self.broken => (Verdict::Invalid, EXIT_BROKEN),
            _ if self.is_deaf => (Verdict::Invalid, EXIT_INVALID),
            Command::Abort => (Verdict::Invalid, EXIT_SIGNAL),
            Command::StopBySignal => (judged, EXIT_SIGNAL),
            _ if all_hold => (judged, 0),
            _ => (judged, EXIT_THRESHOLD),
        }
    }

    fn view(&self, threshold: &Threshold) -> ThresholdView {
        let value = threshold.value(&self.total, &self.start.plan.steps, None);
        let pass = value.map(|value| threshold.holds(value));
        ThresholdView { expression: threshold.expression.clone(), value, pass }
    }

    fn event(&mut self, event: EventLine) {
        self.tell(|observer| observer.event(&event));
        let events = Arc::make_mut(&mut self.events);
        events.push_back(event);
        if events.len() > EVENTS_MAX {
            events.pop_front();
        }
    }

    fn tell(&mut self, say: impl FnOnce(&mut dyn Observer) -> std::io::Result<()>) {
        if self.is_deaf {
            return;
        }
        if let Err(error) = say(&mut *self.observer) {
            self.observer_failed(&error);
        }
    }

    fn observer_failed(&mut self, error: &std::io::Error) {
        self.is_deaf = true;
        let at = self.start.clock.now().since(Instant::START);
        let text = format!("results folder: {error}; nothing more is written, the run is not valid");
        self.event(EventLine { at, severity: Severity::Error, text });
    }
}

/// How long all scenarios take by plan when the target keeps up, where that is known.
fn planned_duration(plan: &Plan) -> Option<Duration> {
    use crate::scenario::Start as S;
    let mut ends: Vec<Option<Duration>> = Vec::with_capacity(plan.scenarios.len());
    for scenario in &plan.scenarios {
        let begin = match scenario.start {
            S::At(after) => Some(after),
            S::After(other, delay) => ends.get(other).copied().flatten().map(|end| end + delay),
        };
        ends.push(begin.zip(scenario.load.likely_duration()).map(|(begin, duration)| begin + duration));
    }
    ends.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn codes(total: &Interval) -> Vec<(String, String, u64)> {
    let meaning =
        |code: [u8; 2]| ResponseCode::from_bytes(&code).map_or("", ResponseCode::meaning).to_owned();
    total
        .codes()
        .sorted()
        .into_iter()
        .map(|(code, count)| (code.to_string(), meaning(code.0), count))
        .collect()
}

fn step_views(plan: &Plan, total: &Interval) -> Vec<StepView> {
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

fn step_summaries(plan: &Plan, total: &Interval) -> BTreeMap<String, StepSummary> {
    let recorded = plan.steps.iter().zip(&total.steps).filter(|(_, step)| step.total() > 0);
    recorded.map(|(name, step)| (name.to_owned(), step_summary(step))).collect()
}

fn step_summary(step: &StepInterval) -> StepSummary {
    let all = step.all();
    StepSummary {
        count: step.total(),
        approved: step.count(Class::Approved),
        declined: step.count(Class::Declined),
        timeouts: step.count(Class::TimedOut),
        errors: step.count(Class::Failed),
        codes: step.codes.sorted().into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
        checks_passed: step.checks_passed,
        checks_failed: step.checks_failed,
        response_time_ms: all.response.percentiles(),
        service_time_ms: all.service.percentiles(),
    }
}

const SERIES_MAX: usize = 3600;
const EVENTS_MAX: usize = 200;
const MISMATCHES_TOLD: usize = 20;
const BUCKETS_PER_DECADE: u32 = 10;
const EXIT_THRESHOLD: u8 = 99;
const EXIT_SIGNAL: u8 = 105;
const EXIT_BROKEN: u8 = 107;
const EXIT_INVALID: u8 = 110;
