//! The collector: merges what the shards record, publishes snapshots and judges. What it finds in the books at the end
//! is the business of `final_check`, and its last word that of `verdict`.

use super::{
    clock_watch::{ClockWatch, Gap},
    control::{Command, Control},
    courses::Courses,
    crew::Crew,
    ending::Wish,
    failures::Failures,
    gate::Gates,
    knee::Knee,
    observer::{Moment, Observer},
    portrait::{parts, step_views},
    recorder::{Blank, Delta, Gauges},
    shard::{TICK, TICKS_PER_SECOND},
};
use crate::{
    control::OrderRecord,
    driver::{Clock, HostServer, footprint, since_1970, usage},
    load::Throttles,
    metrics::{
        ActivityCounts, AgentRow, CasesSummary, Class, EventLine, HostCounts, Interval, Judge, PartView,
        Phase, Point, PortalFinding, PortalSummary, RowWindow, Scope, Series, SettlementSummary, Severity,
        Snapshot, State, StepView, Summary, TraceView, Verdict, Vitals,
    },
    reconcile::{Journals, Line},
    scenario::Plan,
    time::Instant,
    web::WebServer,
};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender};
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
    pub(super) web: Option<WebServer>,
    pub(super) clock: Clock,
    pub(super) shards: usize,
    pub(super) gates: Arc<Gates>,
    pub(super) throttles: Arc<Throttles>,
    /// The search for the highest rate, where a scenario is one.
    pub(super) knee: Option<Knee>,
    pub(super) started_at: String,
    pub(super) commands: watch::Receiver<Command>,
    pub(super) rows: watch::Receiver<RowWindow>,
    pub(super) control: Control,
    pub(super) publish: watch::Sender<Arc<Snapshot>>,
    /// Gives back what was taken over: histograms and journals are large, and shards need new ones all the time.
    pub(super) spares: Sender<Blank>,
}

/// Merges, publishes, judges.
pub(super) struct Collector {
    pub(super) start: Start,
    pub(super) observer: Box<dyn Observer>,
    /// Whether the observer has failed, and hears of nothing more.
    pub(super) is_deaf: bool,
    /// Whether something could not be kept that the results rest on.
    pub(super) has_lost: bool,
    /// Since the start of the run.
    pub(super) total: Interval,
    /// Since the last whole second.
    pub(super) second: Interval,
    pub(super) second_began: Instant,
    pub(super) gauges: Vec<Gauges>,
    pub(super) series: Series<Point>,
    pub(super) events: Arc<VecDeque<EventLine>>,
    /// What the terminals believe, when there is a host to compare with.
    pub(super) journals: Option<Journals>,
    /// What settlements came to, once the host has stopped.
    pub(super) settlements: Option<SettlementSummary>,
    /// What its portal came to, and what the final check of it found.
    pub(super) portal: Option<PortalSummary>,
    pub(super) portal_findings: Vec<PortalFinding>,
    /// What cases came to.
    pub(super) cases: CasesSummary,
    pub(super) crew: Crew,
    pub(super) failures: Failures,
    courses: Courses,
    pub(super) trace: TraceView,
    /// What the run came to, once it is done.
    pub(super) outcome: Option<Verdict>,
    pub(super) broken: bool,
    pub(super) shards_running: usize,
    /// How many more deltas make a tick: one of each shard that runs.
    awaited: usize,
    ticks: u32,
    pub(super) cpu_before: Duration,
    /// Cores' worth of CPU in the last whole second.
    pub(super) cpu_cores: f64,
    /// What went wrong, and how often.
    pub(super) causes: BTreeMap<String, u64>,
    /// How far each scenario was at the last tick.
    pub(super) states: Vec<State>,
    pub(super) steps: Vec<StepView>,
    pub(super) parts: Vec<PartView>,
    pub(super) agents: Vec<AgentRow>,
    /// Judges the system under test.
    pub(super) judge: Judge,
    /// Judges this program.
    pub(super) health: Judge,
    /// What operators have ordered.
    pub(super) orders: Vec<OrderRecord>,
    clock_watch: ClockWatch,
}

