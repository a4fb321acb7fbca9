//! How the count of a length prefix, the bytes on the wire and the logical length go together.

use super::element::{Content, Unit};

/// What a count counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Bytes, which are the logical characters.
    Same,
    /// Digits, two a byte.
    Packed,
    /// Bytes of two digits.
    PackedBytes,
    /// Hexadecimal characters, two a logical byte.
    Hex,
    /// Logical bytes, two hexadecimal characters each.
    HexBytes,
    /// Characters: one sign, then digits, two a byte.
    Signed,
    /// Bytes: one sign, then digits, two a byte.
    SignedBytes,
}

impl Measure {
    pub(super) fn of(content: Content, unit: Unit) -> Self {
        match (content, unit) {
            (Content::Digits | Content::Nibbles, Unit::Digits) => Self::Packed,
            (Content::Digits | Content::Nibbles, Unit::Bytes) => Self::PackedBytes,
            (Content::HexText, Unit::Digits) => Self::Hex,
            (Content::HexText, Unit::Bytes) => Self::HexBytes,
            (Content::SignedDigits, Unit::Digits) => Self::Signed,
            (Content::SignedDigits, Unit::Bytes) => Self::SignedBytes,
            _ => Self::Same,
        }
    }

    /// Returns the bytes of a count.
    #[inline]
    pub(super) fn wire(self, count: usize) -> usize {
        match self {
            Self::Packed => count.div_ceil(2),
            Self::Same | Self::PackedBytes | Self::Hex | Self::SignedBytes => count,
            Self::HexBytes => count * 2,
            Self::Signed => count.min(1) + count / 2,
        }
    }

    /// Returns the logical length of a count.
    #[inline]
    pub(super) fn length(self, count: usize) -> usize {
        match self {
            Self::Packed | Self::Same | Self::HexBytes | Self::Signed => count,
            Self::PackedBytes => count * 2,
            Self::Hex => count / 2,
            Self::SignedBytes => (count * 2).saturating_sub(1),
        }
    }

    /// Returns the count of a logical length.
    #[inline]
    pub(super) fn count(self, length: usize) -> usize {
        match self {
            Self::Packed | Self::Same | Self::HexBytes | Self::Signed => length,
            Self::PackedBytes => length.div_ceil(2),
            Self::Hex => length * 2,
            Self::SignedBytes => length.min(1) + length / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Measure; 7] = [
        Measure::Same,
        Measure::Packed,
        Measure::PackedBytes,
        Measure::Hex,
        Measure::HexBytes,
        Measure::Signed,
        Measure::SignedBytes,
    ];

    #[test]
    fn a_length_and_its_count_agree() {
        for measure in ALL {
            for length in 0..50 {
                let read = measure.length(measure.count(length));
                assert!(read == length || read == length + 1, "{measure:?} of {length}");
            }
        }
    }

    #[test]
    fn a_sign_takes_a_byte_of_its_own() {
        assert_eq!([0, 1, 2, 3, 9].map(|count| Measure::Signed.wire(count)), [0, 1, 2, 2, 5]);
    }
}
