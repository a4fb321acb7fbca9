//! What the books tell the portal: sales that were approved, what stands of them, and batches that were settled.
//!
//! It follows from the records alone, whether they are new or restored:
//!
//! | record                                         | the portal hears                     |
//! |------------------------------------------------|--------------------------------------|
//! | a sale is booked, or an order paid             | approved                             |
//! | a refund is booked                             | what stands of the original          |
//! | a sale is voided, reversed, adjusted, or stands again | what stands of it             |
//! | a batch is closed                              | settled, with the sales that stand   |

use super::{
    Host,
    counter::Counter,
    sold::{is_open, is_sale, stands},
};
use crate::{
    iso8583::{BatchNo, TerminalId},
    ledger::{Record, State},
    money::Amount,
    operation::{Effect, Kind},
    portal::{Acquirer, Portal, Sale},
    reconcile::Key,
    time::Instant,
};

/// A sale that a record is about, as it was before the record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    key: Key,
    /// Nothing of a sale that was not booked.
    state: Option<State>,
    stood: Amount,
}

impl Host {
    /// The sale that a record is about; nothing without a portal, and for records that are about none.
    pub(super) fn sale_before(&self, record: &Record) -> Option<Before> {
        self.counter.as_ref()?;
        let key = match record {
            Record::Booked(booking) if is_sale(booking.kind) => booking.key,
            Record::Booked(booking) if is_refund(booking.kind) => booking.original?,
            Record::Moved { key, .. } if is_sale(self.ledger.get(key)?.kind) => *key,
            _ => return None,
        };
        let known = self.ledger.get(&key);
        let stood = known.map_or(Amount::ZERO, |known| stands(&self.ledger, known));
        Some(Before { key, state: known.map(|known| known.state), stood })
    }

    /// Tells the portal what a record has changed.
    pub(super) fn tell(&mut self, record: &Record, before: Option<Before>) {
        match record {
            Record::BatchClosed { terminal, batch, .. } => self.tell_settled(*terminal, *batch),
            _ => before.into_iter().for_each(|before| self.tell_sale(before)),
        }
    }

    fn tell_sale(&mut self, before: Before) {
        let Some((sale, state)) = self.sale_now(before.key) else { return };
        let is_approved = matches!(before.state, None | Some(State::Waiting)) && state == State::Captured;
        if is_approved {
            return self.tell_approved(&sale);
        }
        if sale.amount == before.stood {
            return;
        }
        let is_settled = !is_open(&self.ledger, &sale.key);
        self.say(|portal, branch, now| portal.restated(now, branch, &sale, is_settled));
        if !is_settled {
            self.count_unsettled(&sale, before.stood, sale.amount);
        }
    }

    /// Tells the portal something, unless the books come back.
    fn say(&mut self, what: impl FnOnce(&mut Portal, &dyn Acquirer, Instant)) {
        let now = self.now;
        if self.counter.as_deref().is_some_and(|counter| !counter.is_coming_back) {
            self.at_counter(now, |portal, branch| what(portal, branch, now));
        }
    }

    fn tell_approved(&mut self, sale: &Sale) {
        self.counter.as_deref_mut().into_iter().for_each(|counter| counter.sold.add(sale));
        self.say(|portal, branch, now| portal.approved(now, branch, sale));
        self.count_unsettled(sale, Amount::ZERO, sale.amount);
    }

    fn tell_settled(&mut self, terminal: TerminalId, batch: BatchNo) {
        let keys: Vec<Key> = self
            .ledger
            .of_batch(terminal, batch)
            .filter(|booking| is_sale(booking.kind))
            .map(|booking| booking.key)
            .collect();
        let sales: Vec<Sale> = keys
            .into_iter()
            .filter_map(|key| Some(self.sale_now(key)?.0))
            .filter(|sale| sale.amount > Amount::ZERO)
            .collect();
        sales.iter().for_each(|sale| self.count_unsettled(sale, sale.amount, Amount::ZERO));
        self.say(|portal, branch, now| portal.settled(now, branch, terminal, &sales));
    }

    fn sale_now(&self, key: Key) -> Option<(Sale, State)> {
        let (counter, booking) = (self.counter.as_deref()?, self.ledger.get(&key)?);
        Some((counter.sold.sale(&self.ledger, booking), booking.state))
    }

    /// Counts what a merchant is owed from open batches; what was cleared at once is owed no more.
    ///
    /// While the books come back nothing is counted: the portal, which knows what was cleared, comes back beside them.
    fn count_unsettled(&mut self, sale: &Sale, before: Amount, after: Amount) {
        let counter = self.counter.as_deref_mut();
        let is_owed =
            |counter: &&mut Counter| !counter.is_coming_back && !counter.portal.is_cleared(&sale.key);
        if let Some(counter) = counter.filter(is_owed) {
            counter.sold.change(sale.merchant, before, after);
        }
    }
}

/// Whether transactions of this kind give back a part of a sale that goes on to stand.
fn is_refund(kind: Kind) -> bool {
    kind.form().effect == Effect::Credit && !kind.amount_is_originals()
}
