//! The final check of a portal's history: no money to the wrong card, none lost or doubled, one code a device.
//!
//! It knows nothing of the portal but the lines of its history, and follows them from the first to the last.

use super::{ApplicationNo, CardId, Fact, Line, Matter, Pair, PayoutNo, SerialNumber};
use crate::{
    iso8583::{MerchantId, TerminalId},
    money::Amount,
    reconcile::Key,
    time::Instant,
};
use std::collections::{BTreeMap, BTreeSet};

/// Something that must never have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A line is older than the one before.
    #[error("the history goes back in time at line {0}")]
    OutOfOrder(usize),
    /// A device has two merchant codes at once.
    #[error("device {0} has two codes at once")]
    TwoCodes(SerialNumber),
    /// A device that had a code has none.
    #[error("device {0} has no code")]
    NoCode(SerialNumber),
    /// A code belongs to two devices.
    #[error("terminal number {0} belongs to two devices")]
    SharedCode(TerminalId),
    /// A binding or a card has ended that was not in force.
    #[error("line {0} ends what was not in force")]
    EndedNothing(usize),
    /// A merchant has two effective cards at once.
    #[error("merchant {0} has two effective cards at once")]
    TwoCards(MerchantId),
    /// A payout went to a card after another had taken its place, or after it was unbound.
    #[error("{0} went to a card that was no longer effective")]
    PaidToOldCard(PayoutNo),
    /// A payout went to a card before its effective instant.
    #[error("{0} went to a card that was not effective yet")]
    PaidToNewCard(PayoutNo),
    /// A payout was ordered or made twice.
    #[error("{0} was paid twice")]
    PaidTwice(PayoutNo),
    /// A payout is mentioned that was never ordered, or is another merchant's.
    #[error("{0} was never ordered for this merchant")]
    NotOrdered(PayoutNo),
    /// A payout was held, and made without being released.
    #[error("{0} was paid while it was held")]
    PaidWhileHeld(PayoutNo),
    /// A payout was held although there was a card.
    #[error("{0} was held although a card was effective")]
    HeldWithoutCause(PayoutNo),
    /// A payout was released that was not held.
    #[error("{0} was released, but not held")]
    ReleasedTwice(PayoutNo),
    /// A payout is held although there is a card.
    #[error("{0} is held although a card is effective")]
    NotReleased(PayoutNo),
    /// A payout was due and not made.
    #[error("{0} is lost")]
    Lost(PayoutNo),
    /// A payout is not the sum of its transactions.
    #[error("{0} is not the sum of its transactions")]
    WrongAmount(PayoutNo),
    /// A transaction was cleared twice.
    #[error("transaction {0:?} was cleared twice")]
    ClearedTwice(Key),
    /// More was kept from a merchant than was undone.
    #[error("more was kept from merchant {0} than was undone")]
    KeptTooMuch(MerchantId),
    /// A transaction that a merchant is paid for was not cleared.
    #[error("transaction {0:?} was not cleared")]
    NotCleared(Key),
    /// A transaction was cleared that the books do not have.
    #[error("transaction {0:?} was cleared, and never booked")]
    NotBooked(Key),
    /// What was cleared of a transaction is not what the books say of it.
    #[error("what was cleared of transaction {0:?} is not what it came to")]
    WrongClearing(Key),
    /// An application was submitted while another was open in the same matter.
    #[error("{0} was submitted while another was open")]
    DoubledApplication(ApplicationNo),
}

/// Checks a history that ends at `until`; what is due later is not lost.
#[must_use]
pub fn audit(history: &[Line], until: Instant) -> Vec<Finding> {
    let mut auditor = Auditor::default();
    for (number, line) in history.iter().enumerate() {
        // What happens at one instant is seen as one.
        if line.at != auditor.at {
            auditor.end_instant();
        }
        if line.at < auditor.at {
            auditor.find(Finding::OutOfOrder(number));
        }
        auditor.at = line.at;
        auditor.follow(number, &line.fact);
    }
    auditor.end(until);
    auditor.findings
}

