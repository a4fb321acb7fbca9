//! How the host writes its answers, and what its moods do to them on their way out.

use super::{
    Action, Host, Request,
    mood::Delayed,
    organisation::Organisation,
    outbox::{ConnectionId, Outbox, Output},
};
use crate::{
    card::{Expiry, Pan},
    iso8583::{
        ApprovalCode, BatchNo, De, IccData, Message, Mti, PackError, Packer, ResponseCode, Rrn, Spec,
        TerminalId,
    },
    time::{DateTime, Instant},
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
    pub(super) icc: Option<IccData>,
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

/// An answer on its way into a message.
struct Response<'a> {
    spec: &'static Spec,
    today: DateTime,
    request: &'a Request<'a>,
    answer: &'a Answer,
    slip: Slip,
}

/// What is wrong with a message that the host writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    None,
    /// Its MAC does not hold.
    WrongMac,
    /// It is for a terminal that does not exist, as from a host that mixes up its connections.
    OtherTerminal,
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
        let Some(action) = action else { return out.send_packed(connection, start) };
        let (delay, action) = match action {
            Action::Delay(by) => (by.draw(&mut self.rng), action),
            Action::Late(by, then) => (by.draw(&mut self.rng), &**then),
            _ => (Duration::ZERO, action),
        };
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

impl Response<'_> {
    /// Packs what the request must find repeated, and what the decision adds, as chapter 5.1 of the dialect lists it.
    fn pack(&self, buffer: &mut Vec<u8>) -> Result<usize, PackError> {
        let (message, answer) = (self.request.message, self.answer);
        let mti = message.mti().response();
        let is_upload = message.mti() == Mti::BATCH_UPLOAD;
        let is_financial = message.has(De::PROCESSING_CODE);
        // A signature says the amount that was signed, and does not ask for it back.
        let is_about_money = is_financial || is_upload;
        let is_settled = is_financial && message.has(De::AMOUNT) || message.mti() == Mti::SETTLEMENT;
        let mut head = self.request.head.response();
        if answer.asks_for != 0 {
            head.header = head.header.with_processing_request(answer.asks_for);
        }
        let mut packer = Packer::new(self.spec, buffer, &head, mti);
        if is_about_money && !self.is_script_result() {
            put_or_copy(&mut packer, De::PAN, answer.pan.as_ref().map(Pan::as_bytes), message);
        }
        packer.copy(message, De::PROCESSING_CODE);
        if is_about_money {
            packer.copy(message, De::AMOUNT);
        }
        packer.copy(message, De::STAN);
        packer.put_number(De::LOCAL_TIME, self.today.hour_minute_second());
        packer.put_number(De::LOCAL_DATE, self.today.month_day());
        if is_financial && !self.is_script_result() {
            let expiry = answer.expiry.map(Expiry::to_ascii);
            put_or_copy(&mut packer, De::EXPIRY, expiry.as_ref().map(<[u8; 4]>::as_slice), message);
        }
        if is_settled {
            packer.put_number(De::SETTLEMENT_DATE, self.today.month_day());
        }
        packer.copy(message, De::CARD_SEQUENCE).copy(message, De::CONDITION_CODE);
        if message.has(De::STAN) && (is_about_money || !message.has(De::AMOUNT)) {
            packer.put(De::ACQUIRER_ID, ACQUIRER);
        }
        self.put_decision(&mut packer);
        let organisation = Organisation::of(answer.pan.as_ref());
        if is_financial && !self.is_script_result() {
            packer.put(De::ADDITIONAL_RESPONSE, &organisation.issuer_and_acquirer);
        }
        if let Some(totals) = &answer.private48 {
            packer.put(De::PRIVATE_48, totals);
        }
        packer.copy(message, De::CURRENCY).copy(message, De::SECURITY_CONTROL);
        if let Some(balance) = answer.balance {
            packer.put(De::BALANCE, &balance_54(balance));
        }
        self.put_private(&mut packer, organisation);
        let keys = &self.request.mac;
        match keys.answer.as_ref().or(keys.request.as_ref()).filter(|_| message.mac().is_some()) {
            Some(schedule) => packer.finish_with_mac(|data| {
                let mac = schedule.mac(data);
                if self.slip == Slip::WrongMac { spoilt(mac) } else { mac }
            }),
            None => packer.finish(),
        }
    }

    /// DE 37 to 44: the decision, and whose it is.
    fn put_decision(&self, packer: &mut Packer<'_>) {
        let (message, answer) = (self.request.message, self.answer);
        if let Some(rrn) = answer.rrn {
            packer.put(De::RRN, rrn.as_bytes());
        }
        if let Some(approval_code) = answer.approval_code {
            packer.put(De::APPROVAL_CODE, approval_code.as_bytes());
        }
        // Its verdicts are in DE 48; only a refusal has a code.
        if message.mti() != Mti::SETTLEMENT || !answer.code.is_approval() {
            packer.put(De::RESPONSE_CODE, answer.code.as_bytes());
        }
        match self.slip {
            Slip::OtherTerminal => packer.put(De::TERMINAL_ID, OTHER_TERMINAL.as_bytes()),
            Slip::None | Slip::WrongMac => packer.copy(message, De::TERMINAL_ID),
        };
        packer.copy(message, De::MERCHANT_ID);
    }

    fn is_script_result(&self) -> bool {
        self.request.message.mti() == Mti::SCRIPT_RESULT
    }

    /// DE 55 to 63.
    fn put_private(&self, packer: &mut Packer<'_>, organisation: &Organisation) {
        let (message, answer) = (self.request.message, self.answer);
        if let Some(data) = &answer.icc {
            packer.put(De::ICC_DATA, data.as_bytes());
        }
        if let Some(tags) = &answer.private59 {
            packer.put(De::PRIVATE_59, tags);
        }
        match &self.answer.sign_in {
            Some(SignIn { keys, batch }) => {
                packer.put(De::PRIVATE_60, &with_batch(message, *batch));
                if !keys.is_empty() {
                    packer.put(De::PRIVATE_62, keys);
                }
            }
            None => {
                packer.copy(message, De::PRIVATE_60);
            }
        }
        if let Some(table) = &answer.private62 {
            packer.put(De::PRIVATE_62, table);
        }
        let tells_organisation = message.has(De::PROCESSING_CODE) && message.has(De::AMOUNT);
        if tells_organisation && !matches!(message.mti(), Mti::REVERSAL | Mti::SCRIPT_RESULT) {
            packer.put(De::PRIVATE_63, &organisation.code);
        }
    }
}

