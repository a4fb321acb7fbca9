//! The host's decisions about money: which requests it approves, and what it books then.

use super::{
    Host, Inquiry, Outbox, UnknownCards,
    demand::{Demand, tip_of},
    keys::{entered_pin, has_pin},
    original::Related,
    respond::Answer,
};
use crate::{
    card::Expiry,
    iso8583::{ApprovalCode, ResponseCode, Rrn},
    ledger::{Booking, Charge, Payer, Postings, Record, State, fee, undone},
    money::Amount,
    operation::{Effect, Kind, Variant},
};

impl Host {
    /// Approves or declines a request whose MAC and batch are right, and books it.
    pub(super) fn operate(
        &mut self,
        inquiry: &Inquiry<'_>,
        kind: Kind,
        variant: Variant,
        out: &mut Outbox,
    ) -> Answer {
        let Some(station) = self.stations.get(&inquiry.terminal) else {
            return Answer::code(ResponseCode::UNKNOWN_TERMINAL);
        };
        let demand = match Demand::read(inquiry, station, kind, variant) {
            Ok(demand) => demand,
            Err(code) => return Answer::code(code),
        };
        if let Some(earlier) = self.ledger.get(&demand.key) {
            return again(earlier, &demand);
        }
        if kind == Kind::QrQuery {
            return self.query(inquiry, out);
        }
        let admitted = self.admit(inquiry, &demand);
        if let Err(code) = admitted
            && code != ResponseCode::OVER_LIMIT
        {
            // The terminal comes again, with other keys or other numbers: nothing is decided about the request.
            return Answer::code(code);
        }
        let chip = self.verify_chip(inquiry, &demand);
        let related = admitted
            .and(chip.as_ref().map_err(|code| *code))
            .and_then(|_| self.related(inquiry, &demand))
            .and_then(|related| self.refusal(inquiry, &demand, &related).map_or(Ok(related), Err));
        let rrn = self.reference();
        let mut answer = match related {
            Ok(related) => self.approve(inquiry, &demand, &related, rrn, out),
            Err(code) => self.decline(inquiry, &demand, code, rrn, out),
        };
        (answer.rrn, answer.pan, answer.expiry) = (Some(rrn), demand.card, demand.expiry);
        // The result of a script names a booking (DE 61): what moves no money brings none.
        let takes_script = demand.kind.form().effect != Effect::None;
        let chip = chip.ok().flatten();
        answer.icc = chip.map(|verified| self.answer_chip(&verified, answer.code, takes_script));
        answer
    }

    fn approve(
        &mut self,
        inquiry: &Inquiry<'_>,
        demand: &Demand,
        related: &Related,
        rrn: Rrn,
        out: &mut Outbox,
    ) -> Answer {
        let mut answer = Answer::code(ResponseCode::APPROVED);
        let kind = demand.kind;
        if kind == Kind::Balance {
            answer.balance = demand.card.map(|card| self.available(&card));
            return answer;
        }
        let booking = Booking {
            approval_code: self.approval_code_for(kind, related),
            original: related.original.as_ref().map(|original| original.key),
            state: match kind.form().effect {
                _ if kind == Kind::QrOrder => State::Waiting,
                Effect::Hold => State::Held,
                _ => State::Captured,
            },
            postings: self.postings(demand, related),
            tip: tip(inquiry, demand, related),
            ..blank(inquiry, demand, rrn)
        };
        answer.approval_code = booking.approval_code.filter(|_| kind != Kind::QrOrder);
        answer.private59 = Self::told_by_code(&booking);
        if !self.ignores(kind) {
            self.book(booking, out);
            self.follow(demand, related, out);
        }
        answer
    }

    fn decline(
        &mut self,
        inquiry: &Inquiry<'_>,
        demand: &Demand,
        code: ResponseCode,
        rrn: Rrn,
        out: &mut Outbox,
    ) -> Answer {
        if demand.kind.takes_amount() {
            let booking = Booking { state: State::Declined(code), ..blank(inquiry, demand, rrn) };
            self.record(Record::Booked(booking), out);
        }
        Answer::code(code)
    }

