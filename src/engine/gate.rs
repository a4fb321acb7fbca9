//! Where the shards meet: a scenario begins at one instant for all of them, and is over when all of them are done.

use crate::{scenario::Plan, scenario::Start, time::Instant};
use std::sync::{
    Mutex,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// The gates of all scenarios of a run.
#[derive(Debug)]
pub(super) struct Gates(Vec<Gate>);

/// The gate of one scenario.
#[derive(Debug)]
struct Gate {
    start: Start,
    began: Mutex<Option<Instant>>,
    shards_left: AtomicUsize,
    /// Iterations that shards have taken of those that all terminals share.
    taken: AtomicU64,
    ended: watch::Sender<Option<Instant>>,
}

/// When a scenario began and ended, as far as it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) began: Option<Instant>,
    pub(super) ended: Option<Instant>,
}

impl Gates {
    pub(super) fn new(plan: &Plan, shards: usize) -> Self {
        let gate = |start| Gate {
            start,
            began: Mutex::new(None),
            shards_left: AtomicUsize::new(shards),
            taken: AtomicU64::new(0),
            ended: watch::channel(None).0,
        };
        Self(plan.scenarios.iter().map(|scenario| gate(scenario.start)).collect())
    }

    /// Waits until it is known when scenario `number` begins, and returns that instant.
    pub(super) async fn begin(&self, number: usize) -> Instant {
        let Some(gate) = self.0.get(number) else { return Instant::START };
        let begin = match gate.start {
            Start::At(after) => Instant::START + after,
            Start::After(other, delay) => self.ended(other).await + delay,
        };
        gate.began.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(begin);
        begin
    }

    /// Takes the next of the iterations that the terminals of scenario `number` share; `None` when `count` are taken.
    pub(super) fn take(&self, number: usize, count: u64) -> Option<u64> {
        let next = self.0.get(number)?.taken.fetch_add(1, Ordering::Relaxed);
        (next < count).then_some(next)
    }

    /// One shard is done with scenario `number`.
    pub(super) fn shard_ended(&self, number: usize, now: Instant) {
        let Some(gate) = self.0.get(number) else { return };
        if gate.shards_left.fetch_sub(1, Ordering::AcqRel) == 1 {
            gate.ended.send_replace(Some(now));
        }
    }

    /// When scenario `number` began and ended, as far as it has by now.
    pub(super) fn life(&self, number: usize, now: Instant) -> Life {
        let Some(gate) = self.0.get(number) else { return Life::default() };
        let began = *gate.began.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Life { began: began.filter(|began| *began <= now), ended: *gate.ended.borrow() }
    }

    async fn ended(&self, number: usize) -> Instant {
        let Some(gate) = self.0.get(number) else { return Instant::START };
        let mut ended = gate.ended.subscribe();
        let instant = ended.wait_for(Option::is_some).await.ok().and_then(|ended| *ended);
        instant.unwrap_or(Instant::START)
    }
}