impl Collector {
    pub(super) fn new(start: Start, observer: Box<dyn Observer>) -> Self {
        let (scenarios, steps) = (start.plan.scenarios.len(), start.plan.steps.len());
        let selections = &start.plan.selections;
        Self {
            observer,
            is_deaf: false,
            has_lost: false,
            total: Interval::new(scenarios, steps).with_selections(selections),
            second: Interval::new(scenarios, steps).with_selections(selections),
            second_began: Instant::START,
            gauges: vec![Gauges::default(); start.shards],
            series: Series::default(),
            events: Arc::default(),
            journals: start.host.as_ref().map(|_| Journals::default()),
            settlements: None,
            portal: None,
            portal_findings: Vec::new(),
            cases: CasesSummary::default(),
            crew: Crew::new(start.shards),
            failures: Failures::default(),
            courses: Courses::new(steps),
            trace: TraceView::default(),
            outcome: None,
            broken: false,
            shards_running: start.shards,
            awaited: start.shards,
            ticks: 0,
            cpu_before: usage().cpu,
            cpu_cores: 0.0,
            causes: BTreeMap::new(),
            states: vec![State::Waiting; scenarios],
            steps: Vec::new(),
            parts: Vec::new(),
            agents: Vec::new(),
            judge: Judge::new(start.plan.thresholds.clone()),
            health: Judge::new(start.plan.health.clone()),
            orders: Vec::new(),
            clock_watch: ClockWatch::default(),
            start,
        }
    }

    /// Collects until every shard has handed over its last, then reconciles and sums up.
    pub(super) fn run(mut self, deltas: &Receiver<Delta>) -> Summary {
        self.collect(deltas);
        self.write_orders();
        self.write_outages();
        self.complete_second();
        let findings = self.reconcile();
        let mut summary = self.summary(findings.as_ref());
        self.tell(|observer| observer.finish(&summary, findings.as_ref()));
        (summary.verdict, summary.exit_code) = self.verdict(&summary.thresholds, &summary.generator.health);
        self.outcome = Some(summary.verdict);
        self.publish(Phase::Done);
        summary
    }