/// What has been true so far.
#[derive(Default)]
struct Auditor {
    at: Instant,
    findings: Vec<Finding>,
    pairs: BTreeMap<SerialNumber, Pair>,
    owners: BTreeMap<TerminalId, SerialNumber>,
    /// Devices without a code at this instant.
    bare: BTreeSet<SerialNumber>,
    effective: BTreeMap<MerchantId, CardId>,
    /// Cards that were effective, and are not.
    ended: BTreeSet<CardId>,
    payouts: BTreeMap<PayoutNo, Payout>,
    /// Held payouts of merchants, to be looked at when the instant ends.
    held: BTreeMap<MerchantId, BTreeSet<PayoutNo>>,
    /// Merchants whose cards or held payouts changed at this instant.
    touched: BTreeSet<MerchantId>,
    cleared: BTreeMap<Key, PayoutNo>,
    /// What was undone and not kept back yet, by merchant.
    undone: BTreeMap<MerchantId, Amount>,
    open: BTreeMap<Matter, ApplicationNo>,
}

struct Payout {
    merchant: MerchantId,
    due: Instant,
    net: Amount,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Ordered,
    Held,
    Paid,
}

impl Auditor {
    fn follow(&mut self, number: usize, fact: &Fact) {
        match fact {
            Fact::Bound { device, pair } => self.bound(device, *pair),
            Fact::BindingEnded { device, pair } => self.binding_ended(number, device, *pair),
            Fact::CardEffective { merchant, card } => self.card_effective(*merchant, *card),
            Fact::CardEnded { merchant, card } => self.card_ended(number, *merchant, *card),
            Fact::Submitted { application, matter } => {
                if self.open.insert(matter.clone(), *application).is_some() {
                    self.find(Finding::DoubledApplication(*application));
                }
            }
            Fact::Closed { application, matter } => {
                if self.open.remove(matter) != Some(*application) {
                    self.find(Finding::EndedNothing(number));
                }
            }
            Fact::Ordered { payout, merchant, due } => self.ordered(*payout, *merchant, *due),
            Fact::Cleared { transaction, payout, net } => self.cleared(*transaction, *payout, *net),
            Fact::TakenBack { transaction, net } => self.taken_back(number, transaction, *net),
            Fact::Supplemented { transaction, payout, net } => {
                self.supplemented(number, transaction, *payout, *net);
            }
            Fact::Delayed { payout, due } => {
                if let Some(payout) = self.payout(*payout, None) {
                    payout.due = *due;
                }
            }
            Fact::Held { payout } => self.held(*payout),
            Fact::Released { payout } => self.released(*payout),
            Fact::Paid { payout, merchant, card, amount, recovered } => {
                self.paid((*payout, *merchant), *card, (*amount, *recovered));
            }
        }
    }

    fn bound(&mut self, device: &SerialNumber, pair: Pair) {
        if self.pairs.insert(device.clone(), pair).is_some() {
            self.find(Finding::TwoCodes(device.clone()));
        }
        if self.owners.insert(pair.terminal, device.clone()).is_some() {
            self.find(Finding::SharedCode(pair.terminal));
        }
        self.bare.remove(device);
    }

    fn binding_ended(&mut self, number: usize, device: &SerialNumber, pair: Pair) {
        if self.pairs.get(device) != Some(&pair) {
            return self.find(Finding::EndedNothing(number));
        }
        self.pairs.remove(device);
        self.owners.remove(&pair.terminal);
        self.bare.insert(device.clone());
    }

    fn card_effective(&mut self, merchant: MerchantId, card: CardId) {
        if self.effective.insert(merchant, card).is_some() {
            self.find(Finding::TwoCards(merchant));
        }
        self.ended.remove(&card);
        self.touched.insert(merchant);
    }

    fn card_ended(&mut self, number: usize, merchant: MerchantId, card: CardId) {
        if self.effective.get(&merchant) != Some(&card) {
            return self.find(Finding::EndedNothing(number));
        }
        self.effective.remove(&merchant);
        self.ended.insert(card);
    }

    fn ordered(&mut self, no: PayoutNo, merchant: MerchantId, due: Instant) {
        let payout = Payout { merchant, due, net: Amount::ZERO, state: State::Ordered };
        if self.payouts.insert(no, payout).is_some() {
            self.find(Finding::PaidTwice(no));
        }
    }

    fn cleared(&mut self, transaction: Key, no: PayoutNo, net: Amount) {
        if self.cleared.insert(transaction, no).is_some() {
            self.find(Finding::ClearedTwice(transaction));
        }
        self.add(no, net);
    }

