//! What stands around a message on the line: length, TPDU, header. Cutting a stream is for `deframer`.

use std::{fmt, str::FromStr};

use super::text::{ValueError, serde_as_text};

/// The parts around a message, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// The length in front of everything.
    pub length: Option<LengthHeader>,
    /// Whether a TPDU follows.
    pub tpdu: bool,
    /// Whether a header of six bytes follows.
    pub header: bool,
}

/// The length in front of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthHeader {
    /// How it is written.
    pub coding: LengthCoding,
    /// Whether it counts its own bytes too.
    pub counts_itself: bool,
}

/// How the length of a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthCoding {
    /// Two bytes, big-endian.
    Binary2,
    /// Four bytes, big-endian.
    Binary4,
    /// Four packed digits.
    Bcd2,
    /// Four characters.
    Ascii4,
}

/// The bytes of one frame after its length, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// TPDU and header, zero where the framing has none.
    pub head: FrameHead,
    /// The message, from its MTI on.
    pub body: &'a [u8],
}

/// What stands between the length and the MTI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrameHead {
    /// Where the frame goes and where it comes from.
    pub tpdu: Tpdu,
    /// The application header.
    pub header: Header,
}

/// A transport address: `60`, destination NII, source NII, as ten packed digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Tpdu(pub [u8; 5]);

/// The application header (报文头): twelve packed digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Header(pub [u8; 6]);

/// A frame is not what the framing says: the peer is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length is not written in digits.
    #[error("frame length is not a number")]
    BadLength,
    /// The frame would be too small for its own parts.
    #[error("frame of {length} bytes is too short, at least {min} are needed")]
    TooShort {
        /// Bytes after the length.
        length: usize,
        /// The fewest possible.
        min: usize,
    },
    /// The frame is over the limit.
    #[error("frame of {length} bytes is too long, at most {max} are allowed")]
    TooLong {
        /// Bytes after the length.
        length: usize,
        /// The limit.
        max: usize,
    },
    /// The length does not fit the bytes.
    #[error("frame says {said} bytes follow its length, there are {found}")]
    LengthMismatch {
        /// What the length says.
        said: usize,
        /// What there is.
        found: usize,
    },
}

impl Framing {
    /// Nothing: bytes are a message.
    pub const NONE: Self = Self { length: None, tpdu: false, header: false };
    /// Two bytes of length, nothing else.
    pub const LENGTH: Self = Self { length: Some(LengthHeader::BINARY2), tpdu: false, header: false };
    /// Two bytes of length, TPDU, header.
    pub const UNIONPAY: Self = Self { length: Some(LengthHeader::BINARY2), tpdu: true, header: true };

    /// Takes a frame apart that was cut from its length already.
    ///
    /// # Errors
    /// [`FrameError::TooShort`] when the parts do not fit.
    #[inline]
    pub fn split<'a>(&self, payload: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        let too_short = FrameError::TooShort { length: payload.len(), min: self.head_size() };
        let mut head = FrameHead::default();
        let mut body = payload;
        if self.tpdu {
            let (tpdu, rest) = body.split_first_chunk().ok_or(too_short)?;
            (head.tpdu, body) = (Tpdu(*tpdu), rest);
        }
        if self.header {
            let (header, rest) = body.split_first_chunk().ok_or(too_short)?;
            (head.header, body) = (Header(*header), rest);
        }
        Ok(Frame { head, body })
    }

    /// Takes a whole frame apart, length included.
    ///
    /// # Errors
    /// When the length is wrong or the parts do not fit.
    pub fn open<'a>(&self, frame: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        let Some(length) = self.length else { return self.split(frame) };
        let short = FrameError::TooShort { length: frame.len(), min: length.size() };
        let said = length.read(frame)?.ok_or(short)?;
        let payload = frame.get(length.size()..).ok_or(short)?;
        if payload.len() != said {
            return Err(FrameError::LengthMismatch { said, found: payload.len() });
        }
        self.split(payload)
    }

    /// Returns the bytes between the length and the MTI.
    #[must_use]
    pub const fn head_size(&self) -> usize {
        let tpdu = if self.tpdu { 5 } else { 0 };
        if self.header { tpdu + 6 } else { tpdu }
    }
}

impl LengthHeader {
    /// Two bytes that do not count themselves.
    pub const BINARY2: Self = Self { coding: LengthCoding::Binary2, counts_itself: false };

    /// Returns the bytes it takes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self.coding {
            LengthCoding::Binary2 | LengthCoding::Bcd2 => 2,
            LengthCoding::Binary4 | LengthCoding::Ascii4 => 4,
        }
    }

    /// Returns the bytes that follow it; `None` when it is not all there yet.
    ///
    /// # Errors
    /// When it is no number, or less than itself while it counts itself.
    #[inline]
    pub fn read(self, bytes: &[u8]) -> Result<Option<usize>, FrameError> {
        let said = match (self.coding, bytes) {
            (LengthCoding::Binary2, [a, b, ..]) => usize::from(u16::from_be_bytes([*a, *b])),
            (LengthCoding::Binary4, [a, b, c, d, ..]) => u32::from_be_bytes([*a, *b, *c, *d]) as usize,
            (LengthCoding::Bcd2, [a, b, ..]) => packed_length(u16::from_be_bytes([*a, *b]))?,
            (LengthCoding::Ascii4, [a, b, c, d, ..]) => {
                let word = u64::from(u32::from_be_bytes([*a, *b, *c, *d])) | 0x3030_3030_0000_0000;
                packed_length(super::digits::pack_digits(word).ok_or(FrameError::BadLength)? as u16)?
            }
            _ => return Ok(None),
        };
        let own = if self.counts_itself { self.size() } else { 0 };
        said.checked_sub(own).map(Some).ok_or(FrameError::TooShort { length: said, min: own })
    }

    /// Writes the length of a frame over its first bytes; `None` when it cannot say so many.
    pub fn write(self, frame: &mut [u8]) -> Option<()> {
        let own = if self.counts_itself { 0 } else { self.size() };
        let length = u32::try_from(frame.len().checked_sub(own)?).ok()?;
        match self.coding {
            LengthCoding::Binary2 => *frame.first_chunk_mut()? = u16::try_from(length).ok()?.to_be_bytes(),
            LengthCoding::Binary4 => *frame.first_chunk_mut()? = length.to_be_bytes(),
            LengthCoding::Bcd2 | LengthCoding::Ascii4 if length > 9_999 => return None,
            LengthCoding::Bcd2 => {
                *frame.first_chunk_mut()? = (super::digits::pack_number(length) as u16).to_be_bytes()
            }
            LengthCoding::Ascii4 => super::text::decimal(u64::from(length), frame.get_mut(..4)?),
        }
        Some(())
    }
}