    /// The code of an approval; an addition keeps that of its pre-authorization, refunds and notices have none.
    fn approval_code_for(&self, kind: Kind, related: &Related) -> Option<ApprovalCode> {
        match kind {
            Kind::PreAuthAdd => related.original.as_ref().and_then(|original| original.approval_code),
            Kind::Refund | Kind::QrRefund => None,
            _ if kind.is_notice() => None,
            _ => Some(self.approval_code()),
        }
    }

    /// How an approved request moves money.
    fn postings(&self, demand: &Demand, related: &Related) -> Postings {
        let kind = demand.kind;
        match &related.original {
            _ if kind == Kind::QrOrder || kind.form().effect == Effect::Adjust => Postings::NONE,
            Some(original) if kind.amount_is_originals() && kind != Kind::PreAuthVoid => {
                undone(original.postings)
            }
            original => {
                let charge = Charge {
                    amount: demand.amount.minor() as i64,
                    fee: self.fee_of(demand, original.as_ref()),
                    held: related.held.minor() as i64,
                    payer: self.payer(demand, original.as_ref()),
                };
                charge.postings(kind)
            }
        }
    }

    /// What the acquirer keeps; refunds of a whole sale in parts give back exactly what was kept.
    fn fee_of(&self, demand: &Demand, original: Option<&Booking>) -> i64 {
        let fee = |amount| fee(amount, self.config.fees.basis_points).minor() as i64;
        match (demand.kind, original) {
            (Kind::CashLoad | Kind::Load | Kind::TransferLoad, _) => 0,
            (Kind::Refund | Kind::QrRefund | Kind::CashRefund, Some(original)) => {
                let before = self.ledger.refunded(&original.key);
                fee(before + demand.amount) - fee(before)
            }
            _ => fee(demand.amount),
        }
    }

    /// Who pays: what was approved offline is honoured, also when the card cannot pay for it.
    pub(super) fn payer(&self, demand: &Demand, original: Option<&Booking>) -> Payer {
        let cannot_pay = || {
            demand.card.is_none_or(|card| {
                !self.accepts(&card) || self.available(&card) < demand.amount.minor() as i64
            })
        };
        match demand.kind {
            Kind::QrSale | Kind::QrOrder | Kind::CashSale | Kind::CashLoad => Payer::Outside,
            Kind::OfflineSale if cannot_pay() => Payer::Suspense,
            _ => original.map_or(Payer::Card, |original| Payer::of(&original.postings)),
        }
    }

    /// Why a request is declined, if it is.
    ///
    /// What is about an earlier transaction has that one's card; what a terminal or chip has approved is not limited.
    fn refusal(&self, inquiry: &Inquiry<'_>, demand: &Demand, related: &Related) -> Option<ResponseCode> {
        let kind = demand.kind;
        let today = inquiry.today;
        let this_month = Expiry::new((today.year % 100) as u8, today.month);
        let is_expired = |expiry: Expiry| this_month.is_some_and(|this_month| expiry < this_month);
        let new_card = demand.card.filter(|_| related.original.is_none());
        let is_unlimited = kind.is_notice() || related.original.is_some();
        match () {
            () if new_card.is_some_and(|card| !self.accepts(&card)) => Some(ResponseCode::INVALID_CARD),
            () if new_card.is_some() && demand.expiry.is_some_and(is_expired) => {
                Some(ResponseCode::EXPIRED_CARD)
            }
            () if !is_unlimited && demand.amount > self.config.sale_limit => Some(ResponseCode::OVER_LIMIT),
            () if kind.takes_amount() && demand.amount == Amount::ZERO => Some(ResponseCode::INVALID_AMOUNT),
            () => self.wrong_pin(inquiry, demand).or_else(|| self.no_funds(demand, related)),
        }
    }

