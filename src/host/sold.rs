//! What merchants have sold: which bookings are sales, how they were paid, what stands of them, and what is not settled.
//!
//! An index beside the books, kept as records are applied and only where there is a portal.
//!
//! Sales are what a merchant is paid for: sales by card and by code, offline and electronic cash sales, completions.
//! Loads of electronic cash are none, for the merchant has the banknotes. What stands of a sale is its amount, as an
//! adjustment may have changed it, less what was refunded; nothing once it was voided or reversed. A refund always has
//! an original, since the host refuses one without.

use crate::{
    card::Pan,
    iso8583::{BatchNo, De, MerchantId, Message},
    ledger::{Booking, Ledger, State},
    money::Amount,
    operation::{Effect, Kind, Side},
    portal::{Method, Sale},
    reconcile::Key,
};
use std::collections::{HashMap, HashSet};

/// What merchants have sold.
#[derive(Debug, Default)]
pub(super) struct Sold {
    merchants: HashMap<MerchantId, Takings>,
    /// Sales that were small and contactless, which no booking says, but the portal's inputs do.
    small: HashSet<Key>,
}

/// What one merchant has sold.
#[derive(Debug, Default)]
struct Takings {
    /// Oldest first.
    sales: Vec<Key>,
    /// What stands in open batches and was not cleared at once.
    unsettled: Amount,
}

impl Sold {
    pub(super) fn unsettled(&self, merchant: MerchantId) -> Amount {
        self.merchants.get(&merchant).map_or(Amount::ZERO, |takings| takings.unsettled)
    }

    /// The sales of a merchant that stand, oldest first.
    pub(super) fn of_merchant(&self, ledger: &Ledger, merchant: MerchantId) -> Vec<Sale> {
        let keys = self.merchants.get(&merchant).map_or(&[][..], |takings| &takings.sales);
        let sales = keys.iter().filter_map(|key| Some(self.sale(ledger, ledger.get(key)?)));
        sales.filter(|sale| sale.amount > Amount::ZERO).collect()
    }

    /// A booking as the portal sees it, with the amount that stands.
    pub(super) fn sale(&self, ledger: &Ledger, booking: &Booking) -> Sale {
        let &Booking { key, merchant, rrn, at, .. } = booking;
        Sale { key, merchant, method: self.method(booking), amount: stands(ledger, booking), rrn, at }
    }

    pub(super) fn add(&mut self, sale: &Sale) {
        self.merchants.entry(sale.merchant).or_default().sales.push(sale.key);
    }

    /// What stands of a sale in an open batch was `before` and is `after`.
    pub(super) fn change(&mut self, merchant: MerchantId, before: Amount, after: Amount) {
        let unsettled = &mut self.merchants.entry(merchant).or_default().unsettled;
        *unsettled = (*unsettled + after).checked_sub(before).unwrap_or_default();
    }

    /// Counts anew what stands in open batches and was not cleared at once.
    pub(super) fn recount(&mut self, ledger: &Ledger, is_cleared: impl Fn(&Key) -> bool) {
        for takings in self.merchants.values_mut() {
            let owed = takings.sales.iter().filter(|key| is_open(ledger, key) && !is_cleared(key));
            let standing = owed.filter_map(|key| ledger.get(key)).map(|booking| stands(ledger, booking));
            takings.unsettled = standing.sum();
        }
    }

    /// Notes how a sale of an earlier life was paid, where its booking does not say.
    pub(super) fn note_method(&mut self, sale: &Sale) {
        if sale.method == Method::SmallContactless {
            self.note_small(sale.key);
        }
    }

    pub(super) fn note_small(&mut self, key: Key) {
        self.small.insert(key);
    }

    fn method(&self, booking: &Booking) -> Method {
        if self.small.contains(&booking.key) {
            return Method::SmallContactless;
        }
        method(booking.kind, booking.card.as_ref())
    }
}

/// Whether a merchant is paid for transactions of this kind.
pub(super) fn is_sale(kind: Kind) -> bool {
    let form = kind.form();
    matches!(form.effect, Effect::Debit | Effect::Complete) && kind != Kind::CashLoadVoid
}

/// Whether a transaction belongs to the open batch of its terminal.
pub(super) fn is_open(ledger: &Ledger, key: &Key) -> bool {
    ledger.batch(&key.terminal).unwrap_or(BatchNo::FIRST) == key.batch
}

/// What stands of a sale.
pub(super) fn stands(ledger: &Ledger, booking: &Booking) -> Amount {
    match booking.state {
        State::Captured => booking.amount.checked_sub(ledger.refunded(&booking.key)).unwrap_or_default(),
        _ => Amount::ZERO,
    }
}

/// Whether a booking keeps a batch open: money that moved, or an order whose payer may still pay.
pub(super) fn keeps_open(booking: &Booking) -> bool {
    match booking.state {
        State::Waiting => true,
        State::Captured | State::Voided => booking.kind.form().side != Side::None,
        _ => false,
    }
}

/// How a sale is paid: by code, or with a debit or a credit card, told by the first digits of its number.
///
/// Credit cards are UnionPay's 625 and 628, and those of other organisations but Maestro.
pub(super) fn method(kind: Kind, card: Option<&Pan>) -> Method {
    if matches!(kind, Kind::QrSale | Kind::QrOrder) {
        return Method::Qr;
    }
    let begins = |prefix: &&[u8]| card.is_some_and(|card| card.as_bytes().starts_with(prefix));
    if CREDIT.iter().any(begins) { Method::Credit } else { Method::Debit }
}

/// Whether a request is for a small amount with a contactless card (DE 22: 07 by chip, 91 by track).
pub(super) fn is_small(message: &Message<'_>, amount: Amount) -> bool {
    let is_contactless = message.number(De::ENTRY_MODE).is_some_and(|mode| matches!(mode / 10, 7 | 91));
    is_contactless && amount <= SMALL_MAX
}

const CREDIT: [&[u8]; 13] =
    [b"625", b"628", b"4", b"51", b"52", b"53", b"54", b"55", b"35", b"34", b"37", b"30", b"36"];
/// 1,000 yuan: up to here neither PIN nor signature is asked for.
const SMALL_MAX: Amount = Amount::from_minor(100_000);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn the_kind_and_the_first_digits_say_how_a_sale_is_paid() {
        for (number, expected) in [
            ("6212345000000000", Method::Debit),
            ("6251345000000000", Method::Credit),
            ("6281345000000000", Method::Credit),
            ("4111111111111111", Method::Credit),
            ("5018000000000009", Method::Debit),
        ] {
            let pan: Pan = number.parse().unwrap();
            assert_eq!(method(Kind::Sale, Some(&pan)), expected, "{number}");
            assert_eq!(method(Kind::QrSale, Some(&pan)), Method::Qr);
        }
        assert_eq!(method(Kind::CashSale, None), Method::Debit);
    }

    #[test]
    fn merchants_are_paid_for_what_was_sold_and_nothing_else() {
        use Kind::*;
        let sales = [Sale, Completion, CompletionNotice, OfflineSale, CashSale, QrSale, QrOrder];
        for (kind, name) in Kind::ALL.iter().filter(|(kind, _)| kind.is_financial()) {
            assert_eq!(is_sale(*kind), sales.contains(kind), "{name}");
        }
    }
}
