//! Payments by a code that the terminal shows: it asks the host on a timer whether the payer has paid.

use super::{
    Event, Outbox, Profile, Terminal,
    answer::Reading,
    sign_in::needs_sign_in,
    transaction::{Extra, Number, Standing, Transaction},
};
use crate::{
    iso8583::{De, Message, Private59, ResponseCode},
    operation::{End, Failure, Kind, Outcome},
    reconcile::Belief,
    time::Instant,
};
use std::time::Duration;

impl Terminal {
    /// The host has taken the order: it is kept, and asked about until somebody has paid, or the time is up.
    pub(super) fn order_taken(
        &mut self,
        profile: &Profile,
        now: Instant,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let Some(active) = self.active.as_deref_mut() else { return };
        let Some(mut order) = active.transaction.take() else { return };
        order.standing = Standing::Waiting;
        reading.write_into(&mut order);
        active.order = Some(order.number());
        active.ask_until = now + profile.order.give_up_after;
        out.event(Event::Journal(order.line(self, Belief::Unknown, now)));
        self.log.push(order);
        self.pause(profile, now, out);
    }

    /// Waits for the next question; when the time is up, the last one is asked at once.
    fn pause(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref_mut() else { return };
        if active.ask_until <= now {
            return self.ask(profile, now, out);
        }
        active.is_pausing = true;
        active.deadline = (now + profile.order.poll_every.max(PAUSE_MIN)).min(active.ask_until);
    }

    /// The pause is over: ask.
    pub(super) fn ask(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        if let Some(active) = self.active.as_deref_mut() {
            active.is_pausing = false;
            active.is_last_question = now >= active.ask_until;
        }
        self.proceed(profile, now, out);
    }

    /// What a question about an order was answered: paid, still waiting, or over.
    pub(super) fn query_answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        order: Number,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let end = if reading.code.is_approval() { End::Approved } else { End::Declined };
        let is_own = self.is_own(order);
        self.tell_automatic(Kind::QrQuery, end, Some(reading), out);
        if needs_sign_in(reading.code) {
            self.drop_keys();
            return self.query_unanswered(profile, now, order, End::Declined, out);
        }
        if reading.code == STILL_WAITING {
            return self.still_waiting(profile, now, order, reading, out);
        }
        self.close_order(profile, order, now, message, reading, out);
        if !is_own {
            return self.proceed(profile, now, out);
        }
        let end = if end == End::Approved { end } else { End::Failed(Failure::NotPaid) };
        self.conclude_order(profile, now, end, Some(reading), out);
    }

    /// Nobody has paid yet, and may do so later: the order stays open until the host or a settlement closes it.
    fn still_waiting(
        &mut self,
        profile: &Profile,
        now: Instant,
        order: Number,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let is_own = self.is_own(order);
        let Some(active) = self.active.as_deref_mut() else { return };
        match is_own {
            true if !active.is_last_question => self.pause(profile, now, out),
            true => self.conclude_order(profile, now, End::Failed(Failure::NotPaid), Some(reading), out),
            false => {
                active.skips_orders = true;
                self.proceed(profile, now, out);
            }
        }
    }

    /// A question about an order stayed unanswered: ask again later, as long as there is time.
    pub(super) fn query_failed(
        &mut self,
        profile: &Profile,
        now: Instant,
        order: Number,
        end: End,
        out: &mut Outbox,
    ) {
        self.tell_automatic(Kind::QrQuery, end, None, out);
        self.query_unanswered(profile, now, order, end, out);
    }

    fn query_unanswered(
        &mut self,
        profile: &Profile,
        now: Instant,
        order: Number,
        end: End,
        out: &mut Outbox,
    ) {
        let is_own = self.is_own(order);
        let Some(active) = self.active.as_deref_mut() else { return };
        match end {
            _ if is_own && !active.is_last_question => self.pause(profile, now, out),
            _ if is_own => self.conclude_order(profile, now, end, None, out),
            End::Failed(Failure::NotConnected) => self.give_up(Failure::NotConnected, out),
            _ => {
                active.skips_orders = true;
                self.proceed(profile, now, out);
            }
        }
    }

    /// Writes into the log and the journal what became of an order that was waiting.
    fn close_order(
        &mut self,
        profile: &Profile,
        order: Number,
        now: Instant,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        if self.log.get(order).is_none_or(|known| known.standing != Standing::Waiting) {
            return;
        }
        let is_paid = reading.code.is_approval();
        let closed = self.log.change(order, |order| {
            order.standing = if is_paid { Standing::Done } else { Standing::Refused };
            reading.write_into(order);
            if let Some(voucher) = tag(message, Private59::VOUCHER) {
                order.set_voucher(&voucher);
            }
        });
        let belief = if is_paid { Belief::Approved } else { Belief::Refused };
        if let Some(order) = closed.cloned() {
            out.event(Event::Journal(order.line(self, belief, now)));
            if is_paid {
                self.print(profile, now, &order, out);
            }
        }
    }

    /// A question that was the operation itself was answered; one that waits is closed by what ends it.
    pub(super) fn order_asked(
        &mut self,
        profile: &Profile,
        now: Instant,
        question: &Transaction,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let order =
            question.original().and_then(|order| order.stan.map(|stan| Number { batch: order.batch, stan }));
        if let Some(order) = order
            && reading.code != STILL_WAITING
            && !needs_sign_in(reading.code)
        {
            self.close_order(profile, order, now, message, reading, out);
        }
    }

    /// A question about an order of the log.
    pub(super) fn question(&self, order: Number) -> Option<Transaction> {
        let order = self.log.get(order)?;
        let extra = Extra { original: Some(order.reference()), voucher: None };
        Some(Transaction {
            kind: Kind::QrQuery,
            batch: self.batch,
            stan: self.next_stan,
            extra: Some(Box::new(extra)),
            ..order.clone()
        })
    }

    fn conclude_order(
        &mut self,
        profile: &Profile,
        now: Instant,
        end: End,
        reading: Option<&Reading>,
        out: &mut Outbox,
    ) {
        let Some(order) = self.active.as_deref().and_then(|active| active.order) else { return };
        let amount = self.active.as_deref().map(super::Active::amount).unwrap_or_default();
        let outcome = Outcome {
            code: reading.map(|reading| reading.code),
            stan: Some(order.stan),
            rrn: reading.and_then(|reading| reading.rrn),
            date: reading.and_then(|reading| reading.date),
            service: reading.map(|reading| reading.service),
            ..Outcome::ended(Kind::QrOrder, end, amount)
        };
        self.tell(outcome, out);
        self.proceed(profile, now, out);
    }

    fn is_own(&self, order: Number) -> bool {
        self.active.as_deref().is_some_and(|active| active.order == Some(order))
    }
}

/// The value of a tag of DE 59.
pub(super) fn tag(message: &Message<'_>, tag: [u8; 2]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    message.get(De::PRIVATE_59)?.append_to(&mut text);
    Private59::new(&text).find(tag).map(<[u8]>::to_vec)
}

/// 09: in progress, nobody has paid yet.
const STILL_WAITING: ResponseCode = match ResponseCode::from_bytes(b"09") {
    Ok(code) => code,
    Err(_) => panic!("two digits are a response code"),
};
/// However eagerly the profile asks, time goes on between two questions.
const PAUSE_MIN: Duration = Duration::from_millis(1);
