//! How a terminal reads what comes back: is it the answer, is it authentic, and what follows from it.

use super::{
    Event, Outbox, Profile, Stray, Terminal,
    exchange::Exchange,
    icc::{self, Chip},
    order,
    request::mac_schedule,
    script::ScriptNotice,
    sign_in::needs_sign_in,
    transaction::{Organization, Transaction, is_logged},
};
use crate::{
    iso8583::{ApprovalCode, De, Message, MonthDay, Mti, Private59, ResponseCode, Rrn},
    money::Amount,
    operation::{End, Failure, Kind, Outcome},
    reconcile::Belief,
    time::Instant,
};
use std::{fmt, time::Duration};

/// What an answer says, once it is known to be the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) code: ResponseCode,
    pub(super) amount: Option<Amount>,
    pub(super) rrn: Option<Rrn>,
    pub(super) approval_code: Option<ApprovalCode>,
    pub(super) date: Option<MonthDay>,
    pub(super) balance: Option<i64>,
    pub(super) organization: Option<Organization>,
    pub(super) service: Duration,
}

impl Terminal {
    /// Takes one frame (without its length).
    pub(super) fn frame(&mut self, profile: &Profile, now: Instant, frame: &[u8], out: &mut Outbox) {
        let frame = match profile.spec.framing.split(frame) {
            Ok(frame) => frame,
            Err(error) => return self.unreadable(profile, now, &error, out),
        };
        match Message::parse(profile.spec, frame.body) {
            Ok(message) => {
                self.message(profile, now, frame.head.header.processing_request(), &message, out);
            }
            Err(error) => self.unreadable(profile, now, &error, out),
        }
    }

    fn unreadable(&mut self, profile: &Profile, now: Instant, error: &dyn fmt::Display, out: &mut Outbox) {
        out.event(Event::Stray(Stray::Unreadable(error.to_string())));
        if self.is_awaiting() {
            self.exchange_failed(profile, now, End::Failed(Failure::Malformed), out);
        }
    }

    fn message(
        &mut self,
        profile: &Profile,
        now: Instant,
        request: u8,
        message: &Message<'_>,
        out: &mut Outbox,
    ) {
        self.record.last_mti = Some(message.mti());
        let code =
            text(message, De::RESPONSE_CODE).and_then(|code: [u8; 2]| ResponseCode::from_bytes(&code).ok());
        if let Err(stray) = self.matches(message, code) {
            return out.event(Event::Stray(stray));
        }
        // The answer to a settlement has no DE 39 (chapter 5.1).
        let code = code.or((message.mti() == Mti::SETTLEMENT.response()).then_some(ResponseCode::APPROVED));
        let Some(code) = code else {
            return self.exchange_failed(profile, now, End::Failed(Failure::Malformed), out);
        };
        self.record.last_code = Some(code);
        if !self.is_authentic(profile, message, code) {
            if code == ResponseCode::MAC_FAILED {
                // Neither side can read the other's MACs: what follows needs new keys.
                self.drop_keys();
            }
            return self.exchange_failed(profile, now, End::Failed(Failure::WrongMac), out);
        }
        if !self.card_accepts(profile, message, code) {
            return self.exchange_failed(profile, now, End::Failed(Failure::CardRefused), out);
        }
        let Some(active) = self.active.as_deref_mut() else { return };
        let reading = Reading::of(message, code, between(active.sent_at.take(), now));
        active.expected = None;
        active.hear_request(profile, request);
        self.taken(profile, now, message, &reading, out);
    }

    /// Hands an authentic answer to whoever asked.
    fn taken(
        &mut self,
        profile: &Profile,
        now: Instant,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let Some(active) = self.active.as_deref() else { return };
        match active.exchange {
            Exchange::Operation => self.operation_answered(profile, now, message, reading, out),
            Exchange::SignIn => self.signed_in(profile, now, message, reading, out),
            Exchange::ScriptResult => {
                self.tell_automatic(Kind::ScriptResult, end_of(reading.code), Some(reading), out);
                self.proceed(profile, now, out);
            }
            Exchange::Reversal => self.reversal_answered(profile, now, reading, out),
            Exchange::Notice(number) => self.notice_answered(profile, now, number, reading, out),
            Exchange::Query(order) => self.query_answered(profile, now, order, message, reading, out),
            Exchange::Settlement => self.settlement_answered(profile, now, message, reading, out),
            Exchange::Download(kind) => self.download_answered(profile, now, kind, message, reading, out),
            Exchange::Requested(kind) => {
                self.tell_automatic(kind, end_of(reading.code), Some(reading), out);
                if kind == Kind::SignOut && reading.code.is_approval() {
                    self.drop_keys();
                }
                self.proceed(profile, now, out);
            }
        }
    }

