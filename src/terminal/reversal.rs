//! The one reversal a terminal may owe, and what it keeps for it of the original request.

use super::{Active, Terminal};
use crate::{
    card::{Expiry, Pan},
    iso8583::{ApprovalCode, BatchNo, ResponseCode, Stan},
    money::Amount,
    operation::{End, Entry as CardEntry, Failure, Kind},
    reconcile::{Belief, Entry},
    time::Instant,
};

/// Why a transaction is reversed (DE 39 of 0400).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 98: no answer.
    NoAnswer,
    /// A0: the answer's MAC is wrong.
    WrongMac,
    /// 06: anything else, such as an answer that cannot be read or a loss of power.
    Other,
}

impl Reason {
    /// The reason that follows from how the operation ended.
    pub(super) fn of(end: End) -> Self {
        match end {
            End::TimedOut | End::Failed(Failure::ConnectionLost) => Self::NoAnswer,
            End::Failed(Failure::WrongMac) => Self::WrongMac,
            _ => Self::Other,
        }
    }

    /// DE 39.
    pub fn code(self) -> ResponseCode {
        match self {
            Self::NoAnswer => ResponseCode::NO_ANSWER,
            Self::WrongMac => ResponseCode::MAC_FAILED,
            Self::Other => ResponseCode::ERROR,
        }
    }
}

/// What a terminal keeps of a request whose fate it does not know; it survives power loss.
#[derive(Clone, Debug)]
pub(super) struct Reversal {
    pub(super) kind: Kind,
    pub(super) stan: Stan,
    pub(super) batch: BatchNo,
    pub(super) amount: Amount,
    pub(super) reason: Reason,
    pub(super) approval_code: Option<ApprovalCode>,
    pub(super) entry: CardEntry,
    pub(super) with_pin: bool,
    pub(super) pan: Pan,
    pub(super) expiry: Expiry,
    pub(super) card_sequence: Option<u8>,
}

impl Reversal {
    /// The reversal of the active operation, if it has the parts of a financial request.
    pub(super) fn of(active: &Active, batch: BatchNo, reason: Reason) -> Option<Self> {
        let used = active.operation.card.as_ref()?;
        Some(Self {
            kind: active.operation.kind,
            stan: active.stan?,
            batch,
            amount: active.operation.amount,
            reason,
            approval_code: None,
            entry: used.entry,
            with_pin: used.pin,
            pan: used.card.pan,
            expiry: used.card.expiry,
            card_sequence: used.card.sequence,
        })
    }

    /// What the terminal believes of the original now, as a line of its journal.
    pub(super) fn entry(&self, terminal: &Terminal, belief: Belief, now: Instant) -> Entry {
        Entry {
            at: now.since(Instant::START),
            terminal: terminal.id,
            batch: self.batch,
            stan: self.stan,
            kind: self.kind,
            amount: self.amount,
            merchant: terminal.merchant,
            card: Some(self.pan),
            rrn: None,
            belief,
        }
    }
}