fn packed_length(packed: u16) -> Result<usize, FrameError> {
    let bytes = packed.to_be_bytes();
    if super::digits::bcd_flaw(u64::from(packed)) != 0 {
        return Err(FrameError::BadLength);
    }
    Ok(bytes
        .iter()
        .fold(0, |length, byte| length * 100 + usize::from(byte >> 4) * 10 + usize::from(byte & 0x0F)))
}

impl FrameHead {
    /// Returns the head of the answer: TPDU swapped, header the same.
    #[must_use]
    pub const fn response(self) -> Self {
        Self { tpdu: self.tpdu.swapped(), ..self }
    }
}

impl Tpdu {
    /// Returns the TPDU of the answer: destination and source exchanged.
    #[must_use]
    pub const fn swapped(self) -> Self {
        let [id, a, b, c, d] = self.0;
        Self([id, c, d, a, b])
    }
}

impl Header {
    /// Returns what the host asks the terminal to do next: 0 nothing, 1 parameters, 2 status, 3 sign-in, 4 keys,
    /// 5 chip parameters; what 6 to 9 mean differs between versions.
    #[must_use]
    pub const fn processing_request(self) -> u8 {
        self.0[2] & 0x0F
    }

    /// The same header with another processing request, 0 to 15.
    #[must_use]
    pub const fn with_processing_request(self, request: u8) -> Self {
        let mut bytes = self.0;
        bytes[2] = bytes[2] & 0xF0 | request & 0x0F;
        Self(bytes)
    }

    /// Says whether the terminal is in test state.
    #[must_use]
    pub const fn is_test(self) -> bool {
        self.0[2] >> 4 == 1
    }
}

macro_rules! packed_digits {
    ($name:ident, $size:literal, $what:literal, $expected:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                let error = ValueError::new($what, $expected);
                let mut bytes = [0; $size];
                if text.len() != $size * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(error);
                }
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
                    let pair = std::str::from_utf8(pair).map_err(|_| error)?;
                    *byte = u8::from_str_radix(pair, 16).map_err(|_| error)?;
                }
                Ok(Self(bytes))
            }
        }

        serde_as_text!($name);
    };
}

packed_digits!(Tpdu, 5, "a TPDU", "10 digits");
packed_digits!(Header, 6, "a header", "12 digits");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn tpdu_of_the_answer_is_swapped() {
        let tpdu: Tpdu = "6000030000".parse().unwrap();
        assert_eq!(tpdu.swapped().to_string(), "6000000003");
        assert_eq!(tpdu.swapped().swapped(), tpdu);
        assert!("600003000".parse::<Tpdu>().is_err() && "60000300é".parse::<Tpdu>().is_err());
    }

    #[test]
    fn processing_request_is_the_sixth_nibble() {
        let header: Header = "603213310001".parse().unwrap();
        assert_eq!((header.processing_request(), header.is_test()), (3, true));
        assert_eq!(header.with_processing_request(0).to_string(), "603210310001");
    }

    #[test]
    fn every_length_header_reads_what_it_writes() {
        for coding in [LengthCoding::Binary2, LengthCoding::Binary4, LengthCoding::Bcd2, LengthCoding::Ascii4]
        {
            for counts_itself in [false, true] {
                let header = LengthHeader { coding, counts_itself };
                let mut frame = vec![0; header.size() + 1234];
                header.write(&mut frame).unwrap();
                assert_eq!(header.read(&frame), Ok(Some(1234)), "{header:?}");
                assert_eq!(header.read(&frame[..1]), Ok(None));
            }
        }
    }

    #[test]
    fn lengths_that_cannot_be_said_are_refused() {
        assert_eq!(LengthHeader::BINARY2.write(&mut vec![0; 2 + 65_536]), None);
        let ascii = LengthHeader { coding: LengthCoding::Ascii4, counts_itself: false };
        assert_eq!(ascii.write(&mut vec![0; 4 + 10_000]), None);
        assert_eq!(ascii.read(b"12x4"), Err(FrameError::BadLength));
        let inclusive = LengthHeader { counts_itself: true, ..LengthHeader::BINARY2 };
        assert_eq!(inclusive.read(&[0, 1]), Err(FrameError::TooShort { length: 1, min: 2 }));
    }

    #[test]
    fn open_checks_the_length() {
        let frame = [&[0, 13][..], &[0x60; 13]].concat();
        assert_eq!(Framing::UNIONPAY.open(&frame).unwrap().body.len(), 2);
        assert_eq!(
            Framing::UNIONPAY.open(&frame[..14]).err(),
            Some(FrameError::LengthMismatch { said: 13, found: 12 })
        );
        assert!(Framing::UNIONPAY.open(&[0, 3, 1, 2, 3]).is_err());
    }
}
