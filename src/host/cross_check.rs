//! The final check of payouts against the books: what was sold was cleared once, and nothing else was.
//!
//! It knows of the portal only the lines of its history, and of the books only the bookings.

use super::{
    Host,
    sold::{is_sale, method, stands},
};
use crate::{
    iso8583::{BatchNo, MerchantId},
    ledger::{Booking, State},
    money::Amount,
    portal::{self, Fact, Finding, Line, Matter, Method, Portal, Settlement},
    reconcile::Key,
    time::Instant,
};
use std::collections::HashMap;

/// What the history says of one transaction.
#[derive(Clone, Copy, Debug, Default)]
struct Cleared {
    /// What was cleared in all, less what was taken back.
    net: i128,
    /// Whether it was cleared as it stood, and never touched again.
    is_plain: bool,
}

impl Host {
    /// What must never have happened in the portal, up to this instant; nothing where there is none.
    ///
    /// 1. Its history contradicts itself, see [`portal::audit`].
    /// 2. A sale was not cleared: one of a settled batch, or of a merchant that was paid at once by then.
    /// 3. Something was cleared that is no sale in the books.
    /// 4. What was cleared is not what stands of the sale, less the fee.
    pub fn portal_findings(&self, until: Instant) -> Vec<Finding> {
        let Some(portal) = self.portal() else { return Vec::new() };
        let mut findings = portal::audit(portal.history(), until);
        let cleared = cleared(portal.history());
        let instant = instant_since(portal.history());
        let sales = self.ledger.bookings().filter(|booking| self.was_sold(booking));
        for sale in sales {
            let since = instant.get(&sale.merchant).copied().unwrap_or(Instant::START);
            findings.extend(match cleared.get(&sale.key) {
                None => self.is_due(portal, sale, since).then_some(Finding::NotCleared(sale.key)),
                Some(cleared) => {
                    let is_right = self.is_right(portal, sale, cleared);
                    (!is_right).then_some(Finding::WrongClearing(sale.key))
                }
            });
        }
        let is_sold = |key: &Key| self.ledger.get(key).is_some_and(|booking| self.was_sold(booking));
        let strangers = cleared.keys().filter(|key| !is_sold(key));
        findings.extend(strangers.map(|key| Finding::NotBooked(*key)));
        findings
    }

    /// Whether money moved to a merchant, also when it went back later; of two bookings under one key the first counts.
    fn was_sold(&self, booking: &Booking) -> bool {
        let is_moved = matches!(booking.state, State::Captured | State::Voided | State::Reversed);
        let first = self.ledger.get(&booking.key);
        is_sale(booking.kind) && is_moved && first.is_some_and(|first| first.rrn == booking.rrn)
    }

    /// Whether a sale must have been cleared by now.
    fn is_due(&self, portal: &Portal, sale: &Booking, instant_since: Instant) -> bool {
        let was_instant = portal.settlement(sale.merchant) == Some(Settlement::Instant)
            && sale.at > self.config.clock.at(instant_since).to_unix();
        let open = self.ledger.batch(&sale.key.terminal).unwrap_or(BatchNo::FIRST);
        let is_settled = open != sale.key.batch && portal.settlement(sale.merchant).is_some();
        was_instant || is_settled && stands(&self.ledger, sale) > Amount::ZERO
    }

    /// Whether what was cleared fits what stands: exactly, unless parts of it were undone, whose fees are rounded.
    fn is_right(&self, portal: &Portal, sale: &Booking, cleared: &Cleared) -> bool {
        let stands = stands(&self.ledger, sale);
        let methods = [method(sale.kind, sale.card.as_ref()), Method::SmallContactless];
        let net = |method| i128::from((stands - portal.rules().fee(method, stands)).minor());
        match () {
            () if stands == Amount::ZERO => cleared.net == 0,
            () if cleared.is_plain => methods.into_iter().any(|method| net(method) == cleared.net),
            () => 0 <= cleared.net && cleared.net <= i128::from(stands.minor()),
        }
    }
}

fn cleared(history: &[Line]) -> HashMap<Key, Cleared> {
    let mut cleared: HashMap<Key, Cleared> = HashMap::new();
    for line in history {
        let (transaction, net, is_plain) = match line.fact {
            Fact::Cleared { transaction, net, .. } => (transaction, i128::from(net.minor()), true),
            Fact::Supplemented { transaction, net, .. } => (transaction, i128::from(net.minor()), false),
            Fact::TakenBack { transaction, net } => (transaction, -i128::from(net.minor()), false),
            _ => continue,
        };
        let known = cleared.entry(transaction).or_default();
        (known.net, known.is_plain) = (known.net + net, is_plain);
    }
    cleared
}

/// Since when merchants are paid at once that were not from the start.
fn instant_since(history: &[Line]) -> HashMap<MerchantId, Instant> {
    let closed = history.iter().filter_map(|line| match &line.fact {
        Fact::Closed { matter: Matter::Instant(merchant), .. } => Some((*merchant, line.at)),
        _ => None,
    });
    closed.collect()
}
