//! How the host writes its answers, and what its moods do to them on their way out.

use super::{
    Action, Host,
    mood::Delayed,
    outbox::{ConnectionId, Outbox, Output},
    station::Station,
    terminal_of,
};
use crate::{
    card::Pan,
    crypto::MacSchedule,
    iso8583::{
        ApprovalCode, De, Frame, FrameHead, Message, PackError, Packer, ResponseCode, Rrn, TerminalId,
    },
    money::Amount,
    time::{DateTime, Instant},
};

/// What the host has decided to answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) code: ResponseCode,
    pub(super) rrn: Option<Rrn>,
    pub(super) approval_code: Option<ApprovalCode>,
    pub(super) pan: Option<Pan>,
    pub(super) balance: Option<Amount>,
    /// DE 62 of a sign-in response.
    pub(super) keys: Option<Vec<u8>>,
}

impl Answer {
    /// An answer that says nothing but this code.
    pub(super) fn code(code: ResponseCode) -> Self {
        Self { code, rrn: None, approval_code: None, pan: None, balance: None, keys: None }
    }
}

impl Host {
    /// Packs the answer and sends it in the way the mood wants.
    #[expect(clippy::too_many_arguments, reason = "the request with everything that belongs to it")]
    pub(super) fn reply(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        frame: &Frame<'_>,
        message: &Message<'_>,
        answer: &Answer,
        action: Option<&Action>,
        out: &mut Outbox,
    ) {
        let start = out.buffer().len();
        let station = terminal_of(message).and_then(|terminal| self.stations.get(&terminal));
        let spoil = matches!(action, Some(Action::WrongMac));
        let today = self.config.clock.at(now);
        if let Err(error) = self.pack(out.buffer(), frame, message, answer, station, spoil, today) {
            return out.push(Output::Unreadable { connection, error: error.to_string() });
        }
        match action {
            None | Some(Action::Respond(_) | Action::WrongMac) => out.send_packed(connection, start),
            Some(Action::Delay(range)) => {
                let nanos =
                    self.rng.between(crate::time::nanos(*range.start()), crate::time::nanos(*range.end()));
                let due = now + std::time::Duration::from_nanos(nanos);
                let bytes = out.take_packed(start);
                self.delayed.push(Delayed { due, number: self.tally.requests, connection, bytes });
            }
            Some(action) => {
                let bytes = out.take_packed(start);
                spoiled(action, &bytes, connection, out);
            }
        }
    }

    /// Packs an answer: what the request must find repeated, and what the decision adds.
    #[expect(clippy::too_many_arguments, reason = "the request with everything that belongs to it")]
    fn pack(
        &self,
        buffer: &mut Vec<u8>,
        frame: &Frame<'_>,
        message: &Message<'_>,
        answer: &Answer,
        station: Option<&Station>,
        spoil_mac: bool,
        today: DateTime,
    ) -> Result<(), PackError> {
        let head = FrameHead { tpdu: frame.head.tpdu.swapped(), header: frame.head.header };
        let mut packer = Packer::new(self.config.spec, buffer, &head, message.mti().response());
        match answer.pan {
            Some(pan) => packer.put(De::PAN, pan.as_bytes()),
            None => packer.copy(message, De::PAN),
        };
        for de in [De::PROCESSING_CODE, De::AMOUNT, De::STAN] {
            packer.copy(message, de);
        }
        packer
            .put_number(De::LOCAL_TIME, today.hour_minute_second())
            .put_number(De::LOCAL_DATE, today.month_day());
        let is_financial = message.has(De::PROCESSING_CODE);
        if is_financial {
            packer.copy(message, De::EXPIRY).put_number(De::SETTLEMENT_DATE, today.month_day());
            packer.copy(message, De::CARD_SEQUENCE).copy(message, De::CONDITION_CODE);
        }
        if message.has(De::STAN) {
            packer.put(De::ACQUIRER_ID, ACQUIRER);
        }
        if let Some(rrn) = answer.rrn {
            packer.put(De::RRN, rrn.as_bytes());
        }
        if let Some(approval_code) = answer.approval_code {
            packer.put(De::APPROVAL_CODE, approval_code.as_bytes());
        }
        packer.put(De::RESPONSE_CODE, answer.code.as_bytes());
        packer.copy(message, De::TERMINAL_ID).copy(message, De::MERCHANT_ID);
        if is_financial {
            packer.put(De::ADDITIONAL_RESPONSE, ISSUER_AND_ACQUIRER).copy(message, De::CURRENCY);
            packer.copy(message, De::SECURITY_CONTROL);
        }
        if let Some(balance) = answer.balance {
            packer.put(De::BALANCE, &balance_54(balance));
        }
        match (station, &answer.keys) {
            (Some(station), Some(keys)) => {
                packer.put(De::PRIVATE_60, &with_batch(message, station)).put(De::PRIVATE_62, keys);
            }
            _ => {
                packer.copy(message, De::PRIVATE_60);
            }
        }
        if is_financial {
            packer.put(De::PRIVATE_63, b"CUP");
        }
        match mac_schedule(self, message, station) {
            Some(schedule) => packer.finish_with_mac(|data| {
                let mac = schedule.mac(data);
                if spoil_mac { mac.map(|byte| if byte == b'0' { b'1' } else { b'0' }) } else { mac }
            })?,
            None => packer.finish()?,
        };
        Ok(())
    }

