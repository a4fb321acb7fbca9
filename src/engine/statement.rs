//! What the host inside the program leaves behind: its books as rows, and what its settlements came to.

use crate::{host::Host, metrics::SettlementSummary, reconcile::Row};

/// Every booking of a host; what was booked twice is there twice.
pub(super) fn statement(host: &Host) -> impl Iterator<Item = Row> + '_ {
    host.ledger().bookings().map(Row::from)
}

/// What settlements came to; `None` when there was none.
pub(super) fn settlements(host: &Host) -> Option<SettlementSummary> {
    let tally = &host.tally().settlements;
    let found = SettlementSummary {
        balanced: tally.balanced,
        unbalanced: tally.unbalanced,
        closed: tally.closed,
        open: host.open_settlements(),
        uploaded: tally.uploaded,
        differences: tally.differences,
    };
    (found != SettlementSummary::default()).then_some(found)
}
