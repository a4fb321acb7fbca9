//! The chip's part of a request (DE 55): the tags that hosts expect, with values that do not depend on a real chip.

use crate::{iso8583::Stan, operation::Operation, time::Instant};

/// DE 55 of an online request: every mandatory tag of the dialect, in its usual order.
pub(super) fn request_data(operation: &Operation, stan: Stan, now: Instant) -> Vec<u8> {
    let mut tlv = Vec::with_capacity(160);
    let counter = (stan.number() as u16).to_be_bytes();
    let cryptogram = mix(u64::from(stan.number()) ^ (operation.amount.minor() << 20)).to_be_bytes();
    let unpredictable = (mix(now.as_nanos()) as u32).to_be_bytes();
    put(&mut tlv, &[0x9F, 0x26], &cryptogram);
    put(&mut tlv, &[0x9F, 0x27], &[0x80]);
    put(&mut tlv, &[0x9F, 0x10], &[0x07, 0x01, 0x01, 0x03, 0xA0, 0x20, 0x00, 0x01]);
    put(&mut tlv, &[0x9F, 0x37], &unpredictable);
    put(&mut tlv, &[0x9F, 0x36], &counter);
    put(&mut tlv, &[0x95], &[0; 5]);
    put(&mut tlv, &[0x9A], &[0x25, 0x01, 0x01]);
    put(&mut tlv, &[0x9C], &[0x00]);
    put(&mut tlv, &[0x9F, 0x02], &bcd12(operation.amount.minor()));
    put(&mut tlv, &[0x5F, 0x2A], &[0x01, 0x56]);
    put(&mut tlv, &[0x82], &[0x7C, 0x00]);
    put(&mut tlv, &[0x9F, 0x1A], &[0x01, 0x56]);
    put(&mut tlv, &[0x9F, 0x03], &[0; 6]);
    put(&mut tlv, &[0x9F, 0x33], &[0xE0, 0xF9, 0xC8]);
    tlv
}

/// DE 55 of a reversal: verification results, application data, transaction counter.
pub(super) fn reversal_data(stan: Stan, _now: Instant) -> Vec<u8> {
    let mut tlv = Vec::with_capacity(24);
    put(&mut tlv, &[0x95], &[0; 5]);
    put(&mut tlv, &[0x9F, 0x10], &[0x07, 0x01, 0x01, 0x03, 0xA0, 0x20, 0x00, 0x01]);
    put(&mut tlv, &[0x9F, 0x36], &(stan.number() as u16).to_be_bytes());
    tlv
}

fn put(tlv: &mut Vec<u8>, tag: &[u8], value: &[u8]) {
    tlv.extend_from_slice(tag);
    tlv.push(value.len() as u8);
    tlv.extend_from_slice(value);
}

/// Twelve packed digits.
fn bcd12(mut number: u64) -> [u8; 6] {
    let mut packed = [0; 6];
    for byte in packed.iter_mut().rev() {
        *byte = ((number / 10 % 10) << 4 | number % 10) as u8;
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
