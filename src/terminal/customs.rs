//! What acquirers of one dialect do differently in its messages: codes of DE 60.3, the width of DE 60, and reasons of
//! reversals. The formats of elements are in the dialect's `Spec`.

use super::Reason;
use crate::{iso8583::ResponseCode, operation::Kind};

/// What acquirers of one dialect do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Customs {
    /// DE 60.3 by kind; `None` is as the table of operations, or the form of the sign-in, says.
    codes: [Option<u16>; Kind::ALL.len()],
    /// How many digits DE 60 of a financial message has: 8, 11, 13, 14 or 17.
    pub financial_60: u8,
    /// What reversals say in DE 39.
    pub reasons: ReversalReasons,
}

/// What reversals say in DE 39.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversalReasons {
    /// There was no answer.
    pub no_answer: ResponseCode,
    /// The answer's MAC was wrong.
    pub wrong_mac: ResponseCode,
    /// Anything else.
    pub other: ResponseCode,
}

impl Customs {
    /// The widths that DE 60 of a financial message can have, in digits.
    pub const FINANCIAL_60: [u8; 5] = [8, 11, 13, 14, 17];

    /// The same with another code in DE 60.3 of a kind.
    pub const fn with_code(mut self, kind: Kind, code: u16) -> Self {
        self.codes[kind as usize] = Some(code);
        self
    }

    /// DE 60.3 of a kind; `usual` where the acquirer does as most do.
    pub fn network_management(&self, kind: Kind, usual: u16) -> u16 {
        self.codes.get(kind as usize).copied().flatten().unwrap_or(usual)
    }
}

impl ReversalReasons {
    /// DE 39 of a reversal for this reason.
    pub const fn code(&self, reason: Reason) -> ResponseCode {
        match reason {
            Reason::NoAnswer => self.no_answer,
            Reason::WrongMac => self.wrong_mac,
            Reason::Other => self.other,
        }
    }
}

impl Default for Customs {
    fn default() -> Self {
        Self { codes: [None; Kind::ALL.len()], financial_60: 13, reasons: ReversalReasons::default() }
    }
}

impl Default for ReversalReasons {
    fn default() -> Self {
        Self {
            no_answer: Reason::NoAnswer.code(),
            wrong_mac: Reason::WrongMac.code(),
            other: Reason::Other.code(),
        }
    }
}
