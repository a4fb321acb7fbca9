//! One terminal walks through its flow once, and what the shard records of it.

use super::{
    device::{self, Told},
    part::Part,
    recorder::Ended,
    request,
    shard::{Seat, Shard},
};
use crate::{
    driver::{Line, Patron},
    expr::EvalError,
    flow::{Cast, Fault, Iteration, Loading, Next},
    link::Network,
    metrics::{Class, Severity},
    money::Amount,
    operation::{End, Failure, Operation, Outcome},
    rack::FailureClass,
    rng::Rng,
    scenario::Scenario,
    terminal::{Event, Stray},
    time::Instant,
};
use std::{cell::Cell, io, rc::Rc, sync::Arc, time::Duration};
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
    /// Whose fault the first failure was.
    pub(super) fault: Option<FailureClass>,
    /// Where in the flow it was.
    pub(super) first: Option<Fault>,
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
        let scenario = &shard.plan.scenarios[usize::from(part.number)];
        iterate(&shard, &part, scenario, place, ticket).await;
    });
}

/// One terminal walks through the flow of its scenario once, and is free again.
pub(super) async fn iterate(
    shard: &Rc<Shard>,
    part: &Rc<Part>,
    scenario: &Scenario,
    place: usize,
    ticket: Ticket,
) {
    let walk = walk(shard, scenario, scenario.flow, place, ticket).await;
    vacate(shard, part, &shard.seats[place], walk.failed);
}

/// One terminal walks through a flow once, and tells how it came through.
pub(super) async fn walk(
    shard: &Rc<Shard>,
    scenario: &Scenario,
    flow: usize,
    place: usize,
    ticket: Ticket,
) -> Walk {
    let seat = &shard.seats[place];
    let mut line = seat.line.take();
    let mut station = seat.station();
    let mut walk = Walk::default();
    let mut cast = shard.cast(seat);
    let mut iteration = Iteration::new(shard.plan.flows[flow].clone(), ticket.ordinal, ticket.rng);
    // Only the first step has a schedule; the others are due when the one before them is over.
    let mut due = Some(ticket.due);
    walk.failed = loop {
        if shard.desk.deadlines.is_interrupted(place as u32) {
            break None;
        }
        match iteration.next(&cast) {
            Next::Done { failed } => break Some(failed),
            Next::Think(time) => {
                think(shard, place, time).await;
                due = None;
            }
            Next::Broken(step, error) => {
                walk.blame(Some(FailureClass::Scenario));
                break_off(shard, scenario, &error);
                if let Some(step) = step {
                    let mut recorder = shard.recorder.borrow_mut();
                    let (class, response) = (Class::Failed, Duration::from_nanos(1));
                    let end = Ended { class, response, service: None, code: None };
                    recorder.ended(shard.origin(seat), step, &end);
                }
            }
            Next::Request(request) => {
                let due = due.take().unwrap_or_else(|| shard.now());
                // In a box, so that iterations without requests have no room for one.
                let step = request::carry_out(shard, place, &mut iteration, &cast, request, due);
                if let Err(error) = Box::pin(step).await {
                    break_off(shard, scenario, &error);
                }
            }
            Next::Load(loading) => {
                let due = due.take().unwrap_or_else(|| shard.now());
                if let Err(error) = load(shard, seat, &mut iteration, &mut cast, *loading, due) {
                    break_off(shard, scenario, &error);
                }
            }
            Next::Operate(operation) => {
                let kind = operation.kind;
                let due = due.take().unwrap_or_else(|| shard.now());
                let (outcome, at) = match &mut station {
                    // In a box, so that iterations of virtual terminals have no room for one.
                    Some(station) => {
                        let told = device::operate(shard, seat, place, station, operation);
                        let Told { outcome, at, ends, batch, fault } = Box::pin(told).await;
                        walk.blame(fault);
                        if let Some(step) = iteration.step() {
                            shard.recorder.borrow_mut().device_times(step, ends.times);
                        }
                        iteration.witnessed(ends);
                        cast.batch = batch.unwrap_or(cast.batch);
                        (outcome, at)
                    }
                    None => {
                        let told =
                            operate(shard, seat, place, &mut line, operation, iteration.network()).await;
                        told.unwrap_or_else(|| {
                            let amount = Amount::ZERO;
                            let end = End::Failed(Failure::Interrupted);
                            (Outcome::ended(kind, end, amount), shard.now())
                        })
                    }
                };
                let step = iteration.step();
                if station.is_none() {
                    cast.batch = seat.terminal.borrow().batch();
                }
                let mut recorder = shard.recorder.borrow_mut();
                if let Some(step) = step {
                    recorder.step(shard.origin(seat), step, &outcome, at.since(due));
                }
                match iteration.outcome(&cast, outcome) {
                    Ok(result) => {
                        walk.blame((result.checks_failed > 0).then_some(FailureClass::Device));
                        if let Some(step) = result.id {
                            recorder.checks(
                                shard.origin(seat),
                                step,
                                result.checks_passed,
                                result.checks_failed,
                            );
                        }
                    }
                    Err(error) => {
                        drop(recorder);
                        walk.blame(Some(FailureClass::Scenario));
                        break_off(shard, scenario, &error);
                    }
                }
            }
        }
    };
    seat.line.replace(line);
    seat.return_station(station);
    walk.first = iteration.fault();
    walk
}

