//! How a terminal writes its requests: the elements of every message it can send.

use super::{Active, Exchange, Outbox, Profile, Terminal, icc::IccData, reversal::Reversal};
use crate::{
    crypto::{Algorithm, MacSchedule, PanBinding, TrackCipher, WorkKeys},
    iso8583::{De, FrameHead, Mti, PackError, Packer},
    operation::{CardUse, Entry, Failure, Kind, MessageForm},
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
    ) -> Result<Range<usize>, Failure> {
        let Some(mut active) = self.active.take() else { return Err(Failure::Interrupted) };
        let buffer = out.buffer();
        let start = buffer.len();
        let packed = match (active.exchange, &self.reversal) {
            (Exchange::SignIn, _) => self.pack_management(profile, &mut active, Kind::SignIn, buffer),
            (Exchange::Reversal, Some(reversal)) => {
                self.pack_reversal(profile, &mut active, reversal, buffer)
            }
            _ if active.operation.kind.takes_card() => self.pack_financial(profile, &mut active, now, buffer),
            _ => {
                let kind = active.operation.kind;
                self.pack_management(profile, &mut active, kind, buffer)
            }
        };
        self.active = Some(active);
        self.record.last_mti = Some(packed?);
        Ok(start..out.buffer().len())
    }

    fn pack_management(
        &self,
        profile: &Profile,
        active: &mut Active,
        kind: Kind,
        buffer: &mut Vec<u8>,
    ) -> Result<Mti, Failure> {
        let form = kind.form();
        active.stan = form.has_stan.then_some(self.next_stan);
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), form.mti);
        if let Some(stan) = active.stan {
            packer.put(De::STAN, &stan.digits());
        }
        packer.put(De::TERMINAL_ID, self.id.as_bytes()).put(De::MERCHANT_ID, self.merchant.as_bytes());
        let usual =
            if kind == Kind::SignIn { profile.sign_in.network_management() } else { form.network_management };
        let network_management = profile.customs.network_management(kind, usual);
        packer.put(De::PRIVATE_60, &management_60(form, self.batch.digits(), network_management));
        if kind == Kind::SignIn {
            packer.put(
                De::PRIVATE_63,
                &[b'0' + profile.operator / 10 % 10, b'0' + profile.operator % 10, b' '],
            );
        }
        packer.finish().map_err(missing)?;
        Ok(form.mti)
    }

    fn pack_financial(
        &self,
        profile: &Profile,
        active: &mut Active,
        now: Instant,
        buffer: &mut Vec<u8>,
    ) -> Result<Mti, Failure> {
        let keys = self.keys.as_deref().ok_or(Failure::NotSignedIn)?;
        let used = active.operation.card.as_ref().ok_or(Failure::MissingData)?;
        let form = active.operation.kind.form();
        let stan = self.next_stan;
        active.stan = Some(stan);
        let card = &used.card;
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), form.mti);
        if used.entry != Entry::Stripe {
            packer.put(De::PAN, card.pan.as_bytes());
        }
        packer.put_number(De::PROCESSING_CODE, u64::from(form.processing_code.unwrap_or_default()));
        if active.operation.kind.takes_amount() {
            packer.put_number(De::AMOUNT, active.operation.amount.minor());
        }
        packer.put_number(De::STAN, u64::from(stan.number()));
        if used.entry != Entry::Stripe {
            packer.put(De::EXPIRY, &card.expiry.to_ascii());
        }
        packer.put_number(De::ENTRY_MODE, entry_mode(used.entry, used.pin));
        if used.entry.reads_chip() {
            packer.put_number(De::CARD_SEQUENCE, u64::from(card.sequence.unwrap_or_default()));
        }
        packer.put_number(De::CONDITION_CODE, u64::from(form.condition_code.unwrap_or_default()));
        if used.pin {
            packer.put(De::PIN_CAPTURE, PIN_LENGTH_MAX);
        }
        let track_is_encrypted = put_track(&mut packer, profile, keys, used)?;
        packer.put(De::TERMINAL_ID, self.id.as_bytes()).put(De::MERCHANT_ID, self.merchant.as_bytes());
        packer.put(De::CURRENCY, &profile.currency);
        put_pin(&mut packer, profile, keys, used)?;
        if used.pin || track_is_encrypted {
            packer.put(De::SECURITY_CONTROL, &security_control(profile, keys, used.pin, track_is_encrypted));
        }
        if used.entry.reads_chip() {
            let today = self.clock.map(|clock| clock.at(now)).unwrap_or(DateTime::new_year(profile.year));
            packer.put(De::ICC_DATA, IccData::request(&active.operation, stan, now, today).as_bytes());
        }
        put_financial_60(&mut packer, profile, form, self.batch.digits());
        let mac = mac_schedule(&mut active.mac, profile, keys)?;
        packer.finish_with_mac(|data| mac.mac(data)).map_err(missing)?;
        Ok(form.mti)
    }

    fn pack_reversal(
        &self,
        profile: &Profile,
        active: &mut Active,
        reversal: &Reversal,
        buffer: &mut Vec<u8>,
    ) -> Result<Mti, Failure> {
        let keys = self.keys.as_deref().ok_or(Failure::NotSignedIn)?;
        let form = reversal.kind.form();
        let is_keyed = reversal.entry != Entry::Stripe;
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), Mti::REVERSAL);
        if is_keyed {
            packer.put(De::PAN, reversal.pan.as_bytes());
        }
        packer.put_number(De::PROCESSING_CODE, u64::from(form.processing_code.unwrap_or_default()));
        packer.put_number(De::AMOUNT, reversal.amount.minor());
        packer.put_number(De::STAN, u64::from(reversal.stan.number()));
        if is_keyed {
            packer.put(De::EXPIRY, &reversal.expiry.to_ascii());
        }
        packer.put_number(De::ENTRY_MODE, entry_mode(reversal.entry, reversal.with_pin));
        if reversal.entry.reads_chip() {
            packer.put_number(De::CARD_SEQUENCE, u64::from(reversal.card_sequence.unwrap_or_default()));
        }
        packer.put_number(De::CONDITION_CODE, u64::from(form.condition_code.unwrap_or_default()));
        if let Some(approval) = reversal.approval_code {
            packer.put(De::APPROVAL_CODE, approval.as_bytes());
        }
        packer.put(De::RESPONSE_CODE, profile.customs.reasons.code(reversal.reason).as_bytes());
        packer.put(De::TERMINAL_ID, self.id.as_bytes()).put(De::MERCHANT_ID, self.merchant.as_bytes());
        packer.put(De::CURRENCY, &profile.currency);
        if reversal.entry.reads_chip() {
            packer.put(De::ICC_DATA, IccData::reversal(reversal.stan).as_bytes());
        }
        put_financial_60(&mut packer, profile, form, reversal.batch.digits());
        let mac = mac_schedule(&mut active.mac, profile, keys)?;
        packer.finish_with_mac(|data| mac.mac(data)).map_err(missing)?;
        Ok(Mti::REVERSAL)
    }
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

