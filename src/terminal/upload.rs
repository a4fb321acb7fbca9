//! What of a batch is uploaded, in which messages and in which order (chapter 8.4 of the dialect).

use super::{
    Log,
    transaction::{Standing, Transaction},
};
use crate::{
    iso8583::{BatchDetail, BatchDetails},
    operation::{Kind, Side},
};

/// The parts of a batch upload in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Sales and adjustments told as notices, each as its notice.
    OfflineNotice,
    /// Electronic cash, each as its notice.
    Cash,
    /// Stripe and keyed cards, up to eight in a message.
    Magnetic,
    /// Refunds, each as its notice.
    Refund,
    /// Completion notices, each as its notice.
    Completion,
    /// Chip cards, one by one.
    Icc,
}

/// Which halves of a batch the host found balanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) domestic: bool,
    pub(super) foreign: bool,
}

/// The next message of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upload {
    /// As many details of the first part as fit into one message.
    Details,
    /// The transaction at this place of the log, as its notice.
    Notice(usize),
    /// The transaction at this place of the log, as chip data; whether its half is balanced.
    Icc(usize, bool),
}

impl Part {
    /// Which part tells a transaction; `None` when no upload does.
    ///
    /// Payments by code have no card that a detail could name. Nothing that was refused is told.
    pub(super) fn of(transaction: &Transaction) -> Option<Self> {
        let stands = matches!(transaction.standing, Standing::Done | Standing::Voided);
        match transaction.kind {
            _ if !stands || transaction.form().side == Side::None => None,
            Kind::OfflineSale | Kind::SettleAdjust | Kind::TipAdjust => Some(Self::OfflineNotice),
            Kind::CashSale | Kind::CashRefund => Some(Self::Cash),
            Kind::Refund | Kind::QrRefund => Some(Self::Refund),
            Kind::CompletionNotice => Some(Self::Completion),
            _ if transaction.reads_chip() => Some(Self::Icc),
            _ => transaction.card.map(|_| Self::Magnetic),
        }
    }
}

impl Balance {
    pub(super) fn is_even(self) -> bool {
        self.domestic && self.foreign
    }

    fn of(self, transaction: &Transaction) -> bool {
        if transaction.organization.is_domestic() { self.domestic } else { self.foreign }
    }

    /// The part in which a transaction still has to be told: chip data always, all else when its half is unbalanced.
    fn due(self, transaction: &Transaction) -> Option<Part> {
        let is_even = self.of(transaction);
        let part = Part::of(transaction).filter(|_| !transaction.is_uploaded)?;
        (part == Part::Icc || !is_even).then_some(part)
    }

    /// The next message; `None` when all is told.
    pub(super) fn next(self, log: &Log) -> Option<Upload> {
        let due = log.iter().enumerate().filter_map(|(place, known)| Some((self.due(known)?, place)));
        let (part, place) = due.min()?;
        Some(match part {
            Part::Magnetic => Upload::Details,
            Part::Icc => Upload::Icc(place, log.at(place).is_some_and(|known| self.of(known))),
            _ => Upload::Notice(place),
        })
    }

    /// The details of the next message that carries details.
    pub(super) fn details(self, log: &Log) -> BatchDetails {
        let mut details = BatchDetails::default();
        let due = log.iter().filter(|known| self.due(known) == Some(Part::Magnetic)).take(BatchDetails::MAX);
        due.filter_map(detail).for_each(|detail| {
            details.push(detail);
        });
        details
    }

    /// Marks what a message has told.
    pub(super) fn told(self, upload: Upload, log: &mut Log) {
        match upload {
            Upload::Notice(place) | Upload::Icc(place, _) => {
                if let Some(known) = log.iter_mut().nth(place) {
                    known.is_uploaded = true;
                }
            }
            Upload::Details => log
                .iter_mut()
                .filter(|known| self.due(known) == Some(Part::Magnetic))
                .take(BatchDetails::MAX)
                .for_each(|known| known.is_uploaded = true),
        }
    }
}

fn detail(transaction: &Transaction) -> Option<BatchDetail> {
    let (pan, amount) = (transaction.card?.pan, transaction.amount.minor());
    BatchDetail::new(!transaction.organization.is_domestic(), transaction.stan, pan.as_bytes(), amount)
}
