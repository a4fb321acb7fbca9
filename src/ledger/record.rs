//! What the books are made of: one record for every change.

use super::{Booking, Postings, State};
use crate::{
    iso8583::{BatchNo, TerminalId},
    money::Amount,
    reconcile::Key,
};

/// One change of the books; it is durable before anybody hears of it.
///
/// All records in front of one answer belong together: either all of them are durable, or none.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A new transaction. A second one under the same key is a second booking, not a change of the first.
    Booked(Booking),
    /// A transaction stands elsewhere now, and money moved with that.
    Moved {
        /// Which transaction; of two bookings under one key, the first.
        key: Key,
        /// Where it stands now.
        state: State,
        /// Its amount now.
        amount: Amount,
        /// How money moved, between the accounts of the booking.
        postings: Postings,
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
