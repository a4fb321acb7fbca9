//! What a device has done for its register: a register names an earlier transaction by what the terminal told of it.

use crate::{
    ecr::{self, Answer, Request, Text},
    iso8583::{Rrn, Stan},
    money::Amount,
    operation::{Failure, Kind, Operation, Original, Outcome, TransactionRef},
    rack::service_of,
    reconcile::{Belief, Entry},
};

/// What a line of the journal says of a transaction, beside its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) kind: Kind,
    pub(super) belief: Belief,
    pub(super) amount: Amount,
    pub(super) rrn: Option<Rrn>,
}

/// What a terminal has done for its register since its last settlement.
#[derive(Debug)]
pub(super) struct Log {
    done: Vec<Done>,
    /// The number of the register's last request.
    last_request: u32,
}

/// A transaction that a later one may be about.
#[derive(Clone, Debug)]
struct Done {
    kind: Kind,
    amount: Amount,
    receipt: u32,
    stan: Option<Stan>,
    reference: Text,
    /// Its line in the journal, where it has one.
    entry: Option<Entry>,
    is_undone: bool,
}

impl Log {
    /// An empty log; terminals know their last request by its number, so that two registers begin with different ones.
    pub(super) fn new(first_request: u32) -> Self {
        Self { done: Vec::new(), last_request: first_request % REQUESTS }
    }

    /// The request that an operation is.
    ///
    /// # Errors
    /// When registers have no such request, or it is about a transaction that the terminal has not done.
    pub(super) fn request(&mut self, operation: &Operation) -> Result<(Request, Option<usize>), Failure> {
        let service = service_of(operation.kind).ok_or(Failure::NotAble)?;
        let about = match operation.kind.originals() {
            [] => None,
            _ => self.original(operation),
        };
        let original = match (&operation.original, about.and_then(|place| self.done.get(place))) {
            (Original::Receipt(receipt), known) => Some(on_receipt(receipt, known)),
            (_, Some(known)) => Some(known.name()),
            (_, None) if operation.kind.originals().is_empty() => None,
            (_, None) => return Err(Failure::NoOriginal),
        };
        let known_amount = about.and_then(|place| self.done.get(place)).map(|known| known.amount);
        let amount = match operation.kind.amount_is_originals() {
            true => known_amount.unwrap_or(operation.amount),
            false => operation.amount,
        };
        self.last_request = self.last_request % REQUESTS + 1;
        Ok((Request { id: self.last_request, service, amount, original }, about))
    }

    /// The place of the transaction that an operation is about.
    fn original(&self, operation: &Operation) -> Option<usize> {
        let fits = |done: &Done| match &operation.original {
            Original::Newest => true,
            Original::Stan(stan) => done.stan == Some(*stan) || done.receipt == stan.number(),
            Original::Receipt(receipt) => {
                let is_stan = receipt.stan.is_some() && receipt.stan == done.stan;
                let is_rrn = receipt.rrn.is_some_and(|rrn| done.reference.0 == rrn.to_string().as_bytes());
                is_stan || is_rrn
            }
        };
        let is_open = |done: &Done| !done.is_undone && operation.kind.originals().contains(&done.kind);
        self.done.iter().rposition(|done| is_open(done) && fits(done))
    }

    /// Remembers what was approved.
    pub(super) fn book(&mut self, kind: Kind, answer: &Answer, outcome: &Outcome, entry: Option<Entry>) {
        self.done.push(Done {
            kind,
            amount: outcome.amount,
            receipt: answer.receipt,
            stan: outcome.stan,
            reference: answer.reference.clone(),
            entry,
            is_undone: false,
        });
    }

    /// A later transaction has undone this one; its line in the journal.
    pub(super) fn undo(&mut self, place: usize) -> Option<Entry> {
        let done = self.done.get_mut(place)?;
        done.is_undone = true;
        done.entry.clone()
    }

    /// The batch was closed: the lines of all that was in it.
    pub(super) fn settle(&mut self) -> Vec<Entry> {
        self.done.drain(..).filter_map(|done| done.entry).collect()
    }
}

impl Done {
    /// How a register names it.
    fn name(&self) -> ecr::Original {
        ecr::Original { receipt: self.receipt, reference: self.reference.clone(), date: 0 }
    }
}

/// How a register names what stands on a receipt; the log may know its voucher number.
fn on_receipt(receipt: &TransactionRef, known: Option<&Done>) -> ecr::Original {
    let stan = receipt.stan.map_or(0, Stan::number);
    let reference = receipt.rrn.map(|rrn| Text(rrn.to_string().into_bytes()));
    ecr::Original {
        receipt: known.map_or(stan, |known| known.receipt),
        reference: reference.unwrap_or_default(),
        date: receipt.date.map_or(0, |date| date.to_string().parse().unwrap_or(0)),
    }
}

/// Requests have the numbers 1 to 999999.
const REQUESTS: u32 = 999_999;
