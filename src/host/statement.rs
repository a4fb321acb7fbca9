//! The host's side of a reconciliation: every booking as a row.

use super::Host;
use crate::{
    card::Pan,
    iso8583::{MerchantId, Rrn},
    ledger::{Booking, State},
    money::Amount,
    operation::Kind,
    reconcile::Key,
};

/// One row of a host's statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// Terminal, batch and STAN.
    pub key: Key,
    /// DE 42.
    pub merchant: MerchantId,
    /// Which transaction.
    pub kind: Kind,
    /// What it is worth now.
    pub amount: Amount,
    /// DE 37.
    pub rrn: Rrn,
    /// The card, where there was one.
    pub card: Option<Pan>,
    /// Where it stands.
    pub state: State,
}

impl From<&Booking> for StatementRow {
    fn from(booking: &Booking) -> Self {
        Self {
            key: booking.key,
            merchant: booking.merchant,
            kind: booking.kind,
            amount: booking.amount,
            rrn: booking.rrn,
            card: booking.card,
            state: booking.state,
        }
    }
}

impl Host {
    /// Every booking, in the order in which they were booked; what was booked twice is there twice.
    pub fn statement(&self) -> impl Iterator<Item = StatementRow> + '_ {
        self.ledger.bookings().map(StatementRow::from)
    }
}
