//! Setup and teardown of a scenario: what each terminal that takes part does before the first iteration and after the
//! last, a bounded number of terminals at a time.

use super::{
    control::Command,
    iteration::{Ticket, Walker},
    part::Part,
    runner::{command, is_stopping},
    shard::Shard,
};
use crate::{load::Schedule, metrics::Severity, rng::Domain, scenario::Scenario, time::Instant};
use std::{cell::Cell, cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};
use tokio::task::{JoinSet, spawn_local};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Setup,
    Teardown,
}

/// Sets up the terminals of this shard, and waits until all shards have; returns when the iterations begin, or `None`
/// where a terminal of any shard could not be set up.
pub(super) async fn set_up(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario) -> Option<Instant> {
    let flow = scenario.conduct.setup?;
    let failed = all_walk(shard, part, scenario, (Side::Setup, flow)).await;
    if failed > 0 {
        let text = format!(
            "scenario {}: setup `{}` failed at {failed} terminals, so the scenario does not begin",
            scenario.name, shard.plan.flows[flow].name
        );
        let mut recorder = shard.recorder.borrow_mut();
        recorder.notice(shard.now(), Severity::Error, text);
        recorder.broken = true;
    }
    shard.gates.set_up(usize::from(part.number), failed == 0, shard.now()).await.ok()
}

/// Tears down the terminals of this shard, also where not all of them could be set up.
pub(super) async fn tear_down(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario) {
    let Some(flow) = scenario.conduct.teardown else { return };
    if *shard.commands.borrow() == Command::Abort {
        return;
    }
    let failed = all_walk(shard, part, scenario, (Side::Teardown, flow)).await;
    if failed > 0 {
        let name = &shard.plan.flows[flow].name;
        let text = format!("scenario {}: teardown `{name}` failed at {failed} terminals", scenario.name);
        shard.recorder.borrow_mut().notice(shard.now(), Severity::Warning, text);
    }
}

/// Has every terminal of this shard that takes part walk through a flow once; returns at how many that failed.
async fn all_walk(
    shard: &Rc<Shard>,
    part: &Rc<Part>,
    scenario: &Scenario,
    (side, flow): (Side, usize),
) -> u64 {
    let places = Rc::new(RefCell::new(places(shard, scenario)));
    let failed = Rc::new(Cell::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..(AT_ONCE / shard.share.of).max(1) {
        let (shard, part) = (Rc::clone(shard), Rc::clone(part));
        let (places, failed) = (Rc::clone(&places), Rc::clone(&failed));
        workers.spawn_local(async move {
            loop {
                let next = places.borrow_mut().pop_front();
                let Some(place) = next.filter(|_| side == Side::Teardown || !is_stopping(&shard)) else {
                    break;
                };
                let is_done = one_walks(&shard, &part, place, (side, flow)).await;
                failed.set(failed.get() + u64::from(!is_done));
            }
        });
    }
    let watched = Rc::clone(shard);
    let number = part.number;
    let limit = if side == Side::Teardown { scenario.graceful_stop } else { Duration::MAX };
    let watch = spawn_local(async move {
        tokio::select! {
            () = command(&watched, Command::Abort) => {}
            () = tokio::time::sleep(limit) => {}
        }
        loop {
            watched.interrupt(number);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    while workers.join_next().await.is_some() {}
    watch.abort();
    failed.get()
}

/// The seats of this shard whose terminals take part.
fn places(shard: &Shard, scenario: &Scenario) -> VecDeque<usize> {
    let fleet = shard.plan.groups[scenario.group].identities.len() as u32;
    let most = match &scenario.load.schedule {
        Schedule::Loop { terminals, .. } => *terminals,
        Schedule::Ramp { terminals } => terminals.peak().ceil() as u32,
        Schedule::Arrivals { .. } | Schedule::Search { .. } | Schedule::Instants(_) => u32::MAX,
    };
    let seats = shard.share.terminals(fleet).zip(shard.seats_of(scenario.group));
    seats.filter(|(number, _)| *number < most).map(|(_, place)| place).collect()
}

/// Whether the terminal of a seat went through the flow without an error.
async fn one_walks(shard: &Rc<Shard>, part: &Rc<Part>, place: usize, (side, flow): (Side, usize)) -> bool {
    while shard.seats[place].is_busy() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    shard.occupy(place, part.number);
    shard.desk.deadlines.clear(place as u32);
    let ordinal = u64::from(shard.seats[place].number);
    let stream = ordinal | if side == Side::Setup { SETUP } else { TEARDOWN };
    let rng = shard.plan.seed.stream(Domain::Iteration, u64::from(part.number), stream);
    let now = shard.now();
    let ticket = Ticket { ordinal, due: now, rng };
    let walked = Walker::new(shard, part, place, flow, ticket).walk(now).await;
    shard.vacate(&shard.seats[place]);
    walked.failed == Some(false)
}

/// So many terminals of all shards together are set up at once.
const AT_ONCE: u32 = 64;
/// Streams of chance that no iteration has.
const SETUP: u64 = 1 << 62;
const TEARDOWN: u64 = 1 << 61;
