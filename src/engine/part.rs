//! What a shard keeps of the one scenario whose part it runs: how much is under way, and whether more may begin.

use crate::time::Instant;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};
use tokio::sync::Notify;

/// The part of one scenario that one shard runs.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: u16,
    /// Iterations under way.
    pub(super) in_flight: Cell<u64>,
    /// Terminals of a closed model that may still begin an iteration.
    pub(super) looping: Cell<u64>,
    /// Whether no further iteration may begin.
    pub(super) is_over: Cell<bool>,
    /// Whether iterations that are cut short have no time for what follows then.
    pub(super) is_abandoned: Cell<bool>,
    /// Figures of iterations that come due before are kept apart.
    pub(super) warm_until: Cell<Instant>,
    /// Arrivals that wait for a free terminal; they count as under way.
    pub(super) queue: RefCell<VecDeque<Queued>>,
    /// How many iterations each seat of a closed model has begun.
    rounds: RefCell<Vec<u64>>,
    /// Rings when one of the two counts falls to zero.
    ended: Notify,
}

/// An arrival that waits for a free terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queued {
    pub(super) number: u64,
    pub(super) due: Instant,
    /// The seat of the terminal that it is for.
    pub(super) wanted: usize,
}

impl Part {
    pub(super) fn new(number: u16) -> Self {
        Self {
            number,
            in_flight: Cell::new(0),
            looping: Cell::new(0),
            is_over: Cell::new(false),
            is_abandoned: Cell::new(false),
            warm_until: Cell::new(Instant::START),
            queue: RefCell::default(),
            rounds: RefCell::default(),
            ended: Notify::new(),
        }
    }

    /// The number of the next iteration in a seat, counted from 0.
    pub(super) fn next_round(&self, place: usize) -> u64 {
        let mut rounds = self.rounds.borrow_mut();
        if rounds.len() <= place {
            rounds.resize(place + 1, 0);
        }
        let round = rounds[place];
        rounds[place] += 1;
        round
    }

    /// Counts one more.
    pub(super) fn add(count: &Cell<u64>) {
        count.set(count.get() + 1);
    }

    /// Counts one less.
    pub(super) fn remove(&self, count: &Cell<u64>) {
        count.set(count.get().saturating_sub(1));
        if count.get() == 0 {
            self.ended.notify_one();
        }
    }

    /// Waits until there is none left.
    pub(super) async fn wait_for_zero(&self, count: &Cell<u64>) {
        while count.get() > 0 {
            self.ended.notified().await;
        }
    }
}
