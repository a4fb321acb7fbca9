//! The chip's part of a request (DE 55): the tags that hosts expect, with values that do not depend on a real chip.

use super::transaction::Transaction;
use crate::{
    iso8583::Stan,
    time::{DateTime, Instant},
};

/// Tags one after the other, on the stack.
pub(super) struct IccData {
    bytes: [u8; SIZE],
    len: usize,
}

impl IccData {
    /// DE 55 of an online request: every mandatory tag of the dialect, in its usual order.
    pub(super) fn request(transaction: &Transaction, now: Instant, today: DateTime) -> Self {
        let (stan, amount) = (transaction.stan, transaction.amount);
        let cryptogram = mix(u64::from(stan.number()) ^ (amount.minor() << 20)).to_be_bytes();
        let unpredictable = (mix(now.as_nanos()) as u32).to_be_bytes();
        Self::empty()
            .with(&[0x9F, 0x26], &cryptogram)
            .with(&[0x9F, 0x27], &[0x80])
            .with(&[0x9F, 0x10], &ISSUER_DATA)
            .with(&[0x9F, 0x37], &unpredictable)
            .with(&[0x9F, 0x36], &counter(stan))
            .with(&[0x95], &[0; 5])
            .with(&[0x9A], &date(today))
            .with(&[0x9C], &[0x00])
            .with(&[0x9F, 0x02], &bcd12(amount.minor()))
            .with(&[0x5F, 0x2A], &[0x01, 0x56])
            .with(&[0x82], &[0x7C, 0x00])
            .with(&[0x9F, 0x1A], &[0x01, 0x56])
            .with(&[0x9F, 0x03], &[0; 6])
            .with(&[0x9F, 0x33], &[0xE0, 0xF9, 0xC8])
    }

    /// DE 55 of a reversal: verification results, application data, transaction counter.
    pub(super) fn reversal(transaction: &Transaction) -> Self {
        Self::empty()
            .with(&[0x95], &[0; 5])
            .with(&[0x9F, 0x10], &ISSUER_DATA)
            .with(&[0x9F, 0x36], &counter(transaction.stan))
    }

    /// DE 55 of a script result notice: what became of the issuer's script, and the counter of the transaction.
    pub(super) fn script_result(transaction: &Transaction) -> Self {
        Self::empty()
            .with(&[0x9F, 0x33], &[0xE0, 0xF9, 0xC8])
            .with(&[0x95], &[0; 5])
            .with(&[0x9F, 0x10], &ISSUER_DATA)
            .with(&[0x9F, 0x36], &counter(transaction.stan))
            .with(&[0xDF, 0x31], &SCRIPT_DONE)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn empty() -> Self {
        Self { bytes: [0; SIZE], len: 0 }
    }

    fn with(mut self, tag: &[u8], value: &[u8]) -> Self {
        for part in [tag, &[value.len() as u8], value] {
            self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
            self.len += part.len();
        }
        self
    }
}

/// Whether DE 55 of an answer carries a script of the issuer (tag 71 or 72).
pub(super) fn has_script(mut tags: &[u8]) -> bool {
    while let [tag, rest @ ..] = tags {
        let has_second_byte = tag & 0x1F == 0x1F;
        let Some((length, value)) = rest.get(usize::from(has_second_byte)..).and_then(<[u8]>::split_first)
        else {
            return false;
        };
        if matches!(tag, 0x71 | 0x72) && *length > 0 {
            return true;
        }
        let Some(next) = value.get(usize::from(*length)..) else { return false };
        tags = next;
    }
    false
}

/// The application transaction counter.
fn counter(stan: Stan) -> [u8; 2] {
    (stan.number() as u16).to_be_bytes()
}

/// Year, month and day, two packed digits each.
fn date(today: DateTime) -> [u8; 3] {
    [(today.year % 100) as u8, today.month, today.day].map(|number| number / 10 * 16 + number % 10)
}

/// Twelve packed digits.
fn bcd12(mut number: u64) -> [u8; 6] {
    let mut packed = [0; 6];
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

/// Room for all tags of a request.
const SIZE: usize = 128;
/// DF31: the script was carried out.
const SCRIPT_DONE: [u8; 5] = [0x20, 0, 0, 0, 0];
const ISSUER_DATA: [u8; 8] = [0x07, 0x01, 0x01, 0x03, 0xA0, 0x20, 0x00, 0x01];
