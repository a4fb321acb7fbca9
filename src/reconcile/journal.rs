//! One line of a terminal's journal: what it believes of a transaction at that moment.

use crate::{
    card::Pan,
    iso8583::{BatchNo, MerchantId, Rrn, Stan, TerminalId},
    money::Amount,
    operation::Kind,
};
use std::time::Duration;

/// What tells a transaction apart on both sides: one STAN of one batch of one terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 60.2.
    pub batch: BatchNo,
    /// DE 11.
    pub stan: Stan,
}

/// One line of a terminal's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, since the start of the run.
    pub at: Duration,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 60.2.
    pub batch: BatchNo,
    /// DE 11.
    pub stan: Stan,
    /// Which transaction.
    pub kind: Kind,
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 4.
    pub amount: Amount,
    /// The card; it prints masked.
    pub card: Option<Pan>,
    /// DE 37, once an answer has brought it.
    pub rrn: Option<Rrn>,
    /// What the terminal believes.
    pub belief: Belief,
}

impl Entry {
    /// What tells the transaction apart.
    pub fn key(&self) -> Key {
        Key { terminal: self.terminal, batch: self.batch, stan: self.stan }
    }
}

/// What a terminal believes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Belief {
    /// It was approved.
    Approved,
    /// It may have happened; a reversal is owed.
    Unknown,
    /// It was reversed.
    Reversed,
    /// It may have happened, and the reversal was given up.
    ReversalAbandoned,
    /// It was approved, and a later transaction voided it.
    Voided,
    /// It was approved, and a later notice changed its amount to this one.
    Adjusted,
    /// It was done offline, and waits to be told to the host.
    Stored,
    /// It was done offline, and the host refused it.
    Refused,
    /// Its batch was settled.
    Settled,
}

impl Belief {
    /// All beliefs with their names in journals.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Approved, "approved"),
        (Self::Unknown, "unknown"),
        (Self::Reversed, "reversed"),
        (Self::ReversalAbandoned, "reversal-abandoned"),
        (Self::Voided, "voided"),
        (Self::Adjusted, "adjusted"),
        (Self::Stored, "stored"),
        (Self::Refused, "refused"),
        (Self::Settled, "settled"),
    ];

    /// The name in journals.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(belief, _)| *belief == self).map_or("?", |(_, name)| name)
    }
}
