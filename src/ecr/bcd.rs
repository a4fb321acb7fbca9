//! Numbers as packed decimal digits.

/// The lowest digits of a number in `size` bytes.
pub(super) fn pack(mut number: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    for byte in bytes.iter_mut().rev() {
        let pair = (number % 100) as u8;
        (*byte, number) = (((pair / 10) << 4) | (pair % 10), number / 100);
    }
    bytes
}

/// The number of up to nine bytes of digits; `None` when one is no digit.
pub(super) fn unpack(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let is_number = bytes.len() <= 9 && digits.clone().all(|digit| digit < 10);
    is_number.then(|| digits.fold(0, |number, digit| number * 10 + u64::from(digit)))
}

/// Digits, two in a byte: `*` is E, `=` is D, and F fills up.
pub(super) fn pack_digits(digits: &[u8]) -> Vec<u8> {
    let nibble = |byte: &u8| match byte {
        b'0'..=b'9' => byte - b'0',
        b'=' => 0xD,
        _ => 0xE,
    };
    let pair = |pair: &[u8]| pair.first().map_or(0, nibble) << 4 | pair.get(1).map_or(0xF, nibble);
    digits.chunks(2).map(pair).collect()
}

/// The same back; `None` when something else stands there.
pub(super) fn unpack_digits(bytes: &[u8]) -> Option<Vec<u8>> {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = nibbles.take_while(|nibble| *nibble != 0xF).map(|nibble| match nibble {
        0..=9 => Some(b'0' + nibble),
        0xD => Some(b'='),
        0xE => Some(b'*'),
        _ => None,
    });
    digits.collect()
}
