//! How a shard runs its part of the scenarios: when iterations start, on which terminal, and how all of it ends.

use super::{
    cases::run_cases,
    control::{Command, reversing_max},
    device,
    iteration::{Hearing, Ticket, Walker, occupy},
    part::{Part, Queued},
    saturation::{begin_arrival, drop_queued, watch_queue},
    setting::{set_up, tear_down},
    shard::Shard,
    steering::{Due, Steered},
};
use crate::{
    driver::Timer,
    load::{Course, Saturation, Span, Throttle},
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
    device::release_all(shard).await;
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
        run_between(&shard, &part, scenario, begin).await;
    }
    shard.gates.shard_ended(usize::from(number), shard.now());
}

/// Runs the iterations between setup and teardown.
async fn run_between(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario, begin: Instant) {
    let begin = match scenario.conduct.setup {
        Some(_) => {
            sleep_until(shard, begin).await;
            set_up(shard, part, scenario).await
        }
        None => Some(begin),
    };
    if let Some(begin) = begin.filter(|_| scenario.conduct.setup.is_none() || !is_stopping(shard)) {
        part.warm_until.set(begin + scenario.conduct.warmup);
        tokio::select! {
            () = start_iterations(shard, part, scenario, begin) => {}
            () = watch_queue(shard, part, scenario), if scenario.conduct.saturation == Saturation::Queue => {}
            () = command(shard, Command::Stop) => {}
        }
        part.is_over.set(true);
        finish(shard, part, scenario).await;
    }
    tear_down(shard, part, scenario).await;
}

/// Lets iterations under way finish, cuts short those that do not, and gives up what is left in the end.
async fn finish(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario) {
    let cleans = scenario.flows().any(|flow| shard.plan.flows[flow].on_interrupt.is_some());
    let before_cut = if cleans { scenario.graceful_stop.mul_f64(BEFORE_CUT) } else { scenario.graceful_stop };
    tokio::select! {
        () = part.wait_for_zero(&part.in_flight) => return,
        () = watch_queue(shard, part, scenario), if scenario.conduct.saturation == Saturation::Queue => {}
        () = tokio::time::sleep(before_cut) => {}
        () = command(shard, Command::Abort) => {}
    }
    drop_queued(shard, part);
    if cleans && *shard.commands.borrow() < Command::Abort {
        tokio::select! {
            () = cut_short(shard, part) => return,
            () = tokio::time::sleep(scenario.graceful_stop.saturating_sub(before_cut)) => {}
            () = command(shard, Command::Abort) => {}
        }
    }
    part.is_abandoned.set(true);
    give_up(shard, part).await;
}

/// Interrupts the iterations under way, but not what they do then, and waits until all are over.
async fn cut_short(shard: &Shard, part: &Part) {
    while part.in_flight.get() > 0 {
        for (place, seat) in shard.seats.iter().enumerate() {
            if seat.busy_for.get() == Some(part.number) && !seat.is_cleaning.get() {
                shard.desk.deadlines.interrupt(place as u32);
            }
        }
        tokio::time::sleep(CUT_PAUSE).await;
    }
}

async fn start_iterations(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario, begin: Instant) {
    if scenario.cases.is_some() {
        return run_cases(shard, part, scenario, begin).await;
    }
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
    let mut steered = Steered::new(course, begin);
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
                if due > now || steered.is_behind(throttle) {
                    continue;
                }
            }
            let wanted = first + (terminal / shard.share.of) as usize;
            begin_arrival(shard, part, scenario, Queued { number: arrival.number, due, wanted }, now);
        }
        steered.advance();
    }
    Ok(())
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
    let mut now = shard.now();
    loop {
        while shard.seats[place].is_busy() && !part.is_over.get() {
            tokio::time::sleep(BUSY_PAUSE).await;
            now = shard.now();
        }
        while is_held(shard, part) && now < end && !part.is_over.get() {
            tokio::time::sleep(HEARS_WITHIN).await;
            now = shard.now();
            // What was due in a pause has no schedule any more.
            scheduled = None;
        }
        if now >= end || part.is_over.get() {
            break;
        }
        let Some(ordinal) = next_ordinal(shard, part, scenario, place) else { break };
        let rng = shard.plan.seed.stream(Domain::Iteration, u64::from(part.number), ordinal);
        let due = scheduled.take().unwrap_or(now);
        count_start(shard, part, due, now, due == first);
        occupy(shard, part, place);
        let mut walker = Walker::on_iteration(shard, part, place, Ticket { ordinal, due, rng });
        let over = walker.iterate(now).await;
        // One that has nothing to wait for neither takes time nor lets others have their turn: both are seen to here.
        tokio::task::coop::consume_budget().await;
        now = if over > now { over } else { shard.now() };
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
        if due >= part.warm_until.get() {
            recorder.interval.lag.record(now.since(due));
        }
    }
}

/// Tells every terminal that still works for this part to give up, and waits until all have.
async fn give_up(shard: &Shard, part: &Part) {
    while part.in_flight.get() > 0 {
        shard.interrupt(part.number);
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
                // A network with faults has to be given more than one chance.
                let is_bad = shard.plan.groups[usize::from(seat.group)].network.is_some();
                for _ in 0..if is_bad { REVERSING_TRIES } else { 1 } {
                    let reversal = Operation::management(Kind::Reversal);
                    let patron = shard.patron(place as u32, seat);
                    let now = shard.now();
                    let mut hearing = Hearing::new(&shard, seat, now, None);
                    line.carry_out(&shard.desk, patron, now, reversal, &mut hearing).await;
                    if !seat.terminal.borrow().has_pending_reversal() {
                        break;
                    }
                }
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

pub(super) async fn sleep_until(shard: &Shard, instant: Instant) {
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

/// Whether nothing more may begin.
pub(super) fn is_stopping(shard: &Shard) -> bool {
    *shard.commands.borrow() >= Command::Stop
}

/// An iteration that begins later than this after its time is counted as late.
pub(super) const LATE: Duration = Duration::from_millis(10);
/// The part of `gracefulStop` after which iterations are cut short whose flow has something for that.
const BEFORE_CUT: f64 = 0.8;
const CUT_PAUSE: Duration = Duration::from_millis(5);
const BUSY_PAUSE: Duration = Duration::from_millis(1);
/// What live control changes is heard of within this time.
const HEARS_WITHIN: Duration = Duration::from_millis(50);
const REVERSING_TRIES: usize = 10;
