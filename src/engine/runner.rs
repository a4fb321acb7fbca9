//! How a shard runs its part of the scenarios: when iterations start, on which terminal, and how all of it ends.

use super::{
    control::{Command, reversing_max},
    iteration::{Ticket, iterate, occupy, operate, spawn_iteration},
    part::Part,
    shard::Shard,
};
use crate::{
    driver::Timer,
    load::{Arrival, Change, Course, Span, Throttle, Upcoming},
    metrics::Severity,
    operation::{Kind, Operation},
    rng::Domain,
    scenario::Scenario,
    time::Instant,
};
use std::{io, rc::Rc, time::Duration};
use tokio::task::{JoinSet, spawn_local};

/// Runs this shard's part of all scenarios, then reverses what is still owed.
pub(super) async fn run_all(shard: &Rc<Shard>) {
    let parts: Vec<_> = (0..shard.plan.scenarios.len() as u16)
        .map(|number| {
            let shard = Rc::clone(shard);
            spawn_local(async move { run_part(shard, number).await })
        })
        .collect();
    for part in parts {
        if let Err(error) = part.await {
            shard.recorder.borrow_mut().broken = true;
            shard.recorder.borrow_mut().notice(
                shard.now(),
                Severity::Error,
                format!("a scenario broke off: {error}"),
            );
        }
    }
    reverse_what_is_owed(shard).await;
    shard.seats.iter().for_each(|seat| seat.line.borrow_mut().close());
}

async fn run_part(shard: Rc<Shard>, number: u16) {
    let part = Rc::new(Part::new(number));
    let scenario = &shard.plan.scenarios[usize::from(number)];
    let begin = tokio::select! {
        begin = shard.gates.begin(usize::from(number)) => Some(begin),
        () = command(&shard, Command::Stop) => None,
    };
    if let Some(begin) = begin {
        tokio::select! {
            () = start_iterations(&shard, &part, scenario, begin) => {}
            () = command(&shard, Command::Stop) => {}
        }
        part.is_over.set(true);
        tokio::select! {
            () = part.wait_for_zero(&part.in_flight) => {}
            () = tokio::time::sleep(scenario.graceful_stop) => give_up(&shard, &part).await,
            () = command(&shard, Command::Abort) => give_up(&shard, &part).await,
        }
    }
    shard.gates.shard_ended(usize::from(number), shard.now());
}

async fn start_iterations(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario, begin: Instant) {
    let rng = shard.plan.seed.stream(Domain::Arrivals, u64::from(part.number), 0);
    let started = match scenario.load.schedule.course(rng) {
        Some(course) => release(shard, part, scenario, begin, course).await,
        None => loop_terminals(shard, part, scenario, begin).await,
    };
    if let Err(error) = started {
        let mut recorder = shard.recorder.borrow_mut();
        recorder.notice(
            shard.now(),
            Severity::Error,
            format!("this machine: no timer for arrivals: {error}"),
        );
        recorder.broken = true;
    }
}

/// Open model: starts an iteration at every arrival of this shard, or drops it when no terminal is free.
///
/// Arrival *k* is for terminal *k* modulo the size of the group, so that the same seed gives the same transactions
/// however many shards there are; where that terminal is busy, the next free one of the shard steps in.
async fn release(
    shard: &Rc<Shard>,
    part: &Rc<Part>,
    scenario: &Scenario,
    begin: Instant,
    course: Course,
) -> io::Result<()> {
    let fleet = shard.plan.groups[scenario.group].identities.len() as u64;
    let first = shard.seats_of(scenario.group).start;
    let mut timer = Timer::new(shard.desk.clock)?;
    let mut now = shard.now();
    let mut steered = Steered { course, begin, heard: 0 };
    let throttle = shard.throttles.of(usize::from(part.number));
    while let Some(due) = steered.next(throttle) {
        let arrival = match due {
            Due::Arrival(arrival) => arrival,
            Due::Held(until) if now >= until => break,
            Due::Held(until) => {
                now = timer.wait_until(until.min(now + HEARS_WITHIN)).await?;
                continue;
            }
        };
        let terminal = (arrival.number % fleet) as u32;
        let due = begin + arrival.at;
        if shard.share.owns(terminal) {
            if due > now {
                now = timer.wait_until(due.min(now + HEARS_WITHIN)).await?;
                // Before it is due, the load may be changed.
                continue;
            }
            let wanted = first + (terminal / shard.share.of) as usize;
            begin_arrival(shard, part, scenario, Ticketed { number: arrival.number, due, now, wanted });
        }
        steered.course.advance();
    }
    Ok(())
}

