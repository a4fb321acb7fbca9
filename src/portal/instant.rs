//! Instant settlement (实时到账): the application, approved transactions, and the limits of methods.

use super::{
    Acquirer, Caller, Portal, Refusal, Response, Sale, Settlement,
    journal::Act,
    notification::{Notification, Topic},
    review::{ApplicationNo, Content, Matter, Stage},
};
use crate::{
    iso8583::{MerchantId, TerminalId},
    money::Amount,
    reconcile::Key,
    time::Instant,
};

impl Portal {
    pub(super) fn apply_for_instant(
        &mut self,
        caller: &Caller<'_>,
        name: &str,
        number: MerchantId,
    ) -> Result<Response, Refusal> {
        let merchant = self.books.merchant(caller.merchant);
        if number != caller.merchant || name != merchant.record.data.name {
            return Err(Refusal::MerchantMismatch);
        }
        if merchant.record.settlement == Settlement::Instant {
            return Err(Refusal::InstantAlready);
        }
        merchant.wallet.effective().ok_or(Refusal::InstantWithoutCard)?;
        let matter = Matter::Instant(caller.merchant);
        self.check_not_open(&matter, Refusal::InstantOpen)?;
        let no = self.submit(caller.now, Some(caller.merchant), matter, Content::Instant);
        self.application_view(no)
    }

    pub(super) fn enable_instant(&mut self, at: Instant, no: ApplicationNo) {
        if let Some(merchant) = self.books.application(no).merchant {
            self.books.merchant_mut(merchant).record.settlement = Settlement::Instant;
            self.notify(at, merchant, Notification::of(Topic::InstantEnabled));
        }
        self.close(at, no, Stage::Done);
    }

    pub(super) fn reject_instant(&mut self, at: Instant, no: ApplicationNo, reason: String) {
        self.close(at, no, Stage::Rejected(reason.clone()));
        if let Some(merchant) = self.books.application(no).merchant {
            let rejected = Notification::of(Topic::InstantRejected);
            self.notify(at, merchant, Notification { reason: Some(reason), ..rejected });
        }
    }

    /// Takes a transaction that the host has approved, once; a repeated one is never paid twice.
    pub fn approved(&mut self, now: Instant, acquirer: &dyn Acquirer, sale: &Sale) {
        let now = self.advance(now, acquirer);
        let day = self.day(now);
        let is_known = self.books.payouts.is_cleared(&sale.key);
        if let Some(merchant) = self.books.merchants.get_mut(&sale.merchant).filter(|_| !is_known) {
            let (sold_on, sums) = &mut merchant.sold;
            if *sold_on != day {
                (*sold_on, *sums) = (day, Default::default());
            }
            sums[sale.method as usize] += sale.amount;
        }
        self.first_sale(now, sale.key.terminal);
        self.clear_at_once(now, sale);
        self.enter(Act::Approved(*sale), Vec::new(), None);
    }

    /// Takes a void, reversal or refund of an approved transaction: `amount` of it is given back.
    ///
    /// What was not cleared yet is no business of the portal: the batch comes without it.
    pub fn undone(&mut self, now: Instant, acquirer: &dyn Acquirer, transaction: Key, amount: Amount) {
        let now = self.advance(now, acquirer);
        self.take_back(now, transaction, amount);
        self.enter(Act::Undone(transaction, amount), Vec::new(), None);
    }

    /// Takes what stands of an approved transaction now: less after a void, reversal or refund, all of it again when
    /// that was undone, more or less after an adjustment.
    ///
    /// What was not cleared yet comes with its batch; where that is settled already, it is cleared now.
    pub fn restated(&mut self, now: Instant, acquirer: &dyn Acquirer, sale: &Sale, is_settled: bool) {
        let now = self.advance(now, acquirer);
        if self.books.payouts.is_cleared(&sale.key) {
            self.restate(now, sale.key, sale.amount, sale.method);
        } else if is_settled && sale.amount > Amount::ZERO {
            self.clear_batch(now, std::slice::from_ref(sale));
        }
        self.enter(Act::Restated(*sale, is_settled), Vec::new(), None);
    }

    /// Whether a transaction was cleared into a payout.
    #[must_use]
    pub fn is_cleared(&self, transaction: &Key) -> bool {
        self.books.payouts.is_cleared(transaction)
    }

    /// Takes a batch that was settled, with the transactions that stand.
    pub fn settled(&mut self, now: Instant, acquirer: &dyn Acquirer, terminal: TerminalId, sales: &[Sale]) {
        let now = self.advance(now, acquirer);
        self.clear_batch(now, sales);
        self.switch_after_batch(now, terminal);
        self.enter(Act::Settled(terminal, sales.to_vec()), Vec::new(), None);
    }

    pub(super) fn is_over_limit(&self, now: Instant, sale: &Sale) -> bool {
        // What sells nothing, such as a void, is over no limit.
        if sale.amount == Amount::ZERO {
            return false;
        }
        let limit = self.rules.limits[sale.method as usize];
        let merchant = self.books.merchants.get(&sale.merchant);
        let today = merchant.filter(|merchant| merchant.sold.0 == self.day(now));
        let sold = today.map_or(Amount::ZERO, |merchant| merchant.sold.1[sale.method as usize]);
        sale.amount > limit.per_transaction || sold + sale.amount > limit.per_day
    }
}
