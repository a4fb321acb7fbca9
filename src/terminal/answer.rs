//! How a terminal reads what comes back: is it the answer, is it authentic, and what follows from it.

use super::{Active, Event, Exchange, Outbox, Profile, Stray, Terminal, request::mac_schedule};
use crate::{
    crypto::WorkKeys,
    iso8583::{ApprovalCode, BatchNo, De, Message, MonthDay, Mti, ResponseCode, Rrn},
    money::Amount,
    operation::{End, Failure, Kind, Outcome},
    reconcile::{Belief, Entry},
    time::{DateTime, Instant, WallClock},
};
use std::time::Duration;

/// What an answer says, once it is known to be the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) code: ResponseCode,
    pub(super) amount: Option<Amount>,
    pub(super) rrn: Option<Rrn>,
    pub(super) approval_code: Option<ApprovalCode>,
    pub(super) date: Option<MonthDay>,
    pub(super) balance: Option<i64>,
    pub(super) service: Duration,
}

impl Terminal {
    /// Takes one frame (without its length).
    pub(super) fn frame(&mut self, profile: &Profile, now: Instant, frame: &[u8], out: &mut Outbox) {
        let parsed = profile.spec.framing.split(frame).map_err(|error| error.to_string()).and_then(|frame| {
            let message = Message::parse(profile.spec, frame.body).map_err(|error| error.to_string())?;
            Ok((frame.head.header.processing_request(), message))
        });
        match parsed {
            Ok((request, message)) => self.message(profile, now, request, &message, out),
            Err(error) => {
                out.event(Event::Stray(Stray::Unreadable(error)));
                if self.is_awaiting() {
                    self.exchange_failed(profile, now, End::Failed(Failure::Malformed), out);
                }
            }
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
        let Some(code) = code else {
            return self.exchange_failed(profile, now, End::Failed(Failure::Malformed), out);
        };
        self.record.last_code = Some(code);
        if !self.is_authentic(profile, message, code) {
            return self.exchange_failed(profile, now, End::Failed(Failure::WrongMac), out);
        }
        let Some(active) = self.active.as_deref_mut() else { return };
        let reading = Reading::of(message, code, between(active.sent_at.take(), now));
        match active.exchange {
            Exchange::Operation if active.operation.kind == Kind::SignIn => {
                let end = self.take_keys(profile, now, message, code);
                self.answered(now, end, &reading, out);
            }
            Exchange::Operation => self.answered(now, end_of(code), &reading, out),
            Exchange::SignIn => self.signed_in(profile, now, message, &reading, out),
            Exchange::Reversal => self.reversal_answered(profile, now, &reading, out),
        }
        self.obey(request);
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
        let Some(active) = self.active.as_deref().filter(|active| active.sent_at.is_some()) else {
            return Err(Stray::Late);
        };
        let expected = self.expectation(active);
        let stan = message.number(De::STAN);
        if stan != expected.stan {
            return match stan {
                Some(stan) if stan < u64::from(self.next_stan.number()) => Err(Stray::Late),
                Some(_) => stray("STAN never sent"),
                None => stray("no STAN"),
            };
        }
        let is_approved = code == Some(ResponseCode::APPROVED);
        let differs = |de, sent: Option<u64>| sent.is_some() && message.number(de) != sent;
        let may_lack_amount = !message.has(De::AMOUNT) && !code.is_some_and(ResponseCode::is_approval);
        let is_partial =
            code == Some(ResponseCode::PARTIAL_APPROVAL) && expected.mti == Mti::FINANCIAL.response();
        match () {
            () if message.mti() != expected.mti => Err(Stray::Late),
            () if differs(De::PROCESSING_CODE, expected.processing_code) => stray("another processing code"),
            () if is_approved && !says(De::MERCHANT_ID, self.merchant.as_bytes()) => {
                stray("another merchant id")
            }
            () if differs(De::AMOUNT, expected.amount) && !may_lack_amount && !is_partial => {
                stray("another amount")
            }
            () => Ok(()),
        }
    }

    fn expectation(&self, active: &Active) -> Expectation {
        let kind = match active.exchange {
            Exchange::SignIn => Kind::SignIn,
            Exchange::Operation => active.operation.kind,
            Exchange::Reversal => Kind::Reversal,
        };
        let original = self.reversal.as_deref().filter(|_| kind == Kind::Reversal);
        let form = original.map_or(kind, |original| original.kind).form();
        let amount = match original {
            Some(original) => Some(original.amount),
            None => kind.takes_amount().then_some(active.operation.amount),
        };
        Expectation {
            mti: kind.form().mti.response(),
            processing_code: form.processing_code.map(u64::from),
            stan: original
                .map_or(active.stan, |original| Some(original.stan))
                .map(|stan| stan.number().into()),
            amount: amount.map(Amount::minor),
        }
    }

    /// Whether the MAC holds; only approvals of messages that carry one are looked at.
    fn is_authentic(&mut self, profile: &Profile, message: &Message<'_>, code: ResponseCode) -> bool {
        let Some(active) = self.active.as_deref_mut() else { return true };
        let has_mac = match active.exchange {
            Exchange::SignIn => false,
            Exchange::Reversal => true,
            Exchange::Operation => active.operation.kind.form().has_mac,
        };
        if !has_mac || code != ResponseCode::APPROVED {
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

    fn forget_mac_schedule(&mut self) {
        if let Some(active) = self.active.as_deref_mut() {
            active.mac = None;
        }
    }

    /// Takes work keys, batch number, date and time of a sign-in response.
    fn take_keys(
        &mut self,
        profile: &Profile,
        now: Instant,
        message: &Message<'_>,
        code: ResponseCode,
    ) -> End {
        if !code.is_approval() {
            return End::Declined;
        }
        let Some(keys) =
            message.get(De::PRIVATE_62).and_then(|f62| WorkKeys::unwrap(&self.tmk, f62.raw()).ok())
        else {
            self.keys = None;
            return End::Failed(Failure::KeyCheck);
        };
        self.keys = Some(Box::new(keys));
        if let Some(batch) = batch_of(message).filter(|batch| *batch != self.batch) {
            self.batch = batch;
        }
        let told = message.number(De::LOCAL_DATE).zip(message.number(De::LOCAL_TIME));
        if let Some(time) = told.and_then(|(date, time)| DateTime::from_elements(profile.year, date, time)) {
            self.clock = Some(WallClock::set(time, now));
        }
        End::Approved
    }

    /// A sign-in that had to come first was answered.
    fn signed_in(
        &mut self,
        profile: &Profile,
        now: Instant,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let end = self.take_keys(profile, now, message, reading.code);
        if end != End::Approved {
            return self.sign_in_failed(end, Some(reading), out);
        }
        self.tell_automatic(Kind::SignIn, end, Some(reading), out);
        self.forget_mac_schedule();
        self.proceed(profile, now, out);
    }

    /// The operation itself was answered.
    fn answered(&mut self, now: Instant, end: End, reading: &Reading, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return };
        let kind = active.operation.kind;
        let outcome = Outcome {
            kind,
            end,
            code: Some(reading.code),
            stan: active.stan,
            amount: reading.amount.unwrap_or(active.operation.amount),
            rrn: reading.rrn,
            approval_code: reading.approval_code,
            date: reading.date,
            balance: reading.balance,
            service: Some(reading.service),
        };
        if end == End::Approved
            && kind.form().reversible
            && let Some(entry) = self.entry(active, Belief::Approved, now)
        {
            out.event(Event::Journal(Entry { amount: outcome.amount, rrn: outcome.rrn, ..entry }));
        }
        if kind == Kind::SignOut && end == End::Approved || needs_sign_in(reading.code) {
            self.keys = None;
        }
        self.tell(outcome, out);
        self.rest(out);
    }

    /// A reversal was answered: done, or to be tried again.
    fn reversal_answered(&mut self, profile: &Profile, now: Instant, reading: &Reading, out: &mut Outbox) {
        let is_settled = reading.code.is_approval() || SETTLED.contains(&reading.code);
        let end = if is_settled { End::Approved } else { End::Declined };
        self.tell_automatic(Kind::Reversal, end, Some(reading), out);
        if needs_sign_in(reading.code) {
            self.keys = None;
            self.forget_mac_schedule();
        }
        if is_settled && let Some(reversal) = self.reversal.take() {
            self.record.reversed += 1;
            out.event(Event::Journal(reversal.entry(self, Belief::Reversed, now)));
        }
        self.proceed(profile, now, out);
    }

    /// Obeys the processing request of the header: 3 asks for a new sign-in.
    fn obey(&mut self, request: u8) {
        if request == SIGN_IN_AGAIN && self.active.is_none() {
            self.keys = None;
        }
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
            service,
        }
    }
}

/// What the answer to an exchange must repeat.
struct Expectation {
    mti: Mti,
    processing_code: Option<u64>,
    stan: Option<u64>,
    amount: Option<u64>,
}

/// Time from one instant to another, where both are known.
fn between(from: Option<Instant>, to: Instant) -> Duration {
    from.map_or(Duration::ZERO, |from| to.since(from))
}

fn end_of(code: ResponseCode) -> End {
    if code.is_approval() { End::Approved } else { End::Declined }
}

fn needs_sign_in(code: ResponseCode) -> bool {
    SIGN_IN_FIRST.contains(&code)
}

/// An element of fixed length.
fn text<const N: usize>(message: &Message<'_>, de: De) -> Option<[u8; N]> {
    message.get(de)?.array()
}

/// DE 60.2 of a sign-in response.
fn batch_of(message: &Message<'_>) -> Option<BatchNo> {
    let mut buffer = [0; 64];
    let digits = message.get(De::PRIVATE_60)?.write_to(&mut buffer)?;
    BatchNo::from_digits(digits.get(2..8)?).ok()
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

const SIGN_IN_AGAIN: u8 = 3;
const SIGN_IN_FIRST: [ResponseCode; 3] =
    [ResponseCode::BATCH_MISMATCH, ResponseCode::PIN_FORMAT, ResponseCode::MAC_FAILED];
/// Answers to a reversal that say there is nothing left to reverse.
const SETTLED: [ResponseCode; 2] = [ResponseCode::INVALID_TRANSACTION, ResponseCode::ORIGINAL_NOT_FOUND];