    /// Sends a made-up answer for another terminal, as a host that mixes up its connections would.
    pub(super) fn stray_id() -> TerminalId {
        TerminalId::from_bytes(b"99999999").expect("eight digits are a terminal id")
    }
}

/// The MAC key for an answer; requests without a MAC get answers without one.
fn mac_schedule(host: &Host, message: &Message<'_>, station: Option<&Station>) -> Option<MacSchedule> {
    message.mac()?;
    station?.mac_schedule(&host.config)
}

/// What a mood makes of an answer that is ready to go.
fn spoiled(action: &Action, bytes: &[u8], connection: ConnectionId, out: &mut Outbox) {
    match action {
        Action::DropResponse | Action::DropRequest => {}
        Action::Close => out.push(Output::Close(connection)),
        Action::Duplicate => {
            out.send(connection, bytes);
            out.send(connection, bytes);
        }
        Action::Garbage => out.send(connection, GARBAGE),
        Action::HalfFrame => {
            out.send(connection, bytes.get(..bytes.len() / 2).unwrap_or_default());
            out.push(Output::Close(connection));
        }
        Action::Oversized => out.send(connection, OVERSIZED),
        Action::Stray => {
            out.send(connection, &for_another(bytes));
            out.send(connection, bytes);
        }
        Action::Respond(_) | Action::Delay(_) | Action::WrongMac => out.send(connection, bytes),
    }
}

/// The same frame with every digit of the terminal id replaced, found by its known neighbour: good enough to stray.
fn for_another(bytes: &[u8]) -> Vec<u8> {
    let mut other = bytes.to_vec();
    let id = Host::stray_id();
    let width = id.as_bytes().len();
    let digits = |window: &[u8]| window.iter().all(u8::is_ascii_digit);
    if let Some(at) = (0..other.len().saturating_sub(width)).rev().find(|&at| digits(&bytes[at..at + width]))
    {
        other[at..at + width].copy_from_slice(id.as_bytes());
    }
    other
}

/// DE 60 of the request with the number of the open batch.
fn with_batch(message: &Message<'_>, station: &Station) -> Vec<u8> {
    let mut digits = Vec::with_capacity(17);
    if let Some(value) = message.get(De::PRIVATE_60) {
        value.append_to(&mut digits);
    }
    if let Some(batch) = digits.get_mut(2..8) {
        batch.copy_from_slice(&station.batch.digits());
    }
    digits
}

/// DE 54: credit account, available balance, 156, credit sign, amount.
fn balance_54(balance: Amount) -> [u8; 20] {
    let mut text = *b"3002156C000000000000";
    let mut minor = balance.minor();
    for digit in text[8..].iter_mut().rev() {
        *digit = b'0' + (minor % 10) as u8;
        minor /= 10;
    }
    text
}

const ACQUIRER: &[u8] = b"00095840";
const ISSUER_AND_ACQUIRER: &[u8] = b"01020000   00095840   ";
/// A length of 16 and as many bytes that are no message.
const GARBAGE: &[u8] = &[
    0x00, 0x10, 0xDE, 0xAD, 0xBE, 0xEF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF,
];
/// The length of a frame longer than any that exists.
const OVERSIZED: &[u8] = &[0xFF, 0xFF, 0x60];