/// Puts DE 35 where the entry reads a track; says whether it is encrypted.
fn put_track(
    packer: &mut Packer<'_>,
    profile: &Profile,
    keys: &WorkKeys,
    used: &CardUse,
) -> Result<bool, Failure> {
    if used.entry == Entry::Keyed {
        return Ok(false);
    }
    let track = used.card.track2();
    if !profile.encrypt_tracks {
        packer.put(De::TRACK2, track.as_bytes());
        return Ok(false);
    }
    let key = keys.tdk.as_ref().ok_or(Failure::MissingData)?;
    let mut digits = track.as_bytes().to_vec();
    TrackCipher::new(key).encrypt(&mut digits).map_err(|_| Failure::MissingData)?;
    packer.put(De::TRACK2, &digits);
    Ok(true)
}

fn put_pin(
    packer: &mut Packer<'_>,
    profile: &Profile,
    keys: &WorkKeys,
    used: &CardUse,
) -> Result<(), Failure> {
    if !used.pin {
        return Ok(());
    }
    let pin = used.card.pin.as_ref().ok_or(Failure::MissingData)?;
    let block = keys.pik.encrypt_pin(pin, &used.card.pan, profile.pin_format);
    packer.put(De::PIN_BLOCK, block.as_bytes());
    Ok(())
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

/// DE 60 of a management message: kind, batch, network management code.
fn management_60(form: MessageForm, batch: [u8; 6], network_management: u16) -> [u8; 11] {
    let mut digits = [b'0'; 11];
    digits[..8].copy_from_slice(&kind_and_batch(form, batch));
    decimal(&mut digits[8..], u32::from(network_management));
    digits
}

/// DE 60 of a financial message: kind, batch, 000, reads stripe, chip and contactless, no fallback, no partial
/// approval, no type of account; as many digits of them as the acquirer wants.
fn put_financial_60(packer: &mut Packer<'_>, profile: &Profile, form: MessageForm, batch: [u8; 6]) {
    let mut digits = *b"00000000000600000";
    digits[..8].copy_from_slice(&kind_and_batch(form, batch));
    let width = usize::from(profile.customs.financial_60).min(digits.len());
    packer.put(De::PRIVATE_60, &digits[..width]);
}

fn kind_and_batch(form: MessageForm, batch: [u8; 6]) -> [u8; 8] {
    let mut digits = [b'0'; 8];
    decimal(&mut digits[..2], u32::from(form.message_kind));
    digits[2..].copy_from_slice(&batch);
    digits
}

fn decimal(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn entry_mode(entry: Entry, pin: bool) -> u64 {
    u64::from(entry.digits()) * 10 + if pin { 1 } else { 2 }
}

fn head(profile: &Profile) -> FrameHead {
    FrameHead { tpdu: profile.tpdu, header: profile.header }
}

/// Values that do not fit their elements come from the scenario or its card file.
fn missing(_: PackError) -> Failure {
    Failure::MissingData
}

const PIN_LENGTH_MAX: &[u8] = b"12";