    /// Checks the PIN, where there is one and the card's is known.
    fn wrong_pin(&self, inquiry: &Inquiry<'_>, demand: &Demand) -> Option<ResponseCode> {
        let card = demand.card?;
        if !has_pin(inquiry.message) {
            return None;
        }
        let keys = self.stations.get(&inquiry.terminal)?.keys.as_ref()?;
        let Ok(entered) = entered_pin(keys, inquiry.message, &card)? else {
            return Some(ResponseCode::PIN_FORMAT);
        };
        let expected = self.cards.get(&card)?.pin.as_ref()?;
        (entered != *expected).then_some(ResponseCode::WRONG_PIN)
    }

    /// Whether the card cannot pay; a completion may use what was set aside for it.
    fn no_funds(&self, demand: &Demand, related: &Related) -> Option<ResponseCode> {
        let needed = match demand.kind {
            Kind::Sale | Kind::Load | Kind::PreAuth | Kind::PreAuthAdd => demand.amount,
            Kind::Completion | Kind::CompletionNotice => demand.amount - related.held,
            _ => Amount::ZERO,
        };
        let card = demand.card?;
        (needed > self.balance(&card)).then_some(ResponseCode::INSUFFICIENT_FUNDS)
    }

    /// Whether the host has an account for a card, or opens one.
    fn accepts(&self, card: &crate::card::Pan) -> bool {
        let is_known = self.config.unknown_cards == UnknownCards::Accept || self.cards.contains_key(card);
        is_known && card.is_luhn_valid()
    }
}

/// Answers a request whose STAN the batch has already.
///
/// 1. The same refund or completion notice again, which was approved: the same answer, and nothing is booked.
/// 2. The same notice again, which was declined: the same code, for a 94 would tell the terminal that it is done.
/// 3. All else: 94.
fn again(earlier: &Booking, demand: &Demand) -> Answer {
    let is_same = (earlier.kind, earlier.amount, earlier.card) == (demand.kind, demand.amount, demand.card);
    let is_told_again = matches!(demand.kind, Kind::Refund | Kind::QrRefund | Kind::CompletionNotice);
    let code = match earlier.state {
        State::Captured if is_same && is_told_again => ResponseCode::APPROVED,
        State::Declined(code) if is_same && (is_told_again || demand.kind.is_notice()) => code,
        _ => {
            return Answer {
                pan: demand.card,
                expiry: demand.expiry,
                ..Answer::code(ResponseCode::DUPLICATE)
            };
        }
    };
    let (pan, rrn) = (demand.card, Some(earlier.rrn));
    Answer { pan, rrn, expiry: demand.expiry, approval_code: earlier.approval_code, ..Answer::code(code) }
}

/// The tip that is part of the amount: said in DE 48, or the rest of what a tip adjustment makes of its original.
fn tip(inquiry: &Inquiry<'_>, demand: &Demand, related: &Related) -> Amount {
    let original = related.original.as_ref();
    let said = || tip_of(inquiry.message).filter(|_| demand.kind.is_notice());
    match (demand.kind, original) {
        (Kind::TipAdjust, Some(original)) => demand.amount - (original.amount - original.tip),
        (Kind::SettleAdjust, Some(original)) => said().unwrap_or(original.tip),
        _ => said().unwrap_or_default(),
    }
}

/// A booking of a request about which nothing is decided.
fn blank(inquiry: &Inquiry<'_>, demand: &Demand, rrn: Rrn) -> Booking {
    Booking {
        key: demand.key,
        merchant: inquiry.merchant,
        kind: demand.kind,
        variant: demand.variant,
        amount: demand.amount,
        tip: Amount::ZERO,
        card: demand.card,
        rrn,
        approval_code: None,
        original: None,
        at: inquiry.today.to_unix(),
        state: State::Captured,
        postings: Postings::NONE,
    }
}
