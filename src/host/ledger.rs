//! The books of the host: every request that moved money or tried to, by terminal, batch and STAN.

use crate::{
    card::Pan,
    iso8583::{ApprovalCode, ResponseCode, Rrn},
    money::Amount,
    operation::Kind,
    reconcile::Key,
};
use std::collections::{HashMap, hash_map::Entry};

/// The books of the host.
#[derive(Debug, Default)]
pub struct Ledger {
    bookings: HashMap<Key, Booking>,
}

/// One line of the books.
#[derive(Clone, Debug, PartialEq)]
pub struct Booking {
    /// Which transaction.
    pub kind: Kind,
    /// DE 4.
    pub amount: Amount,
    /// The card, where there was one.
    pub card: Option<Pan>,
    /// DE 37.
    pub rrn: Rrn,
    /// DE 38 of an approval.
    pub approval_code: Option<ApprovalCode>,
    /// Where it stands.
    pub state: State,
}

/// Where a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The money has moved.
    Captured,
    /// It had moved, and was moved back; or its reversal came before it.
    Reversed,
    /// It was declined with this code.
    Declined(ResponseCode),
}

impl Ledger {
    /// The line of a transaction.
    pub fn get(&self, key: &Key) -> Option<&Booking> {
        self.bookings.get(key)
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.bookings.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bookings.is_empty()
    }

    /// Everything that is captured and not reversed.
    pub fn captured(&self) -> impl Iterator<Item = (Key, Amount)> + '_ {
        let captured = self.bookings.iter().filter(|(_, booking)| booking.state == State::Captured);
        captured.map(|(key, booking)| (*key, booking.amount))
    }

    /// Writes a new line; `false` when the transaction has one already.
    pub(super) fn book(&mut self, key: Key, booking: Booking) -> bool {
        match self.bookings.entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(booking);
                true
            }
        }
    }

    pub(super) fn get_mut(&mut self, key: &Key) -> Option<&mut Booking> {
        self.bookings.get_mut(key)
    }
}
