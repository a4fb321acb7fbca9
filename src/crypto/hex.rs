//! Hexadecimal text of key material and check values; upper case on the way out, either case on the way in.

use std::fmt::{self, Write as _};

/// Reads exactly `N` bytes of hexadecimal text, or nothing.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

/// Writes bytes as upper-case hexadecimal text.
pub(super) fn write(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for &byte in bytes {
        f.write_char(char::from(digit(byte >> 4)))?;
        f.write_char(char::from(digit(byte & 15)))?;
    }
    Ok(())
}

/// The value of one hexadecimal digit.
pub(super) fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// The digit of a value below 16.
pub(super) fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' - 10 + value }
}

/// Eight upper-case digits of four bytes, without branches: this runs three times per MAC.
pub(super) fn encode4(bytes: [u8; 4]) -> [u8; 8] {
    let mut lanes = u64::from(u32::from_be_bytes(bytes));
    lanes = (lanes << 16 | lanes) & 0x0000_FFFF_0000_FFFF;
    lanes = (lanes << 8 | lanes) & 0x00FF_00FF_00FF_00FF;
    lanes = (lanes << 4 | lanes) & 0x0F0F_0F0F_0F0F_0F0F;
    let letters = (lanes + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (lanes + 0x3030_3030_3030_3030 + letters * 7).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_at_once_equal_digit_by_digit() {
        for value in 0..=u8::MAX {
            let bytes = [value, !value, value ^ 0x5A, value.rotate_left(4)];
            let slow: Vec<u8> = bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect();
            assert_eq!(encode4(bytes).as_slice(), slow);
        }
    }

    #[test]
    fn wrong_length_and_wrong_digits_are_refused() {
        assert_eq!(decode::<2>("0aF9"), Some([0x0A, 0xF9]));
        assert_eq!(decode::<2>("0aF"), None);
        assert_eq!(decode::<2>("0aF9F"), None);
        assert_eq!(decode::<2>("0aG9"), None);
        assert_eq!(decode::<2>("+aF9"), None);
    }
}
