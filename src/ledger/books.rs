//! The books in memory.

use super::{Account, Booking, Posting, Record, State};
use crate::{
    iso8583::{BatchNo, TerminalId},
    money::Amount,
    reconcile::Key,
};
use std::collections::HashMap;

/// The books of a host in memory.
#[derive(Debug, Default)]
pub struct Ledger {
    bookings: HashMap<Key, Booking>,
    balances: HashMap<Account, i64>,
    batches: HashMap<TerminalId, BatchNo>,
}

impl Ledger {
    /// Changes the books.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Booked(booking) => {
                self.post(&booking.postings);
                self.bookings.insert(booking.key, booking.clone());
            }
            Record::Moved { key, state, amount, postings } => {
                self.post(postings);
                if let Some(booking) = self.bookings.get_mut(key) {
                    (booking.state, booking.amount) = (*state, *amount);
                }
            }
            Record::BatchClosed { terminal, next, .. } => {
                self.batches.insert(*terminal, *next);
            }
        }
    }

    /// A transaction.
    pub fn get(&self, key: &Key) -> Option<&Booking> {
        self.bookings.get(key)
    }

    /// All transactions, in no order.
    pub fn bookings(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.values()
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.bookings.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bookings.is_empty()
    }

    /// What came to an account less what left it, in minor units.
    pub fn balance(&self, account: &Account) -> i64 {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// All accounts that money ever moved on, in no order.
    pub fn balances(&self) -> impl Iterator<Item = (&Account, i64)> {
        self.balances.iter().map(|(account, amount)| (account, *amount))
    }

    /// The open batch of a terminal that has settled before.
    pub fn batch(&self, terminal: &TerminalId) -> Option<BatchNo> {
        self.batches.get(terminal).copied()
    }

    /// Everything that is captured and stands.
    pub fn captured(&self) -> impl Iterator<Item = (Key, Amount)> + '_ {
        let stands = |booking: &&Booking| booking.state == State::Captured;
        self.bookings.values().filter(stands).map(|booking| (booking.key, booking.amount))
    }

    fn post(&mut self, postings: &[Posting]) {
        debug_assert_eq!(postings.iter().map(|posting| posting.amount).sum::<i64>(), 0, "money only moves");
        for posting in postings {
            *self.balances.entry(posting.account).or_default() += posting.amount;
        }
    }
}
