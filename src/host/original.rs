//! The earlier transaction that a request is about: finding it, checking that it fits, and what becomes of it.

use super::{
    Host, Inquiry, Outbox,
    demand::{Demand, approval_code_of, original_of, rrn_of, tag_of, tip_of},
    order::rrn_of_voucher,
};
use crate::{
    iso8583::{MonthDay, Private59, ResponseCode},
    ledger::{Booking, Charge, Payer, Postings, Record, State, fee},
    money::Amount,
    operation::{Effect, Kind, Reference},
    reconcile::Key,
    time::DateTime,
};

/// The earlier transaction that a request is about.
#[derive(Debug, Default)]
pub(super) struct Related {
    /// None where the request stands alone.
    pub(super) original: Option<Booking>,
    /// What is set aside for a pre-authorization and its additions.
    pub(super) held: Amount,
}

impl Host {
    /// Finds the original of a request, and checks that the request may be about it.
    ///
    /// # Errors
    /// The code that refuses the request:
    /// 1. 30: it does not say which it is about.
    /// 2. 25: there is none, of this merchant, with these numbers, that was approved; or it is of another batch.
    /// 3. 12: it is of another kind, or was voided, completed or refunded since.
    /// 4. 14: it is of another card.
    /// 5. 64: its amount is another.
    /// 6. 61: the amount is more than it allows.
    pub(super) fn related(&self, inquiry: &Inquiry<'_>, demand: &Demand) -> Result<Related, ResponseCode> {
        let message = inquiry.message;
        let original = match demand.kind.form().reference {
            Reference::None => return Ok(Related::default()),
            Reference::Transaction | Reference::DatedTransaction => self.named(inquiry, demand)?,
            Reference::Date if matches!(demand.kind, Kind::Refund | Kind::QrRefund) => {
                let voucher = || tag_of(message, Private59::VOUCHER).and_then(rrn_of_voucher);
                let rrn = rrn_of(message).or_else(voucher).ok_or(ResponseCode::FORMAT_ERROR)?;
                self.ledger.by_rrn(&rrn).ok_or(ResponseCode::ORIGINAL_NOT_FOUND)?
            }
            Reference::Date | Reference::Empty => {
                let code = approval_code_of(message).ok_or(ResponseCode::FORMAT_ERROR)?;
                let card = demand.card.ok_or(ResponseCode::INVALID_CARD)?;
                self.ledger.pre_auth(card, code).next().ok_or(ResponseCode::ORIGINAL_NOT_FOUND)?
            }
        };
        fits(inquiry, demand, original)?;
        let held = self.held(original).map(|booking| booking.amount).sum();
        self.allows(inquiry, demand, original, held)?;
        Ok(Related { original: Some(original.clone()), held })
    }

    /// The transaction that DE 61 names by batch and STAN; only refunds may be about a settled batch.
    fn named(&self, inquiry: &Inquiry<'_>, demand: &Demand) -> Result<&Booking, ResponseCode> {
        let named = original_of(inquiry.message).ok_or(ResponseCode::FORMAT_ERROR)?;
        let is_open = named.batch == inquiry.open_batch || demand.kind == Kind::CashRefund;
        let stan = named.stan.filter(|_| is_open).ok_or(ResponseCode::ORIGINAL_NOT_FOUND)?;
        let key = Key { terminal: inquiry.terminal, batch: named.batch, stan };
        self.ledger.get(&key).ok_or(ResponseCode::ORIGINAL_NOT_FOUND)
    }

