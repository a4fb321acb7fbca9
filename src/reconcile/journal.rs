//! One line of a terminal's journal: what it believes of a transaction at that moment. What follows from the lines of
//! one transaction is the business of `transaction`.

use crate::{
    card::{MaskedPan, Pan},
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

/// One line of a terminal's journal as files keep it, and as it is compared: an [`Entry`] whose card is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, since the start of the run, in whole milliseconds.
    pub at: Duration,
    /// Which transaction.
    pub key: Key,
    /// Its kind.
    pub kind: Kind,
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 4.
    pub amount: Amount,
    /// The masked card, if there was one.
    pub card: Option<MaskedPan>,
    /// DE 37, once an answer has brought it.
    pub rrn: Option<Rrn>,
    /// What the terminal believes.
    pub belief: Belief,
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        Self {
            at: entry.at,
            key: entry.key(),
            kind: entry.kind,
            merchant: entry.merchant,
            amount: entry.amount,
            card: entry.card.as_ref().map(MaskedPan::from),
            rrn: entry.rrn,
            belief: entry.belief,
        }
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

    /// The belief of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(belief, _)| *belief)
    }

    /// The name in journals.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(belief, _)| *belief == self).map_or("?", |(_, name)| name)
    }
}
