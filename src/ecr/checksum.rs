//! Check bytes of serial frames. Which bytes they cover is for [`super::Coverage`].

/// How the check bytes of a frame are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The frame has none.
    None,
    /// One byte, the exclusive or of all ("LRC"), then exclusive or with a constant.
    Xor {
        /// The constant; 0 for most, 7F for the Italian iSelf.
        post: u8,
    },
    /// CRC-16/KERMIT, low byte first: what ZVT's text calls "CRC-XModem".
    Kermit,
    /// CRC-16, the polynomial 1021 from the highest bit, from this start.
    Ccitt {
        /// 0 for XMODEM, FFFF for what is called "CCITT-FALSE".
        start: u16,
        /// Whether the low byte comes first.
        is_little: bool,
    },
    /// One byte, the sum of all.
    Sum,
    /// Eight bytes, each the exclusive or of every eighth byte ("check digits" of GHL).
    XorColumns,
}

impl Checksum {
    /// The number of check bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::None => 0,
            Self::Xor { .. } | Self::Sum => 1,
            Self::Kermit | Self::Ccitt { .. } => 2,
            Self::XorColumns => 8,
        }
    }

    /// The check bytes of what they cover.
    pub fn of(self, covered: &[u8]) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Xor { post } => vec![covered.iter().fold(post, |sum, byte| sum ^ byte)],
            Self::Kermit => kermit(covered).to_le_bytes().to_vec(),
            Self::Ccitt { start, is_little: true } => ccitt(start, covered).to_le_bytes().to_vec(),
            Self::Ccitt { start, is_little: false } => ccitt(start, covered).to_be_bytes().to_vec(),
            Self::Sum => vec![covered.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))],
            Self::XorColumns => columns(covered).to_vec(),
        }
    }
}

fn kermit(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        let start = sum ^ u16::from(*byte);
        (0..8).fold(start, |sum, _| if sum & 1 == 1 { (sum >> 1) ^ KERMIT } else { sum >> 1 })
    })
}

fn ccitt(start: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(start, |sum, byte| {
        let start = sum ^ u16::from(*byte) << 8;
        (0..8).fold(start, |sum, _| if sum & 0x8000 > 0 { (sum << 1) ^ CCITT } else { sum << 1 })
    })
}

fn columns(bytes: &[u8]) -> [u8; 8] {
    bytes.chunks(8).fold([0; 8], |mut sums, row| {
        sums.iter_mut().zip(row).for_each(|(sum, byte)| *sum ^= byte);
        sums
    })
}

const CCITT: u16 = 0x1021;
/// The polynomial 1021, bits reversed.
const KERMIT: u16 = 0x8408;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kermit_is_the_one_of_the_catalogue() {
        assert_eq!(Checksum::Kermit.of(b"123456789"), 0x2189_u16.to_le_bytes());
    }

    #[test]
    fn the_other_crcs_are_those_of_the_catalogue_too() {
        let check = |start, is_little| Checksum::Ccitt { start, is_little }.of(b"123456789");
        assert_eq!((check(0, false), check(0xFFFF, true)), (vec![0x31, 0xC3], vec![0xB1, 0x29]));
        assert_eq!(Checksum::Sum.of(b"123456789"), [0xDD]);
    }

    #[test]
    fn columns_are_eight_wide() {
        assert_eq!(Checksum::XorColumns.of(b"12345678\x01"), b"02345678");
        assert_eq!(Checksum::XorColumns.of(b"A"), *b"A\0\0\0\0\0\0\0");
    }
}
