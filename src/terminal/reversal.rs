//! The one reversal a terminal may owe: the original request, and why it is reversed.

use super::transaction::Transaction;
use crate::{
    iso8583::ResponseCode,
    operation::{End, Failure},
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
    pub(super) transaction: Transaction,
    pub(super) reason: Reason,
}