/// Puts a value of the answer's own, else the request's.
fn put_or_copy(packer: &mut Packer<'_>, de: De, own: Option<&[u8]>, message: &Message<'_>) {
    match own {
        Some(own) => packer.put(de, own),
        None => packer.copy(message, de),
    };
}

/// The MAC with one bit turned; a character of a hexadecimal MAC stays printable.
fn spoilt(mut mac: [u8; 8]) -> [u8; 8] {
    mac[0] ^= 0x01;
    mac
}

/// DE 60 of the request with the number of the open batch.
fn with_batch(message: &Message<'_>, number: BatchNo) -> Vec<u8> {
    let mut digits = Vec::with_capacity(17);
    if let Some(value) = message.get(De::PRIVATE_60) {
        value.append_to(&mut digits);
    }
    if let Some(batch) = digits.get_mut(2..8) {
        batch.copy_from_slice(&number.digits());
    }
    digits
}

/// DE 54: credit account, available balance, 156, sign, amount.
fn balance_54(balance: i64) -> [u8; 20] {
    let mut text = *b"3002156C000000000000";
    if balance < 0 {
        text[7] = b'D';
    }
    let mut minor = balance.unsigned_abs();
    for digit in text[8..].iter_mut().rev() {
        *digit = b'0' + (minor % 10) as u8;
        minor /= 10;
    }
    text
}

/// How many bits of an answer a mood turns.
const BITS_TURNED: u32 = 3;
const ACQUIRER: &[u8] = b"00095840";
/// A length of 16 and as many bytes that are no message.
const GARBAGE: &[u8] = &[
    0x00, 0x10, 0xDE, 0xAD, 0xBE, 0xEF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF,
];
/// The length of a frame longer than any that exists.
const OVERSIZED: &[u8] = &[0xFF, 0xFF, 0x60];
/// A terminal that no host knows.
const OTHER_TERMINAL: TerminalId = match TerminalId::from_bytes(b"99999999") {
    Ok(id) => id,
    Err(_) => panic!("eight digits are a terminal id"),
};
