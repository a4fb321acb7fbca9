//! The elements of a message about a transaction, as the dialect lists them (chapters 5.1 and 9.3).

use super::{
    Profile, Terminal,
    icc::Chip,
    key_scheme::is_iso4,
    request::{Purpose, append_ksn},
    transaction::{Organization, Transaction},
};
use crate::{
    card::{Card, Pan, Pin},
    crypto::{Algorithm, Iso4PinKey, PanBinding, PinBlock, TrackCipher, WorkKeys},
    iso8583::{BatchNo, De, MonthDay, Mti, OriginalData, Packer, Private59, decimal},
    operation::{Entry, Failure, Kind, MessageForm, Reference, Variant},
    time::{DateTime, Instant},
};

/// A message about a transaction, in the order of its elements (chapters 5.1 and 9.3).
pub(super) struct Letter<'a> {
    pub(super) terminal: &'a Terminal,
    pub(super) profile: &'a Profile,
    pub(super) keys: &'a WorkKeys,
    pub(super) transaction: &'a Transaction,
    pub(super) form: MessageForm,
    pub(super) purpose: Purpose<'a>,
    pub(super) now: Instant,
    /// Whether a MAC follows.
    pub(super) has_mac: bool,
}

impl Letter<'_> {
    /// Puts all elements but the MAC; returns the chip's cryptogram of a request.
    ///
    /// # Errors
    /// When there is no key or PIN for what is to be encrypted.
    pub(super) fn put(&self, packer: &mut Packer<'_>) -> Result<Option<[u8; 8]>, Failure> {
        self.put_basics(packer);
        let track_is_encrypted = self.put_track(packer)?;
        self.put_parties(packer);
        let long_pin = self.put_pin(packer, track_is_encrypted)?;
        Ok(self.put_private(packer, &self.tags(long_pin, track_is_encrypted)))
    }

    /// DE 2 to DE 26: the card as far as it is not on the track, the amount, the circumstances.
    fn put_basics(&self, packer: &mut Packer<'_>) {
        let Self { transaction, form, .. } = self;
        let card = transaction.card.as_ref();
        let named = card.filter(|card| card.entry != Entry::Stripe || self.is_notice());
        if let Some(card) = named {
            packer.put(De::PAN, card.pan.as_bytes());
        }
        packer.put_number(De::PROCESSING_CODE, u64::from(form.processing_code.unwrap_or_default()));
        if form.has_amount {
            packer.put_number(De::AMOUNT, transaction.amount.minor());
        }
        packer.put_number(De::STAN, u64::from(transaction.stan.number()));
        if let Some(card) = named {
            packer.put(De::EXPIRY, &card.expiry.to_ascii());
        }
        packer.put_number(De::ENTRY_MODE, entry_mode(transaction));
        if let Some(card) = card.filter(|card| card.entry.reads_chip()) {
            packer.put_number(De::CARD_SEQUENCE, u64::from(card.sequence.unwrap_or_default()));
        }
        packer.put_number(De::CONDITION_CODE, u64::from(form.condition_code.unwrap_or_default()));
        if self.live_card().is_some() && card.is_some_and(|card| card.with_pin) {
            packer.put(De::PIN_CAPTURE, PIN_LENGTH_MAX);
        }
    }

    /// DE 35 where the entry reads a track; says whether it is encrypted.
    fn put_track(&self, packer: &mut Packer<'_>) -> Result<bool, Failure> {
        let keyed = self.transaction.card.is_none_or(|card| card.entry == Entry::Keyed);
        let Some(card) = self.live_card().filter(|_| !keyed) else { return Ok(false) };
        let track = card.track2();
        if !self.profile.encrypt_tracks {
            packer.put(De::TRACK2, track.as_bytes());
            return Ok(false);
        }
        let key = self.keys.tdk.as_ref().ok_or(Failure::MissingData)?;
        let mut digits = track.as_bytes().to_vec();
        TrackCipher::new(key).encrypt(&mut digits).map_err(|_| Failure::MissingData)?;
        packer.put(De::TRACK2, &digits);
        Ok(true)
    }

    /// DE 37 to DE 49: the original's numbers, the reason of a reversal, terminal and merchant, the tip, the currency.
    fn put_parties(&self, packer: &mut Packer<'_>) {
        let Self { terminal, transaction, .. } = self;
        let original = transaction.original();
        let names_rrn = !self.is_reversal() && names_rrn(transaction.kind);
        if let Some(rrn) = original.and_then(|original| original.rrn).filter(|_| names_rrn) {
            packer.put(De::RRN, rrn.as_bytes());
        }
        let names_code = transaction.kind != Kind::QrQuery;
        if let Some(code) = original.and_then(|original| original.approval_code).filter(|_| names_code) {
            packer.put(De::APPROVAL_CODE, code.as_bytes());
        }
        if let Purpose::Reversal(reason) = self.purpose {
            let code = self.profile.customs.reasons.code(reason);
            packer.put(De::RESPONSE_CODE, code.as_bytes());
        }
        packer
            .put(De::TERMINAL_ID, terminal.id.as_bytes())
            .put(De::MERCHANT_ID, terminal.merchant.as_bytes());
        let tip = transaction.tip.minor();
        if transaction.kind.is_notice() && (tip > 0 || transaction.kind == Kind::TipAdjust) {
            packer.put(De::PRIVATE_48, format!("{tip:012}").as_bytes());
        }
        packer.put(De::CURRENCY, &self.profile.currency);
    }

    /// DE 52 and 53; returns a PIN block of 16 bytes, for which DE 52 has no room.
    fn put_pin(
        &self,
        packer: &mut Packer<'_>,
        track_is_encrypted: bool,
    ) -> Result<Option<PinBlock>, Failure> {
        let mut long = None;
        let with_pin = self.transaction.card.is_some_and(|card| card.with_pin);
        let card = self.live_card().filter(|_| with_pin);
        if let Some(card) = card {
            let pin = card.pin.as_ref().ok_or(Failure::MissingData)?;
            let block = self.pin_block(pin, &card.pan)?;
            match block.as_bytes().len() {
                SHORT_BLOCK => drop(packer.put(De::PIN_BLOCK, block.as_bytes())),
                _ => long = Some(block),
            }
        }
        if card.is_some() || track_is_encrypted {
            let control = security_control(self.profile, self.keys, card.is_some(), track_is_encrypted);
            packer.put(De::SECURITY_CONTROL, &control);
        }
        Ok(long)
    }

    /// The PIN under the PIN key: ISO format 4 under AES, else format 0.
    fn pin_block(&self, pin: &Pin, pan: &Pan) -> Result<PinBlock, Failure> {
        let pik = &self.keys.pik;
        if !is_iso4(pik) {
            return Ok(pik.encrypt_pin(pin, pan, self.profile.pin_format));
        }
        let key = Iso4PinKey::new(pik).map_err(|_| Failure::MissingData)?;
        Ok(key.encrypt(pin, pan, self.filling()))
    }

    /// Eight bytes that no other PIN block of this terminal has: they follow from the STAN and the derived key's counter.
    fn filling(&self) -> [u8; 8] {
        let number = u64::from(self.transaction.stan.number()) << 32 | u64::from(self.terminal.key_counter);
        number.wrapping_mul(SPREAD).rotate_left(23).wrapping_mul(SPREAD).to_be_bytes()
    }

    /// DE 55 to DE 63: chip, code, kind of message, original, instalments, organization; returns the chip's cryptogram.
    fn put_private(&self, packer: &mut Packer<'_>, tags: &[u8]) -> Option<[u8; 8]> {
        let Self { transaction, form, .. } = self;
        let is_reversal = self.is_reversal();
        let arqc = self.put_chip(packer);
        if !tags.is_empty() {
            packer.put(De::PRIVATE_59, tags);
        }
        packer.put(De::PRIVATE_60, financial_60(self.profile, transaction, *form).as_slice());
        if let Some(original) = self.original_data() {
            packer.put(De::ORIGINAL_DATA, &original.digits());
        }
        if let Some(plan) = private_62(transaction.variant).filter(|_| !is_reversal) {
            packer.put(De::PRIVATE_62, &plan);
        }
        if form.mti == Mti::ADVICE && !is_reversal || transaction.kind.is_notice() {
            packer.put(De::PRIVATE_63, &organization_63(transaction));
        }
        arqc
    }

    /// DE 55, where the chip was read; returns the cryptogram of a request.
    fn put_chip(&self, packer: &mut Packer<'_>) -> Option<[u8; 8]> {
        if !self.transaction.reads_chip() {
            return None;
        }
        let chip = Chip::new(self.profile, self.terminal.id, self.transaction);
        if let Purpose::Reversal(_) = self.purpose {
            packer.put(De::ICC_DATA, chip.reversal().as_bytes());
            return None;
        }
        let (data, arqc) = chip.request(self.today());
        packer.put(De::ICC_DATA, data.as_bytes());
        Some(arqc)
    }

    /// The date, by the clock that the host has set.
    fn today(&self) -> DateTime {
        let Self { terminal, profile, now, .. } = self;
        terminal.clock.map_or_else(|| DateTime::new_year(profile.year), |clock| clock.at(*now))
    }

    /// DE 59: what there is of payment by code, then of keys.
    fn tags(&self, long_pin: Option<PinBlock>, track_is_encrypted: bool) -> Vec<u8> {
        let mut tags = self.code_tags().filter(|_| !self.is_reversal()).unwrap_or_default();
        let with_pin = self.live_card().is_some() && self.transaction.card.is_some_and(|card| card.with_pin);
        append_ksn(self.profile, self.terminal, [with_pin, self.has_mac, track_is_encrypted], &mut tags);
        if let Some(block) = long_pin {
            let digits: String = block.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
            Private59::append(&mut tags, Private59::PIN_BLOCK, digits.as_bytes());
        }
        tags
    }

    /// The payer's code, or the voucher of the payment that this is about.
    fn code_tags(&self) -> Option<Vec<u8>> {
        let mut tags = Vec::new();
        let code = match self.purpose {
            Purpose::Request(operation) => operation.payment_code.as_ref(),
            _ => None,
        };
        let is_written = match (code, self.transaction.kind) {
            (Some(code), Kind::QrSale) => {
                Private59::append(&mut tags, Private59::PAYMENT_CODE, code.as_bytes())
            }
            (_, Kind::QrVoid | Kind::QrRefund) => {
                Private59::append(&mut tags, Private59::VOUCHER, self.transaction.voucher()?)
            }
            _ => false,
        };
        is_written.then_some(tags)
    }

    /// DE 61: the original; in a reversal the message that is reversed, with the date of its answer, which is not known.
    fn original_data(&self) -> Option<OriginalData> {
        let own =
            OriginalData { batch: self.transaction.batch, stan: Some(self.transaction.stan), date: None };
        let unknown = Some(MonthDay::UNKNOWN);
        if self.is_reversal() {
            return match self.form.reference {
                Reference::None | Reference::Empty => None,
                Reference::Transaction => Some(own),
                Reference::Date | Reference::DatedTransaction => Some(OriginalData { date: unknown, ..own }),
            };
        }
        let original = self.transaction.original()?;
        let date = original.date.or(unknown);
        let nobody = OriginalData { batch: BatchNo::NONE, stan: None, date: unknown };
        let named = OriginalData { batch: original.batch, stan: original.stan, date: None };
        match self.form.reference {
            Reference::None => None,
            Reference::Empty => Some(nobody),
            Reference::Date => Some(OriginalData { date, ..nobody }),
            Reference::Transaction => Some(named),
            Reference::DatedTransaction => Some(OriginalData { date, ..named }),
        }
    }

    /// The card that is there now, with its track and PIN.
    fn live_card(&self) -> Option<&Card> {
        match self.purpose {
            Purpose::Request(operation) => operation.card.as_ref().map(|used| &used.card),
            _ => None,
        }
    }

    fn is_reversal(&self) -> bool {
        matches!(self.purpose, Purpose::Reversal(_))
    }

    fn is_notice(&self) -> bool {
        matches!(self.purpose, Purpose::Notice | Purpose::Upload)
    }
}

