//! What can be wrong with a transaction, and the list of what was.

use super::{Key, Row, Transaction};
use crate::metrics::ReconciliationSummary;

/// What is wrong with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The terminal has voided it, the host has it still; or the host does not have the void.
    VoidIgnored,
    /// The host has it under another terminal.
    WrongTerminal,
    /// The host has it under another merchant.
    WrongMerchant,
    /// The host has it under another batch or STAN.
    WrongNumber,
    /// No terminal knows it.
    UnknownToTerminals,
    /// The two sides have different kinds of transactions.
    Kind,
    /// The lines of the terminal's journal do not make sense together.
    Contradiction,
}

impl Fault {
    /// All faults with their names in files.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Lost, "lost"),
        (Self::NotReversed, "not-reversed"),
        (Self::Doubled, "doubled"),
        (Self::Amount, "amount"),
        (Self::ReversalPending, "reversal-pending"),
        (Self::VoidIgnored, "void-ignored"),
        (Self::WrongTerminal, "wrong-terminal"),
        (Self::WrongMerchant, "wrong-merchant"),
        (Self::WrongNumber, "wrong-number"),
        (Self::UnknownToTerminals, "unknown-to-terminals"),
        (Self::Kind, "kind"),
        (Self::Contradiction, "contradiction"),
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("?", |(_, name)| name)
    }

    /// What is wrong, in a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Lost => "the terminal believes in it, the host does not have it",
            Self::NotReversed => "the host has captured it, the terminal believes that it did not happen",
            Self::Doubled => "it is booked more than once",
            Self::Amount => "the amounts differ",
            Self::ReversalPending => "the terminal still owes its reversal, and the host has captured it",
            Self::VoidIgnored => "the terminal has voided it, the host has not",
            Self::WrongTerminal => "the host has it under another terminal",
            Self::WrongMerchant => "the host has it under another merchant",
            Self::WrongNumber => "the host has it under another batch or STAN",
            Self::UnknownToTerminals => "the host has captured it, no terminal knows it",
            Self::Kind => "the kinds of transaction differ",
            Self::Contradiction => "the terminal's journal contradicts itself",
        }
    }

    /// How often a summary counts it.
    pub fn count_in(self, summary: &ReconciliationSummary) -> u64 {
        *self.count(&mut summary.clone())
    }

    /// The count of a summary to which it belongs.
    fn count(self, summary: &mut ReconciliationSummary) -> &mut u64 {
        match self {
            Self::Lost => &mut summary.lost,
            Self::NotReversed => &mut summary.not_reversed,
            Self::Doubled => &mut summary.doubled,
            Self::Amount => &mut summary.amount,
            Self::ReversalPending => &mut summary.reversal_pending,
            Self::VoidIgnored => &mut summary.void_ignored,
            Self::WrongTerminal => &mut summary.wrong_terminal,
            Self::WrongMerchant => &mut summary.wrong_merchant,
            Self::WrongNumber => &mut summary.wrong_number,
            Self::UnknownToTerminals => &mut summary.unknown,
            Self::Kind => &mut summary.kind,
            Self::Contradiction => &mut summary.contradictory,
        }
    }
}

/// One transaction on which the sides do not agree, with what both say; one of them may say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong with it.
    pub fault: Fault,
    /// What the terminal says.
    pub terminal: Option<Transaction>,
    /// What the host says; of a doubled booking the one too many.
    pub host: Option<Row>,
}

impl Mismatch {
    /// Which transaction, as the terminal calls it, else as the host does.
    pub fn key(&self) -> Option<Key> {
        self.terminal.map(|transaction| transaction.key).or_else(|| self.host.and_then(|row| row.key()))
    }

    /// Which transaction, and what is wrong with it, in a sentence.
    pub fn told(&self) -> String {
        let which = match (self.key(), self.host.and_then(|row| row.rrn)) {
            (Some(key), _) => format!("terminal {} batch {} STAN {}", key.terminal, key.batch, key.stan),
            (None, Some(rrn)) => format!("RRN {rrn}"),
            (None, None) => "a row without a number".to_owned(),
        };
        format!("{which}: {}", self.fault.text())
    }
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The counts for the summary.
    pub summary: ReconciliationSummary,
    /// Every transaction on which the sides do not agree, in the order of terminals and numbers.
    pub mismatches: Vec<Mismatch>,
}

impl Findings {
    /// Puts the mismatches into order and counts them.
    pub(super) fn of(mut mismatches: Vec<Mismatch>, terminals: u64, transactions: u64) -> Self {
        mismatches.sort_by_key(|mismatch| (mismatch.key(), mismatch.fault));
        let mut summary = ReconciliationSummary {
            terminals,
            transactions,
            mismatches: mismatches.len() as u64,
            ..ReconciliationSummary::default()
        };
        mismatches.iter().for_each(|mismatch| *mismatch.fault.count(&mut summary) += 1);
        Self { summary, mismatches }
    }
}
