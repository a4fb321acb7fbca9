//! What happens by itself, in the order of its time.

use super::{ApplicationNo, PayoutNo};
use crate::time::Instant;
use std::collections::BTreeMap;

/// Something that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// An application, in its so-manyth submission, is decided by the machine.
    Review(ApplicationNo, usize),
    /// An approved application takes effect, or makes its next step.
    Step(ApplicationNo),
    /// A payout is made.
    Payout(PayoutNo),
}

/// What is due when; what falls on one instant happens in the order in which it was entered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Agenda {
    entries: BTreeMap<(Instant, u64), Due>,
    entered: u64,
}

impl Agenda {
    pub(super) fn enter(&mut self, at: Instant, due: Due) {
        self.entered += 1;
        self.entries.insert((at, self.entered), due);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first thing that is due at `now`, with its time.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Instant, Due)> {
        self.entries.first_entry().filter(|first| first.key().0 <= now).map(|first| {
            let at = first.key().0;
            (at, first.remove())
        })
    }
}