/// DE 53: how the PIN is bound, which cipher, whether the track is encrypted, thirteen zeros.
fn security_control(profile: &Profile, keys: &WorkKeys, pin: bool, track: bool) -> [u8; 16] {
    let mut digits = [b'0'; 16];
    digits[0] = match (pin, profile.pin_format.pan) {
        (false, _) => b'0',
        (true, PanBinding::WithoutPan) => b'1',
        (true, PanBinding::WithPan) => b'2',
    };
    digits[1] = match keys.pik.algorithm() {
        Algorithm::Des => b'0',
        Algorithm::Tdes | Algorithm::Tdes3 => b'6',
        Algorithm::Sm4 | Algorithm::Aes => b'3',
    };
    digits[2] = b'0' + u8::from(track);
    digits
}

/// DE 60 of a financial message: kind, batch, 000, reads stripe, chip and contactless, whether the stripe of a chip card
/// was read; for points also that account.
fn financial_60(profile: &Profile, transaction: &Transaction, form: MessageForm) -> ShortDigits {
    let mut digits =
        ShortDigits { bytes: *b"00000000000600000", length: profile.customs.financial_60.into() };
    decimal(form.message_kind.into(), &mut digits.bytes[..2]);
    digits.bytes[2..8].copy_from_slice(&transaction.batch.digits());
    digits.bytes[12] += u8::from(transaction.card.is_some_and(|card| card.is_fallback));
    if transaction.variant == Variant::Points {
        digits = ShortDigits { length: digits.bytes.len(), ..digits };
        digits.bytes[14..].copy_from_slice(ISSUER_POINTS);
    }
    digits
}

