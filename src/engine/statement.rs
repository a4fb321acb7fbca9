//! The statement of the host inside the program: its books as rows, for the reconciliation and for the results.

use crate::{host::Host, reconcile::Row};

/// Every booking of a host; what was booked twice is there twice.
pub(super) fn statement(host: &Host) -> impl Iterator<Item = Row> + '_ {
    host.ledger().bookings().map(Row::from)
}
