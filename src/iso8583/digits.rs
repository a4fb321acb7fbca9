//! Converts between ASCII digits and packed digits, eight characters at a time. Knows nothing of elements or specs.
//!
//! A word is a `u64` read big-endian, so that the first character of the text is its most significant byte.

/// Returns a non-zero word when one of the sixteen nibbles of `word` is above 9.
#[inline(always)]
pub(super) const fn bcd_flaw(word: u64) -> u64 {
    word & (word << 1 | word << 2) & 0x8888_8888_8888_8888
}

/// Returns the eight bytes of `bytes` from `at`, zeros where there are none.
#[inline(always)]
pub(super) fn window(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => short_window(bytes, at),
    }
}

#[inline(never)]
fn short_window(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().zip((0..8).rev()).fold(0, |word, (byte, place)| word | u64::from(*byte) << (place * 8))
}

/// Which nibble of packed digits is padding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    None,
    First,
    Last,
}

/// Says whether every nibble of `packed` but the padding is a decimal digit.
#[inline]
pub(super) fn is_bcd(packed: &[u8], padding: Padding) -> bool {
    let (first, rest) = match (padding, packed) {
        (Padding::None, _) | (_, []) => (0, packed),
        (Padding::First, [first, rest @ ..]) => (first & 0x0F, rest),
        (Padding::Last, [rest @ .., last]) => (last >> 4, rest),
    };
    let (words, tail) = rest.as_chunks::<8>();
    let flaws = words
        .iter()
        .fold(bcd_flaw(u64::from(first)), |flaws, word| flaws | bcd_flaw(u64::from_be_bytes(*word)));
    flaws | bcd_flaw(load(tail)) == 0
}

/// Says whether every byte is an ASCII digit.
#[inline]
pub(super) fn is_ascii_digits(text: &[u8]) -> bool {
    let (words, tail) = text.as_chunks::<8>();
    let flaws = words.iter().fold(0, |flaws, word| flaws | ascii_flaw(u64::from_be_bytes(*word)));
    flaws | ascii_flaw(load_digits(tail)) == 0
}

/// Packs eight ASCII digits into eight nibbles; `None` when one is not a digit.
#[inline(always)]
pub(super) const fn pack_digits(word: u64) -> Option<u32> {
    if ascii_flaw(word) != 0 {
        return None;
    }
    Some(join_nibbles(word & 0x0F0F_0F0F_0F0F_0F0F))
}

/// Packs eight characters `0`–`9`, `A`–`F`, `a`–`f` or `=` (the separator, nibble D); `None` for any other.
#[inline(always)]
pub(super) fn pack_nibbles(word: u64) -> Option<u32> {
    pack_digits(word).or_else(|| pack_hex(word))
}

fn pack_hex(word: u64) -> Option<u32> {
    let known = word.to_be_bytes().iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'=');
    let letters = (word >> 6) & 0x0101_0101_0101_0101;
    known.then(|| join_nibbles((word & 0x0F0F_0F0F_0F0F_0F0F) + letters * 9))
}

const fn join_nibbles(word: u64) -> u32 {
    let bytes = (word | word >> 4) & 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
    (pairs | pairs >> 16) as u32
}

