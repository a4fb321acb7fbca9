//! One terminal walks through its flow once, and what the shard records of it.

use super::{
    device::{self, Station, Told},
    part::Part,
    recorder::Ended,
    request,
    saturation::begin_queued,
    shard::{Seat, Shard},
};
use crate::{
    driver::{Audience, Line, Patron},
    expr::EvalError,
    flow::{Cast, Fault, Iteration, Loading, Meeting, Next, StepResult},
    metrics::{Class, Sample, Severity, StepId},
    money::Amount,
    operation::{End, Failure, Kind, Operation, Outcome},
    rng::Rng,
    scenario::Scenario,
    terminal::{Event, Stray},
    time::Instant,
};
use std::{io, rc::Rc, time::Duration};
use tokio::task::spawn_local;

/// What makes an iteration the one it is.
pub(super) struct Ticket {
    /// Its number in its scenario, counted from 0 over all shards.
    pub(super) ordinal: u64,
    /// When it was to begin.
    pub(super) due: Instant,
    /// The stream of chance that belongs to it.
    pub(super) rng: Rng,
}

/// How a terminal came through its flow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    /// Whether a step ended in an error or a check did not hold; `None` when the run cut it short.
    pub(super) failed: Option<bool>,
    /// Where in the flow the first failure was.
    pub(super) first: Option<Fault>,
    /// When it was over.
    pub(super) over: Instant,
}

pub(super) fn occupy(shard: &Shard, part: &Part, place: usize) {
    shard.occupy(place, part.number);
    shard.desk.deadlines.clear(place as u32);
    Part::add(&part.in_flight);
}

pub(super) fn spawn_iteration(shard: &Rc<Shard>, part: &Rc<Part>, place: usize, ticket: Ticket) {
    occupy(shard, part, place);
    let (shard, part) = (Rc::clone(shard), Rc::clone(part));
    spawn_local(async move {
        let mut walker = Walker::on_iteration(&shard, &part, place, ticket);
        walker.iterate(shard.now()).await;
    });
}

/// The flow of an iteration: that of the scenario, or one of its mix, by chance of the iteration.
fn flow_of(shard: &Shard, scenario: &Scenario, seat: &Seat, rng: &mut Rng) -> usize {
    let mixed = scenario.conduct.mix.as_ref().and_then(|mix| mix.pick(rng));
    if mixed.is_some() || seat.is_warming.get() {
        let mut recorder = shard.recorder.borrow_mut();
        mixed.into_iter().for_each(|flow| recorder.interval.count_mixed(flow));
        recorder.interval.warmup.iterations += u64::from(seat.is_warming.get());
    }
    mixed.unwrap_or(scenario.flow)
}

/// What carries out the operations of a seat.
struct Means {
    line: Line,
    /// The device, where the terminal is not virtual.
    station: Option<Box<Station>>,
}

/// One terminal on its way through a flow.
///
/// It is no part of the future that walks: a future is moved when it is awaited, and copied whole.
pub(super) struct Walker<'s> {
    shard: &'s Rc<Shard>,
    part: &'s Rc<Part>,
    scenario: &'s Scenario,
    place: usize,
    seat: &'s Seat,
    due: Instant,
    iteration: Iteration<'s>,
    cast: Cast<'s>,
}

impl<'s> Walker<'s> {
    /// The terminal of a seat on its way through a flow.
    pub(super) fn new(
        shard: &'s Rc<Shard>,
        part: &'s Rc<Part>,
        place: usize,
        flow: usize,
        ticket: Ticket,
    ) -> Self {
        let seat = &shard.seats[place];
        Self {
            shard,
            part,
            scenario: &shard.plan.scenarios[usize::from(part.number)],
            place,
            seat,
            due: ticket.due,
            iteration: Iteration::new(&shard.plan.flows[flow], ticket.ordinal, ticket.rng),
            cast: shard.cast(seat),
        }
    }

