//! What acquirers of one dialect do differently in its messages: which have a MAC, codes of DE 60.3, the width of DE 60,
//! and reasons of reversals. The formats of elements are in the dialect's `Spec`.

use super::Reason;
use crate::{
    iso8583::{Mti, ResponseCode},
    operation::{Kind, KindSet},
};

/// What acquirers of one dialect do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Customs {
    /// DE 60.3 by kind; `None` is as the table of operations, or the form of the sign-in, says.
    codes: [Option<u16>; Kind::ALL.len()],
    /// The kinds whose messages have a MAC.
    macs: KindSet,
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

    /// The same with a MAC in the messages of these kinds and in their answers, and in no others.
    ///
    /// What may be sent before a sign-in has none in any case: there may be no keys for it.
    pub const fn with_macs(mut self, kinds: KindSet) -> Self {
        self.macs = kinds.and(Self::MAY_HAVE_MAC);
        self
    }

    /// Whether messages of this kind have a MAC.
    pub const fn has_mac(&self, kind: Kind) -> bool {
        self.macs.has(kind)
    }

    /// Whether DE 60.3 of a kind can be another: of those whose DE 60.3 says which operation it is.
    pub const fn has_code(kind: Kind) -> bool {
        !kind.is_financial() && !matches!(kind, Kind::Settlement | Kind::BatchUpload)
    }

    /// DE 60.3 of a kind; `usual` where the acquirer does as most do.
    pub fn network_management(&self, kind: Kind, usual: u16) -> u16 {
        self.codes.get(kind as usize).copied().flatten().unwrap_or(usual)
    }

    /// Whether a host can take the messages of both for those of one acquirer.
    pub fn is_understood_as(&self, other: &Self) -> bool {
        (self.codes, self.macs) == (other.codes, other.macs)
    }

    /// The kind that has `code`, or one of the numbers after it, instead of its usual code, and how many numbers after.
    pub fn renamed(&self, mti: Mti, code: u16) -> Option<(Kind, u16)> {
        let own = Kind::ALL.into_iter().zip(self.codes).filter_map(|((kind, _), own)| Some((kind, own?)));
        let steps = own.map(|(kind, own)| (kind, code.wrapping_sub(own)));
        steps
            .filter(|(kind, steps)| *steps <= numbers_after(*kind) && speaks(*kind, mti))
            .min_by_key(|(_, steps)| *steps)
    }

    const MAY_HAVE_MAC: KindSet = {
        let (mut set, mut place) = (KindSet::EMPTY, 0);
        while place < Kind::ALL.len() {
            let kind = Kind::ALL[place].0;
            set = if kind.form().before_sign_in { set } else { set.with(kind) };
            place += 1;
        }
        set
    };

    /// The kinds that are about money.
    pub const FINANCIAL: KindSet = {
        let (mut set, mut place) = (KindSet::EMPTY, 0);
        while place < Kind::ALL.len() {
            let kind = Kind::ALL[place].0;
            set = if kind.is_financial() { set.with(kind) } else { set };
            place += 1;
        }
        set
    };
}

/// How many numbers a kind takes after its code: the end and the list of a download, the parts of a signature.
const fn numbers_after(kind: Kind) -> u16 {
    match kind {
        Kind::AidDownload | Kind::CapkDownload => 2,
        Kind::ESignature => 9,
        Kind::KeyDownload => 0,
        _ if kind.is_download() => 1,
        _ => 0,
    }
}

/// Whether messages of a kind are of this type; lists of downloads are asked for by another.
fn speaks(kind: Kind, mti: Mti) -> bool {
    kind.form().mti == mti || kind.is_download() && mti == Mti::NETWORK_ADVICE
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
        let codes = [None; Kind::ALL.len()];
        Self { codes, macs: Self::FINANCIAL, financial_60: 13, reasons: ReversalReasons::default() }
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
