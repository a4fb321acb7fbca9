//! Payouts: which transactions are cleared into which, when they are made, and to which card.
//!
//! A payout is ordered when its transactions are cleared and made when it is due, to the card that is effective at that
//! instant. With no such card it is held, and released once when there is one. What is undone after it was cleared is a
//! debt of the merchant, which its next payouts pay first.

use super::{
    Method, Portal, Sale, Settlement,
    agenda::Due,
    event::Event,
    history::Fact,
    notification::{Notification, Topic},
};
use crate::{iso8583::MerchantId, money::Amount, reconcile::Key, time::Instant};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

/// Number of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayoutNo(pub u64);

impl fmt::Display for PayoutNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{:011}", self.0)
    }
}

/// A payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Its number.
    pub no: PayoutNo,
    /// Whose.
    pub merchant: MerchantId,
    /// What was sold.
    pub gross: Amount,
    /// What the acquirer keeps.
    pub fee: Amount,
    /// The transactions that were cleared.
    pub transactions: Vec<Key>,
    /// Where it stands.
    pub state: PayoutState,
}

/// Where a payout stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutState {
    /// It will be made then.
    Ordered(Instant),
    /// It waits for a card.
    Held,
    /// It was made.
    Paid {
        /// When.
        at: Instant,
        /// To which card.
        card: super::CardId,
        /// How much.
        amount: Amount,
        /// What was kept for transactions that had been undone.
        recovered: Amount,
    },
}

/// A transaction that was cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clearing {
    merchant: MerchantId,
    method: Method,
    gross: Amount,
    net: Amount,
    /// How much of the gross does not stand any more.
    undone: Amount,
    /// What that is of the net.
    taken_back: Amount,
}

impl Clearing {
    /// How much of the net goes with what does not stand any more.
    fn due_back(&self) -> Amount {
        let part = u128::from(self.undone.minor()) * u128::from(self.net.minor());
        Amount::from_minor((part / u128::from(self.gross.minor().max(1))) as u64)
    }
}

/// All payouts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PayoutBook {
    payouts: BTreeMap<PayoutNo, Payout>,
    of_merchant: BTreeMap<MerchantId, Vec<PayoutNo>>,
    unpaid: BTreeMap<MerchantId, BTreeSet<PayoutNo>>,
    clearings: BTreeMap<Key, Clearing>,
    debts: BTreeMap<MerchantId, Amount>,
}

impl PayoutBook {
    pub(super) fn all(&self) -> impl Iterator<Item = &Payout> {
        self.payouts.values()
    }

    pub(super) fn len(&self) -> usize {
        self.payouts.len()
    }

    /// The payouts before one, newest first.
    pub(super) fn before(&self, no: Option<PayoutNo>) -> impl Iterator<Item = &Payout> {
        let before = self.payouts.range(..no.unwrap_or(PayoutNo(u64::MAX)));
        before.rev().map(|(_, payout)| payout)
    }

    pub(super) fn of_merchant(&self, merchant: MerchantId) -> impl Iterator<Item = &Payout> {
        self.of_merchant.get(&merchant).into_iter().flatten().filter_map(|no| self.payouts.get(no))
    }

    pub(super) fn debt(&self, merchant: MerchantId) -> Amount {
        self.debts.get(&merchant).copied().unwrap_or_default()
    }

    pub(super) fn unpaid(&self, merchant: MerchantId) -> impl Iterator<Item = &Payout> {
        self.unpaid.get(&merchant).into_iter().flatten().filter_map(|no| self.payouts.get(no))
    }

    pub(super) fn is_cleared(&self, transaction: &Key) -> bool {
        self.clearings.contains_key(transaction)
    }

    fn insert(&mut self, merchant: MerchantId, due: Instant) -> PayoutNo {
        let no = PayoutNo(self.payouts.len() as u64 + 1);
        let (state, transactions) = (PayoutState::Ordered(due), Vec::new());
        let (gross, fee) = (Amount::ZERO, Amount::ZERO);
        self.payouts.insert(no, Payout { no, merchant, gross, fee, transactions, state });
        self.of_merchant.entry(merchant).or_default().push(no);
        self.unpaid.entry(merchant).or_default().insert(no);
        no
    }

    /// The payout of that merchant that is due then, and is not made yet.
    fn due_at(&self, merchant: MerchantId, due: Instant) -> Option<PayoutNo> {
        self.unpaid(merchant).find(|payout| payout.state == PayoutState::Ordered(due)).map(|payout| payout.no)
    }

