//! Reconciliation: what the terminals believe against what the host has booked, transaction by transaction.

mod journal;

pub use journal::{Belief, Entry, Key};

use crate::{iso8583::TerminalId, metrics::ReconciliationSummary, money::Amount};
use std::collections::{BTreeSet, HashMap};

/// Collects both sides and compares them.
#[derive(Debug, Default)]
pub struct Reconciliation {
    transactions: HashMap<Key, Sides>,
}

/// What both sides say of one transaction.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    believed: Option<(Belief, Amount)>,
    approvals_believed: u32,
    captured: u32,
    captured_amount: Amount,
}

/// One transaction on which the sides do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mismatch {
    /// Which transaction.
    pub key: Key,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The terminal believes in it, the host does not have it.
    Lost,
    /// The host has captured it, the terminal believes that it did not happen.
    NotReversed,
    /// One side has it more than once.
    Doubled,
    /// The two sides have different amounts.
    Amount,
    /// The terminal still owes a reversal, and the host has captured it.
    ReversalPending,
}

impl Fault {
    /// What is wrong, in a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Lost => "the terminal believes in it, the host does not have it",
            Self::NotReversed => "the host has captured it, the terminal believes that it did not happen",
            Self::Doubled => "it is booked more than once",
            Self::Amount => "the amounts differ",
            Self::ReversalPending => "the terminal still owes its reversal, and the host has captured it",
        }
    }
}

/// What the comparison found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The counts for the summary.
    pub summary: ReconciliationSummary,
    /// Every transaction on which the sides do not agree, in the order of terminals and numbers.
    pub mismatches: Vec<Mismatch>,
}

impl Reconciliation {
    /// Takes one line of a terminal's journal; later lines of a transaction replace earlier ones.
    pub fn terminal(&mut self, entry: &Entry) {
        let sides = self.transactions.entry(entry.key()).or_default();
        sides.approvals_believed += u32::from(entry.belief == Belief::Approved);
        sides.believed = Some((entry.belief, entry.amount));
    }

    /// Takes one booking that stands in the host's ledger: captured and not reversed.
    pub fn host(&mut self, key: Key, amount: Amount) {
        let sides = self.transactions.entry(key).or_default();
        sides.captured += 1;
        sides.captured_amount = amount;
    }

    /// Compares the two sides.
    pub fn finish(self) -> Findings {
        let mut mismatches: Vec<Mismatch> = self
            .transactions
            .iter()
            .filter_map(|(key, sides)| sides.fault().map(|fault| Mismatch { key: *key, fault }))
            .collect();
        mismatches.sort_unstable();
        let count = |faults: &[Fault]| mismatches.iter().filter(|m| faults.contains(&m.fault)).count() as u64;
        let terminals: BTreeSet<TerminalId> = self.transactions.keys().map(|key| key.terminal).collect();
        let summary = ReconciliationSummary {
            terminals: terminals.len() as u64,
            transactions: self.transactions.len() as u64,
            mismatches: mismatches.len() as u64,
            lost: count(&[Fault::Lost]),
            doubled: count(&[Fault::Doubled, Fault::NotReversed, Fault::ReversalPending]),
        };
        Findings { summary, mismatches }
    }
}

impl Sides {
    fn fault(&self) -> Option<Fault> {
        let belief = self.believed.map(|(belief, _)| belief);
        let amounts_differ = self.believed.is_some_and(|(_, amount)| amount != self.captured_amount);
        match (belief, self.captured) {
            _ if self.captured > 1 || self.approvals_believed > 1 => Some(Fault::Doubled),
            (Some(Belief::Approved), 0) => Some(Fault::Lost),
            (Some(Belief::Approved), _) if amounts_differ => Some(Fault::Amount),
            (Some(Belief::Approved), _) | (_, 0) => None,
            (Some(Belief::Unknown), _) => Some(Fault::ReversalPending),
            (_, _) => Some(Fault::NotReversed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        iso8583::{BatchNo, MerchantId, Stan},
        operation::Kind,
    };
    use std::time::Duration;

    fn entry(belief: Belief) -> Entry {
        Entry {
            at: Duration::ZERO,
            terminal: TerminalId::from_bytes(b"10000001").expect("valid"),
            batch: BatchNo::FIRST,
            stan: Stan::FIRST,
            kind: Kind::Sale,
            merchant: MerchantId::from_bytes(b"898100012340001").expect("valid"),
            rrn: None,
            amount: Amount::from_minor(100),
            card: None,
            belief,
        }
    }

    fn fault(beliefs: &[Belief], booked: &[u64]) -> Option<Fault> {
        let mut reconciliation = Reconciliation::default();
        beliefs.iter().for_each(|belief| reconciliation.terminal(&entry(*belief)));
        let key = entry(Belief::Approved).key();
        booked.iter().for_each(|minor| reconciliation.host(key, Amount::from_minor(*minor)));
        reconciliation.finish().mismatches.first().map(|mismatch| mismatch.fault)
    }

    #[test]
    fn finds_what_is_lost_doubled_or_different_and_nothing_else() {
        use Belief::{Approved, ReversalAbandoned, Reversed, Unknown};
        let cases: [(&[Belief], &[u64], Option<Fault>); 10] = [
            (&[Approved], &[100], None),
            (&[Unknown, Reversed], &[], None),
            (&[Unknown], &[], None),
            (&[Approved], &[], Some(Fault::Lost)),
            (&[], &[100], Some(Fault::NotReversed)),
            (&[Unknown, Reversed], &[100], Some(Fault::NotReversed)),
            (&[Unknown, ReversalAbandoned], &[100], Some(Fault::NotReversed)),
            (&[Unknown], &[100], Some(Fault::ReversalPending)),
            (&[Approved], &[100, 100], Some(Fault::Doubled)),
            (&[Approved], &[99], Some(Fault::Amount)),
        ];
        for (beliefs, booked, expected) in cases {
            assert_eq!(fault(beliefs, booked), expected, "{beliefs:?} against {booked:?}");
        }
    }
}