impl Walk {
    /// The first failure says whose fault it is.
    fn blame(&mut self, fault: Option<FailureClass>) {
        self.fault = self.fault.or(fault);
    }
}

/// The scenario asks for what cannot be, which makes the run say nothing about the target.
fn break_off(shard: &Shard, scenario: &Scenario, error: &EvalError) {
    let mut recorder = shard.recorder.borrow_mut();
    recorder.broken = true;
    recorder.notice(shard.now(), Severity::Error, format!("scenario {}: {error}", scenario.name));
}

/// An operator loads other numbers into the terminal, which may refuse.
fn load(
    shard: &Shard,
    seat: &Seat,
    iteration: &mut Iteration,
    cast: &mut Cast<'_>,
    loading: Loading,
    due: Instant,
) -> Result<(), EvalError> {
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
        (cast.terminal, cast.merchant, cast.batch) = (terminal.id(), terminal.merchant(), terminal.batch());
    }
    let result = iteration.loaded(cast, loaded.is_ok())?;
    if let Some(step) = result.id {
        let mut recorder = shard.recorder.borrow_mut();
        let end = Ended { class: result.class, response: now.since(due), service: None, code: None };
        recorder.ended(shard.origin(seat), step, &end);
        recorder.checks(shard.origin(seat), step, result.checks_passed, result.checks_failed);
    }
    Ok(())
}

/// The iteration is over; `failed` is `None` when it was cut short.
fn vacate(shard: &Shard, part: &Part, seat: &Seat, failed: Option<bool>) {
    shard.vacate(seat);
    if let Some(counters) = shard.recorder.borrow_mut().interval.scenarios.get_mut(usize::from(part.number)) {
        counters.finished += u64::from(failed.is_some());
        counters.failed += u64::from(failed == Some(true));
    }
    part.remove(&part.in_flight);
}

/// Has a terminal do one operation; returns its outcome and when it was known.
pub(super) async fn operate(
    shard: &Shard,
    seat: &Seat,
    place: usize,
    line: &mut Line,
    operation: Operation,
    network: Option<&Arc<Network>>,
) -> Option<(Outcome, Instant)> {
    let mut told = None;
    let since = Cell::new(shard.now());
    let patron = shard.patron(place as u32, seat);
    let patron = Patron { network: network.or(patron.network), ..patron };
    let on_event = |event: Event| match event {
        Event::Outcome(outcome) => {
            notice_failure(shard, &outcome);
            let now = shard.now();
            since.set(now);
            told = Some((outcome, now));
        }
        other => hear(shard, seat, &since, other),
    };
    let on_refusal = |error: &io::Error| {
        let text = format!("target {}: {error}", patron.dialer.address());
        shard.recorder.borrow_mut().notice(shard.now(), Severity::Error, text);
    };
    line.operate(&shard.desk, patron, operation, on_event, on_refusal).await;
    told
}

/// Records what a terminal did of its own accord.
///
/// Its response time counts from `since`, the start of the operation or the last thing that came of it.
fn hear(shard: &Shard, seat: &Seat, since: &Cell<Instant>, event: Event) {
    let mut recorder = shard.recorder.borrow_mut();
    match event {
        Event::Automatic(outcome) => {
            let now = shard.now();
            if let Some(step) = shard.automatic[outcome.kind as usize] {
                recorder.step(shard.origin(seat), step, &outcome, now.since(since.replace(now)));
            }
        }
        Event::Journal(entry) => recorder.journal.push(entry),
        Event::Stray(stray) => {
            let text = match stray {
                Stray::Late => "the target answered too late, or twice".to_owned(),
                Stray::Misdirected(what) => format!("the target sent an answer to nobody: {what}"),
                Stray::Unreadable(error) => format!("the target sent what is no message: {error}"),
            };
            recorder.notice(shard.now(), Severity::Warning, text);
        }
        Event::Receipt(text) => recorder.receipt(shard.now(), text),
        Event::Outcome(_) => {}
    }
}

/// Tells of an operation that the target left unanswered, or that could not be done.
fn notice_failure(shard: &Shard, outcome: &Outcome) {
    let (severity, blame) = match outcome.end {
        End::Failed(Failure::Interrupted) | End::Approved | End::Declined => return,
        End::Failed(failure) => (Severity::Error, failure.blame()),
        End::TimedOut => (Severity::Warning, "the target did not answer in time"),
    };
    let text = format!("{}: {blame}", outcome.kind.name());
    shard.recorder.borrow_mut().notice(shard.now(), severity, text);
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
