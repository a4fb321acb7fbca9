//! The format of one data element as plain data. Reading and writing it is for `plan` and `packer`.

use super::charset::Charset;

/// What an element holds and how its characters are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Decimal digits, two a byte (n).
    Digits,
    /// Track data, two nibbles a byte, the separator as nibble D (z).
    Nibbles,
    /// Decimal digits as ASCII (n).
    AsciiDigits,
    /// Track data as ASCII, the separator as `=`; its logical form has `D` (z).
    AsciiTrack,
    /// Characters of any charset, not looked into (an, ans).
    Text,
    /// Bytes (b).
    Binary,
    /// Bytes as hexadecimal text (b).
    HexText,
    /// A sign character, then decimal digits, two a byte (x+n).
    SignedDigits,
    /// A sign character, then decimal digits as ASCII (x+n).
    SignedAscii,
}

/// How long an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many characters, or bytes of a binary element.
    Fixed(u16),
    /// As the prefix says.
    Prefixed(Prefix),
}

/// A length in front of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Decimal digits of the length: 2 for LL, 3 for LLL; 1 to 6.
    pub digits: u8,
    /// The greatest length allowed, in the unit it counts.
    pub max: u32,
    /// How the length is written.
    pub coding: PrefixCoding,
    /// What the length counts.
    pub unit: Unit,
}

/// How a length prefix is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixCoding {
    /// A character for each digit.
    Ascii,
    /// Two digits a byte, right-aligned: LLL is two bytes.
    Bcd,
    /// A big-endian number in as many bytes as `Bcd` would take.
    Binary,
}

/// What a length prefix counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Digits or nibbles of packed elements, hexadecimal characters of hex text, bytes of any other.
    Digits,
    /// Bytes: two digits or nibbles each in packed elements and in hex text.
    Bytes,
}

/// Where an odd count of packed digits leaves its unused nibble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Digits first: `021` is `02 10`.
    Left,
    /// Unused nibble first: `021` is `00 21`.
    Right,
}

/// The format of one data element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// What it holds and how that is coded.
    pub content: Content,
    /// How long it is.
    pub length: Length,
    /// Where an odd count of packed digits leaves its unused nibble.
    pub align: Align,
    /// What is written into the unused nibble; reading ignores it.
    pub pad_nibble: u8,
    /// What fills fixed text on the right.
    pub pad_char: u8,
    /// How people read its text; the bytes are not looked into.
    pub charset: Charset,
}

impl Element {
    /// An element of fixed length, in characters or, if binary, bytes.
    #[must_use]
    pub const fn fixed(content: Content, length: u16) -> Self {
        Self::new(content, Length::Fixed(length))
    }

    /// An element behind a length prefix.
    #[must_use]
    pub const fn prefixed(content: Content, prefix: Prefix) -> Self {
        Self::new(content, Length::Prefixed(prefix))
    }

    const fn new(content: Content, length: Length) -> Self {
        Self { content, length, align: Align::Left, pad_nibble: 0, pad_char: b' ', charset: Charset::Ascii }
    }

    /// The same with another alignment of odd digits.
    #[must_use]
    pub const fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    /// The same with another value of the unused nibble.
    #[must_use]
    pub const fn pad_nibble(self, pad_nibble: u8) -> Self {
        Self { pad_nibble: pad_nibble & 0x0F, ..self }
    }

    /// The same with another charset.
    #[must_use]
    pub const fn charset(self, charset: Charset) -> Self {
        Self { charset, ..self }
    }

    /// The same with another character that fills fixed text.
    #[must_use]
    pub const fn pad_char(self, pad_char: u8) -> Self {
        Self { pad_char, ..self }
    }
}

impl Prefix {
    /// A length in packed digits.
    #[must_use]
    pub const fn bcd(digits: u8, max: u32) -> Self {
        Self { digits, max, coding: PrefixCoding::Bcd, unit: Unit::Digits }
    }

    /// A length in ASCII digits.
    #[must_use]
    pub const fn ascii(digits: u8, max: u32) -> Self {
        Self { digits, max, coding: PrefixCoding::Ascii, unit: Unit::Digits }
    }

    /// A length as a big-endian number.
    #[must_use]
    pub const fn binary(digits: u8, max: u32) -> Self {
        Self { digits, max, coding: PrefixCoding::Binary, unit: Unit::Digits }
    }

    /// The same, counting something else.
    #[must_use]
    pub const fn unit(self, unit: Unit) -> Self {
        Self { unit, ..self }
    }

    /// Returns the bytes the prefix takes.
    #[must_use]
    pub const fn width(self) -> usize {
        match self.coding {
            PrefixCoding::Ascii => self.digits as usize,
            PrefixCoding::Bcd | PrefixCoding::Binary => self.digits.div_ceil(2) as usize,
        }
    }
}