    /// The terminal of a seat that was occupied for an iteration, on its way through a flow of the scenario.
    pub(super) fn on_iteration(
        shard: &'s Rc<Shard>,
        part: &'s Rc<Part>,
        place: usize,
        mut ticket: Ticket,
    ) -> Self {
        let seat = &shard.seats[place];
        seat.is_warming.set(ticket.due < part.warm_until.get());
        let scenario = &shard.plan.scenarios[usize::from(part.number)];
        let flow = flow_of(shard, scenario, seat, &mut ticket.rng);
        Self::new(shard, part, place, flow, ticket)
    }

    /// Walks through the iteration from `now` on, after which the terminal is free again; returns when it was over.
    pub(super) async fn iterate(&mut self, now: Instant) -> Instant {
        let walked = self.walk(now).await;
        self.seat.is_warming.set(false);
        vacate(self.shard, self.part, self.seat, walked.failed);
        walked.over
    }

    /// Walks through the flow once, from `now` on, and tells how the terminal came through.
    pub(super) async fn walk(&mut self, now: Instant) -> Walk {
        let Self { shard, part, place, seat, due, .. } = *self;
        let mut means = Means { line: seat.line.take(), station: seat.station() };
        let (failed, over) = self.take_steps(&mut means, now, Some(due)).await;
        let walked = Walk { failed, first: self.iteration.fault(), over };
        if failed.is_none() && !part.is_abandoned.get() && self.iteration.interrupt() {
            seat.is_cleaning.set(true);
            shard.desk.deadlines.clear(place as u32);
            // In a box, so that iterations that are not cut short have no room for it.
            Box::pin(self.take_steps(&mut means, shard.now(), None)).await;
            seat.is_cleaning.set(false);
        }
        seat.line.replace(means.line);
        seat.return_station(means.station);
        walked
    }

    /// Takes all steps that are left; whether something in the iteration failed, or `None` when it was cut short, and when
    /// it was over.
    ///
    /// The clock is read where something was waited for. Only the first step has a schedule; the others are due when the
    /// one before them is over.
    async fn take_steps(
        &mut self,
        means: &mut Means,
        mut now: Instant,
        mut due: Option<Instant>,
    ) -> (Option<bool>, Instant) {
        let mut paced_since = now;
        loop {
            if self.shard.desk.deadlines.is_interrupted(self.place as u32) {
                return (None, now);
            }
            match self.iteration.next(&self.cast) {
                Next::Done { failed } => return (Some(failed), now),
                Next::Think(time) => {
                    think(self.shard, self.place, time).await;
                    (now, due) = (self.shard.now(), None);
                }
                Next::Pace(time) => {
                    think(self.shard, self.place, (paced_since + time).since(now)).await;
                    (now, due) = (self.shard.now(), None);
                    paced_since = now;
                }
                Next::Meet(meeting) => {
                    // In a box, so that iterations that meet nobody have no room for it.
                    Box::pin(meet(self.shard, self.place, meeting)).await;
                    (now, due) = (self.shard.now(), None);
                }
                Next::Broken(step, error) => {
                    self.break_off(&error);
                    self.record_broken(step);
                }
                Next::Request(request) => {
                    let due = due.take().unwrap_or(now);
                    let Self { shard, place, iteration, cast, .. } = &mut *self;
                    // In a box, so that iterations without requests have no room for one.
                    let step = Box::pin(request::carry_out(shard, *place, iteration, cast, request, due));
                    if let Err(error) = step.await {
                        self.break_off(&error);
                    }
                    now = self.shard.now();
                }
                Next::Load(loading) => {
                    let due = due.take().unwrap_or(now);
                    if let Err(error) = self.load(*loading, due) {
                        self.break_off(&error);
                    }
                    now = self.shard.now();
                }
                Next::Operate(operation) => {
                    let due = due.take().unwrap_or(now);
                    let (known, waited) = match &mut means.station {
                        // In a box, so that iterations of virtual terminals have no room for one.
                        Some(station) => {
                            let told = Box::pin(self.ask_device(station, operation)).await;
                            now = self.shard.now();
                            told
                        }
                        None => {
                            let kind = operation.kind;
                            let (desk, patron) = (&self.shard.desk, self.patron());
                            let mut hearing =
                                Hearing::new(self.shard, self.seat, now, Some(&mut self.iteration));
                            now = means.line.carry_out(desk, patron, now, operation, &mut hearing).await;
                            let told = hearing.told;
                            (self.known(kind, told, now), Duration::ZERO)
                        }
                    };
                    if let Err(error) = self.record(known, due + waited) {
                        self.break_off(&error);
                    }
                }
            }
        }
    }

