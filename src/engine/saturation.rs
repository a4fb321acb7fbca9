//! What becomes of an arrival whose time has come: it begins, or finds no terminal free, or too much under way.

use super::{
    ending::Wish,
    iteration::{Ticket, spawn_iteration},
    part::{Part, Queued},
    runner::LATE,
    shard::Shard,
};
use crate::{load::Saturation, metrics::Severity, rng::Domain, scenario::Scenario, time::Instant};
use std::{rc::Rc, time::Duration};

/// Begins the iteration of an arrival, or does what the scenario wants where that cannot be.
pub(super) fn begin_arrival(
    shard: &Rc<Shard>,
    part: &Rc<Part>,
    scenario: &Scenario,
    arrival: Queued,
    now: Instant,
) {
    let is_behind = !part.queue.borrow().is_empty();
    let place = if is_behind { None } else { admit(shard, part, scenario, arrival.wanted) };
    let mut recorder = shard.recorder.borrow_mut();
    let Some(counters) = recorder.interval.scenarios.get_mut(usize::from(part.number)) else { return };
    counters.planned += 1;
    match (place, scenario.conduct.saturation) {
        (Some(place), _) => {
            counters.started += 1;
            counters.late += u64::from(now.since(arrival.due) > LATE);
            if arrival.due >= part.warm_until.get() {
                recorder.interval.lag.record(now.since(arrival.due));
            }
            drop(recorder);
            begin(shard, part, place, arrival);
        }
        (None, Saturation::Queue) => {
            drop(recorder);
            part.queue.borrow_mut().push_back(arrival);
            Part::add(&part.in_flight);
        }
        (None, Saturation::Drop) => counters.dropped += 1,
        (None, Saturation::Abort) => {
            counters.dropped += 1;
            let text = format!(
                "scenario {}: an iteration was due and could not begin, which ends the run",
                scenario.name
            );
            recorder.notice(now, Severity::Error, text);
            shard.control.wish(Wish::Threshold);
        }
    }
}

/// Begins as many of the arrivals that wait as there is room for.
pub(super) fn begin_queued(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario) {
    loop {
        let Some(next) = part.queue.borrow().front().copied() else { return };
        let Some(place) = admit(shard, part, scenario, next.wanted) else { return };
        part.queue.borrow_mut().pop_front();
        let late = u64::from(shard.now().since(next.due) > LATE);
        if let Some(counters) =
            shard.recorder.borrow_mut().interval.scenarios.get_mut(usize::from(part.number))
        {
            counters.started += 1;
            counters.late += late;
        }
        begin(shard, part, place, next);
        part.remove(&part.in_flight);
    }
}

/// Room may come from another scenario or another shard, which nobody tells of.
pub(super) async fn watch_queue(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario) {
    loop {
        tokio::time::sleep(QUEUE_PAUSE).await;
        begin_queued(shard, part, scenario);
    }
}

/// Drops what still waits.
pub(super) fn drop_queued(shard: &Shard, part: &Part) {
    let waiting = std::mem::take(&mut *part.queue.borrow_mut()).len() as u64;
    if let Some(counters) = shard.recorder.borrow_mut().interval.scenarios.get_mut(usize::from(part.number)) {
        counters.dropped += waiting;
    }
    (0..waiting).for_each(|_| part.remove(&part.in_flight));
}

/// A seat for an iteration, where there is one and the limit is not reached.
fn admit(shard: &Shard, part: &Part, scenario: &Scenario, wanted: usize) -> Option<usize> {
    let free = shard.free_seat(scenario.group, wanted)?;
    let number = usize::from(part.number);
    scenario.conduct.max_in_flight.is_none_or(|most| shard.gates.enter(number, most)).then_some(free)
}

fn begin(shard: &Rc<Shard>, part: &Rc<Part>, place: usize, arrival: Queued) {
    let Queued { number, due, .. } = arrival;
    let rng = shard.plan.seed.stream(Domain::Iteration, u64::from(part.number), number);
    spawn_iteration(shard, part, place, Ticket { ordinal: number, due, rng });
}

const QUEUE_PAUSE: Duration = Duration::from_millis(2);
