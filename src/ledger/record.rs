//! What the books are made of: one record for every change.

use super::{Booking, Posting, State};
use crate::{
    iso8583::{BatchNo, TerminalId},
    money::Amount,
    reconcile::Key,
};

/// One change of the books; it is durable before anybody hears of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A new transaction.
    Booked(Booking),
    /// A transaction stands elsewhere now, and money moved with that.
    Moved {
        /// Which transaction.
        key: Key,
        /// Where it stands now.
        state: State,
        /// Its amount now.
        amount: Amount,
        /// How money moved.
        postings: Vec<Posting>,
    },
    /// A terminal has settled a batch, and works in the next.
    BatchClosed {
        /// DE 41.
        terminal: TerminalId,
        /// The batch that was settled.
        batch: BatchNo,
        /// The batch that is open now.
        next: BatchNo,
    },
}