/// The arrivals of an open model as live control leaves them.
struct Steered {
    course: Course,
    begin: Instant,
    /// How many changes were heard of.
    heard: u32,
}

/// What a shard waits for next.
enum Due {
    Arrival(Arrival),
    /// Nothing before this instant, unless the load is changed.
    Held(Instant),
}

impl Steered {
    fn next(&mut self, throttle: Option<&Throttle>) -> Option<Due> {
        if let Some(throttle) = throttle
            && throttle.version() != self.heard
        {
            for Change { at, factor } in throttle.changes(self.heard) {
                let at = (Instant::START + at).since(self.begin);
                self.course.bend(Change { at, factor });
                self.heard += 1;
            }
        }
        match self.course.peek() {
            Upcoming::Arrival(arrival) => Some(Due::Arrival(arrival)),
            Upcoming::Held(until) => Some(Due::Held(until.map_or(Instant::NEVER, |at| self.begin + at))),
            Upcoming::Over => None,
        }
    }
}

/// An arrival whose time has come, and the seat of the terminal that it is for.
struct Ticketed {
    number: u64,
    due: Instant,
    now: Instant,
    wanted: usize,
}

fn begin_arrival(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario, arrival: Ticketed) {
    let Ticketed { number, due, now, wanted } = arrival;
    let free = shard.free_seat(scenario.group, wanted);
    let mut recorder = shard.recorder.borrow_mut();
    let Some(counters) = recorder.interval.scenarios.get_mut(usize::from(part.number)) else { return };
    counters.planned += 1;
    let Some(place) = free else {
        counters.dropped += 1;
        return;
    };
    counters.started += 1;
    counters.late += u64::from(now.since(due) > LATE);
    recorder.interval.lag.record(now.since(due));
    drop(recorder);
    let rng = shard.plan.seed.stream(Domain::Iteration, u64::from(part.number), number);
    spawn_iteration(shard, part, place, Ticket { ordinal: number, due, rng });
}

/// Closed model: every terminal of this shard begins again when it has finished, in the times in which it takes part.
async fn loop_terminals(
    shard: &Rc<Shard>,
    part: &Rc<Part>,
    scenario: &Scenario,
    begin: Instant,
) -> io::Result<()> {
    let fleet = shard.plan.groups[scenario.group].identities.len() as u32;
    let end = scenario.load.stop.after.map_or(Instant::NEVER, |after| begin + after);
    let places = shard.share.terminals(fleet).zip(shard.seats_of(scenario.group));
    let turns = places.flat_map(|(number, place)| {
        let spans = scenario.load.schedule.spans(number, fleet).into_iter();
        spans.map(move |Span { begin: from, end: to }| Turn {
            place,
            first: begin + from,
            end: to.map_or(end, |to| end.min(begin + to)),
        })
    });
    let mut turns: Vec<Turn> = turns.collect();
    turns.sort_by_key(|turn| turn.first);
    let mut timer = Timer::new(shard.desk.clock)?;
    let mut now = shard.now();
    for turn in turns {
        if turn.first > now {
            now = timer.wait_until(turn.first).await?;
        }
        let (shard, part) = (Rc::clone(shard), Rc::clone(part));
        Part::add(&part.looping);
        spawn_local(async move {
            loop_terminal(&shard, &part, turn).await;
            part.remove(&part.looping);
        });
    }
    tokio::select! {
        () = part.wait_for_zero(&part.looping) => {}
        () = sleep_until(shard, end) => {}
    }
    Ok(())
}

/// A time in which the terminal of a seat takes part in a closed model.
#[derive(Clone, Copy, Debug)]
struct Turn {
    place: usize,
    first: Instant,
    end: Instant,
}

