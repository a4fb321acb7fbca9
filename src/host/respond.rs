//! What the host has decided to answer, and what its moods do to the answer on its way out; how it is written is the
//! business of [`super::response`].

use super::{
    Action, Host, Request,
    chip::ChipAnswer,
    mood::Delayed,
    outbox::{ConnectionId, Outbox, Output},
    response::{Response, Slip},
};
use crate::{
    card::{Expiry, Pan},
    iso8583::{ApprovalCode, BatchNo, De, ResponseCode, Rrn},
    time::Instant,
};
use std::time::Duration;

/// What the host has decided to answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) code: ResponseCode,
    pub(super) rrn: Option<Rrn>,
    pub(super) approval_code: Option<ApprovalCode>,
    pub(super) pan: Option<Pan>,
    pub(super) expiry: Option<Expiry>,
    /// DE 54, in minor units; negative when overdrawn.
    pub(super) balance: Option<i64>,
    pub(super) sign_in: Option<SignIn>,
    /// DE 48: totals, number of records.
    pub(super) private48: Option<Vec<u8>>,
    /// DE 55: what the issuer has for the chip.
    pub(super) icc: Option<ChipAnswer>,
    /// DE 59: what became of a payment by code.
    pub(super) private59: Option<Vec<u8>>,
    /// DE 62: a table, a key.
    pub(super) private62: Option<Vec<u8>>,
    /// The processing request of the header; 0 for none.
    pub(super) asks_for: u8,
}

/// What a sign-in response brings.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    /// DE 62: the work keys under the master key; empty where keys are derived.
    pub(super) keys: Vec<u8>,
    /// DE 60.2.
    pub(super) batch: BatchNo,
}

impl Answer {
    /// An answer that says nothing but this code.
    pub(super) fn code(code: ResponseCode) -> Self {
        Self {
            code,
            rrn: None,
            approval_code: None,
            pan: None,
            expiry: None,
            balance: None,
            sign_in: None,
            private48: None,
            icc: None,
            private59: None,
            private62: None,
            asks_for: 0,
        }
    }
}

impl Host {
    /// Packs the answer and sends it in the way the mood wants.
    pub(super) fn reply(
        &mut self,
        now: Instant,
        request: &Request<'_>,
        mut answer: Answer,
        action: Option<Action>,
        out: &mut Outbox,
    ) {
        if request.message.has(De::STAN) && answer.rrn.is_none() {
            answer.rrn = Some(self.reference());
        }
        let slips: &[Slip] = match action.as_ref().map(Action::besides_delay) {
            Some(Action::WrongMac) => &[Slip::WrongMac],
            Some(Action::Stray) => &[Slip::OtherTerminal, Slip::None],
            _ => &[Slip::None],
        };
        let (spec, today, connection) = (self.config.spec, self.config.clock.at(now), request.connection);
        for slip in slips {
            let start = out.buffer().len();
            let response = Response { spec, today, request, answer: &answer, slip: *slip };
            match response.pack(out.buffer()) {
                Ok(_) => self.send(now, connection, start, action.as_ref(), out),
                Err(error) => out.push(Output::Unreadable { connection, error: error.to_string() }),
            }
        }
    }

    /// Sends what was packed from `start` on, now or later, whole or spoilt.
    fn send(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        start: usize,
        action: Option<&Action>,
        out: &mut Outbox,
    ) {
        let wait = self.desk.serve(now);
        let served = Action::Delay((Duration::ZERO..=Duration::ZERO).into());
        let action = match action {
            None if wait.is_zero() => return out.send_packed(connection, start),
            None => &served,
            Some(action) => action,
        };
        let (delay, action) = match action {
            Action::Delay(by) => (by.draw(&mut self.rng), action),
            Action::Late(by, then) => (by.draw(&mut self.rng), &**then),
            _ => (Duration::ZERO, action),
        };
        let delay = delay + wait;
        let packed = out.take_packed(start);
        if let Action::Restart(time) = action {
            return self.restart(now, *time, out);
        }
        let (bytes, closes) = self.spoilt(action, packed);
        let copies = if matches!(action, Action::Duplicate) { 2 } else { 1 };
        let (due, number) = (now + delay, self.tally.requests);
        let sending = Delayed { due, number, connection, bytes, copies, closes };
        match delay {
            Duration::ZERO if !matches!(action, Action::Delay(_)) => sending.send(out),
            _ => self.delayed.push(sending),
        }
    }

    /// What an action makes of an answer, and whether the connection is closed after it.
    fn spoilt(&mut self, action: &Action, mut packed: Vec<u8>) -> (Vec<u8>, bool) {
        match action {
            Action::DropRequest | Action::DropResponse => (Vec::new(), false),
            Action::Close => (Vec::new(), true),
            Action::Garbage => (GARBAGE.to_vec(), false),
            Action::Oversized => (OVERSIZED.to_vec(), false),
            Action::HalfFrame => {
                packed.truncate(packed.len() / 2);
                (packed, true)
            }
            Action::Corrupt => {
                let frame = self.config.spec.framing.length.map_or(0, |length| length.size());
                for _ in 0..BITS_TURNED {
                    let last = (packed.len() as u64).saturating_sub(1);
                    let place = self.rng.between((frame as u64).min(last), last) as usize;
                    let bit = self.rng.between(0, 7);
                    packed.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << bit);
                }
                (packed, false)
            }
            Action::Respond(_)
            | Action::Decline
            | Action::Delay(_)
            | Action::Late(..)
            | Action::Duplicate
            | Action::WrongMac
            | Action::Stray
            | Action::Restart(_) => (packed, false),
        }
    }
}

/// How many bits of an answer a mood turns.
const BITS_TURNED: u32 = 3;
/// A length of 16 and as many bytes that are no message.
const GARBAGE: &[u8] = &[
    0x00, 0x10, 0xDE, 0xAD, 0xBE, 0xEF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF,
];
/// The length of a frame longer than any that exists.
const OVERSIZED: &[u8] = &[0xFF, 0xFF, 0x60];