/// Unpacks eight nibbles into eight characters `0`–`9`, `A`–`F`.
#[inline(always)]
pub(super) const fn unpack_nibbles(packed: u32) -> u64 {
    let pairs = (packed as u64 | (packed as u64) << 16) & 0x0000_FFFF_0000_FFFF;
    let bytes = (pairs | pairs << 8) & 0x00FF_00FF_00FF_00FF;
    let nibbles = (bytes | bytes << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    let letters = ((nibbles + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    nibbles + 0x3030_3030_3030_3030 + letters * 7
}

/// Packs a number below 100,000,000 into eight decimal nibbles.
#[inline(always)]
pub(super) const fn pack_number(number: u32) -> u32 {
    let (high, low) = (number / 10_000, number % 10_000);
    pack_pair(high / 100) << 24
        | pack_pair(high % 100) << 16
        | pack_pair(low / 100) << 8
        | pack_pair(low % 100)
}

const fn pack_pair(pair: u32) -> u32 {
    pair + pair / 10 * 6
}

/// Reads packed decimal digits; `None` when they do not fit in 64 bits.
pub(super) fn number(packed: &[u8], padding: Padding) -> Option<u64> {
    packed.iter().enumerate().try_fold(0u64, |number, (index, byte)| {
        let (high, low) = (u64::from(byte >> 4), u64::from(byte & 0x0F));
        let (scale, digits) = match padding {
            Padding::First if index == 0 => (10, low),
            Padding::Last if index + 1 == packed.len() => (10, high),
            _ => (100, high * 10 + low),
        };
        number.checked_mul(scale)?.checked_add(digits)
    })
}

/// Reads up to eight bytes as one word, the last byte least significant.
#[inline(always)]
pub(super) fn load(tail: &[u8]) -> u64 {
    match *tail {
        [a, b, c, d, .., w, x, y, z] if tail.len() <= 8 => {
            let (head, last) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([w, x, y, z]));
            u64::from(head) << ((tail.len() - 4) * 8) | u64::from(last)
        }
        _ => load_short(tail),
    }
}

#[inline(always)]
fn load_short(tail: &[u8]) -> u64 {
    match *tail {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_be_bytes([a, b])),
        [a, b, c] => u64::from(u32::from_be_bytes([0, a, b, c])),
        [a, b, c, d] => u64::from(u32::from_be_bytes([a, b, c, d])),
        [a, b, c, d, e] => u64::from(u32::from_be_bytes([a, b, c, d])) << 8 | u64::from(e),
        [a, b, c, d, e, f] => u64::from_be_bytes([0, 0, a, b, c, d, e, f]),
        [a, b, c, d, e, f, g] => u64::from_be_bytes([0, a, b, c, d, e, f, g]),
        [a, b, c, d, e, f, g, h, ..] => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
    }
}

/// Reads up to eight characters as one word, filled with the digit zero on the left.
#[inline(always)]
pub(super) fn load_digits(tail: &[u8]) -> u64 {
    let missing = 8usize.saturating_sub(tail.len()) as u32 * 8;
    let zeros = 0x3030_3030_3030_3030u64.checked_shl(64 - missing).unwrap_or(0);
    load(tail) | zeros
}

const fn ascii_flaw(word: u64) -> u64 {
    let digits = word ^ 0x3030_3030_3030_3030;
    (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_unpacks_eight_digits() {
        assert_eq!(pack_digits(u64::from_be_bytes(*b"12345678")), Some(0x1234_5678));
        assert_eq!(&unpack_nibbles(0x1234_5678).to_be_bytes(), b"12345678");
        assert_eq!(&unpack_nibbles(0x09AF_D0E1).to_be_bytes(), b"09AFD0E1");
    }

    #[test]
    fn every_byte_but_a_digit_is_a_flaw_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut text = *b"90909090";
                text[place] = byte;
                assert_eq!(pack_digits(u64::from_be_bytes(text)).is_some(), byte.is_ascii_digit());
                let track = byte.is_ascii_hexdigit() || byte == b'=';
                assert_eq!(pack_nibbles(u64::from_be_bytes(text)).is_some(), track, "{byte:02X}");
            }
        }
    }

    #[test]
    fn every_nibble_above_nine_is_a_flaw_in_every_place() {
        for nibble in 0..16u64 {
            for place in 0..16 {
                assert_eq!(bcd_flaw(nibble << (place * 4)) != 0, nibble > 9);
            }
        }
    }

    #[test]
    fn separator_is_nibble_d() {
        assert_eq!(pack_nibbles(u64::from_be_bytes(*b"12=4abCD")), Some(0x12D4_ABCD));
    }

    #[test]
    fn tails_of_every_length_load_right_aligned() {
        for length in 0..=8 {
            let text = &b"87654321"[..length];
            let expected = text.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
            assert_eq!(load(text), expected);
            assert!(is_ascii_digits(text));
            assert_eq!(
                pack_digits(load_digits(text)).map(u64::from),
                number(&pack(text), Padding::None).map(bcd)
            );
        }
    }

    #[test]
    fn padding_is_not_checked() {
        assert!(is_bcd(&[0x02, 0x1F], Padding::Last) && !is_bcd(&[0x02, 0x1F], Padding::First));
        assert!(is_bcd(&[0xF0, 0x21], Padding::First) && !is_bcd(&[0xF0, 0x21], Padding::None));
        assert_eq!(number(&[0x02, 0x1F], Padding::Last), Some(21));
        assert_eq!(number(&[0xF0, 0x21], Padding::First), Some(21));
    }

    #[test]
    fn numbers_pack_as_decimals() {
        assert_eq!(pack_number(99_999_999), 0x9999_9999);
        assert_eq!(pack_number(1_020_304), 0x0102_0304);
        assert_eq!(number(&[0x99; 10], Padding::None), None);
    }

    fn pack(text: &[u8]) -> [u8; 4] {
        pack_digits(load_digits(text)).unwrap().to_be_bytes()
    }

    fn bcd(number: u64) -> u64 {
        u64::from(pack_number(number as u32))
    }
}