    /// The terminal as its driver sees it for the step under way, which may have a network of its own.
    fn patron(&self) -> Patron<'s> {
        let patron = self.shard.patron(self.place as u32, self.seat);
        Patron { network: self.iteration.network().or(patron.network), ..patron }
    }

    /// When the outcome of an operation was known, which was `over` later: one that was cut short before it was `told` has
    /// that for its outcome.
    fn known(&mut self, kind: Kind, told: Option<Instant>, over: Instant) -> Instant {
        self.cast.batch = self.seat.terminal.borrow().batch();
        told.unwrap_or_else(|| {
            self.iteration.hear(interrupted_outcome(kind));
            over
        })
    }

    /// Has the device do one operation, and hears what the host saw of it; returns when the outcome was known, and how long
    /// people were waited for.
    async fn ask_device(&mut self, station: &mut Station, operation: Operation) -> (Instant, Duration) {
        let Self { shard, place, seat, .. } = *self;
        let told = device::operate(shard, seat, place, station, operation).await;
        let Told { outcome, at, ends, batch, waited } = told;
        if let Some(step) = self.iteration.step().filter(|_| !seat.is_warming.get()) {
            shard.recorder.borrow_mut().device_times(shard.origin(seat), step, ends.times);
        }
        self.iteration.witnessed(ends);
        self.iteration.hear(outcome);
        self.cast.batch = batch.unwrap_or(self.cast.batch);
        (at, waited)
    }

    /// Records what came of the operation that was heard of last, and goes on.
    fn record(&mut self, at: Instant, due: Instant) -> Result<(), EvalError> {
        let Self { shard, seat, iteration, cast, .. } = self;
        let class = iteration.heard().map_or(Class::Failed, Outcome::class);
        let has_failed = matches!(class, Class::TimedOut | Class::Failed);
        let step = measured(shard, seat, iteration.step(), has_failed);
        let origin = shard.origin(seat);
        let mut recorder = shard.recorder.borrow_mut();
        if let (Some(step), Some(outcome)) = (step, iteration.heard()) {
            recorder.step(origin, step, outcome, at.since(due));
            if class != Class::Approved {
                recorder.sample(|| sample(shard, seat, step, outcome, at));
            }
        }
        let StepResult { checks_passed, checks_failed, .. } = iteration.operated(cast)?;
        if let Some(step) = step {
            recorder.checks(origin, step, checks_passed, checks_failed);
        }
        Ok(())
    }

    /// Records a step that could not be asked for.
    fn record_broken(&self, step: Option<StepId>) {
        let Self { shard, seat, .. } = self;
        if let Some(step) = measured(shard, seat, step, true) {
            let (class, response) = (Class::Failed, Duration::from_nanos(1));
            let end = Ended { class, response, service: None, code: None };
            shard.recorder.borrow_mut().ended(shard.origin(seat), step, &end);
        }
    }

    /// An operator loads other numbers into the terminal, which may refuse.
    fn load(&mut self, loading: Loading, due: Instant) -> Result<(), EvalError> {
        let Self { shard, seat, iteration, cast, .. } = self;
        let Loading { terminal, merchant, key, serial } = loading;
        let loaded = seat.terminal.borrow_mut().load(terminal, merchant, key);
        if let (Ok(()), Some(serial)) = (&loaded, &serial) {
            seat.terminal.borrow_mut().replace_device(serial);
        }
        let now = shard.now();
        if let Err(refusal) = loaded {
            let text = format!("load-terminal: {refusal}");
            shard.recorder.borrow_mut().notice(now, Severity::Error, text);
        }
        {
            let terminal = seat.terminal.borrow();
            (cast.terminal, cast.merchant, cast.batch) =
                (terminal.id(), terminal.merchant(), terminal.batch());
        }
        let result = iteration.loaded(cast, loaded.is_ok())?;
        if let Some(step) = measured(shard, seat, result.id, loaded.is_err()) {
            let mut recorder = shard.recorder.borrow_mut();
            let end = Ended { class: result.class, response: now.since(due), service: None, code: None };
            recorder.ended(shard.origin(seat), step, &end);
            recorder.checks(shard.origin(seat), step, result.checks_passed, result.checks_failed);
        }
        Ok(())
    }

    /// The scenario asks for what cannot be, which makes the run say nothing about the target.
    fn break_off(&self, error: &EvalError) {
        let Self { shard, scenario, .. } = self;
        let mut recorder = shard.recorder.borrow_mut();
        recorder.broken = true;
        recorder.notice(shard.now(), Severity::Error, format!("scenario {}: {error}", scenario.name));
    }
}

