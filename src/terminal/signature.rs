//! Upload of the signature of a transaction, whole or in parts (chapter 11).

use super::{
    Active, Profile, Terminal,
    exchange::Expectation,
    management::{head, management_60},
    transaction::Transaction,
};
use crate::{
    iso8583::{De, Packer, Stan},
    operation::{Failure, Kind},
    time::Instant,
};

impl Terminal {
    /// Counts the part that the host has taken; says whether there are more.
    pub(super) fn has_more_parts(&mut self, profile: &Profile) -> bool {
        let Some(active) = self.active.as_deref_mut() else { return false };
        active.parts_done += 1;
        let signed = active.transaction.as_ref().and_then(signed_stan);
        usize::from(active.parts_done) < parts(profile, signed)
    }

    /// Packs the next part of the signature.
    pub(super) fn pack_signature(
        &self,
        profile: &Profile,
        now: Instant,
        active: &mut Active,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let signed = active.transaction.as_ref().ok_or(Failure::NoOriginal)?;
        let named = signed_stan(signed);
        let (size, part) = (part_size(profile, named), usize::from(active.parts_done));
        let picture = picture(named);
        let bytes = picture.chunks(size).nth(part).ok_or(Failure::MissingData)?;
        let whole = profile.customs.network_management(Kind::ESignature, WHOLE);
        let management = if parts(profile, named) == 1 { whole } else { whole + 1 + active.parts_done };
        let form = Kind::ESignature.form();
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), form.mti);
        put_signed(&mut packer, signed, self.next_stan);
        packer.put(De::TERMINAL_ID, self.id.as_bytes()).put(De::MERCHANT_ID, self.merchant.as_bytes());
        packer.put(De::ICC_DATA, &self.receipt_tags(profile, now, signed));
        self.put_mac_ksn(&mut packer, profile, Kind::ESignature);
        packer.put(De::PRIVATE_60, &management_60(form, self.batch.digits(), management));
        packer.put(De::PRIVATE_62, bytes);
        let has_mac = self.finish_management(&mut packer, profile, Kind::ESignature, &mut active.mac)?;
        // The answer repeats no amount (chapter 5.1).
        let (stan, amount) = (Some(self.next_stan), None);
        Ok(Expectation { mti: form.mti, processing_code: None, stan, amount, has_mac, arqc: None })
    }

    /// DE 55: what the receipt that was signed says, in the tags of chapter 11.
    fn receipt_tags(&self, profile: &Profile, now: Instant, signed: &Transaction) -> Vec<u8> {
        let mut tags = Vec::new();
        append(&mut tags, 0x00, self.merchant.as_str().as_bytes());
        append(&mut tags, 0x01, signed.form().message_kind.to_string().as_bytes());
        append(&mut tags, 0x02, format!("{:02}", profile.operator).as_bytes());
        if let Some(card) = &signed.card {
            append(&mut tags, 0x05, &card.expiry.to_ascii());
        }
        if let Some(time) = self.clock.map(|clock| clock.at(now)) {
            let text = format!("{:04}{:04}{:06}", time.year, time.month_day(), time.hour_minute_second());
            append(&mut tags, 0x06, text.as_bytes());
        }
        if let Some(code) = signed.original().and_then(|original| original.approval_code) {
            append(&mut tags, 0x07, code.as_bytes());
        }
        if signed.tip.minor() > 0 {
            append(&mut tags, 0x08, format!("{:012}", signed.tip.minor()).as_bytes());
        }
        append(&mut tags, 0x09, &signed.organization.0);
        append(&mut tags, 0x0A, &profile.currency);
        tags
    }
}

/// DE 2 to DE 38: the transaction that was signed, under the number of this message.
fn put_signed(packer: &mut Packer<'_>, signed: &Transaction, stan: Stan) {
    if let Some(card) = &signed.card {
        packer.put(De::PAN, card.pan.as_bytes());
    }
    packer.put_number(De::AMOUNT, signed.amount.minor());
    packer.put(De::STAN, &stan.digits());
    let original = signed.original();
    if let Some(date) = original.and_then(|original| original.date) {
        packer.put(De::SETTLEMENT_DATE, &date.digits());
    }
    if let Some(rrn) = original.and_then(|original| original.rrn) {
        packer.put(De::RRN, rrn.as_bytes());
    }
    if let Some(code) = original.and_then(|original| original.approval_code) {
        packer.put(De::APPROVAL_CODE, code.as_bytes());
    }
}

/// Appends tag FFnn; the texts are all shorter than 128 bytes.
fn append(tags: &mut Vec<u8>, second: u8, value: &[u8]) {
    tags.extend_from_slice(&[0xFF, second, value.len() as u8]);
    tags.extend_from_slice(value);
}

fn signed_stan(signature: &Transaction) -> Option<Stan> {
    signature.original().and_then(|original| original.stan)
}

/// The bytes of the picture: made up, and always the same for the same transaction.
fn picture(stan: Option<Stan>) -> Vec<u8> {
    let mut state = stan.map_or(1, Stan::number).wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let length = SHORTEST + next() as usize % SPREAD;
    (0..length).map(|_| (next() >> 24) as u8).collect()
}

fn parts(profile: &Profile, stan: Option<Stan>) -> usize {
    picture(stan).len().div_ceil(part_size(profile, stan)).max(1)
}

/// The bytes of a part; longer than the profile says where the codes 801 to 809 would not do.
fn part_size(profile: &Profile, stan: Option<Stan>) -> usize {
    usize::from(profile.signature_part).max(picture(stan).len().div_ceil(PARTS_MAX)).clamp(1, ELEMENT_MAX)
}

/// DE 60.3 of a whole signature; its parts count up from the next.
const WHOLE: u16 = 800;
const PARTS_MAX: usize = 9;
/// The longest DE 62.
const ELEMENT_MAX: usize = 999;
/// The shortest picture and how much longer it may be, in bytes.
const SHORTEST: usize = 400;
const SPREAD: usize = 1_600;