    /// What is still set aside: a pre-authorization and its additions.
    fn held<'a>(&'a self, original: &Booking) -> impl Iterator<Item = &'a Booking> {
        let group = original.card.zip(original.approval_code).filter(|_| original.kind == Kind::PreAuth);
        let bookings = group.into_iter().flat_map(|(card, code)| self.ledger.pre_auth(card, code));
        bookings.filter(|booking| booking.state == State::Held)
    }

    /// Checks the amount.
    fn allows(
        &self,
        inquiry: &Inquiry<'_>,
        demand: &Demand,
        original: &Booking,
        held: Amount,
    ) -> Result<(), ResponseCode> {
        let refunded = self.ledger.refunded(&original.key);
        let refusal = match demand.kind {
            kind if kind.amount_is_originals() && refunded > Amount::ZERO => {
                ResponseCode::INVALID_TRANSACTION
            }
            Kind::PreAuthVoid if [original.amount, held].contains(&demand.amount) => return Ok(()),
            kind if kind.amount_is_originals() && demand.amount != original.amount => {
                ResponseCode::AMOUNT_MISMATCH
            }
            Kind::Refund | Kind::QrRefund | Kind::CashRefund
                if refunded + demand.amount > original.amount =>
            {
                ResponseCode::OVER_LIMIT
            }
            Kind::Completion | Kind::CompletionNotice
                if exceeds(demand.amount, held, self.config.pre_auth.completion_percent) =>
            {
                ResponseCode::OVER_LIMIT
            }
            Kind::SettleAdjust | Kind::TipAdjust if demand.amount < refunded => ResponseCode::AMOUNT_MISMATCH,
            Kind::SettleAdjust if demand.amount > self.config.sale_limit => ResponseCode::OVER_LIMIT,
            Kind::TipAdjust => return self.allows_tip(inquiry, demand, original),
            _ => return Ok(()),
        };
        Err(refusal)
    }

    /// Checks the tip of an adjustment: what it says, and how much of the amount it is.
    fn allows_tip(
        &self,
        inquiry: &Inquiry<'_>,
        demand: &Demand,
        original: &Booking,
    ) -> Result<(), ResponseCode> {
        let without_tip = original.amount - original.tip;
        let tip = demand.amount.checked_sub(without_tip).ok_or(ResponseCode::AMOUNT_MISMATCH)?;
        match tip_of(inquiry.message) {
            Some(said) if said != tip => Err(ResponseCode::AMOUNT_MISMATCH),
            _ if exceeds(tip, without_tip, self.config.tips.percent) => Err(ResponseCode::OVER_LIMIT),
            _ => Ok(()),
        }
    }

    /// What becomes of the original of an approved request.
    pub(super) fn follow(&mut self, demand: &Demand, related: &Related, out: &mut Outbox) {
        let Some(original) = &related.original else { return };
        match demand.kind {
            Kind::PreAuthVoid | Kind::Completion | Kind::CompletionNotice => {
                self.move_holds(original, State::Held, State::Closed, out);
            }
            kind if kind.amount_is_originals() => self.put(original, State::Voided, out),
            kind if kind.form().effect == Effect::Adjust => {
                let postings = self.adjustment(demand, original);
                let (key, amount) = (original.key, demand.amount);
                self.record(Record::Moved { key, state: State::Captured, amount, postings }, out);
            }
            _ => {}
        }
    }

    /// Has a transaction stand elsewhere; the money moves with whatever is the reason for that.
    pub(super) fn put(&mut self, booking: &Booking, state: State, out: &mut Outbox) {
        let (key, amount) = (booking.key, booking.amount);
        self.record(Record::Moved { key, state, amount, postings: Postings::NONE }, out);
    }

    /// Has a pre-authorization and its additions stand elsewhere.
    pub(super) fn move_holds(&mut self, pre_auth: &Booking, from: State, to: State, out: &mut Outbox) {
        let Some((card, code)) = pre_auth.card.zip(pre_auth.approval_code) else { return };
        let group = self.ledger.pre_auth(card, code).filter(|booking| booking.state == from);
        let group: Vec<Booking> = group.cloned().collect();
        group.iter().for_each(|booking| self.put(booking, to, out));
    }

    /// How the difference to the original's amount moves.
    fn adjustment(&self, demand: &Demand, original: &Booking) -> Postings {
        let rate = self.config.fees.basis_points;
        let amount = demand.amount.minor() as i64 - original.amount.minor() as i64;
        let fee = fee(demand.amount, rate).minor() as i64 - original.postings.fees;
        let can_pay = original.card.is_some_and(|card| self.available(&card) >= amount);
        let payer = match Payer::of(&original.postings) {
            Payer::Card if !can_pay => Payer::Suspense,
            payer => payer,
        };
        Charge { amount, fee, held: 0, payer }.postings(demand.kind)
    }
}

/// Whether an amount is more than so many percent of another.
fn exceeds(amount: Amount, of: Amount, percent: u32) -> bool {
    u128::from(amount.minor()) * 100 > u128::from(of.minor()) * u128::from(percent)
}

/// Checks all but the amount.
fn fits(inquiry: &Inquiry<'_>, demand: &Demand, original: &Booking) -> Result<(), ResponseCode> {
    let (message, kind) = (inquiry.message, demand.kind);
    let date = original_of(message).and_then(|named| named.date).filter(|date| *date != MonthDay::UNKNOWN);
    let booked = DateTime::from_unix(original.at).month_day();
    match () {
        () if original.merchant != inquiry.merchant => Err(ResponseCode::ORIGINAL_NOT_FOUND),
        () if !kind.originals().contains(&original.kind) => Err(ResponseCode::INVALID_TRANSACTION),
        () if matches!(original.state, State::Declined(_) | State::Reversed) => {
            Err(ResponseCode::ORIGINAL_NOT_FOUND)
        }
        () if !matches!(original.state, State::Captured | State::Held) => {
            Err(ResponseCode::INVALID_TRANSACTION)
        }
        () if original.card.zip(demand.card).is_some_and(|(one, other)| one != other) => {
            Err(ResponseCode::INVALID_CARD)
        }
        () if rrn_of(message).is_some_and(|rrn| rrn != original.rrn)
            || approval_code_of(message).is_some_and(|code| Some(code) != original.approval_code)
            || date.is_some_and(|date| u64::from(date.number()) != booked) =>
        {
            Err(ResponseCode::ORIGINAL_NOT_FOUND)
        }
        () => Ok(()),
    }
}
