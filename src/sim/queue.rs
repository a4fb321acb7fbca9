//! What is to happen in a simulated world, in order of virtual time.

use crate::{host::ConnectionId, time::Instant};
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

/// Something that is to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// A terminal takes its next operation.
    Begin(usize),
    /// The deadline of a terminal's last wait passes.
    Timer(usize),
    /// The power of a terminal fails.
    PowerCut(usize),
    /// The merchant comes to the counter of the portal.
    Visit,
    /// The deadline of the host's last wait passes.
    HostTimer,
    /// A connection that a terminal asked for is open.
    Connected(ConnectionId),
    /// A connection is refused, or the host or the network has ended it.
    Closed(ConnectionId),
    /// Bytes reach the host.
    ToHost(ConnectionId, Vec<u8>),
    /// Bytes reach a terminal.
    ToTerminal(ConnectionId, Vec<u8>),
}

/// What is to happen; of one instant, what was scheduled first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Scheduled>,
    scheduled: u64,
}

#[derive(Debug)]
struct Scheduled {
    at: Instant,
    number: u64,
    event: Event,
}

impl Queue {
    pub(super) fn push(&mut self, at: Instant, event: Event) {
        self.scheduled += 1;
        self.heap.push(Scheduled { at, number: self.scheduled, event });
    }

    pub(super) fn pop(&mut self) -> Option<(Instant, Event)> {
        self.heap.pop().map(|scheduled| (scheduled.at, scheduled.event))
    }
}

impl Scheduled {
    fn order(&self) -> Reverse<(Instant, u64)> {
        Reverse((self.at, self.number))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Scheduled {}