    /// Whether `message` answers the exchange under way.
    ///
    /// 1. Terminal, STAN, message type and, where it was sent, processing code must be the request's.
    /// 2. With 00 the merchant must be the request's.
    /// 3. The amount must be the request's, except in a partial approval; only a refusal may leave it out.
    fn matches(&self, message: &Message<'_>, code: Option<ResponseCode>) -> Result<(), Stray> {
        let stray = |what| Err(Stray::Misdirected(what));
        let says = |de, text: &[u8]| message.get(de).is_some_and(|value| value.is(text));
        if !says(De::TERMINAL_ID, self.id.as_bytes()) {
            return stray("terminal id of another terminal");
        }
        let active = self.active.as_deref().filter(|active| active.sent_at.is_some());
        let Some(expected) = active.and_then(|active| active.expected) else { return Err(Stray::Late) };
        let stan = message.number(De::STAN);
        if stan != expected.stan.map(|stan| stan.number().into()) {
            return match stan {
                Some(stan) if stan < u64::from(self.next_stan.number()) => Err(Stray::Late),
                Some(_) => stray("STAN never sent"),
                None => stray("no STAN"),
            };
        }
        let is_approved = code == Some(ResponseCode::APPROVED);
        let processing_code = expected.processing_code.map(u64::from);
        match () {
            () if message.mti() != expected.mti.response() => Err(Stray::Late),
            () if processing_code.is_some() && message.number(De::PROCESSING_CODE) != processing_code => {
                stray("another processing code")
            }
            () if is_approved && !says(De::MERCHANT_ID, self.merchant.as_bytes()) => {
                stray("another merchant id")
            }
            () if !expected.fits_amount(message, code) => stray("another amount"),
            () => Ok(()),
        }
    }

    /// Whether the MAC holds. An approval of what carries a MAC must have one; other answers that have one are looked at
    /// where the profile says so.
    fn is_authentic(&mut self, profile: &Profile, message: &Message<'_>, code: ResponseCode) -> bool {
        let Some(active) = self.active.as_deref_mut() else { return true };
        let may_have_mac = active.expected.is_some_and(|expected| expected.has_mac);
        let is_looked_at =
            code == ResponseCode::APPROVED || profile.checks_every_mac && message.mac().is_some();
        if !may_have_mac || !is_looked_at {
            return true;
        }
        let (Some(keys), Some(data), Some(mac)) = (self.keys.as_deref(), message.mac_data(), message.mac())
        else {
            return false;
        };
        let mut received = [0; 8];
        let Some(written) = mac.write_to(&mut received).map(<[u8]>::len) else { return false };
        let Ok(schedule) = mac_schedule(&mut active.mac, profile, keys) else { return false };
        written > 0 && schedule.verify(data, &received)
    }

    /// Whether the card goes on after an approval; only what can be reversed is still in its hands.
    fn card_accepts(&self, profile: &Profile, message: &Message<'_>, code: ResponseCode) -> bool {
        let Some(active) = self.active.as_deref() else { return true };
        let Some(arqc) = active.expected.and_then(|expected| expected.arqc) else { return true };
        let transaction = active.transaction.as_ref().filter(|transaction| transaction.form().reversible);
        let answer = message.get(De::ICC_DATA).filter(|_| code.is_approval());
        let (Some(transaction), Some(answer)) = (transaction, answer) else { return true };
        Chip::new(profile, self.id, transaction).accepts(arqc, answer.raw())
    }