/// Up to 17 digits.
struct ShortDigits {
    bytes: [u8; 17],
    length: usize,
}

impl ShortDigits {
    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

/// DE 62: the number of instalments, two digits; 00 for a mail order, whose holder says nothing more.
fn private_62(variant: Variant) -> Option<[u8; 2]> {
    match variant {
        Variant::Instalments(count) => Some([b'0' + count / 10 % 10, b'0' + count % 10]),
        Variant::MailOrder => Some(*b"00"),
        Variant::Plain | Variant::Points | Variant::Reservation => None,
    }
}

/// DE 63 of a notice: whose card it is, as the original's answer told; 000 where nobody told.
fn organization_63(transaction: &Transaction) -> [u8; 3] {
    match transaction.organization {
        Organization::UNKNOWN if transaction.kind.is_notice() => Organization::UNIONPAY.0,
        Organization::UNKNOWN => *b"000",
        Organization(code) => code,
    }
}

/// Whether the message names its original by DE 37: all but the pre-authorization family and questions.
fn names_rrn(kind: Kind) -> bool {
    use Kind::*;
    !matches!(kind, PreAuthAdd | PreAuthVoid | Completion | CompletionNotice | QrQuery)
}

/// DE 22; payments by code are 032, reservations 92.
pub(super) fn entry_mode(transaction: &Transaction) -> u64 {
    let pin = |with_pin| if with_pin { 1 } else { 2 };
    match (&transaction.card, transaction.variant) {
        (None, _) => BY_CODE,
        (Some(card), Variant::Reservation) => RESERVATION + pin(card.with_pin),
        (Some(card), _) => u64::from(card.entry.digits()) * 10 + pin(card.with_pin),
    }
}

/// The bytes of a PIN block that DE 52 has room for.
const SHORT_BLOCK: usize = 8;
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
const PIN_LENGTH_MAX: &[u8] = b"12";
const BY_CODE: u64 = 32;
const RESERVATION: u64 = 920;
/// DE 60.7 of a payment with points: those of the issuer.
const ISSUER_POINTS: &[u8] = b"048";
