//! One financial transaction as a terminal keeps it: in its log, as a reversal it owes, as a notice it has to tell.

use super::Terminal;
use crate::{
    card::{Expiry, Pan},
    iso8583::{ApprovalCode, BatchNo, MonthDay, Rrn, Stan},
    money::Amount,
    operation::{CardUse, Effect, Entry, Kind, MessageForm, TransactionRef, Variant},
    reconcile::{self, Belief},
    time::Instant,
};

/// One financial transaction: what its request said, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Which transaction.
    pub kind: Kind,
    /// In which circumstances.
    pub variant: Variant,
    /// DE 60.2 of its request.
    pub batch: BatchNo,
    /// DE 11 of its request.
    pub stan: Stan,
    /// The amount that holds now: that of the answer, or of an adjustment.
    pub amount: Amount,
    /// The tip that is part of the amount.
    pub tip: Amount,
    /// The card; `None` for payments by code.
    pub card: Option<KeptCard>,
    /// DE 37 of the answer.
    pub rrn: Option<Rrn>,
    /// DE 38 of the answer.
    pub approval_code: Option<ApprovalCode>,
    /// DE 13 of the answer.
    pub date: Option<MonthDay>,
    /// DE 63.1 of the answer.
    pub organization: Organization,
    /// Where it stands.
    pub standing: Standing,
    /// Whether an adjustment changed its amount.
    pub is_adjusted: bool,
    /// Whether a batch upload has told it.
    pub is_uploaded: bool,
    /// Whether a later transaction was about it (a refund, a completion), so that it is not the newest choice again.
    pub is_used: bool,
    /// What only few transactions have.
    pub(super) extra: Option<Box<Extra>>,
}

/// What tells the transactions of one terminal apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) batch: BatchNo,
    pub(super) stan: Stan,
}

/// What only few transactions have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extra {
    /// The transaction that it is about.
    pub(super) original: Option<TransactionRef>,
    /// The number of the voucher of a payment by code (DE 59, tag A4).
    pub(super) voucher: Option<Box<[u8]>>,
}

/// Where a transaction of the log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The host has approved it.
    Done,
    /// It happened, or may have happened, and has to be told to the host again until that answers.
    Stored,
    /// An order that nobody is known to have paid yet: the host has to be asked.
    Waiting,
    /// A later transaction voided it.
    Voided,
    /// The host refused the notice, or the payer did not pay.
    Refused,
}

/// What a terminal keeps of a card; neither track nor PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptCard {
    /// DE 2.
    pub pan: Pan,
    /// DE 14.
    pub expiry: Expiry,
    /// DE 23.
    pub sequence: Option<u8>,
    /// How it was read.
    pub entry: Entry,
    /// Whether the PIN was entered.
    pub with_pin: bool,
    /// Whether its stripe was read although it has a chip.
    pub is_fallback: bool,
}

/// Whose card it is (DE 63.1): `CUP` is domestic, everything else foreign; spaces when no answer told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Organization(pub [u8; 3]);

impl Organization {
    /// UnionPay.
    pub const UNIONPAY: Self = Self(*b"CUP");
    /// No answer has told.
    pub const UNKNOWN: Self = Self(*b"   ");

    /// Whether a settlement counts it among the domestic cards; what nobody told is domestic.
    pub fn is_domestic(self) -> bool {
        matches!(self, Self::UNIONPAY | Self::UNKNOWN)
    }
}

impl KeptCard {
    /// What is kept of a card in use, with the PIN or without.
    pub(super) fn of(used: &CardUse, with_pin: bool) -> Self {
        Self {
            pan: used.card.pan,
            expiry: used.card.expiry,
            sequence: used.card.sequence,
            entry: used.entry,
            with_pin,
            is_fallback: used.entry == Entry::Stripe && used.card.service_code.has_chip(),
        }
    }

    /// The same card, keyed in from the log.
    pub(super) fn keyed(self) -> Self {
        Self { entry: Entry::Keyed, with_pin: false, is_fallback: false, ..self }
    }
}

impl Transaction {
    /// A transaction of which nothing is known but its numbers.
    pub(super) fn blank(kind: Kind, variant: Variant, batch: BatchNo, stan: Stan) -> Self {
        Self {
            kind,
            variant,
            batch,
            stan,
            amount: Amount::ZERO,
            tip: Amount::ZERO,
            card: None,
            rrn: None,
            approval_code: None,
            date: None,
            organization: Organization::UNKNOWN,
            standing: Standing::Done,
            is_adjusted: false,
            is_uploaded: false,
            is_used: false,
            extra: None,
        }
    }

    /// How its message looks.
    pub fn form(&self) -> MessageForm {
        self.variant.form(self.kind)
    }

    pub(super) fn number(&self) -> Number {
        Number { batch: self.batch, stan: self.stan }
    }

    /// The transaction that it is about.
    pub fn original(&self) -> Option<&TransactionRef> {
        self.extra.as_deref()?.original.as_ref()
    }

    /// The number of the voucher of a payment by code.
    pub fn voucher(&self) -> Option<&[u8]> {
        self.extra.as_deref()?.voucher.as_deref()
    }

    /// Keeps the number of a voucher.
    pub(super) fn set_voucher(&mut self, voucher: &[u8]) {
        self.extra.get_or_insert_default().voucher = Some(voucher.into());
    }

    /// What a receipt says of it.
    pub fn reference(&self) -> TransactionRef {
        TransactionRef {
            batch: self.batch,
            stan: Some(self.stan),
            rrn: self.rrn,
            approval_code: self.approval_code,
            date: self.date,
        }
    }

    /// Whether the chip of the card took part.
    pub(super) fn reads_chip(&self) -> bool {
        self.card.is_some_and(|card| card.entry.reads_chip())
    }

    /// What the terminal believes of it now, as a line of its journal.
    pub(super) fn line(&self, terminal: &Terminal, belief: Belief, now: Instant) -> reconcile::Entry {
        reconcile::Entry {
            at: now.since(Instant::START),
            terminal: terminal.id(),
            batch: self.batch,
            stan: self.stan,
            kind: self.kind,
            amount: self.amount,
            merchant: terminal.merchant(),
            card: self.card.map(|card| card.pan),
            rrn: self.rrn,
            belief,
        }
    }
}

/// Whether the log keeps transactions of this kind: whatever moves money, and whatever can be reversed.
pub(super) fn is_logged(kind: Kind) -> bool {
    let form = kind.form();
    form.reversible || form.effect != Effect::None
}

/// Whether an online request of this kind is neither reversed nor forgotten when its answer does not come: it is told
/// again, with the same number, until the host answers (00 and 94 both say that it is done).
pub(super) const fn is_told_again(kind: Kind) -> bool {
    matches!(kind, Kind::Refund | Kind::QrRefund | Kind::CompletionNotice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_many_stays_small() {
        assert!(size_of::<Transaction>() <= 96, "{} bytes", size_of::<Transaction>());
    }
}
