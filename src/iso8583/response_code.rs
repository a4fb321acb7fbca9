//! The response code (DE 39): what it means and what a terminal does about it.

use std::{fmt, str::FromStr};

use super::{
    identifier::fixed_text,
    text::{ValueError, serde_as_text},
};

fixed_text! {
    /// A response code; codes that no table knows stay what they are (DE 39).
    ResponseCode, 2, "a response code", "2 printable ASCII characters"
}

impl ResponseCode {
    /// Returns the category; `None` for a code the table does not know, which counts as failed.
    #[must_use]
    pub fn category(self) -> Option<Category> {
        self.entry().map(|entry| entry.1)
    }

    /// Returns the meaning in English.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.entry().map_or("failed", |entry| entry.3)
    }

    /// Returns what a terminal does.
    #[must_use]
    pub fn action(self) -> Action {
        self.entry().map_or(Action::ShowFailure, |entry| entry.2)
    }

    /// Says whether the transaction is approved: 00, 10, 11, A2, A4, A5, A6.
    #[must_use]
    pub const fn is_approval(self) -> bool {
        matches!(&self.0, b"00" | b"10" | b"11" | b"A2" | b"A4" | b"A5" | b"A6")
    }

    fn entry(self) -> Option<&'static Entry> {
        TABLE.binary_search_by_key(&self.0, |entry| *entry.0).ok().and_then(|index| TABLE.get(index))
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl ResponseCode {
            $($(#[$doc])* pub const $name: Self = Self(*$code);)*
        }
    };
}

codes! {
    /// 00: approved.
    APPROVED = b"00";
    /// 03: invalid merchant.
    INVALID_MERCHANT = b"03";
    /// 05: not honoured.
    NOT_HONOURED = b"05";
    /// 06: error; in a reversal, its reason is none of the others.
    ERROR = b"06";
    /// 10: approved for a part of the amount.
    PARTIAL_APPROVAL = b"10";
    /// 11: approved, important customer.
    APPROVED_VIP = b"11";
    /// 12: invalid transaction.
    INVALID_TRANSACTION = b"12";
    /// 13: invalid amount.
    INVALID_AMOUNT = b"13";
    /// 14: invalid card number.
    INVALID_CARD = b"14";
    /// 25: original not found.
    ORIGINAL_NOT_FOUND = b"25";
    /// 30: format error.
    FORMAT_ERROR = b"30";
    /// 40: function not supported.
    NOT_SUPPORTED = b"40";
    /// 45: no fallback to the stripe, the chip is to be used.
    NO_FALLBACK = b"45";
    /// 51: insufficient funds.
    INSUFFICIENT_FUNDS = b"51";
    /// 54: expired card.
    EXPIRED_CARD = b"54";
    /// 55: wrong PIN.
    WRONG_PIN = b"55";
    /// 61: over the amount limit.
    OVER_LIMIT = b"61";
    /// 64: amount differs from the original.
    AMOUNT_MISMATCH = b"64";
    /// 68: the issuer timed out.
    ISSUER_TIMEOUT = b"68";
    /// 75: PIN tries exceeded.
    PIN_TRIES_EXCEEDED = b"75";
    /// 77: batch number differs.
    BATCH_MISMATCH = b"77";
    /// 91: issuer not available.
    ISSUER_UNAVAILABLE = b"91";
    /// 94: duplicate transaction.
    DUPLICATE = b"94";
    /// 95: totals differ.
    TOTALS_MISMATCH = b"95";
    /// 96: centre fault; in a reversal, fault of the terminal.
    SYSTEM_FAULT = b"96";
    /// 97: terminal not registered.
    UNKNOWN_TERMINAL = b"97";
    /// 98: no answer from the issuer; in a reversal, time-out.
    NO_ANSWER = b"98";
    /// 99: PIN format error.
    PIN_FORMAT = b"99";
    /// A0: MAC failed.
    MAC_FAILED = b"A0";
}

/// How a response code is handled as a class (the table's letter).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// A: success.
    Success,
    /// B: failed, may be tried again.
    Retry,
    /// C: failed, is not tried again.
    NoRetry,
    /// D: failed, the operator acts.
    OperatorActs,
    /// E: failed by a fault of the system, is not tried again.
    SystemFault,
}

/// What a terminal does about a response code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Stores the transaction and prints the receipt.
    Complete,
    /// Stores the transaction with the amount of the response and shows that it differs.
    CompletePartially,
    /// Stores the transaction and tells the operator to ask the issuer.
    CompleteWithDefect,
    /// Shows the meaning.
    ShowFailure,
    /// Tells the operator to call issuer or acquirer.
    Call,
    /// Tells the operator to keep the card.
    CaptureCard,
    /// Asks for the chip instead of the stripe.
    UseChip,
    /// Asks for the PIN again.
    AskPinAgain,
    /// Signs in again before anything else.
    SignIn,
    /// Uploads the batch.
    UploadBatch,
    /// Sends the offline data again.
    ResendOffline,
    /// Stops: the configuration is wrong.
    Stop,
}

type Entry = (&'static [u8; 2], Category, Action, &'static str);

use Action::{
    AskPinAgain, Call, CaptureCard, Complete, CompletePartially, CompleteWithDefect, ResendOffline,
    ShowFailure, SignIn, Stop, UploadBatch, UseChip,
};
use Category::{NoRetry, OperatorActs, Retry, Success, SystemFault};

