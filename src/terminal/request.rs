//! How a terminal writes its financial messages: requests, stored notices and reversals are one list of elements.

use super::{
    Active, Outbox, Profile, Reason, Terminal,
    exchange::{Exchange, Expectation},
    icc::Chip,
    key_scheme::is_iso4,
    management::head,
    transaction::{Organization, Transaction},
};
use crate::{
    card::{Card, Pan, Pin},
    crypto::{Algorithm, Iso4PinKey, MacSchedule, PanBinding, PinBlock, TrackCipher, WorkKeys},
    iso8583::{BatchNo, De, MonthDay, Mti, OriginalData, PackError, Packer, Private59},
    operation::{Entry, Failure, Kind, MessageForm, Operation, Reference, Variant},
    time::{DateTime, Instant},
};
use std::ops::Range;

impl Terminal {
    /// Packs the message of the active exchange into the outbox's buffer.
    pub(super) fn pack(
        &mut self,
        profile: &Profile,
        now: Instant,
        out: &mut Outbox,
    ) -> Result<(Expectation, Range<usize>), Failure> {
        let Some(mut active) = self.active.take() else { return Err(Failure::Interrupted) };
        let buffer = out.buffer();
        let start = buffer.len();
        let packed = self.pack_exchange(profile, now, &mut active, buffer);
        self.active = Some(active);
        let expected = packed?;
        self.record.last_mti = Some(expected.mti);
        Ok((expected, start..out.buffer().len()))
    }

    fn pack_exchange(
        &self,
        profile: &Profile,
        now: Instant,
        active: &mut Active,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        match active.exchange {
            Exchange::SignIn => self.pack_management(profile, Kind::SignIn, &mut active.mac, buffer),
            Exchange::Requested(kind) => self.pack_management(profile, kind, &mut active.mac, buffer),
            Exchange::Settlement => self.pack_settlement(profile, now, active, buffer),
            Exchange::Download(kind) => self.pack_download(profile, active, kind, buffer),
            Exchange::ScriptResult => self.pack_script_result(profile, active, buffer),
            Exchange::Reversal => {
                let reversal = self.reversal.as_deref().ok_or(Failure::Interrupted)?;
                let purpose = Purpose::Reversal(reversal.reason);
                self.pack_transaction(profile, now, &mut active.mac, &reversal.transaction, purpose, buffer)
            }
            Exchange::Notice(number) => {
                let stored = self.log.get(number).ok_or(Failure::NoOriginal)?;
                self.pack_transaction(profile, now, &mut active.mac, stored, Purpose::Notice, buffer)
            }
            Exchange::Query(order) => {
                let question = self.question(order).ok_or(Failure::NoOriginal)?;
                self.pack_transaction(profile, now, &mut active.mac, &question, Purpose::Notice, buffer)
            }
            Exchange::Operation => match active.transaction.as_mut() {
                None => self.pack_management(profile, active.operation.kind, &mut active.mac, buffer),
                Some(_) if active.operation.kind == Kind::ESignature => {
                    self.pack_signature(profile, now, active, buffer)
                }
                Some(transaction) => {
                    transaction.stan = self.next_stan;
                    let purpose = Purpose::Request(&active.operation);
                    self.pack_transaction(profile, now, &mut active.mac, transaction, purpose, buffer)
                }
            },
        }
    }

    pub(super) fn pack_transaction(
        &self,
        profile: &Profile,
        now: Instant,
        mac: &mut Option<MacSchedule>,
        transaction: &Transaction,
        purpose: Purpose<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let keys = self.keys.as_deref().ok_or(Failure::NotSignedIn)?;
        let form = transaction.form();
        let mti = match purpose {
            Purpose::Reversal(_) => Mti::REVERSAL,
            Purpose::Upload => Mti::BATCH_UPLOAD,
            Purpose::Request(_) | Purpose::Notice => form.mti,
        };
        let today = self.clock.map(|clock| clock.at(now)).unwrap_or(DateTime::new_year(profile.year));
        let has_mac = purpose.has_mac(profile, transaction.kind);
        let letter = Letter { terminal: self, profile, keys, transaction, form, purpose, has_mac };
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), mti);
        letter.put_basics(&mut packer);
        let track_is_encrypted = letter.put_track(&mut packer)?;
        letter.put_parties(&mut packer);
        let long_pin = letter.put_pin(&mut packer, track_is_encrypted)?;
        let tags = letter.tags(long_pin, track_is_encrypted);
        let arqc = letter.put_private(&mut packer, today, &tags);
        finish(&mut packer, has_mac.then_some(mac), profile, keys)?;
        Ok(Expectation {
            mti,
            processing_code: form.processing_code,
            stan: Some(transaction.stan),
            amount: form.has_amount.then_some(transaction.amount),
            has_mac,
            arqc,
        })
    }
}

/// What a transaction is put into a message for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// To do it now, with the card and the code that the operation brings.
    Request(&'a Operation),
    /// To tell of it, with what was kept of it: neither track nor PIN.
    Notice,
    /// As a notice, and once more in the upload of a batch.
    Upload,
    /// To reverse it.
    Reversal(Reason),
}

