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
