//! One row of a host's statement: what the host says of a transaction.

use super::Key;
use crate::{
    card::MaskedPan,
    iso8583::{BatchNo, MerchantId, Rrn, Stan, TerminalId},
    money::Amount,
    operation::Kind,
};

/// One row of a host's statement; what a statement leaves out is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// DE 41.
    pub terminal: Option<TerminalId>,
    /// DE 42.
    pub merchant: Option<MerchantId>,
    /// DE 60.2.
    pub batch: Option<BatchNo>,
    /// DE 11.
    pub stan: Option<Stan>,
    /// Which transaction.
    pub kind: Option<Kind>,
    /// DE 4.
    pub amount: Amount,
    /// DE 37.
    pub rrn: Option<Rrn>,
    /// The masked card.
    pub card: Option<MaskedPan>,
    /// Where it stands.
    pub state: RowState,
}

/// Where a host says that a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowState {
    /// The money has moved.
    Captured,
    /// It had moved, and a later transaction gave it back.
    Voided,
    /// It had moved, and was moved back.
    Reversed,
    /// It is set aside.
    Held,
    /// It was set aside, and is not any more.
    Closed,
    /// It never moved.
    Declined,
}

impl Row {
    /// A captured transaction of which nothing else is known.
    pub fn captured(key: Key, amount: Amount) -> Self {
        Self {
            terminal: Some(key.terminal),
            merchant: None,
            batch: Some(key.batch),
            stan: Some(key.stan),
            kind: None,
            amount,
            rrn: None,
            card: None,
            state: RowState::Captured,
        }
    }

    /// Terminal, batch and STAN, when it has all of them.
    pub fn key(&self) -> Option<Key> {
        Some(Key { terminal: self.terminal?, batch: self.batch?, stan: self.stan? })
    }
}

impl RowState {
    /// All states with their names in statements.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Captured, "captured"),
        (Self::Voided, "voided"),
        (Self::Reversed, "reversed"),
        (Self::Held, "held"),
        (Self::Closed, "closed"),
        (Self::Declined, "declined"),
    ];

    /// The name in statements.
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("?", |(_, name)| name)
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }

    /// Whether the host counts it as done.
    pub fn stands(self) -> bool {
        matches!(self, Self::Captured | Self::Held | Self::Closed)
    }
}
