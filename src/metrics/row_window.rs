//! Which rows of the fleet a face wants to see, and in which order.

use serde::{Deserialize, Serialize};

/// Which rows of the fleet a face wants to see; places beyond the fleet are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowWindow {
    /// The place of the first row, in `order`, among those that `filter` lets pass.
    pub first: u32,
    /// How many rows.
    pub count: u32,
    /// In which order.
    pub order: RowOrder,
    /// Only rows of which a text holds this one, whatever its case; empty lets all pass.
    pub filter: String,
    /// The number of the terminal that is looked at closely: its messages are recorded.
    pub selected: Option<u32>,
}

impl RowWindow {
    /// The rows `first..first + count` of the fleet as it is.
    pub fn of(first: u32, count: u32) -> Self {
        Self { first, count, ..Self::default() }
    }

    /// Whether the place of a terminal is its number in the fleet.
    pub fn is_plain(&self) -> bool {
        self.order == RowOrder::default() && self.filter.is_empty()
    }

    /// How many rows at the top of an order are known; whoever wants to see more of a large fleet filters it.
    pub const SORTED_MAX: u32 = 1000;
}

/// An order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOrder {
    /// What decides; equal rows stand by number.
    pub key: RowKey,
    /// Whether the order is turned around.
    pub is_inverted: bool,
}

/// What decides the order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowKey {
    /// The number in the fleet, the lowest first.
    #[default]
    Number,
    /// What the terminal does: reversal due, busy, idle, signed out.
    State,
    /// The last response code, `00` last.
    Code,
    /// Approved operations, the most first.
    Approved,
    /// Declined operations, the most first.
    Declined,
    /// Time-outs and errors, the most first.
    Failed,
    /// Reversals, the most first.
    Reversals,
}

impl RowKey {
    /// All keys, in the order in which a face offers them.
    pub const ALL: [Self; 7] = [
        Self::Number,
        Self::State,
        Self::Code,
        Self::Approved,
        Self::Declined,
        Self::Failed,
        Self::Reversals,
    ];
}
