//! The chip's part of a message (DE 55, chapter 12): what a test card and the terminal around it say of a transaction.
//!
//! Nothing is drawn by chance and no clock but the calendar is read. The card's counter (ATC) counts 1 to 65,535 with the
//! STAN, so that no two of 65,535 transactions in a row share it; the unpredictable number follows from terminal, batch
//! and STAN. A card that is used at two terminals therefore does not count up from one to the other.

use super::{Profile, transaction::Transaction};
use crate::{
    emv::{CryptogramKind, CryptogramVersion, IssuerKey, Terms, TestCard},
    iso8583::{IccData, Tag, TerminalId, Tlv},
    time::DateTime,
};

/// What terminals of a kind have to do with chip cards.
#[derive(Clone, Debug)]
pub struct ChipPolicy {
    /// The key under which the test cards are made.
    pub issuer: IssuerKey,
    /// How they make cryptograms.
    pub version: CryptogramVersion,
    /// Whether a card declines, and the transaction is reversed, when the issuer's answer (91) is there and wrong.
    pub checks_issuer: bool,
}

impl Default for ChipPolicy {
    /// UnionPay's cryptograms under the test key, answers checked.
    fn default() -> Self {
        Self { issuer: IssuerKey::test(), version: CryptogramVersion::default(), checks_issuer: true }
    }
}

/// The chip of a card in one transaction.
pub(super) struct Chip<'a> {
    profile: &'a Profile,
    terminal: TerminalId,
    transaction: &'a Transaction,
}

impl<'a> Chip<'a> {
    pub(super) fn new(profile: &'a Profile, terminal: TerminalId, transaction: &'a Transaction) -> Self {
        Self { profile, terminal, transaction }
    }

    /// DE 55 of a request: every mandatory and usual tag of the dialect, in its usual order; and its cryptogram.
    pub(super) fn request(&self, today: DateTime) -> (IccData, [u8; 8]) {
        self.whole(CryptogramKind::Online, self.terms(date(today)))
    }

    /// DE 55 of a batch upload: the same with the cryptogram of approval, for the date of the answer.
    pub(super) fn upload(&self) -> IccData {
        self.whole(CryptogramKind::Approved, self.terms(self.answer_date())).0
    }

    /// DE 55 of a reversal: what was verified, the serial number, what the card said, its counter.
    pub(super) fn reversal(&self) -> IccData {
        let mut data = IccData::new();
        self.put(
            &mut data,
            &[
                (Tag::VERIFICATION_RESULTS, &self.verification_results()),
                (Tag::SERIAL_NUMBER, self.terminal.as_bytes()),
                (Tag::ISSUER_DATA, self.issuer_data(CryptogramKind::Online).as_bytes()),
                (Tag::TRANSACTION_COUNTER, &self.counter()),
            ],
        );
        data
    }

    /// DE 55 of a script result notice: what became of the issuer's script, and which transaction brought it.
    pub(super) fn script_result(&self) -> IccData {
        let terms = self.terms(self.answer_date());
        let generated = self.card().map(|card| card.generate(CryptogramKind::Approved, &terms));
        let mut data = IccData::new();
        self.put(
            &mut data,
            &[
                (Tag::CAPABILITIES, &CAPABILITIES),
                (Tag::VERIFICATION_RESULTS, &terms.verification_results),
                (Tag::UNPREDICTABLE_NUMBER, &terms.unpredictable),
                (Tag::SERIAL_NUMBER, self.terminal.as_bytes()),
                (Tag::ISSUER_DATA, self.issuer_data(CryptogramKind::Approved).as_bytes()),
                (Tag::CRYPTOGRAM, &generated.map(|generated| generated.cryptogram).unwrap_or_default()),
                (Tag::TRANSACTION_COUNTER, &terms.counter),
                (Tag::INTERCHANGE_PROFILE, &terms.interchange_profile),
                (Tag::SCRIPT_RESULTS, &SCRIPT_DONE),
                (Tag::COUNTRY, &terms.country),
                (Tag::DATE, &terms.date),
            ],
        );
        data
    }

    /// Whether the card goes on with what DE 55 of the answer says; without an answer of the issuer it does.
    pub(super) fn accepts(&self, arqc: [u8; 8], answer: &[u8]) -> bool {
        let authentication = Tlv::new(answer).find(Tag::ISSUER_AUTHENTICATION);
        let Some((value, card)) = authentication.zip(self.card()) else { return true };
        !self.profile.chip.checks_issuer || card.accepts(self.counter(), arqc, value)
    }

    fn whole(&self, kind: CryptogramKind, terms: Terms) -> (IccData, [u8; 8]) {
        let mut data = IccData::new();
        let Some(generated) = self.card().map(|card| card.generate(kind, &terms)) else {
            return (data, [0; 8]);
        };
        self.put(
            &mut data,
            &[
                (Tag::CRYPTOGRAM, &generated.cryptogram),
                (Tag::CRYPTOGRAM_INFORMATION, &[generated.information]),
                (Tag::ISSUER_DATA, generated.issuer_data.as_bytes()),
                (Tag::UNPREDICTABLE_NUMBER, &terms.unpredictable),
                (Tag::TRANSACTION_COUNTER, &terms.counter),
                (Tag::VERIFICATION_RESULTS, &terms.verification_results),
                (Tag::DATE, &terms.date),
                (Tag::TRANSACTION_TYPE, &terms.transaction_type),
                (Tag::AMOUNT, &terms.amount),
                (Tag::CURRENCY, &terms.currency),
                (Tag::INTERCHANGE_PROFILE, &terms.interchange_profile),
                (Tag::COUNTRY, &terms.country),
                (Tag::AMOUNT_OTHER, &terms.amount_other),
                (Tag::CAPABILITIES, &CAPABILITIES),
                (Tag::CVM_RESULTS, self.cvm_results()),
                (Tag::TERMINAL_TYPE, &[ATTENDED_ONLINE_MERCHANT]),
                (Tag::SERIAL_NUMBER, self.terminal.as_bytes()),
                (Tag::FILE_NAME, &DEBIT_APPLICATION),
                (Tag::APPLICATION_VERSION, &APPLICATION_VERSION),
                (Tag::SEQUENCE_COUNTER, &packed::<4>(u64::from(self.transaction.stan.number()))),
            ],
        );
        (data, generated.cryptogram)
    }

