//! What an operation becomes as a transaction: its original from the log or the receipt, its card, its amount.

use super::{
    Profile, Terminal,
    transaction::{Extra, KeptCard, Organization, Transaction},
};
use crate::{
    money::Amount,
    operation::{CardUse, Entry, Failure, Kind, Operation, Original, TransactionRef},
};

impl Terminal {
    /// What names the transaction that an operation is about, and that transaction if the log has it.
    fn original_of(
        &self,
        operation: &Operation,
    ) -> Result<(Option<TransactionRef>, Option<&Transaction>), Failure> {
        if operation.kind.originals().is_empty() {
            return Ok((None, None));
        }
        let known = self.log.find(operation);
        match (operation.original, known) {
            (Original::Receipt(receipt), known) => Ok((Some(receipt), known)),
            (_, Some(known)) => Ok((Some(known.reference()), Some(known))),
            (_, None) => Err(Failure::NoOriginal),
        }
    }

    /// The transaction that an operation is; `None` for the management of the terminal.
    ///
    /// # Errors
    /// When there is no original that it could be about, or no card.
    pub(super) fn transaction_of(
        &self,
        profile: &Profile,
        operation: &Operation,
    ) -> Result<Option<Transaction>, Failure> {
        let kind = operation.kind;
        if kind.form().processing_code.is_none() && kind != Kind::ESignature {
            return Ok(None);
        }
        let (original, known) = self.original_of(operation)?;
        let amount = amount_of(operation, known);
        let card = match &operation.card {
            Some(used) => Some(KeptCard::of(used, asks_pin(profile, used, kind, amount))),
            None => known.and_then(|known| known.card).map(KeptCard::keyed),
        };
        if card.is_none() && kind.takes_card() {
            return Err(Failure::MissingData);
        }
        let voucher = known.and_then(Transaction::voucher).map(Box::from);
        let extra = Extra { original, voucher };
        Ok(Some(Transaction {
            amount,
            tip: operation.tip,
            card,
            organization: known.map_or(Organization::UNKNOWN, |known| known.organization),
            extra: (extra != Extra::default()).then(|| Box::new(extra)),
            ..Transaction::blank(kind, operation.variant, self.batch, self.next_stan)
        }))
    }
}

/// The amount of the operation; where it says none, that of its original, with the tip of a tip adjustment on top.
fn amount_of(operation: &Operation, known: Option<&Transaction>) -> Amount {
    match known {
        Some(known) if operation.amount == Amount::ZERO && operation.kind == Kind::TipAdjust => {
            let without_tip = known.amount.minor().saturating_sub(known.tip.minor());
            Amount::from_minor(without_tip.saturating_add(operation.tip.minor()).min(Amount::MAX.minor()))
        }
        Some(known) if operation.amount == Amount::ZERO => known.amount,
        _ => operation.amount,
    }
}

/// Whether the PIN that the holder would enter is asked for: a contactless card needs none up to the limit.
fn asks_pin(profile: &Profile, used: &CardUse, kind: Kind, amount: Amount) -> bool {
    let is_small = kind.takes_amount() && amount <= profile.contactless_limit && amount > Amount::ZERO;
    used.pin && !(used.entry == Entry::Contactless && is_small)
}