    fn take_debt(&mut self, merchant: MerchantId, most: Amount) -> Amount {
        let debt = self.debts.entry(merchant).or_default();
        let taken = most.min(*debt);
        *debt -= taken;
        taken
    }
}

impl Portal {
    /// Clears the transactions of a batch that was settled into the payout of the next day; those that were paid at
    /// once are passed over.
    pub(super) fn clear_batch(&mut self, at: Instant, sales: &[Sale]) {
        for sale in sales {
            let is_known = self.books.merchants.contains_key(&sale.merchant);
            if is_known && !self.books.payouts.is_cleared(&sale.key) {
                let payout = self.payout_of_next_day(at, sale.merchant);
                self.clear(at, payout, sale);
            }
        }
    }

    /// Clears an approved transaction of a merchant that is paid at once.
    pub(super) fn clear_at_once(&mut self, at: Instant, sale: &Sale) {
        let merchant = self.books.merchants.get(&sale.merchant);
        let is_instant = merchant.is_some_and(|merchant| merchant.record.settlement == Settlement::Instant);
        if is_instant && !self.books.payouts.is_cleared(&sale.key) {
            let due = at + self.rules.payout.instant_after.draw(&mut self.chance());
            let payout = self.order_payout(at, sale.merchant, due);
            self.clear(at, payout, sale);
        }
    }

    /// Takes back what a cleared transaction brought, in the proportion of `amount` to the whole.
    pub(super) fn take_back(&mut self, at: Instant, transaction: Key, amount: Amount) {
        let Some(clearing) = self.books.payouts.clearings.get(&transaction) else { return };
        let stands = clearing.gross - clearing.undone;
        let left = stands.checked_sub(amount).unwrap_or_default();
        self.restate(at, transaction, left, clearing.method);
    }

    /// Brings what was cleared of a transaction to what stands of it: the difference is a debt of the merchant, or goes
    /// into another payout.
    pub(super) fn restate(&mut self, at: Instant, transaction: Key, stands: Amount, method: Method) {
        let fee = self.rules.fee(method, stands);
        let Some(clearing) = self.books.payouts.clearings.get_mut(&transaction) else { return };
        let before = (clearing.net, clearing.taken_back);
        if stands > clearing.gross {
            (clearing.gross, clearing.net) = (stands, (stands - fee).max(clearing.net));
        }
        clearing.undone = clearing.gross - stands;
        clearing.taken_back = clearing.due_back();
        let (merchant, after) = (clearing.merchant, (clearing.net, clearing.taken_back));
        let (more, less) = (after.0 + before.1, before.0 + after.1);
        match more.checked_sub(less) {
            Some(Amount::ZERO) => {}
            Some(net) => self.supplement(at, merchant, transaction, net),
            None => {
                let net = less - more;
                *self.books.payouts.debts.entry(merchant).or_default() += net;
                self.note(at, Fact::TakenBack { transaction, net });
            }
        }
    }

    /// Pays more for a transaction that was cleared before, in a payout of its own or with those of the next day.
    fn supplement(&mut self, at: Instant, merchant: MerchantId, transaction: Key, net: Amount) {
        let no = match self.books.merchant(merchant).record.settlement {
            Settlement::Instant => {
                let due = at + self.rules.payout.instant_after.draw(&mut self.chance());
                self.order_payout(at, merchant, due)
            }
            Settlement::NextDay => self.payout_of_next_day(at, merchant),
        };
        let payout = self.books.payouts.payouts.get_mut(&no).expect("payouts are never removed");
        payout.gross += net;
        payout.transactions.push(transaction);
        self.note(at, Fact::Supplemented { transaction, payout: no, net });
    }

    /// The card that payouts of a merchant go to now.
    pub fn effective_card(&self, merchant: MerchantId) -> Option<super::CardId> {
        self.books.merchants.get(&merchant)?.wallet.effective().map(|card| card.id)
    }

    /// The newest payouts, newest first.
    pub fn newest_payouts(&self) -> impl Iterator<Item = &Payout> {
        self.books.payouts.payouts.values().rev()
    }

    /// Makes a payout that is due; the network may delay it once.
    pub(super) fn pay_when_due(&mut self, at: Instant, no: PayoutNo) {
        let payout = self.books.payouts.payouts.get(&no);
        if payout.is_none_or(|payout| payout.state != PayoutState::Ordered(at)) {
            return;
        }
        let is_late = !self.books.late.contains(&no) && self.chance().happens(self.rules.payout.late);
        if is_late { self.delay_payout(at, no) } else { self.pay(at, no) }
    }

