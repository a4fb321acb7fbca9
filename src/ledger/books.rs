//! The books in memory: transactions in the order of their references, and what every account holds.

use super::{Account, Booking, Postings, Record, State, index::Index, shelf::Shelf};
use crate::{
    card::Pan,
    iso8583::{ApprovalCode, BatchNo, MerchantId, Rrn, TerminalId},
    money::Amount,
    operation::Effect,
    reconcile::Key,
};
use std::collections::HashMap;

/// The books of a host in memory.
#[derive(Debug, Default)]
pub struct Ledger {
    bookings: Shelf,
    index: Index,
    cards: HashMap<Pan, CardAccounts>,
    merchants: HashMap<MerchantId, i64>,
    fees: i64,
    outside: i64,
    suspense: i64,
    batches: HashMap<TerminalId, BatchNo>,
}

/// The two accounts of a card.
#[derive(Clone, Copy, Debug, Default)]
struct CardAccounts {
    free: i64,
    held: i64,
}

impl Ledger {
    /// Changes the books.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Booked(booking) => {
                self.post(booking.card, booking.merchant, &booking.postings);
                self.index.add(booking, self.bookings.len());
                self.bookings.push(booking.clone());
                self.adjust_tip(booking);
            }
            Record::Moved { key, state, amount, postings } => {
                let place = self.index.place(key);
                if let Some(booking) = place.and_then(|place| self.bookings.get_mut(place)) {
                    (booking.state, booking.amount) = (*state, *amount);
                    booking.postings = booking.postings.plus(*postings);
                    let (card, merchant) = (booking.card, booking.merchant);
                    self.post(card, merchant, postings);
                }
            }
            Record::BatchClosed { terminal, next, .. } => {
                self.batches.insert(*terminal, *next);
            }
        }
    }

    /// A transaction; the first one booked under this key.
    pub fn get(&self, key: &Key) -> Option<&Booking> {
        self.bookings.get(self.index.place(key)?)
    }

    /// The transaction with this reference (DE 37).
    pub fn by_rrn(&self, rrn: &Rrn) -> Option<&Booking> {
        self.bookings.find(rrn)
    }

    /// The transactions of one batch of a terminal, in the order of their STANs.
    pub fn of_batch(&self, terminal: TerminalId, batch: BatchNo) -> impl Iterator<Item = &Booking> {
        self.index.of_batch(terminal, batch).filter_map(|place| self.bookings.get(place))
    }

    /// The pre-authorization of a card with this approval code, followed by its additions.
    pub fn pre_auth(&self, card: Pan, approval: ApprovalCode) -> impl Iterator<Item = &Booking> {
        self.index.pre_auth(card, approval).filter_map(|place| self.bookings.get(place))
    }

    /// How much of a transaction was refunded.
    pub fn refunded(&self, original: &Key) -> Amount {
        self.index.refunded(original)
    }

    /// All transactions, in the order in which they were booked.
    pub fn bookings(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.iter()
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.bookings.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What came to an account less what left it, in minor units.
    pub fn balance(&self, account: &Account) -> i64 {
        let card = |pan| self.cards.get(pan).copied().unwrap_or_default();
        match account {
            Account::Card(pan) => card(pan).free,
            Account::Hold(pan) => card(pan).held,
            Account::Merchant(merchant) => self.merchants.get(merchant).copied().unwrap_or_default(),
            Account::Fees => self.fees,
            Account::Outside => self.outside,
            Account::Suspense => self.suspense,
        }
    }

    /// All accounts that are not nought, in no order.
    pub fn balances(&self) -> impl Iterator<Item = (Account, i64)> + '_ {
        let cards = self.cards.iter().flat_map(|(pan, accounts)| {
            [(Account::Card(*pan), accounts.free), (Account::Hold(*pan), accounts.held)]
        });
        let merchants = self.merchants.iter().map(|(id, amount)| (Account::Merchant(*id), *amount));
        let own = [Account::Fees, Account::Outside, Account::Suspense];
        let own = own.into_iter().map(|account| (account, self.balance(&account)));
        cards.chain(merchants).chain(own).filter(|(_, amount)| *amount != 0)
    }

    /// The open batch of a terminal that has settled before.
    pub fn batch(&self, terminal: &TerminalId) -> Option<BatchNo> {
        self.batches.get(terminal).copied()
    }

    /// Everything that is captured and stands.
    pub fn captured(&self) -> impl Iterator<Item = (Key, Amount)> + '_ {
        let stands = |booking: &&Booking| booking.state == State::Captured;
        self.bookings.iter().filter(stands).map(|booking| (booking.key, booking.amount))
    }

    /// An approved adjustment says the tip of its original, too.
    fn adjust_tip(&mut self, booking: &Booking) {
        let is_approved = booking.state == State::Captured;
        if booking.kind.form().effect == Effect::Adjust
            && is_approved
            && let Some(place) = booking.original.and_then(|original| self.index.place(&original))
            && let Some(original) = self.bookings.get_mut(place)
        {
            original.tip = booking.tip;
        }
    }

    fn post(&mut self, card: Option<Pan>, merchant: MerchantId, postings: &Postings) {
        debug_assert_eq!(postings.sum(), 0, "money only moves");
        if let Some(pan) = card.filter(|_| postings.card != 0 || postings.hold != 0) {
            let accounts = self.cards.entry(pan).or_default();
            accounts.free += postings.card;
            accounts.held += postings.hold;
        }
        if postings.merchant != 0 {
            *self.merchants.entry(merchant).or_default() += postings.merchant;
        }
        self.fees += postings.fees;
        self.outside += postings.outside;
        self.suspense += postings.suspense;
    }
}
