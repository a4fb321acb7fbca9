//! How the host writes an answer: what the request must find repeated, and what the decision adds (chapter 5.1).

use super::{
    Request,
    organisation::Organisation,
    respond::{Answer, SignIn},
};
use crate::{
    card::{Expiry, Pan},
    iso8583::{BatchNo, De, Message, Mti, PackError, Packer, Spec, TerminalId, decimal},
    time::DateTime,
};

/// An answer on its way into a message.
pub(super) struct Response<'a> {
    pub(super) spec: &'static Spec,
    pub(super) today: DateTime,
    pub(super) request: &'a Request<'a>,
    pub(super) answer: &'a Answer,
    pub(super) slip: Slip,
}

/// What is wrong with a message that the host writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slip {
    None,
    /// Its MAC does not hold.
    WrongMac,
    /// It is for a terminal that does not exist, as from a host that mixes up its connections.
    OtherTerminal,
}

impl Response<'_> {
    /// Packs what the request must find repeated, and what the decision adds, as chapter 5.1 of the dialect lists it.
    pub(super) fn pack(&self, buffer: &mut Vec<u8>) -> Result<usize, PackError> {
        let mut head = self.request.head.response();
        if self.answer.asks_for != 0 {
            head.header = head.header.with_processing_request(self.answer.asks_for);
        }
        let organisation = Organisation::of(self.answer.pan.as_ref());
        let mut packer = Packer::new(self.spec, buffer, &head, self.request.message.mti().response());
        self.put_basics(&mut packer);
        self.put_circumstances(&mut packer);
        self.put_decision(&mut packer);
        self.put_money(&mut packer, organisation);
        self.put_private(&mut packer, organisation);
        let keys = &self.request.mac;
        match keys.answer.as_ref().or(keys.request.as_ref()).filter(|_| self.request.message.mac().is_some())
        {
            Some(schedule) => packer.finish_with_mac(|data| {
                let mac = schedule.mac(data);
                if self.slip == Slip::WrongMac { spoilt(mac) } else { mac }
            }),
            None => packer.finish(),
        }
    }

    /// DE 2 to 13: card, amount and number as they were asked for, and the time.
    fn put_basics(&self, packer: &mut Packer<'_>) {
        let (message, answer) = (self.request.message, self.answer);
        if self.is_about_money() && !self.is_script_result() {
            put_or_copy(packer, De::PAN, answer.pan.as_ref().map(Pan::as_bytes), message);
        }
        packer.copy(message, De::PROCESSING_CODE);
        if self.is_about_money() {
            packer.copy(message, De::AMOUNT);
        }
        packer.copy(message, De::STAN);
        packer.put_number(De::LOCAL_TIME, self.today.hour_minute_second());
        packer.put_number(De::LOCAL_DATE, self.today.month_day());
    }

    /// DE 14 to 32: expiry, day of settlement, circumstances, acquirer.
    fn put_circumstances(&self, packer: &mut Packer<'_>) {
        let (message, answer) = (self.request.message, self.answer);
        if self.is_financial() && !self.is_script_result() {
            let expiry = answer.expiry.map(Expiry::to_ascii);
            put_or_copy(packer, De::EXPIRY, expiry.as_ref().map(<[u8; 4]>::as_slice), message);
        }
        let is_settled = self.is_financial() && message.has(De::AMOUNT);
        if is_settled || message.mti() == Mti::SETTLEMENT {
            packer.put_number(De::SETTLEMENT_DATE, self.today.month_day());
        }
        packer.copy(message, De::CARD_SEQUENCE).copy(message, De::CONDITION_CODE);
        if message.has(De::STAN) && (self.is_about_money() || !message.has(De::AMOUNT)) {
            packer.put(De::ACQUIRER_ID, ACQUIRER);
        }
    }

    /// DE 37 to 42: the decision, and whose it is.
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

    /// DE 44 to 54: the institutions, totals, currency, balance.
    fn put_money(&self, packer: &mut Packer<'_>, organisation: &Organisation) {
        let (message, answer) = (self.request.message, self.answer);
        if self.is_financial() && !self.is_script_result() {
            packer.put(De::ADDITIONAL_RESPONSE, &organisation.issuer_and_acquirer);
        }
        if let Some(totals) = &answer.private48 {
            packer.put(De::PRIVATE_48, totals);
        }
        packer.copy(message, De::CURRENCY).copy(message, De::SECURITY_CONTROL);
        if let Some(balance) = answer.balance {
            packer.put(De::BALANCE, &balance_54(balance));
        }
    }

    fn is_financial(&self) -> bool {
        self.request.message.has(De::PROCESSING_CODE)
    }

    /// A signature says the amount that was signed, and does not ask for it back.
    fn is_about_money(&self) -> bool {
        self.is_financial() || self.request.message.mti() == Mti::BATCH_UPLOAD
    }

    fn is_script_result(&self) -> bool {
        self.request.message.mti() == Mti::SCRIPT_RESULT
    }

    /// DE 55 to 63.
    fn put_private(&self, packer: &mut Packer<'_>, organisation: &Organisation) {
        let (message, answer) = (self.request.message, self.answer);
        if let Some(chip) = &answer.icc {
            packer.put(De::ICC_DATA, chip.data().as_bytes());
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
    decimal(balance.unsigned_abs(), &mut text[8..]);
    text
}

const ACQUIRER: &[u8] = b"00095840";
/// A terminal that no host knows.
const OTHER_TERMINAL: TerminalId = match TerminalId::from_bytes(b"99999999") {
    Ok(id) => id,
    Err(_) => panic!("eight digits are a terminal id"),
};