    fn supplemented(&mut self, number: usize, transaction: &Key, no: PayoutNo, net: Amount) {
        if !self.cleared.contains_key(transaction) {
            self.find(Finding::EndedNothing(number));
        }
        self.add(no, net);
    }

    /// Adds to a payout, which must not have been made yet.
    fn add(&mut self, no: PayoutNo, net: Amount) {
        let Some(payout) = self.payout(no, None) else { return };
        payout.net += net;
        if payout.state != State::Ordered {
            self.find(Finding::WrongAmount(no));
        }
    }

    fn taken_back(&mut self, number: usize, transaction: &Key, net: Amount) {
        let payout = self.cleared.get(transaction).and_then(|no| self.payouts.get(no));
        match payout.map(|payout| payout.merchant) {
            Some(merchant) => *self.undone.entry(merchant).or_default() += net,
            None => self.find(Finding::EndedNothing(number)),
        }
    }

    fn held(&mut self, no: PayoutNo) {
        let Some(payout) = self.payout(no, None) else { return };
        let merchant = payout.merchant;
        payout.state = State::Held;
        self.held.entry(merchant).or_default().insert(no);
        if self.effective.contains_key(&merchant) {
            self.find(Finding::HeldWithoutCause(no));
        }
    }

    fn released(&mut self, no: PayoutNo) {
        let Some(payout) = self.payout(no, None) else { return };
        let merchant = payout.merchant;
        if payout.state != State::Held {
            return self.find(Finding::ReleasedTwice(no));
        }
        payout.state = State::Ordered;
        payout.due = Instant::START;
        self.held.entry(merchant).or_default().remove(&no);
    }

    fn paid(&mut self, (no, merchant): (PayoutNo, MerchantId), card: CardId, sums: (Amount, Amount)) {
        let Some(payout) = self.payout(no, Some(merchant)) else { return };
        let is_sum = sums.0 + sums.1 == payout.net;
        match std::mem::replace(&mut payout.state, State::Paid) {
            State::Ordered => {}
            State::Held => self.find(Finding::PaidWhileHeld(no)),
            State::Paid => self.find(Finding::PaidTwice(no)),
        }
        if !is_sum {
            self.find(Finding::WrongAmount(no));
        }
        if self.effective.get(&merchant) != Some(&card) {
            let is_old = self.ended.contains(&card);
            self.find(if is_old { Finding::PaidToOldCard(no) } else { Finding::PaidToNewCard(no) });
        }
        self.keep(merchant, sums.1);
    }

    fn keep(&mut self, merchant: MerchantId, recovered: Amount) {
        let undone = self.undone.entry(merchant).or_default();
        match undone.checked_sub(recovered) {
            Some(rest) => *undone = rest,
            None => self.find(Finding::KeptTooMuch(merchant)),
        }
    }

    /// A payout that was ordered, and for that merchant if one is given.
    fn payout(&mut self, no: PayoutNo, merchant: Option<MerchantId>) -> Option<&mut Payout> {
        let is_right = |payout: &Payout| merchant.is_none_or(|merchant| payout.merchant == merchant);
        if !self.payouts.get(&no).is_some_and(is_right) {
            self.find(Finding::NotOrdered(no));
            return None;
        }
        self.payouts.get_mut(&no)
    }

    /// What must hold whenever an instant is over: every device has a code, and nothing waits for a card that is there.
    fn end_instant(&mut self) {
        for device in std::mem::take(&mut self.bare) {
            self.find(Finding::NoCode(device));
        }
        for merchant in std::mem::take(&mut self.touched) {
            let waiting = self.held.get(&merchant).filter(|_| self.effective.contains_key(&merchant));
            let waiting: Vec<PayoutNo> = waiting.into_iter().flatten().copied().collect();
            waiting.into_iter().for_each(|no| self.find(Finding::NotReleased(no)));
        }
    }

    fn end(&mut self, until: Instant) {
        self.end_instant();
        let is_lost = |payout: &Payout| payout.state == State::Ordered && payout.due < until;
        let lost: Vec<PayoutNo> =
            self.payouts.iter().filter(|(_, payout)| is_lost(payout)).map(|(no, _)| *no).collect();
        lost.into_iter().for_each(|no| self.find(Finding::Lost(no)));
    }

    fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }
}