/// One terminal of a closed model, for one of its turns.
async fn loop_terminal(shard: &Rc<Shard>, part: &Rc<Part>, turn: Turn) {
    let scenario = &shard.plan.scenarios[usize::from(part.number)];
    let Turn { place, first, end } = turn;
    // Only the first iteration has a schedule; the others follow at the terminal's own pace.
    let mut scheduled = Some(first);
    sleep_until(shard, first).await;
    loop {
        while shard.seats[place].is_busy() && !part.is_over.get() {
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        while is_held(shard, part) && shard.now() < end && !part.is_over.get() {
            tokio::time::sleep(HEARS_WITHIN).await;
            // What was due in a pause has no schedule any more.
            scheduled = None;
        }
        let now = shard.now();
        if now >= end || part.is_over.get() {
            break;
        }
        let Some(ordinal) = next_ordinal(shard, part, scenario, place) else { break };
        let rng = shard.plan.seed.stream(Domain::Iteration, u64::from(part.number), ordinal);
        let due = scheduled.take().unwrap_or(now);
        count_start(shard, part, due, now, due == first);
        occupy(shard, part, place);
        iterate(shard, part, scenario, place, Ticket { ordinal, due, rng }).await;
    }
}

fn is_held(shard: &Shard, part: &Part) -> bool {
    shard.throttles.of(usize::from(part.number)).is_some_and(Throttle::is_held)
}

/// The number of the next iteration of a closed model in a seat; `None` when there is none left.
fn next_ordinal(shard: &Shard, part: &Part, scenario: &Scenario, place: usize) -> Option<u64> {
    if let Some(count) = scenario.load.stop.iterations {
        return shard.gates.take(usize::from(part.number), count);
    }
    let fleet = shard.plan.groups[scenario.group].identities.len() as u64;
    let round = part.next_round(place);
    let is_left = scenario.load.stop.iterations_per_terminal.is_none_or(|last| round < last);
    is_left.then(|| round * fleet + u64::from(shard.seats[place].number))
}

/// Counts the start of an iteration of a closed model.
fn count_start(shard: &Shard, part: &Part, due: Instant, now: Instant, is_scheduled: bool) {
    let mut recorder = shard.recorder.borrow_mut();
    let Some(counters) = recorder.interval.scenarios.get_mut(usize::from(part.number)) else { return };
    counters.planned += 1;
    counters.started += 1;
    if is_scheduled {
        counters.late += u64::from(now.since(due) > LATE);
        recorder.interval.lag.record(now.since(due));
    }
}

/// Tells every terminal that still works for this part to give up, and waits until all have.
async fn give_up(shard: &Shard, part: &Part) {
    while part.in_flight.get() > 0 {
        for (place, seat) in shard.seats.iter().enumerate() {
            if seat.busy_for.get() == Some(part.number) {
                shard.desk.deadlines.interrupt(place as u32);
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Sends the reversals that are still owed, for a bounded time.
async fn reverse_what_is_owed(shard: &Rc<Shard>) {
    if *shard.commands.borrow() >= Command::Abort {
        return;
    }
    let mut reversing = JoinSet::new();
    for place in 0..shard.seats.len() {
        if shard.seats[place].terminal.borrow().has_pending_reversal() {
            let shard = Rc::clone(shard);
            reversing.spawn_local(async move {
                let seat = &shard.seats[place];
                shard.desk.deadlines.clear(place as u32);
                let mut line = seat.line.take();
                operate(&shard, seat, place, &mut line, Operation::management(Kind::Reversal)).await;
                seat.line.replace(line);
            });
        }
    }
    let all = async { while reversing.join_next().await.is_some() {} };
    tokio::select! {
        () = all => {}
        () = tokio::time::sleep(reversing_max(&shard.plan)) => {}
        () = command(shard, Command::Abort) => {}
    }
}

async fn sleep_until(shard: &Shard, instant: Instant) {
    if instant == Instant::NEVER {
        std::future::pending::<()>().await;
    }
    if instant > shard.now() {
        tokio::time::sleep_until(shard.desk.clock.to_std(instant).into()).await;
    }
}

/// Waits until `least` or something stronger is asked.
pub(super) async fn command(shard: &Shard, least: Command) {
    let mut commands = shard.commands.clone();
    if commands.wait_for(|command| *command >= least).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// An iteration that begins later than this after its time is counted as late.
const LATE: Duration = Duration::from_millis(10);
const BUSY_PAUSE: Duration = Duration::from_millis(1);
/// What live control changes is heard of within this time.
const HEARS_WITHIN: Duration = Duration::from_millis(50);