    /// Makes all payouts that are ordered, before their time.
    pub(super) fn pay_ordered(&mut self, at: Instant, merchant: MerchantId) {
        let unpaid: Vec<PayoutNo> = self.books.payouts.unpaid(merchant).map(|payout| payout.no).collect();
        unpaid.into_iter().for_each(|no| self.pay(at, no));
    }

    /// Releases what was held for want of a card.
    pub(super) fn release_held(&mut self, at: Instant, merchant: MerchantId) {
        let unpaid = self.books.payouts.unpaid(merchant);
        let held = unpaid.filter(|payout| payout.state == PayoutState::Held).map(|payout| payout.no);
        for payout in held.collect::<Vec<_>>() {
            self.note(at, Fact::Released { payout });
            self.pay(at, payout);
        }
    }

    fn payout_of_next_day(&mut self, at: Instant, merchant: MerchantId) -> PayoutNo {
        let due = self.next_day(at);
        let payout = self.books.payouts.due_at(merchant, due);
        payout.unwrap_or_else(|| self.order_payout(at, merchant, due))
    }

    fn order_payout(&mut self, at: Instant, merchant: MerchantId, due: Instant) -> PayoutNo {
        let payout = self.books.payouts.insert(merchant, due);
        self.books.agenda.enter(due, Due::Payout(payout));
        self.note(at, Fact::Ordered { payout, merchant, due });
        payout
    }

    fn clear(&mut self, at: Instant, no: PayoutNo, sale: &Sale) {
        let fee = self.rules.fee(sale.method, sale.amount);
        let net = sale.amount - fee;
        let Sale { key, merchant, method, amount: gross, .. } = *sale;
        let (undone, taken_back) = (Amount::ZERO, Amount::ZERO);
        let book = &mut self.books.payouts;
        book.clearings.insert(key, Clearing { merchant, method, gross, net, undone, taken_back });
        let payout = book.payouts.get_mut(&no).expect("payouts are never removed");
        payout.gross += gross;
        payout.fee += fee;
        payout.transactions.push(key);
        self.note(at, Fact::Cleared { transaction: key, payout: no, net });
    }

    fn delay_payout(&mut self, at: Instant, no: PayoutNo) {
        let due = at + self.rules.payout.late_by.draw(&mut self.chance());
        self.books.late.insert(no);
        self.set_payout(no, PayoutState::Ordered(due));
        self.books.agenda.enter(due, Due::Payout(no));
        self.note(at, Fact::Delayed { payout: no, due });
    }

    fn pay(&mut self, at: Instant, no: PayoutNo) {
        let payout = self.books.payouts.payouts.get(&no).expect("payouts are never removed");
        let (merchant, net) = (payout.merchant, payout.gross - payout.fee);
        let Some(effective) = self.books.merchant(merchant).wallet.effective() else {
            return self.hold(at, merchant, no);
        };
        let (card, masked) = (effective.id, effective.masked());
        let recovered = self.books.payouts.take_debt(merchant, net);
        let amount = net - recovered;
        self.set_payout(no, PayoutState::Paid { at, card, amount, recovered });
        self.books.payouts.unpaid.entry(merchant).or_default().remove(&no);
        self.note(at, Fact::Paid { payout: no, merchant, card, amount, recovered });
        self.events.push_back(Event::Payout { at, payout: no, merchant, card: masked, amount });
        let credited = Notification::of(Topic::Credited);
        self.notify(at, merchant, Notification { card: Some(masked), amount: Some(amount), ..credited });
    }

    fn hold(&mut self, at: Instant, merchant: MerchantId, no: PayoutNo) {
        self.set_payout(no, PayoutState::Held);
        self.note(at, Fact::Held { payout: no });
        self.notify(at, merchant, Notification::of(Topic::PayoutHeld));
    }

    fn set_payout(&mut self, no: PayoutNo, state: PayoutState) {
        self.books.payouts.payouts.get_mut(&no).expect("payouts are never removed").state = state;
    }

    /// The time of the next day's payouts.
    fn next_day(&self, at: Instant) -> Instant {
        let tomorrow = (self.day(at) + 1) * super::SECONDS_PER_DAY;
        let seconds = tomorrow - self.wall.at(Instant::START).to_unix();
        Instant::START + Duration::from_secs(seconds.max(0) as u64) + self.rules.payout.next_day_at
    }
}
