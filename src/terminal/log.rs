//! The log of the open batch: what a terminal has done since its last settlement; it survives power loss.

use super::transaction::{Number, Standing, Transaction};
use crate::{
    card::Pan,
    operation::{Kind, Operation, Original},
};

/// The transactions of the open batch, oldest first; an empty log takes no memory of its own.
///
/// A page is never copied: terminals that sell at the same pace would all copy their whole logs at the same moment.
#[derive(Debug, Default)]
pub struct Log(Option<Box<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    full: Vec<Vec<Transaction>>,
    last: Vec<Transaction>,
    /// How many are stored or waiting, so that nobody has to search where there are none.
    open: usize,
}

impl Log {
    /// How many transactions it holds.
    pub fn len(&self) -> usize {
        self.0.as_deref().map_or(0, |pages| pages.full.len() * Pages::SIZE + pages.last.len())
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The transactions, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Transaction> + Clone {
        self.0.as_deref().into_iter().flat_map(Pages::iter)
    }

    /// The transaction at a place, counted from 0.
    pub fn at(&self, place: usize) -> Option<&Transaction> {
        let pages = self.0.as_deref()?;
        let mut numbered = pages.full.iter().chain([&pages.last]);
        numbered.nth(place / Pages::SIZE)?.get(place % Pages::SIZE)
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
        let mut newest_first = self.iter().rev();
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
        self.iter().rev().find(|known| known.number() == number)
    }

    /// The oldest transaction that stands there, stored or waiting.
    pub(super) fn first_open(&self, standing: Standing) -> Option<&Transaction> {
        if !self.has_open() {
            return None;
        }
        self.iter().find(|known| known.standing == standing)
    }

    pub(super) fn push(&mut self, transaction: Transaction) {
        let pages = self.0.get_or_insert_default();
        pages.open += usize::from(is_open(transaction.standing));
        pages.push(transaction);
    }

    /// The transactions, oldest first, to mark them; where they stand is changed by [`Log::change`] alone, which counts.
    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Transaction> {
        self.0.as_deref_mut().into_iter().flat_map(Pages::iter_mut)
    }

    /// Changes a transaction and returns it as it is then; `None` when it is not here.
    pub(super) fn change(
        &mut self,
        number: Number,
        change: impl FnOnce(&mut Transaction),
    ) -> Option<&Transaction> {
        let Pages { full, last, open } = self.0.as_deref_mut()?;
        let known = full.iter_mut().flatten().chain(last).rev().find(|known| known.number() == number)?;
        *open -= usize::from(is_open(known.standing));
        change(known);
        *open += usize::from(is_open(known.standing));
        Some(known)
    }

    /// Forgets everything, after a settlement.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

impl Pages {
    const SIZE: usize = 32;

    fn iter(&self) -> impl DoubleEndedIterator<Item = &Transaction> + Clone {
        self.full.iter().flatten().chain(&self.last)
    }

    fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Transaction> {
        self.full.iter_mut().flatten().chain(&mut self.last)
    }

    fn push(&mut self, transaction: Transaction) {
        if self.last.len() == Self::SIZE {
            self.full.push(std::mem::replace(&mut self.last, Vec::with_capacity(Self::SIZE)));
        }
        self.last.push(transaction);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        iso8583::{BatchNo, Stan},
        operation::Variant,
    };

    /// Over several pages, from both ends and by place.
    #[test]
    fn a_log_keeps_its_order_over_all_its_pages() {
        let count = 3 * Pages::SIZE + 1;
        let (mut log, mut stan) = (Log::default(), Stan::FIRST);
        for pushed in 0..count {
            assert_eq!((log.len(), log.at(pushed).is_some()), (pushed, false));
            log.push(Transaction::blank(Kind::Sale, Variant::Plain, BatchNo::FIRST, stan));
            stan = stan.next();
        }
        let forwards: Vec<u32> = log.iter().map(|known| known.stan.number()).collect();
        assert_eq!(forwards, (1..=count as u32).collect::<Vec<_>>());
        assert!(log.iter().rev().map(|known| known.stan.number()).eq(forwards.into_iter().rev()));
        assert!(
            (0..count)
                .all(|place| log.at(place).is_some_and(|known| known.stan.number() as usize == place + 1))
        );

        for number in log.iter().map(Transaction::number).collect::<Vec<_>>() {
            assert!(log.change(number, |known| known.standing = Standing::Stored).is_some());
        }
        assert!(log.has_open());
        log.iter_mut().for_each(|known| known.is_uploaded = true);
        assert!(log.iter().all(|known| known.is_uploaded));
        log.clear();
        assert_eq!((log.len(), log.is_empty(), log.has_open()), (0, true, false));
    }
}
