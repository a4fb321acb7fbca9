//! What a simulated acquirer allows and charges, and what it gets wrong on purpose.

use std::{ops::RangeInclusive, time::Duration};

/// What the acquirer keeps of every payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Hundredths of a percent of the amount, rounded half up.
    pub basis_points: u32,
}

impl Default for Fees {
    /// 0.60 %.
    fn default() -> Self {
        Self { basis_points: 60 }
    }
}

/// How much more than was set aside a completion may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreAuthPolicy {
    /// The most that a completion may be, in percent of what was set aside.
    pub completion_percent: u32,
}

impl Default for PreAuthPolicy {
    /// 115 %.
    fn default() -> Self {
        Self { completion_percent: 115 }
    }
}

/// How large a tip may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TipPolicy {
    /// The most that a tip adjustment may add, in percent of the sale.
    pub percent: u32,
}

impl Default for TipPolicy {
    /// 20 %.
    fn default() -> Self {
        Self { percent: 20 }
    }
}

/// What becomes of orders that wait for a payer to scan their code; drawn for each order from the seed.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderDrill {
    /// How long payers take, drawn evenly; the host's clock has whole seconds.
    pub pays_after: RangeInclusive<Duration>,
    /// The share of orders that the payer closes instead, after the same time.
    pub closed: f64,
    /// The share of orders that nobody pays.
    pub expired: f64,
    /// How long an order that nobody pays can be asked about before it is called expired.
    pub expires_after: Duration,
}

impl Default for OrderDrill {
    /// Everybody pays within six seconds; an order expires after two minutes.
    fn default() -> Self {
        Self {
            pays_after: Duration::from_secs(0)..=Duration::from_secs(6),
            closed: 0.0,
            expired: 0.0,
            expires_after: Duration::from_secs(120),
        }
    }
}

/// What a host gets wrong on purpose, so that whoever reconciles can be tested: every answer looks right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bug {
    /// Reversals are answered with 00, and the money stays where it is.
    ForgetsReversal,
    /// Every sale is booked a second time under another reference.
    BooksTwice,
    /// Voids are answered with 00 and not booked.
    IgnoresVoid,
    /// Sales are booked for another terminal and its merchant.
    SettlesToNeighbour,
    /// Sales are booked with one minor unit too much.
    WrongAmount,
}

impl Bug {
    /// All bugs with their names in scenario files.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::ForgetsReversal, "forgets-reversal"),
        (Self::BooksTwice, "books-twice"),
        (Self::IgnoresVoid, "ignores-void"),
        (Self::SettlesToNeighbour, "settles-to-neighbour"),
        (Self::WrongAmount, "wrong-amount"),
    ];
}