/// Where the figures of a step go: nowhere as long as its scenario warms up, which is counted instead.
pub(super) fn measured(shard: &Shard, seat: &Seat, step: Option<StepId>, has_failed: bool) -> Option<StepId> {
    if !seat.is_warming.get() {
        return step;
    }
    if step.is_some() {
        let warmup = &mut shard.recorder.borrow_mut().interval.warmup;
        warmup.steps += 1;
        warmup.failed += u64::from(has_failed);
    }
    None
}

/// Waits for the other terminals of a rendezvous, as long as that may take.
async fn meet(shard: &Shard, place: usize, meeting: Meeting) {
    tokio::select! {
        biased;
        () = shard.meetings.wait(meeting) => {}
        () = interrupted(shard, place) => {}
        () = tokio::time::sleep(meeting.timeout) => {
            let text = format!("rendezvous: {} terminals did not come together in time", meeting.terminals);
            shard.recorder.borrow_mut().notice(shard.now(), Severity::Warning, text);
        }
    }
}

/// An outcome that was no approval, as somebody who looks for its cause wants to see it.
fn sample(shard: &Shard, seat: &Seat, step: StepId, outcome: &Outcome, at: Instant) -> Sample {
    let stan = outcome.stan.map(|stan| format!("STAN {stan}  "));
    let rrn = outcome.rrn.map(|rrn| format!("  RRN {rrn}"));
    Sample {
        at: at.since(Instant::START),
        class: outcome.class(),
        step: shard.plan.steps.name(step).to_owned(),
        terminal: seat.terminal.borrow().id().to_string(),
        code: outcome.code.map(|code| code.to_string()).unwrap_or_default(),
        cause: cause(outcome).map(|(_, text)| text).unwrap_or_default(),
        details: format!("{}{}{}", stan.unwrap_or_default(), outcome.amount, rrn.unwrap_or_default()),
    }
}

/// The iteration is over; `failed` is `None` when it was cut short.
fn vacate(shard: &Rc<Shard>, part: &Rc<Part>, seat: &Seat, failed: Option<bool>) {
    shard.vacate(seat);
    if let Some(counters) = shard.recorder.borrow_mut().interval.scenarios.get_mut(usize::from(part.number)) {
        counters.finished += u64::from(failed.is_some());
        counters.failed += u64::from(failed == Some(true));
    }
    let scenario = &shard.plan.scenarios[usize::from(part.number)];
    if scenario.conduct.max_in_flight.is_some() {
        shard.gates.leave(usize::from(part.number));
    }
    if !part.queue.borrow().is_empty() {
        begin_queued(shard, part, scenario);
    }
    part.remove(&part.in_flight);
}

