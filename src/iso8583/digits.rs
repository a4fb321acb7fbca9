//! Converts between ASCII digits and packed digits, eight characters at a time. Knows nothing of elements.
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

/// Says whether `digits` packed digits from byte `at` are decimal; bytes that are missing count as zeros.
#[inline(always)]
pub(super) fn is_bcd(bytes: &[u8], at: usize, digits: usize, padding: Padding) -> bool {
    let first = if padding == Padding::First { 1 } else { 0 };
    let (mut at, mut nibbles, mut mask, mut flaws) = (at, first + digits, u64::MAX >> (4 * first), 0);
    while nibbles > 16 {
        flaws |= bcd_flaw(window(bytes, at) & mask);
        (at, nibbles, mask) = (at + 8, nibbles - 16, u64::MAX);
    }
    let unused = u64::MAX.checked_shr(4 * nibbles as u32).unwrap_or(0);
    flaws | bcd_flaw(window(bytes, at) & mask & !unused) == 0
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

/// Packs one to sixteen ASCII digits, right-justified; `None` when one is no digit or the count is another.
#[inline(always)]
pub(super) fn pack_up_to_16(text: &[u8]) -> Option<u64> {
    if text.len() <= 8 {
        return pack_digits(load_digits(text)).map(u64::from);
    }
    let (high, low) = text.split_last_chunk()?;
    let low = u64::from(pack_digits(u64::from_be_bytes(*low))?);
    Some(u64::from(pack_digits(load_digits(high))?) << 32 | low)
}

/// Packs eight characters `0`–`9`, `A`–`F`, `a`–`f` or `=` (the separator, nibble D); `None` for any other.
#[inline(always)]
pub(super) fn pack_nibbles(word: u64) -> Option<u32> {
    pack_digits(word).or_else(|| pack_hex(word))
}

fn pack_hex(word: u64) -> Option<u32> {
    let separators = equal_bytes(word, b'=');
    let word = word + separators * u64::from(b'D' - b'=');
    let letters = (word >> 6) & 0x0101_0101_0101_0101;
    let upper = word & !(letters << 5);
    let packed = join_nibbles((word & 0x0F0F_0F0F_0F0F_0F0F).wrapping_add(letters * 9));
    (unpack_nibbles(packed) == upper).then_some(packed)
}

/// A word that has 1 where `word` has `byte`.
const fn equal_bytes(word: u64, byte: u8) -> u64 {
    let unlike = word ^ (0x0101_0101_0101_0101 * byte as u64);
    let low = 0x7F7F_7F7F_7F7F_7F7F;
    !(((unlike & low) + low) | unlike | low) >> 7
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
    let fours = (number / 10_000) as u64 * (1 << 32) + (number % 10_000) as u64;
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds << 16 | (fours - hundreds * 100);
    let tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    let packed = pairs + tens * 6;
    let joined = (packed | packed >> 8) & 0x0000_FFFF_0000_FFFF;
    (joined | joined >> 16) as u32
}

/// Packs a number below 10,000 into four decimal nibbles.
#[inline(always)]
pub(super) const fn pack_small(number: u32) -> u32 {
    pack_pair(number / 100) << 8 | pack_pair(number % 100)
}

const fn pack_pair(pair: u32) -> u32 {
    pair + ((pair * 103) >> 10) * 6
}

/// Reads sixteen decimal nibbles as a number.
const fn read_nibbles(packed: u64) -> u64 {
    let pairs = packed - ((packed >> 4) & 0x0F0F_0F0F_0F0F_0F0F) * 6;
    let fours = (pairs >> 8 & 0x00FF_00FF_00FF_00FF) * 100 + (pairs & 0x00FF_00FF_00FF_00FF);
    let eights = (fours >> 16 & 0x0000_FFFF_0000_FFFF) * 10_000 + (fours & 0x0000_FFFF_0000_FFFF);
    (eights >> 32) * 100_000_000 + (eights & 0xFFFF_FFFF)
}

/// Reads packed decimal digits; `None` when they do not fit in 64 bits.
pub(super) fn number(packed: &[u8], padding: Padding) -> Option<u64> {
    if packed.len() > 8 {
        return long_number(packed, padding);
    }
    let word = load(packed);
    Some(read_nibbles(match padding {
        Padding::None => word,
        Padding::First => word & u64::MAX.checked_shr(68 - 8 * packed.len() as u32).unwrap_or(0),
        Padding::Last => word >> 4,
    }))
}

fn long_number(packed: &[u8], padding: Padding) -> Option<u64> {
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
    if let (Some(head), Some(last)) = (tail.first_chunk(), tail.last_chunk()) {
        let (head, last) = (u32::from_be_bytes(*head), u32::from_be_bytes(*last));
        return u64::from(head) << (((tail.len() - 4) * 8) & 63) | u64::from(last);
    }
    if let (Some(head), Some(last)) = (tail.first_chunk(), tail.last_chunk()) {
        let (head, last) = (u16::from_be_bytes(*head), u16::from_be_bytes(*last));
        return u64::from(head) << ((tail.len() - 2) * 8) | u64::from(last);
    }
    tail.first().map_or(0, |byte| u64::from(*byte))
}

/// Reads up to eight characters as one word, filled with the digit zero on the left.
#[inline(always)]
pub(super) fn load_digits(tail: &[u8]) -> u64 {
    // In two steps: a shift by all 64 bits at once would be none.
    let half = (4 * tail.len()) & 63;
    let zeros = 0x3030_3030_3030_3030 << half << half;
    load(tail) | zeros
}

const fn ascii_flaw(word: u64) -> u64 {
    let digits = word ^ 0x3030_3030_3030_3030;
    (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
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
                let shift = 28 - 4 * place;
                let nibble = if byte == b'=' { Some(0xD) } else { char::from(byte).to_digit(16) };
                let packed = nibble.map(|nibble| 0x9090_9090 & !(0xF << shift) | nibble << shift);
                assert_eq!(pack_nibbles(u64::from_be_bytes(text)), packed, "{byte:02X}");
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
        assert!(is_bcd(&[0x02, 0x1F], 0, 3, Padding::Last) && !is_bcd(&[0x02, 0x1F], 0, 3, Padding::First));
        assert!(is_bcd(&[0xF0, 0x21], 0, 3, Padding::First) && !is_bcd(&[0xF0, 0x21], 0, 4, Padding::None));
        assert_eq!(number(&[0x02, 0x1F], Padding::Last), Some(21));
        assert_eq!(number(&[0xF0, 0x21], Padding::First), Some(21));
    }

    #[test]
    fn a_flaw_is_found_in_every_digit_of_every_length() {
        for (digits, padding) in
            (0..40).flat_map(|digits| [(digits, Padding::First), (digits, Padding::Last)])
        {
            let first = usize::from(padding == Padding::First);
            for place in 0..44 {
                let mut packed = [0x99; 22];
                packed[place / 2] ^= if place.is_multiple_of(2) { 0xA0 ^ 0x90 } else { 0x0A ^ 0x09 };
                let inside = (first..first + digits).contains(&place);
                assert_eq!(is_bcd(&packed, 0, digits, padding), !inside, "{digits} digits, place {place}");
            }
        }
    }

    #[test]
    fn numbers_pack_as_decimals() {
        for number in (0..=9_999).chain((0..=99_999_999).step_by(9_973)) {
            let text = format!("{number:08}");
            assert_eq!(Some(pack_number(number)), pack_digits(load(text.as_bytes())));
            assert!(number > 9_999 || pack_small(number) == pack_number(number));
        }
        assert_eq!(pack_number(99_999_999), 0x9999_9999);
        assert_eq!(pack_number(1_020_304), 0x0102_0304);
        assert_eq!(number(&[0x99; 10], Padding::None), None);
    }

    #[test]
    fn numbers_of_up_to_sixteen_digits_are_read_like_longer_ones() {
        let packed = [0x98, 0x76, 0x54, 0x32, 0x10, 0x12, 0x34, 0x59];
        for length in 0..=packed.len() {
            for padding in [Padding::None, Padding::First, Padding::Last] {
                let packed = &packed[..length];
                assert_eq!(number(packed, padding), long_number(packed, padding), "{length} bytes");
            }
        }
    }

    fn pack(text: &[u8]) -> [u8; 4] {
        pack_digits(load_digits(text)).unwrap().to_be_bytes()
    }

    fn bcd(number: u64) -> u64 {
        u64::from(pack_number(number as u32))
    }
}
