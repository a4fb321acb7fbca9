//! A list of bookings that grows without moving what it has: a host must not pause for a copy of its books.

use super::Booking;
use crate::iso8583::Rrn;

/// Bookings in the order of their references, in pages that stay where they are.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// All but the last are full.
    pages: Vec<Vec<Booking>>,
}

impl Shelf {
    pub(super) fn push(&mut self, booking: Booking) {
        match self.pages.last_mut() {
            Some(page) if page.len() < PAGE => page.push(booking),
            // The first page grows as it needs, for most hosts of a test stay small.
            None => self.pages.push(vec![booking]),
            Some(_) => {
                let mut page = Vec::with_capacity(PAGE);
                page.push(booking);
                self.pages.push(page);
            }
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<&Booking> {
        self.pages.get(place / PAGE)?.get(place % PAGE)
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Booking> {
        self.pages.get_mut(place / PAGE)?.get_mut(place % PAGE)
    }

    /// The booking with this reference; a host counts them up, so that they are in order.
    pub(super) fn find(&self, rrn: &Rrn) -> Option<&Booking> {
        let after = self.pages.partition_point(|page| page.first().is_some_and(|first| first.rrn <= *rrn));
        let page = self.pages.get(after.checked_sub(1)?)?;
        let place = page.binary_search_by(|booking| booking.rrn.cmp(rrn)).ok()?;
        page.get(place)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Booking> {
        self.pages.iter().flatten()
    }

    pub(super) fn len(&self) -> usize {
        let full = self.pages.len().saturating_sub(1) * PAGE;
        full + self.pages.last().map_or(0, Vec::len)
    }
}

/// Bookings in a page: a few hundred kilobytes.
const PAGE: usize = 1024;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;
    use crate::{
        iso8583::{BatchNo, MerchantId, Stan, TerminalId},
        ledger::{Postings, State},
        money::Amount,
        operation::{Kind, Variant},
        reconcile::Key,
    };

    #[test]
    fn bookings_are_found_by_place_and_by_reference_on_every_page() {
        let mut shelf = Shelf::default();
        let count = 2 * PAGE + 1;
        for number in 0..count {
            assert_eq!(shelf.len(), number);
            shelf.push(booking(number * 2));
        }
        for place in [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE] {
            let rrn = rrn(place * 2);
            assert_eq!(shelf.get(place).unwrap().rrn, rrn);
            assert_eq!(shelf.get_mut(place).unwrap().rrn, rrn);
            assert_eq!(shelf.find(&rrn).unwrap().rrn, rrn);
        }
        for missing in [1, 2 * PAGE - 1, 2 * count] {
            assert!(shelf.find(&rrn(missing)).is_none(), "{missing}");
        }
        assert!(shelf.get(count).is_none());
        assert!(shelf.iter().map(|booking| booking.rrn).eq((0..count).map(|number| rrn(number * 2))));
    }

    fn rrn(number: usize) -> Rrn {
        Rrn::from_bytes(format!("{number:012}").as_bytes()).unwrap()
    }

    fn booking(number: usize) -> Booking {
        Booking {
            key: Key {
                terminal: TerminalId::from_bytes(b"10000001").unwrap(),
                batch: BatchNo::FIRST,
                stan: Stan::FIRST,
            },
            merchant: MerchantId::from_bytes(b"898100012340001").unwrap(),
            kind: Kind::Sale,
            variant: Variant::Plain,
            amount: Amount::ZERO,
            tip: Amount::ZERO,
            card: None,
            rrn: rrn(number),
            approval_code: None,
            original: None,
            at: 0,
            state: State::Captured,
            postings: Postings::NONE,
        }
    }
}
