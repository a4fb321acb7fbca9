//! Reconciliation: what the terminals believe against what the host has booked, transaction by transaction.
//!
//! ```text
//! Line ─► Journals ──────┐
//!                        ├─► Comparison ─► Outcome ─► Findings
//! Row  (or Mapping) ─────┘                 leftovers are paired
//! ```
//!
//! Lines and rows in, findings out: where they come from, and in which parts they come when there are more than memory
//! holds, is the business of others.

mod compare;
mod fault;
mod journal;
mod mapping;
mod outcome;
mod row;
mod summary;
mod transaction;

pub use compare::{Comparison, Identity, Journals};
pub use fault::{Fault, Findings, Mismatch};
pub use journal::{Belief, Entry, Key, Line};
pub use mapping::{AmountForm, Cell, CellError, Column, Mapping, Source};
pub use outcome::Outcome;
pub use row::{Row, RowState};
pub use transaction::{Standing, Transaction};

#[cfg(test)]
mod tests;
