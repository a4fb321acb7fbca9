//! Booking, and the mistakes that a host makes there when it is told to.

use super::{Bug, Host, Outbox};
use crate::{
    ledger::{Booking, Postings, Record},
    money::Amount,
    operation::{Effect, Kind},
    reconcile::Key,
};

impl Host {
    /// Books an approved request, rightly or with the mistake that the configuration asks for.
    pub(super) fn book(&mut self, booking: Booking, out: &mut Outbox) {
        let is_sale = booking.kind.form().effect == Effect::Debit && !booking.postings.is_none();
        match self.config.bug {
            Some(Bug::BooksTwice) if is_sale => {
                self.record(Record::Booked(booking.clone()), out);
                let rrn = self.reference();
                self.record(Record::Booked(Booking { rrn, ..booking }), out);
            }
            Some(Bug::SettlesToNeighbour) if is_sale => {
                let booking = self.at_neighbour(booking);
                self.record(Record::Booked(booking), out);
            }
            Some(Bug::WrongAmount) if is_sale => {
                self.record(Record::Booked(with_one_more(booking)), out);
            }
            _ => self.record(Record::Booked(booking), out),
        }
    }

    /// Whether this request is answered and nothing more.
    pub(super) fn ignores(&self, kind: Kind) -> bool {
        self.config.bug == Some(Bug::IgnoresVoid) && kind.amount_is_originals()
    }

    /// The booking under the next terminal's id and its merchant; a host with one terminal has no neighbours.
    fn at_neighbour(&self, booking: Booking) -> Booking {
        let terminals = &self.config.terminals;
        let place = terminals.iter().position(|enrolment| enrolment.terminal == booking.key.terminal);
        let next = place.and_then(|place| terminals.get((place + 1) % terminals.len()));
        match next {
            Some(next) => {
                let key = Key { terminal: next.terminal, ..booking.key };
                Booking { key, merchant: next.merchant, ..booking }
            }
            None => booking,
        }
    }
}

/// The booking with one minor unit more, which whoever pays loses to the merchant.
fn with_one_more(booking: Booking) -> Booking {
    let amount = booking.amount + Amount::from_minor(1);
    let paid = |share: i64| share - i64::from(share != 0);
    let Postings { card, outside, suspense, merchant, .. } = booking.postings;
    let (card, outside, suspense) = (paid(card), paid(outside), paid(suspense));
    let postings = Postings { card, outside, suspense, merchant: merchant + 1, ..booking.postings };
    Booking { amount, postings, ..booking }
}