impl Purpose<'_> {
    /// Whether the message has a MAC.
    fn has_mac(&self, profile: &Profile, kind: Kind) -> bool {
        let has_mac = |kind| profile.customs.has_mac(kind);
        match self {
            Self::Request(_) | Self::Notice => has_mac(kind),
            Self::Upload => has_mac(kind) || has_mac(Kind::BatchUpload),
            Self::Reversal(_) => has_mac(Kind::Reversal),
        }
    }
}

/// A message about a transaction, in the order of its elements (chapters 5.1 and 9.3).
struct Letter<'a> {
    terminal: &'a Terminal,
    profile: &'a Profile,
    keys: &'a WorkKeys,
    transaction: &'a Transaction,
    form: MessageForm,
    purpose: Purpose<'a>,
    has_mac: bool,
}

impl Letter<'_> {
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
        let is_reversal = matches!(self.purpose, Purpose::Reversal(_));
        if let Some(rrn) =
            original.and_then(|original| original.rrn).filter(|_| !is_reversal && names_rrn(transaction.kind))
        {
            packer.put(De::RRN, rrn.as_bytes());
        }
        if let Some(code) =
            original.and_then(|original| original.approval_code).filter(|_| transaction.kind != Kind::QrQuery)
        {
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
    fn put_private(&self, packer: &mut Packer<'_>, today: DateTime, tags: &[u8]) -> Option<[u8; 8]> {
        let Self { transaction, form, .. } = self;
        let is_reversal = matches!(self.purpose, Purpose::Reversal(_));
        let arqc = self.put_chip(packer, today);
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
    fn put_chip(&self, packer: &mut Packer<'_>, today: DateTime) -> Option<[u8; 8]> {
        if !self.transaction.reads_chip() {
            return None;
        }
        let chip = Chip::new(self.profile, self.terminal.id, self.transaction);
        if let Purpose::Reversal(_) = self.purpose {
            packer.put(De::ICC_DATA, chip.reversal().as_bytes());
            return None;
        }
        let (data, arqc) = chip.request(today);
        packer.put(De::ICC_DATA, data.as_bytes());
        Some(arqc)
    }

    /// DE 59: what there is of payment by code, then of keys.
    fn tags(&self, long_pin: Option<PinBlock>, track_is_encrypted: bool) -> Vec<u8> {
        let is_reversal = matches!(self.purpose, Purpose::Reversal(_));
        let mut tags = self.code_tags().filter(|_| !is_reversal).unwrap_or_default();
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
        if matches!(self.purpose, Purpose::Reversal(_)) {
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

    fn is_notice(&self) -> bool {
        matches!(self.purpose, Purpose::Notice | Purpose::Upload)
    }
}

/// Appends the key serial number for each use of the keys: PIN, MAC, track; nothing under session keys.
pub(super) fn append_ksn(profile: &Profile, terminal: &Terminal, uses: [bool; 3], tags: &mut Vec<u8>) {
    let Some(ksn) = profile.key_scheme.ksn(terminal.id, terminal.key_counter) else { return };
    for (tag, _) in Private59::KSN.into_iter().zip(uses).filter(|(_, is_used)| *is_used) {
        Private59::append(tags, tag, ksn.as_bytes());
    }
}

/// Ends a message, with a MAC under the schedule of this operation where there is one.
pub(super) fn finish(
    packer: &mut Packer<'_>,
    mac: Option<&mut Option<MacSchedule>>,
    profile: &Profile,
    keys: &WorkKeys,
) -> Result<(), Failure> {
    let size = match mac {
        Some(mac) => {
            let mac = mac_schedule(mac, profile, keys)?;
            packer.finish_with_mac(|data| mac.mac(data))
        }
        None => packer.finish(),
    };
    size.map(drop).map_err(missing)
}

/// The expanded MAC key of this operation, made when it is first needed.
pub(super) fn mac_schedule<'a>(
    cached: &'a mut Option<MacSchedule>,
    profile: &Profile,
    keys: &WorkKeys,
) -> Result<&'a MacSchedule, Failure> {
    if cached.is_none() {
        let schedule = MacSchedule::new(&keys.mak, profile.mac, profile.mac_form);
        *cached = Some(schedule.map_err(|_| Failure::MissingData)?);
    }
    cached.as_ref().ok_or(Failure::MissingData)
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
    decimal(&mut digits.bytes[..2], u32::from(form.message_kind));
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

/// Writes the last digits of a number.
pub(super) fn decimal(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
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

/// Values that do not fit their elements come from the scenario or its card file.
pub(super) fn missing(_: PackError) -> Failure {
    Failure::MissingData
}

/// The bytes of a PIN block that DE 52 has room for.
const SHORT_BLOCK: usize = 8;
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
const PIN_LENGTH_MAX: &[u8] = b"12";
const BY_CODE: u64 = 32;
const RESERVATION: u64 = 920;
/// DE 60.7 of a payment with points: those of the issuer.
const ISSUER_POINTS: &[u8] = b"048";
