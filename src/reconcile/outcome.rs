//! What comparisons leave over: transactions without a row and rows without a transaction, paired where they belong
//! together before they are called lost and unknown.

use super::{Comparison, Fault, Findings, Key, Mismatch, Row, Transaction};
use crate::{
    card::MaskedPan,
    iso8583::{Rrn, Stan, TerminalId},
    money::Amount,
};
use std::collections::{HashMap, HashSet};

/// What some comparisons found so far; each of them had a part of the transactions.
#[derive(Debug, Default)]
pub struct Outcome {
    pub(super) mismatches: Vec<Mismatch>,
    /// Believed by terminals, without any row.
    pub(super) lost: Vec<Transaction>,
    /// Standing rows without a transaction.
    pub(super) strangers: Vec<Row>,
    terminals: HashSet<TerminalId>,
    transactions: u64,
}

impl Outcome {
    /// Adds what a comparison found.
    pub fn add(&mut self, comparison: Comparison) {
        comparison.drain(self);
    }

    /// Pairs what is left over, and lists everything that does not agree.
    pub fn finish(mut self) -> Findings {
        self.lost.sort_unstable_by_key(|transaction| transaction.key);
        self.strangers.sort_by_key(|row| (row.rrn, row.key(), row.amount));
        self.pair();
        self.absorb_voids();
        let lost = self.lost.drain(..).map(|transaction| {
            let fault = if transaction.is_void() { Fault::VoidIgnored } else { Fault::Lost };
            Mismatch { fault, terminal: Some(transaction), host: None }
        });
        self.mismatches.extend(lost);
        for row in self.strangers.drain(..) {
            self.transactions += 1;
            self.terminals.extend(row.terminal);
            let fault = Fault::UnknownToTerminals;
            self.mismatches.push(Mismatch { fault, terminal: None, host: Some(row) });
        }
        Findings::of(self.mismatches, self.terminals.len() as u64, self.transactions)
    }

    /// Counts a transaction that a terminal knows.
    pub(super) fn transaction(&mut self, key: Key) {
        self.terminals.insert(key.terminal);
        self.transactions += 1;
    }

    /// Finds for what is lost the row that is the same transaction under another name.
    fn pair(&mut self) {
        if self.lost.is_empty() || self.strangers.is_empty() {
            return;
        }
        let mut strangers = Strangers::of(std::mem::take(&mut self.strangers));
        for find in [Strangers::by_rrn, Strangers::by_number] {
            self.lost.retain(|transaction| {
                let Some(row) = find(&mut strangers, transaction) else { return true };
                // In another name at least; what else differs is the smaller trouble.
                let fault = transaction.difference(&row).unwrap_or(Fault::WrongNumber);
                self.mismatches.push(Mismatch { fault, terminal: Some(*transaction), host: Some(row) });
                false
            });
        }
        self.strangers = strangers.left();
    }

    /// A void that the host ignored shows twice: the original stands, and the void is not there. Once is enough.
    fn absorb_voids(&mut self) {
        let mut ignored: HashMap<(TerminalId, Amount), Vec<Transaction>> = HashMap::new();
        for mismatch in self.mismatches.iter().filter(|mismatch| mismatch.fault == Fault::VoidIgnored) {
            if let Some(original) = mismatch.terminal {
                ignored.entry((original.key.terminal, original.amount)).or_default().push(original);
            }
        }
        self.lost.retain(|void| {
            if !void.is_void() {
                return true;
            }
            let originals = ignored.entry((void.key.terminal, void.amount)).or_default();
            let Some(at) = originals.iter().position(|original| same_card(original.card, void.card)) else {
                return true;
            };
            originals.swap_remove(at);
            false
        });
    }
}

impl Transaction {
    fn is_void(&self) -> bool {
        self.kind.amount_is_originals()
    }
}

/// Rows without a transaction, each taken at most once.
struct Strangers {
    rows: Vec<Option<Row>>,
    by_rrn: HashMap<Rrn, Vec<usize>>,
    by_number: HashMap<(Stan, Amount), Vec<usize>>,
}

impl Strangers {
    fn of(rows: Vec<Row>) -> Self {
        let (mut by_rrn, mut by_number) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        // From the last, so that the first is popped first.
        for (place, row) in rows.iter().enumerate().rev() {
            if let Some(rrn) = row.rrn {
                by_rrn.entry(rrn).or_default().push(place);
            }
            if let Some(stan) = row.stan {
                by_number.entry((stan, row.amount)).or_default().push(place);
            }
        }
        Self { rows: rows.into_iter().map(Some).collect(), by_rrn, by_number }
    }

    fn by_rrn(&mut self, transaction: &Transaction) -> Option<Row> {
        let place = self.by_rrn.get_mut(&transaction.rrn?)?.pop()?;
        self.rows.get_mut(place)?.take()
    }

    /// Same STAN, amount and card, where one side has no RRN.
    fn by_number(&mut self, transaction: &Transaction) -> Option<Row> {
        let places = self.by_number.get_mut(&(transaction.key.stan, transaction.amount))?;
        let fits = |row: &Row| {
            let lacks_rrn = row.rrn.is_none() || transaction.rrn.is_none();
            lacks_rrn && same_card(row.card, transaction.card)
        };
        let found =
            places.iter().rposition(|place| matches!(self.rows.get(*place), Some(Some(row)) if fits(row)))?;
        self.rows.get_mut(places.remove(found))?.take()
    }

    fn left(self) -> Vec<Row> {
        self.rows.into_iter().flatten().collect()
    }
}

/// Whether both have the same card, or neither has one.
fn same_card(one: Option<MaskedPan>, other: Option<MaskedPan>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.agrees(&other),
        (None, None) => true,
        _ => false,
    }
}
