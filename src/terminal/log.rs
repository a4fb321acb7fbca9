//! The log of the open batch: what a terminal has done since its last settlement; it survives power loss.

use super::transaction::{Number, Standing, Transaction};
use crate::{
    card::Pan,
    operation::{Kind, Operation, Original},
};

/// The transactions of the open batch, oldest first; an empty log takes no memory of its own.
#[derive(Debug, Default)]
pub struct Log(Option<Box<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    transactions: Vec<Transaction>,
    /// How many are stored or waiting, so that nobody has to search where there are none.
    open: usize,
}

impl Log {
    /// How many transactions it holds.
    pub fn len(&self) -> usize {
        self.transactions().len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The transactions, oldest first.
    pub fn transactions(&self) -> &[Transaction] {
        self.0.as_deref().map_or(&[], |pages| &pages.transactions)
    }

    /// Whether the host has yet to hear of a stored notice, or to be asked about an order.
    pub fn has_open(&self) -> bool {
        self.0.as_deref().is_some_and(|pages| pages.open > 0)
    }

    /// The transaction of this log that an operation is about.
    ///
    /// 1. [`Original::Newest`]: the newest of a kind that fits, which nothing was done about yet; of the card, where
    ///    the operation has one.
    /// 2. [`Original::Stan`]: the one with this number, if its kind fits and it stands.
    /// 3. [`Original::Receipt`]: the one with the receipt's batch and number, if it is still here.
    pub fn find(&self, operation: &Operation) -> Option<&Transaction> {
        let fits = |known: &&Transaction| can_be_about(operation.kind, known);
        let card = operation.card.as_ref().map(|used| used.card.pan);
        let mut newest_first = self.transactions().iter().rev();
        match operation.original {
            Original::Newest => {
                newest_first.filter(fits).find(|known| !known.is_used && is_of(known, card.as_ref()))
            }
            Original::Stan(stan) => newest_first.filter(fits).find(|known| known.stan == stan),
            Original::Receipt(receipt) => {
                newest_first.find(|known| (known.batch, Some(known.stan)) == (receipt.batch, receipt.stan))
            }
        }
    }

    pub(super) fn get(&self, number: Number) -> Option<&Transaction> {
        self.transactions().iter().rev().find(|known| known.number() == number)
    }

    /// The oldest transaction that stands there, stored or waiting.
    pub(super) fn first_open(&self, standing: Standing) -> Option<&Transaction> {
        let open = if self.has_open() { self.transactions() } else { &[] };
        open.iter().find(|known| known.standing == standing)
    }

    pub(super) fn push(&mut self, transaction: Transaction) {
        let pages = self.0.get_or_insert_default();
        pages.open += usize::from(is_open(transaction.standing));
        pages.transactions.push(transaction);
    }

    /// Changes a transaction and returns it as it is then; `None` when it is not here.
    pub(super) fn change(
        &mut self,
        number: Number,
        change: impl FnOnce(&mut Transaction),
    ) -> Option<&Transaction> {
        let pages = self.0.as_deref_mut()?;
        let known = pages.transactions.iter_mut().rev().find(|known| known.number() == number)?;
        pages.open -= usize::from(is_open(known.standing));
        change(known);
        pages.open += usize::from(is_open(known.standing));
        Some(known)
    }

    /// Forgets everything, after a settlement.
    #[expect(dead_code, reason = "a settlement clears the log")]
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

fn is_open(standing: Standing) -> bool {
    matches!(standing, Standing::Stored | Standing::Waiting)
}

fn can_be_about(kind: Kind, known: &Transaction) -> bool {
    let stands = match known.standing {
        Standing::Done => true,
        Standing::Stored => matches!(kind, Kind::SettleAdjust | Kind::TipAdjust | Kind::CashRefund),
        Standing::Waiting => kind == Kind::QrQuery,
        Standing::Voided | Standing::Refused => false,
    };
    stands && kind.originals().contains(&known.kind)
}

fn is_of(known: &Transaction, card: Option<&Pan>) -> bool {
    card.is_none() || known.card.as_ref().map(|card| &card.pan) == card
}