    /// Takes deltas until the last one came, or until nobody is waited for any more.
    fn collect(&mut self, deltas: &Receiver<Delta>) {
        while self.shards_running > 0 {
            self.clock_watch.restart(self.start.clock.now(), since_1970());
            let received = deltas.recv_timeout(TICK);
            self.look_at_clocks();
            self.write_orders();
            self.write_outages();
            let is_over = self.start.control.tick();
            match received {
                Ok(delta) => self.take(delta),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if is_over && self.shards_running > 0 {
                return self.not_valid("a shard did not end in time; the run is not valid".to_owned());
            }
        }
    }

    /// A machine that slept, or whose clock was set, has measured nothing; of one that had no time for this program its
    /// `health` decides.
    fn look_at_clocks(&mut self) {
        match self.clock_watch.look(self.start.clock.now(), since_1970(), TICK) {
            None => {}
            Some(gap @ Gap::Late(time)) => {
                self.second.standstill.record(time);
                self.event_of(Severity::Warning, format!("this machine: {gap}"));
            }
            Some(gap) => self.not_valid(format!("this machine: {gap}; the run is not valid")),
        }
    }

    /// Writes down what operators have ordered since the last time.
    fn write_orders(&mut self) {
        for order in self.start.control.take_orders() {
            self.tell(|observer| observer.order(&order));
            let (at, text) = (Duration::from_millis(order.at_ms), order.to_string());
            self.keep_event(EventLine { at, severity: Severity::Info, text });
            if self.orders.len() < Summary::ORDERS_MAX {
                self.orders.push(order);
            }
        }
    }

    /// Writes down when the embedded host was down since the last time.
    fn write_outages(&mut self) {
        let outages: Vec<_> = self.start.host.iter().flat_map(HostServer::outages).collect();
        for outage in outages {
            let at = outage.from.since(Instant::START);
            self.event(EventLine { at, severity: Severity::Warning, text: outage.to_string() });
        }
    }

    fn take(&mut self, delta: Delta) {
        self.second.merge(&delta.interval);
        delta.cases.into_iter().for_each(|row| self.cases.add(row));
        self.start.knee.iter_mut().for_each(|knee| knee.take(&delta.interval));
        self.crew.take(delta.shard, &delta.interval, &delta.gauges, self.start.clock.now());
        self.failures.take(&delta.events, &delta.causes);
        self.failures.sample(delta.samples);
        let listened_to = self.start.rows.borrow().selected;
        let (heard_of, lines) = delta.trace;
        let is_meant = heard_of == listened_to;
        self.trace.take(listened_to, if is_meant { lines } else { Vec::new() });
        self.broken |= delta.broken;
        self.shards_running -= usize::from(delta.is_last);
        delta.events.into_iter().for_each(|event| self.event(event));
        for (cause, count) in delta.causes {
            if self.causes.len() < CAUSES_MAX || self.causes.contains_key(&cause) {
                *self.causes.entry(cause).or_default() += count;
            }
        }
        if let Some(journals) = &mut self.journals {
            delta.journal.iter().for_each(|entry| journals.take(&Line::from(entry)));
        }
        if !delta.receipts.is_empty() {
            self.tell(|observer| observer.receipts(&delta.receipts));
        }
        if !delta.journal.is_empty() {
            self.tell(|observer| observer.journal(&delta.journal));
        }
        if delta.gauges.activity != ActivityCounts::default()
            && let Some(gauges) = self.gauges.get_mut(delta.shard)
        {
            *gauges = delta.gauges;
        }
        // Where there is no room, or no shard any more, they are not needed.
        let _ = self.start.spares.try_send(Blank::of(delta.interval, delta.journal));
        self.awaited = self.awaited.saturating_sub(1);
        if self.awaited == 0 {
            self.awaited = self.shards_running;
            self.tick();
        }
    }

    /// Every shard that runs has handed over what it recorded since the last tick.
    fn tick(&mut self) {
        self.ticks += 1;
        if self.ticks.is_multiple_of(TICKS_PER_SECOND) {
            self.complete_second();
        }
        self.tell_of_scenarios();
        self.search();
        self.publish(self.phase());
    }

    /// Goes on with the search for the highest rate.
    fn search(&mut self) {
        let now = self.start.clock.now();
        let Some(knee) = &mut self.start.knee else { return };
        let began = self.start.gates.life(knee.scenario(), now).began;
        if let Some(text) = knee.tick(began, now) {
            self.event_of(Severity::Info, text);
        }
    }

    /// Tells of scenarios that began or ended since the last tick.
    fn tell_of_scenarios(&mut self) {
        let plan = Arc::clone(&self.start.plan);
        let now = self.start.clock.now();
        for (number, scenario) in plan.scenarios.iter().enumerate() {
            let state = self.stage(number, scenario, now).state;
            let Some(known) = self.states.get_mut(number).filter(|known| **known != state) else { continue };
            *known = state;
            let what = match state {
                State::Running => "begins",
                State::Done => "ends",
                State::Waiting | State::Finishing => continue,
            };
            let text = format!("scenario {} {what}", scenario.name);
            self.event(EventLine { at: now.since(Instant::START), severity: Severity::Info, text });
        }
    }

    /// Closes the interval of the last second and hands it on.
    fn complete_second(&mut self) {
        let now = self.start.clock.now();
        let (cpu, length) = (usage().cpu, now.since(self.second_began).as_secs_f64());
        self.cpu_cores = cpu.saturating_sub(self.cpu_before).as_secs_f64() / length.max(0.001);
        self.cpu_before = cpu;
        let footprint = footprint();
        let point = self.point(now, footprint.rss_bytes);
        self.courses.second(point.at, point.length, &self.second);
        self.failures.second(point.at, &self.second.codes());
        let begin = self.second_began.since(Instant::START);
        if !self.is_deaf {
            let Plan { steps, selections, .. } = &*self.start.plan;
            let moment = Moment { begin, interval: &self.second, steps, selections, point: &point };
            if let Err(error) = self.observer.interval(&moment) {
                self.observer_failed(&error);
            }
        }
        self.total.merge(&self.second);
        self.judge_second(now.since(self.second_began));
        self.second.clear();
        self.second_began = now;
        self.series.push(point);
        self.steps = step_views(&self.start.plan, &self.total, &self.courses);
        self.parts = parts(&self.total);
        self.agents = self.crew.rows(&self.generator(), footprint, now);
    }

    /// Judges the last second, which is over; a run that a threshold wants to end ends.
    fn judge_second(&mut self, length: Duration) {
        let plan = Arc::clone(&self.start.plan);
        let scenarios = scenario_names(&plan);
        let scope = scope(&plan, &scenarios, HostCounts::default());
        let (begin, end) =
            (self.second_began.since(Instant::START), self.start.clock.now().since(Instant::START));
        let paused = self.start.control.paused_within(begin, end);
        for judge in [&mut self.judge, &mut self.health] {
            judge.second(length.saturating_sub(paused), &self.second, &self.total, &scope);
            if !paused.is_zero() {
                judge.paused();
            }
        }
        let Some(tripped) = self.judge.tripped().or(self.health.tripped()) else { return };
        if *self.start.commands.borrow() == Command::Run {
            let text = format!("a threshold ends the run: {}", tripped.expression);
            self.start.control.wish(Wish::Threshold);
            self.event_of(Severity::Error, text);
        }
    }

    fn point(&self, now: Instant, rss_bytes: u64) -> Point {
        let mut total = self.total.counters();
        total += self.second.counters();
        let count = |class| self.second.steps.iter().map(|step| step.count(class)).sum::<u64>();
        let codes = self.second.codes().sorted();
        let response = self.second.response();
        Point {
            at: now.since(Instant::START),
            length: now.since(self.second_began),
            counters: self.second.counters(),
            in_flight: total.in_flight(),
            response: response.percentiles(),
            steps: Class::ALL.iter().map(|&class| count(class)).sum(),
            errors: count(Class::TimedOut) + count(Class::Failed),
            lag: self.second.lag.percentiles(),
            codes: codes.into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
            heat: response.heat(),
            connections: self.second.connections.counts,
            vitals: Vitals { connections: self.connections(), cpu_cores: self.cpu_cores, rss_bytes },
        }
    }

    fn phase(&self) -> Phase {
        match () {
            () if *self.start.commands.borrow() > Command::Run => Phase::Stopping,
            () if self.states.iter().all(|state| *state >= State::Finishing) => Phase::Stopping,
            () => Phase::Running,
        }
    }

    /// Something happened just now.
    pub(super) fn event_of(&mut self, severity: Severity, text: String) {
        let at = self.start.clock.now().since(Instant::START);
        self.event(EventLine { at, severity, text });
    }

    fn event(&mut self, event: EventLine) {
        self.tell(|observer| observer.event(&event));
        self.keep_event(event);
    }

    fn keep_event(&mut self, event: EventLine) {
        let events = Arc::make_mut(&mut self.events);
        events.push_back(event);
        if events.len() > EVENTS_MAX {
            events.pop_front();
        }
    }

    pub(super) fn tell(&mut self, say: impl FnOnce(&mut dyn Observer) -> std::io::Result<()>) {
        if self.is_deaf {
            return;
        }
        if let Err(error) = say(&mut *self.observer) {
            self.observer_failed(&error);
        }
    }

    fn observer_failed(&mut self, error: &std::io::Error) {
        self.is_deaf = true;
        self.not_valid(format!("results folder: {error}; nothing more is written, the run is not valid"));
    }

    /// Something could not be kept that the results rest on.
    pub(super) fn not_valid(&mut self, text: String) {
        self.has_lost = true;
        self.event_of(Severity::Error, text);
    }
}

/// The scenarios of a plan by name, each with its group of terminals.
pub(super) fn scenario_names(plan: &Plan) -> Vec<(&str, &str)> {
    let group = |number: usize| plan.groups.get(number).map_or("", |group| &*group.name);
    plan.scenarios.iter().map(|scenario| (&*scenario.name, group(scenario.group))).collect()
}

/// What thresholds of `plan` are judged on beside the figures.
pub(super) fn scope<'a>(
    plan: &'a Plan,
    scenarios: &'a [(&'a str, &'a str)],
    host: HostCounts<'a>,
) -> Scope<'a> {
    Scope { selections: &plan.selections, scenarios, host, ..Scope::of_steps(&plan.steps) }
}

const CAUSES_MAX: usize = 100;
const EVENTS_MAX: usize = 200;