    fn put(&self, data: &mut IccData, objects: &[(Tag, &[u8])]) {
        for (tag, value) in objects {
            let fits = data.push(*tag, value);
            debug_assert!(fits, "the data objects of one message fit into DE 55");
        }
    }

    fn card(&self) -> Option<TestCard> {
        let card = self.transaction.card.as_ref()?;
        let chip = &self.profile.chip;
        Some(TestCard::new(&chip.issuer, &card.pan, card.sequence.unwrap_or_default(), chip.version))
    }

    fn terms(&self, date: [u8; 3]) -> Terms {
        let transaction = self.transaction;
        let form = transaction.form();
        let amount = if form.has_amount { transaction.amount.minor() } else { 0 };
        let [type_, ..]: [u8; 3] = packed(u64::from(form.processing_code.unwrap_or_default()));
        let [a, b, c] = self.profile.currency.map(|digit| digit & 0xF);
        Terms {
            amount: packed(amount),
            amount_other: [0; 6],
            country: CHINA,
            verification_results: self.verification_results(),
            currency: [a, b << 4 | c],
            date,
            transaction_type: [type_],
            unpredictable: self.unpredictable(),
            interchange_profile: INTERCHANGE_PROFILE,
            counter: self.counter(),
        }
    }

    /// 9F10 without asking the card for a cryptogram.
    fn issuer_data(&self, kind: CryptogramKind) -> crate::emv::IssuerData {
        TestCard::issuer_data(self.profile.chip.version, kind)
    }

    /// 95: nothing stands out; with a PIN, that it is verified online.
    fn verification_results(&self) -> [u8; 5] {
        [0, 0, if self.with_pin() { ONLINE_PIN_ENTERED } else { 0 }, 0, 0]
    }

    /// 9F34: PIN online, or nothing asked; with what result.
    fn cvm_results(&self) -> &'static [u8; 3] {
        if self.with_pin() { &[0x02, 0x03, 0x00] } else { &[0x1F, 0x03, 0x02] }
    }

    fn with_pin(&self) -> bool {
        self.transaction.card.as_ref().is_some_and(|card| card.with_pin)
    }

    /// 9F36, from 1 to 65,535.
    fn counter(&self) -> [u8; 2] {
        let uses = (self.transaction.stan.number().saturating_sub(1)) % u32::from(u16::MAX);
        (uses as u16 + 1).to_be_bytes()
    }

    fn unpredictable(&self) -> [u8; 4] {
        let Transaction { batch, stan, .. } = self.transaction;
        let number = u64::from(batch.number()) << 32 | u64::from(stan.number());
        (mix(number ^ u64::from_be_bytes(*self.terminal.as_bytes())) as u32).to_be_bytes()
    }

    fn answer_date(&self) -> [u8; 3] {
        let (month, day) = self.transaction.date.map_or((1, 1), |date| (date.month(), date.day()));
        date(DateTime { month, day, ..DateTime::new_year(self.profile.year) })
    }
}

/// Whether DE 55 of an answer carries a script of the issuer (tag 71 or 72).
pub(super) fn has_script(tags: &[u8]) -> bool {
    let is_script = |tag| matches!(tag, Tag::SCRIPT_1 | Tag::SCRIPT_2);
    Tlv::new(tags).map_while(Result::ok).any(|object| is_script(object.tag) && !object.value.is_empty())
}

/// Year, month and day, two packed digits each.
fn date(today: DateTime) -> [u8; 3] {
    [(today.year % 100) as u8, today.month, today.day].map(|number| number / 10 * 16 + number % 10)
}

/// The last digits of a number, two a byte.
fn packed<const N: usize>(mut number: u64) -> [u8; N] {
    let mut packed = [0; N];
    for byte in packed.iter_mut().rev() {
        *byte = (number / 10 % 10 * 16 + number % 10) as u8;
        number /= 100;
    }
    packed
}

/// Spreads a number over 64 bits.
fn mix(number: u64) -> u64 {
    number
        .wrapping_add(1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(31)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// 9F33: all ways of reading a card and of verifying its holder, but no offline PIN in clear.
const CAPABILITIES: [u8; 3] = [0xE0, 0xF9, 0xC8];
/// 82: offline data authentication, cardholder verification, risk management, issuer authentication.
const INTERCHANGE_PROFILE: [u8; 2] = [0x7C, 0x00];
/// 9F1A.
const CHINA: [u8; 2] = [0x01, 0x56];
/// 9F35.
const ATTENDED_ONLINE_MERCHANT: u8 = 0x22;
/// 84: UnionPay debit.
const DEBIT_APPLICATION: [u8; 8] = [0xA0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x01];
/// 9F09.
const APPLICATION_VERSION: [u8; 2] = [0x00, 0x30];
/// 95, byte 3, bit 3.
const ONLINE_PIN_ENTERED: u8 = 0x04;
/// DF31: the script was carried out.
const SCRIPT_DONE: [u8; 5] = [0x20, 0, 0, 0, 0];
