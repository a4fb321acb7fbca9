//! A mismatch as results show it: both sides in words, side by side.

use super::{Mismatch, Row, Transaction};
use crate::metrics::{MismatchSummary, SideSummary};

impl From<&Mismatch> for MismatchSummary {
    fn from(mismatch: &Mismatch) -> Self {
        Self {
            fault: mismatch.fault.name().into(),
            meaning: mismatch.fault.text().into(),
            terminal: mismatch.terminal.as_ref().map(SideSummary::from),
            host: mismatch.host.as_ref().map(SideSummary::from),
        }
    }
}

impl From<&Transaction> for SideSummary {
    fn from(transaction: &Transaction) -> Self {
        Self {
            terminal: Some(transaction.key.terminal.to_string()),
            merchant: Some(transaction.merchant.to_string()),
            batch: Some(transaction.key.batch.to_string()),
            stan: Some(transaction.key.stan.to_string()),
            kind: Some(transaction.kind.name().into()),
            amount_minor: transaction.amount.minor(),
            rrn: transaction.rrn.map(|rrn| rrn.to_string()),
            card: transaction.card.map(|card| card.to_string()),
            state: transaction.belief.name().into(),
        }
    }
}

impl From<&Row> for SideSummary {
    fn from(row: &Row) -> Self {
        Self {
            terminal: row.terminal.map(|terminal| terminal.to_string()),
            merchant: row.merchant.map(|merchant| merchant.to_string()),
            batch: row.batch.map(|batch| batch.to_string()),
            stan: row.stan.map(|stan| stan.to_string()),
            kind: row.kind.map(|kind| kind.name().into()),
            amount_minor: row.amount.minor(),
            rrn: row.rrn.map(|rrn| rrn.to_string()),
            card: row.card.map(|card| card.to_string()),
            state: row.state.name().into(),
        }
    }
}
