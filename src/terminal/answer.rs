//! How a terminal reads what comes back: is it the answer, is it authentic, and what follows from it.

use super::{Active, Event, Exchange, Outbox, Profile, Stray, Terminal, between, request::mac_schedule};
use crate::{
    crypto::WorkKeys,
    iso8583::{ApprovalCode, BatchNo, De, Message, ResponseCode, Rrn, Stan},
    money::Amount,
    operation::{End, Failure, Kind, Outcome},
    reconcile::Belief,
    time::Instant,
};
use std::time::Duration;

/// What an answer says, once it is known to be the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) code: Option<ResponseCode>,
    pub(super) amount: Option<Amount>,
    pub(super) rrn: Option<Rrn>,
    pub(super) approval_code: Option<ApprovalCode>,
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
        let code = message
            .get(De::RESPONSE_CODE)
            .and_then(|value| value.array::<2>())
            .and_then(|text| ResponseCode::from_bytes(&text).ok());
        if let Err(stray) = self.matches(message, code) {
            return out.event(Event::Stray(stray));
        }
        self.record.last_code = code.or(self.record.last_code);
        if !self.is_authentic(profile, message, code) {
            return self.exchange_failed(profile, now, End::Failed(Failure::WrongMac), out);
        }
        let Some(active) = self.active.as_deref_mut() else { return };
        let reading = Reading {
            code,
            amount: message.number(De::AMOUNT).map(Amount::from_minor),
            rrn: message
                .get(De::RRN)
                .and_then(|value| value.array::<12>())
                .and_then(|text| Rrn::from_bytes(&text).ok()),
            approval_code: message
                .get(De::APPROVAL_CODE)
                .and_then(|value| value.array::<6>())
                .and_then(|text| ApprovalCode::from_bytes(&text).ok()),
            balance: message
                .get(De::BALANCE)
                .and_then(|value| value.array::<20>())
                .and_then(|text| balance(&text)),
            service: between(active.sent_at.take(), now),
        };
        match active.exchange {
            Exchange::Operation if active.operation.kind == Kind::SignIn => {
                let end = self.take_keys(message, code);
                self.answered(profile, now, end, &reading, out);
            }
            Exchange::Operation => self.answered(profile, now, end_of(code), &reading, out),
            Exchange::SignIn => {
                let end = self.take_keys(message, code);
                self.tell_automatic(Kind::SignIn, end, Some(&reading), out);
                if end == End::Approved {
                    self.forget_mac_schedule();
                    self.proceed(profile, now, out);
                } else {
                    self.after_failed_preparation(profile, now, end, out);
                }
            }
            Exchange::Reversal => self.reversal_answered(profile, now, &reading, out),
        }
        self.obey(request);
    }

    /// Whether `message` answers the exchange under way.
    ///
    /// 1. Message type, terminal, and where they were sent processing code and STAN must be the request's.
    /// 2. With 00 the merchant must be the request's.
    /// 3. The amount must be the request's, except in a partial approval.
    fn matches(&self, message: &Message<'_>, code: Option<ResponseCode>) -> Result<(), Stray> {
        let stray = |what| Err(Stray::Misdirected(what));
        let expected =
            self.active.as_deref().filter(|active| active.sent_at.is_some()).map(|a| self.expectation(a));
        let is_mine = message.get(De::TERMINAL_ID).is_some_and(|value| value.is(self.id.as_bytes()));
        if !is_mine {
            return stray("terminal id of another terminal");
        }
        let Some(expected) = expected else { return Err(Stray::Late) };
        let stan = message.number(De::STAN);
        if let (Some(sent), Some(got)) = (expected.stan, stan)
            && got != u64::from(sent.number())
        {
            return if got < u64::from(self.next_stan.number()) {
                Err(Stray::Late)
            } else {
                stray("STAN never sent")
            };
        }
        let same_number = |de, sent: Option<u64>| sent.is_none_or(|sent| message.number(de) == Some(sent));
        let merchant = || message.get(De::MERCHANT_ID).is_none_or(|value| value.is(self.merchant.as_bytes()));
        match () {
            () if message.mti() != expected.mti => Err(Stray::Late),
            () if expected.stan.is_some() && stan.is_none() => stray("no STAN"),
            () if !same_number(De::PROCESSING_CODE, expected.processing_code) => {
                stray("another processing code")
            }
            () if code == Some(ResponseCode::APPROVED) && !merchant() => stray("another merchant id"),
            () if code == Some(ResponseCode::APPROVED) && !same_number(De::AMOUNT, expected.amount) => {
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
            stan: original.map_or(active.stan, |original| Some(original.stan)),
            amount: amount.map(Amount::minor),
        }
    }

    /// Whether the MAC holds; only approvals of messages that carry one are looked at.
    fn is_authentic(&mut self, profile: &Profile, message: &Message<'_>, code: Option<ResponseCode>) -> bool {
        let Some(active) = self.active.as_deref_mut() else { return true };
        let has_mac = match active.exchange {
            Exchange::SignIn => false,
            Exchange::Reversal => true,
            Exchange::Operation => active.operation.kind.form().has_mac,
        };
        if !has_mac || code != Some(ResponseCode::APPROVED) {
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

    /// Takes work keys and batch number of a sign-in response.
    fn take_keys(&mut self, message: &Message<'_>, code: Option<ResponseCode>) -> End {
        if !code.is_some_and(ResponseCode::is_approval) {
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
        End::Approved
    }

    /// The operation itself was answered.
    fn answered(&mut self, profile: &Profile, now: Instant, end: End, reading: &Reading, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return };
        let outcome = Outcome {
            kind: active.operation.kind,
            end,
            code: reading.code,
            stan: active.stan,
            amount: reading.amount.unwrap_or(active.operation.amount),
            rrn: reading.rrn,
            approval_code: reading.approval_code,
            balance: reading.balance,
            service: Some(reading.service),
        };
        if end == End::Approved
            && active.operation.kind.form().reversible
            && let Some(mut entry) = self.entry(active, Belief::Approved, now)
        {
            entry.amount = outcome.amount;
            out.event(Event::Journal(entry));
        }
        if active.operation.kind == Kind::SignOut && end == End::Approved || needs_sign_in(reading.code) {
            self.keys = None;
        }
        self.tell(outcome, out);
        self.reverse_or_rest(profile, now, out);
    }

    /// A reversal was answered: done, or to be tried again.
    fn reversal_answered(&mut self, profile: &Profile, now: Instant, reading: &Reading, out: &mut Outbox) {
        let settles = |code: ResponseCode| code.is_approval() || SETTLED.contains(&code);
        let is_settled = reading.code.is_some_and(settles);
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

/// What the answer to an exchange must repeat.
struct Expectation {
    mti: crate::iso8583::Mti,
    processing_code: Option<u64>,
    stan: Option<Stan>,
    amount: Option<u64>,
}

fn end_of(code: Option<ResponseCode>) -> End {
    match code {
        Some(code) if code.is_approval() => End::Approved,
        Some(_) => End::Declined,
        None => End::Failed(Failure::Malformed),
    }
}

fn needs_sign_in(code: Option<ResponseCode>) -> bool {
    code.is_some_and(|code| SIGN_IN_FIRST.contains(&code))
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