    /// The operation itself, or a part of it, was answered.
    fn operation_answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let Some(kind) = self.active.as_deref().map(|active| active.operation.kind) else { return };
        let is_approved = reading.code.is_approval();
        match kind {
            _ if profile.reversal.on_duplicate && reading.code == ResponseCode::DUPLICATE => {
                self.doubted(profile, now, reading, out);
            }
            Kind::SignIn => {
                let end = self.take_keys(profile, now, message, reading.code);
                self.answered(profile, now, end, message, reading, out);
            }
            Kind::QrOrder if is_approved => self.order_taken(profile, now, reading, out),
            Kind::ESignature if is_approved && self.has_more_parts(profile) => {
                self.proceed(profile, now, out);
            }
            _ => self.answered(profile, now, end_of(reading.code), message, reading, out),
        }
    }

    /// The operation was answered, and is over.
    fn answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        end: End,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let Some(active) = self.active.as_deref_mut() else { return };
        let kind = active.operation.kind;
        let outcome = Outcome {
            kind,
            end,
            code: Some(reading.code),
            stan: active.stan,
            amount: reading.amount.unwrap_or(active.amount()),
            rrn: reading.rrn,
            approval_code: reading.approval_code,
            date: reading.date,
            balance: reading.balance,
            service: Some(reading.service),
        };
        if let Some(mut transaction) = active.transaction.take() {
            self.note_answer(&mut transaction, message, reading);
            match kind {
                Kind::QrQuery => self.order_asked(profile, now, &transaction, message, reading, out),
                _ if end == End::Approved && is_logged(kind) => self.book(profile, now, transaction, out),
                _ => {}
            }
        }
        if kind == Kind::SignOut && end == End::Approved || needs_sign_in(reading.code) {
            self.drop_keys();
        }
        self.tell(outcome, out);
        self.proceed(profile, now, out);
    }

    /// Notes what an answer says of a transaction, and the script that it may bring for the card.
    fn note_answer(&mut self, transaction: &mut Transaction, message: &Message<'_>, reading: &Reading) {
        reading.write_into(transaction);
        if let Some(voucher) = order::tag(message, Private59::VOUCHER) {
            transaction.set_voucher(&voucher);
        }
        if message.get(De::ICC_DATA).is_some_and(|tags| icc::has_script(tags.raw())) {
            self.script = Some(Box::new(ScriptNotice::of(transaction, message)));
        }
    }

    /// Writes an approved transaction into log and journal.
    fn book(&mut self, profile: &Profile, now: Instant, transaction: Transaction, out: &mut Outbox) {
        out.event(Event::Journal(transaction.line(self, Belief::Approved, now)));
        self.print(profile, now, &transaction, out);
        self.change_original(&transaction, now, out);
        self.log.push(transaction);
    }

    /// A reversal was answered: done, or to be tried again.
    fn reversal_answered(&mut self, profile: &Profile, now: Instant, reading: &Reading, out: &mut Outbox) {
        let is_settled = reading.code.is_approval() || SETTLED.contains(&reading.code);
        let end = if is_settled { End::Approved } else { End::Declined };
        self.tell_automatic(Kind::Reversal, end, Some(reading), out);
        if needs_sign_in(reading.code) {
            self.drop_keys();
        }
        if is_settled && let Some(reversal) = self.reversal.take() {
            self.record.reversed += 1;
            out.event(Event::Journal(reversal.transaction.line(self, Belief::Reversed, now)));
        }
        self.proceed(profile, now, out);
    }
}

impl Reading {
    fn of(message: &Message<'_>, code: ResponseCode, service: Duration) -> Self {
        let rrn: Option<[u8; 12]> = text(message, De::RRN);
        let approval_code: Option<[u8; 6]> = text(message, De::APPROVAL_CODE);
        Self {
            code,
            amount: message.number(De::AMOUNT).map(Amount::from_minor),
            rrn: rrn.and_then(|text| Rrn::from_bytes(&text).ok()),
            approval_code: approval_code.and_then(|text| ApprovalCode::from_bytes(&text).ok()),
            date: text(message, De::LOCAL_DATE)
                .and_then(|digits: [u8; 4]| MonthDay::from_digits(&digits).ok()),
            balance: text(message, De::BALANCE).and_then(|text| balance(&text)),
            organization: organization(message),
            service,
        }
    }

    /// Writes into a transaction what its answer said; what it did not say stays.
    pub(super) fn write_into(&self, transaction: &mut Transaction) {
        transaction.amount = self.amount.unwrap_or(transaction.amount);
        transaction.rrn = self.rrn.or(transaction.rrn);
        transaction.approval_code = self.approval_code.or(transaction.approval_code);
        transaction.date = self.date.or(transaction.date);
        transaction.organization = self.organization.unwrap_or(transaction.organization);
    }
}

/// Time from one instant to another, where both are known.
fn between(from: Option<Instant>, to: Instant) -> Duration {
    from.map_or(Duration::ZERO, |from| to.since(from))
}

pub(super) fn end_of(code: ResponseCode) -> End {
    if code.is_approval() { End::Approved } else { End::Declined }
}

/// An element of fixed length.
fn text<const N: usize>(message: &Message<'_>, de: De) -> Option<[u8; N]> {
    message.get(de)?.array()
}

/// DE 63.1: whose card it is.
fn organization(message: &Message<'_>) -> Option<Organization> {
    let mut text = message.get(De::PRIVATE_63)?.chars();
    Some(Organization([text.next()?, text.next()?, text.next()?]))
}

/// DE 54: account type 2, amount type 2, currency 3, sign `C` or `D`, amount 12.
fn balance(text: &[u8; 20]) -> Option<i64> {
    let amount: i64 = std::str::from_utf8(&text[8..]).ok()?.parse().ok()?;
    match text[7] {
        b'C' => Some(amount),
        b'D' => Some(-amount),
        _ => None,
    }
}

/// Answers to a reversal that say there is nothing left to reverse.
const SETTLED: [ResponseCode; 2] = [ResponseCode::INVALID_TRANSACTION, ResponseCode::ORIGINAL_NOT_FOUND];
