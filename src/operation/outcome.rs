//! What came of an operation.

use super::Kind;
use crate::{
    iso8583::{ApprovalCode, MonthDay, ResponseCode, Rrn, Stan},
    metrics::Class,
    money::Amount,
};
use std::time::Duration;

/// What came of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What had been asked.
    pub kind: Kind,
    /// How it ended.
    pub end: End,
    /// DE 39 of the answer.
    pub code: Option<ResponseCode>,
    /// DE 11 of the request.
    pub stan: Option<Stan>,
    /// The amount of the answer (DE 4), else of the request.
    pub amount: Amount,
    /// DE 37 of the answer.
    pub rrn: Option<Rrn>,
    /// DE 38 of the answer.
    pub approval_code: Option<ApprovalCode>,
    /// DE 13 of the answer.
    pub date: Option<MonthDay>,
    /// The available balance (DE 54) of the answer; negative when overdrawn.
    pub balance: Option<i64>,
    /// From the send of the request to its answer, when both happened.
    pub service: Option<Duration>,
}

impl Outcome {
    /// An outcome of `kind` that knows nothing but how it ended.
    pub fn ended(kind: Kind, end: End, amount: Amount) -> Self {
        Self {
            kind,
            end,
            code: None,
            stan: None,
            amount,
            rrn: None,
            approval_code: None,
            date: None,
            balance: None,
            service: None,
        }
    }

    /// Why it could not be done, where that is how it ended.
    pub fn failure(&self) -> Option<Failure> {
        match self.end {
            End::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// The class under which it is counted.
    pub fn class(&self) -> Class {
        match self.end {
            End::Approved => Class::Approved,
            End::Declined => Class::Declined,
            End::TimedOut => Class::TimedOut,
            End::Failed(_) => Class::Failed,
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The host approved.
    Approved,
    /// The host answered, and declined.
    Declined,
    /// No answer came in time.
    TimedOut,
    /// It could not be done.
    Failed(Failure),
}

/// Why an operation could not be done, and who is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Failure {
    /// The target refused the connection or could not be reached.
    NotConnected,
    /// The target closed the connection before it answered.
    ConnectionLost,
    /// The answer's MAC is wrong.
    WrongMac,
    /// What came is not an ISO 8583 message of the spec.
    Malformed,
    /// Work keys could not be unwrapped: their check values do not fit.
    KeyCheck,
    /// The terminal is not signed in and may not sign in by itself.
    NotSignedIn,
    /// An earlier reversal had to be sent first and was not answered.
    ReversalPending,
    /// The terminal has no key for what it was asked (not signed in with that kind of key), or the card lacks data.
    MissingData,
    /// The terminal's log has no transaction that the operation could be about.
    NoOriginal,
    /// This kind of terminal cannot do that.
    NotAble,
    /// The log is full and could not be settled.
    LogFull,
    /// A settlement that has begun had to be finished first, or a notice told before it, and the host did not answer.
    SettlementPending,
    /// The payer did not pay in time, or the host closed the order.
    NotPaid,
    /// A table, key or list that the target sent is cut off or not of the spec.
    BrokenDownload,
    /// The card does not accept what the issuer answered (tag 91), although the host approved.
    CardRefused,
    /// Nobody put a card into a real terminal.
    NoCard,
    /// The counters of the terminal's derived keys are used up.
    KeysExhausted,
    /// The run ended before the operation did.
    Interrupted,
}

impl Failure {
    /// All failures with their names in results, and who is to blame in a sentence.
    pub const ALL: [(Self, &'static str, &'static str); 18] = [
        (Self::NotConnected, "not-connected", "the target refused the connection or could not be reached"),
        (Self::ConnectionLost, "connection-lost", "the target closed the connection before it answered"),
        (Self::WrongMac, "wrong-mac", "the target's answer carries a wrong MAC"),
        (Self::Malformed, "malformed", "the target sent what is not a message of the spec"),
        (
            Self::KeyCheck,
            "key-check",
            "the target's work keys do not fit their check values or the terminal's TMK",
        ),
        (Self::NotSignedIn, "not-signed-in", "the scenario asks for an operation before a sign-in"),
        (Self::ReversalPending, "reversal-pending", "the target left an earlier reversal unanswered"),
        (Self::MissingData, "missing-data", "the scenario's card or keys lack what the operation needs"),
        (
            Self::NoOriginal,
            "no-original",
            "the terminal's log has no transaction that the operation could be about",
        ),
        (Self::NotAble, "not-able", "the scenario asks for what this kind of terminal cannot do"),
        (Self::LogFull, "log-full", "the terminal's log is full, and the target did not settle it"),
        (
            Self::SettlementPending,
            "settlement-pending",
            "the target left a settlement, or a notice before it, unanswered",
        ),
        (Self::NotPaid, "not-paid", "the payer did not pay in time, or the target closed the order"),
        (
            Self::BrokenDownload,
            "broken-download",
            "the target sent a table that is cut off or not of the spec",
        ),
        (Self::CardRefused, "card-refused", "the card does not accept what the target's issuer answered"),
        (Self::NoCard, "no-card", "nobody put a card into the terminal"),
        (
            Self::KeysExhausted,
            "keys-exhausted",
            "the scenario's terminal has used up all keys of its initial key",
        ),
        (Self::Interrupted, "interrupted", "the run ended before the operation did"),
    ];

    /// The name in results.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(failure, ..)| *failure == self).map_or("?", |(_, name, _)| name)
    }

    /// What happened and who is to blame.
    pub fn blame(self) -> &'static str {
        Self::ALL.iter().find(|(failure, ..)| *failure == self).map_or("?", |(.., blame)| blame)
    }
}