/// Sorted by code.
const TABLE: &[Entry] = &[
    (b"00", Success, Complete, "approved"),
    (b"01", NoRetry, Call, "call issuer"),
    (b"02", NoRetry, Call, "call issuer, special condition"),
    (b"03", NoRetry, ShowFailure, "invalid merchant"),
    (b"04", OperatorActs, CaptureCard, "capture card"),
    (b"05", NoRetry, ShowFailure, "not honoured"),
    (b"06", SystemFault, ShowFailure, "error"),
    (b"07", OperatorActs, CaptureCard, "capture card, special condition"),
    (b"09", Retry, ShowFailure, "in progress"),
    (b"10", Success, CompletePartially, "approved for a part of the amount"),
    (b"11", Success, Complete, "approved, important customer"),
    (b"12", NoRetry, ShowFailure, "invalid transaction"),
    (b"13", Retry, ShowFailure, "invalid amount"),
    (b"14", Retry, ShowFailure, "invalid card number"),
    (b"15", NoRetry, ShowFailure, "no such issuer"),
    (b"19", NoRetry, Call, "enter again or call issuer"),
    (b"20", NoRetry, Call, "invalid response, call issuer"),
    (b"21", NoRetry, ShowFailure, "card not initialised"),
    (b"22", NoRetry, ShowFailure, "suspected malfunction"),
    (b"23", NoRetry, Call, "fee not accepted"),
    (b"25", NoRetry, ShowFailure, "original not found"),
    (b"30", NoRetry, ShowFailure, "format error"),
    (b"34", OperatorActs, CaptureCard, "fraud, capture card"),
    (b"38", OperatorActs, CaptureCard, "PIN tries exceeded, capture card"),
    (b"40", NoRetry, ShowFailure, "function not supported"),
    (b"41", OperatorActs, CaptureCard, "lost card, capture card"),
    (b"43", OperatorActs, CaptureCard, "stolen card, capture card"),
    (b"45", OperatorActs, UseChip, "no fallback, use the chip"),
    (b"51", NoRetry, ShowFailure, "insufficient funds"),
    (b"54", NoRetry, ShowFailure, "expired card"),
    (b"55", NoRetry, AskPinAgain, "wrong PIN"),
    (b"57", NoRetry, ShowFailure, "not permitted to the card"),
    (b"58", NoRetry, ShowFailure, "not permitted to the terminal"),
    (b"59", NoRetry, ShowFailure, "suspected fraud"),
    (b"61", NoRetry, ShowFailure, "over the amount limit"),
    (b"62", NoRetry, ShowFailure, "restricted card"),
    (b"64", NoRetry, ShowFailure, "amount differs from the original"),
    (b"65", NoRetry, ShowFailure, "over the count limit"),
    (b"66", NoRetry, Call, "call acquirer"),
    (b"67", OperatorActs, CaptureCard, "capture card"),
    (b"68", NoRetry, ShowFailure, "issuer timed out, try later"),
    (b"75", NoRetry, ShowFailure, "PIN tries exceeded"),
    (b"77", OperatorActs, SignIn, "batch number differs, sign in again"),
    (b"79", OperatorActs, ResendOffline, "send offline data again"),
    (b"90", NoRetry, ShowFailure, "day-cut in progress, try later"),
    (b"91", NoRetry, ShowFailure, "issuer not available"),
    (b"92", NoRetry, ShowFailure, "issuer not reachable"),
    (b"93", NoRetry, ShowFailure, "cannot be completed"),
    (b"94", NoRetry, ShowFailure, "duplicate transaction"),
    (b"95", NoRetry, UploadBatch, "totals differ, upload the batch"),
    (b"96", NoRetry, ShowFailure, "centre fault"),
    (b"97", OperatorActs, Stop, "terminal not registered"),
    (b"98", SystemFault, ShowFailure, "no answer from the issuer"),
    (b"99", Retry, SignIn, "PIN format error, sign in again"),
    (b"A0", Retry, SignIn, "MAC failed, sign in again"),
    (b"A1", NoRetry, ShowFailure, "transfer currency differs"),
    (b"A2", Success, CompleteWithDefect, "approved with defect, ask issuer"),
    (b"A3", NoRetry, ShowFailure, "receiving account not found"),
    (b"A4", Success, CompleteWithDefect, "approved with defect"),
    (b"A5", Success, CompleteWithDefect, "approved with defect"),
    (b"A6", Success, CompleteWithDefect, "approved with defect"),
    (b"A7", NoRetry, ShowFailure, "security processing failed"),
];

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_agrees_with_is_approval() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for entry in TABLE {
            assert_eq!(ResponseCode(*entry.0).is_approval(), entry.1 == Success);
        }
    }

    #[test]
    fn unknown_codes_are_kept_and_fail() {
        let code: ResponseCode = "W1".parse().unwrap();
        assert_eq!((code.category(), code.action(), code.to_string()), (None, ShowFailure, "W1".into()));
        assert!(!code.is_approval());
    }

    #[test]
    fn sign_in_is_asked_for_by_three_codes() {
        let codes = TABLE.iter().filter(|entry| entry.2 == SignIn).map(|entry| *entry.0);
        assert_eq!(codes.collect::<Vec<_>>(), [*b"77", *b"99", *b"A0"]);
    }
}