/// Hears for the shard what becomes of an operation.
pub(super) struct Hearing<'a, 's> {
    shard: &'a Shard,
    seat: &'a Seat,
    /// The start of the operation, or the last thing that came of it.
    since: Instant,
    /// Who wants to know the outcome.
    iteration: Option<&'a mut Iteration<'s>>,
    /// When the outcome was known.
    told: Option<Instant>,
}

impl<'a, 's> Hearing<'a, 's> {
    /// Hears of an operation that begins `now`.
    pub(super) fn new(
        shard: &'a Shard,
        seat: &'a Seat,
        now: Instant,
        iteration: Option<&'a mut Iteration<'s>>,
    ) -> Self {
        Self { shard, seat, since: now, iteration, told: None }
    }

    /// Records what a terminal did of its own accord; it was due when the last thing that came of the operation was over.
    fn automatic(&mut self, now: Instant, outcome: &Outcome) {
        let Self { shard, seat, .. } = *self;
        let has_failed = matches!(outcome.class(), Class::TimedOut | Class::Failed);
        let step = measured(shard, seat, shard.automatic[outcome.kind as usize], has_failed);
        if let Some(step) = step {
            let response = now.since(self.since);
            self.since = now;
            shard.recorder.borrow_mut().step(shard.origin(seat), step, outcome, response);
        }
    }
}

impl Audience for Hearing<'_, '_> {
    fn hear(&mut self, now: Instant, event: Event) {
        let shard = self.shard;
        match event {
            Event::Outcome(outcome) => {
                notice_failure(shard, &outcome, now);
                self.since = now;
                self.told = Some(now);
                if let Some(iteration) = &mut self.iteration {
                    iteration.hear(outcome);
                }
            }
            Event::Automatic(outcome) => self.automatic(now, &outcome),
            Event::Journal(entry) => shard.recorder.borrow_mut().journal.push(entry),
            Event::Stray(stray) => {
                let text = match stray {
                    Stray::Late => "the target answered too late, or twice".to_owned(),
                    Stray::Misdirected(what) => format!("the target sent an answer to nobody: {what}"),
                    Stray::Unreadable(error) => format!("the target sent what is no message: {error}"),
                };
                shard.recorder.borrow_mut().notice(now, Severity::Warning, text);
            }
            Event::Receipt(text) => shard.recorder.borrow_mut().receipt(now, text),
        }
    }

    fn refused(&mut self, error: &io::Error) {
        let text = format!("target {}: {error}", self.shard.dialer(self.seat).address());
        self.shard.recorder.borrow_mut().notice(self.shard.now(), Severity::Error, text);
    }
}

/// What came of an operation that was cut short before it had an outcome.
fn interrupted_outcome(kind: Kind) -> Outcome {
    Outcome::ended(kind, End::Failed(Failure::Interrupted), Amount::ZERO)
}

/// Tells of an operation that the target left unanswered, or that could not be done.
fn notice_failure(shard: &Shard, outcome: &Outcome, now: Instant) {
    if let Some((severity, text)) = cause(outcome) {
        shard.recorder.borrow_mut().notice(now, severity, text);
    }
}

/// Why an operation did not get its answer, or was not done.
fn cause(outcome: &Outcome) -> Option<(Severity, String)> {
    let (severity, blame) = match outcome.end {
        End::Failed(Failure::Interrupted) | End::Approved | End::Declined => return None,
        End::Failed(failure) => (Severity::Error, failure.blame()),
        End::TimedOut => (Severity::Warning, "the target did not answer in time"),
    };
    Some((severity, format!("{}: {blame}", outcome.kind.name())))
}

/// Waits, unless the run wants the terminal to give up.
pub(super) async fn think(shard: &Shard, place: usize, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = interrupted(shard, place) => {}
    }
}

/// Waits until the run wants the terminal to give up.
pub(super) fn interrupted(shard: &Shard, place: usize) -> impl Future<Output = ()> {
    std::future::poll_fn(move |context| {
        use std::task::Poll;
        let _ = shard.desk.deadlines.poll(place as u32, context);
        if shard.desk.deadlines.is_interrupted(place as u32) { Poll::Ready(()) } else { Poll::Pending }
    })
}
