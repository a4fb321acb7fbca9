//! The statement of the host inside the program: its books as rows, for the reconciliation and for the results.

use crate::{
    card::MaskedPan,
    host::Host,
    reconcile::{Key, Row},
};

/// What stands in the books of a host, row by row.
pub(super) fn statement(host: &Host) -> impl Iterator<Item = Row> + '_ {
    let ledger = host.ledger();
    let details = move |key: &Key| {
        let booking = ledger.get(key)?;
        Some((booking.kind, booking.rrn, booking.card.as_ref().map(MaskedPan::from)))
    };
    ledger.captured().map(move |(key, amount)| {
        let (kind, rrn, card) =
            details(&key).map_or((None, None, None), |(kind, rrn, card)| (Some(kind), Some(rrn), card));
        Row { kind, rrn, card, ..Row::captured(key, amount) }
    })
}
