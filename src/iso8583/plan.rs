//! The formats of a spec's elements, worked out beforehand for the hot path: where an element ends and whether it is well formed.

use super::{
    de::De,
    digits::{self, Padding},
    element::{Align, Content, Element, Length, Prefix, PrefixCoding, Unit},
    error::Flaw,
};

/// One step for each bit of both bitmaps.
#[derive(Clone, Debug)]
pub(super) struct Plan([Step; 128]);

/// How to read one element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The nibbles that must be digits in an element of fixed length of up to eight bytes.
    mask: u64,
    /// The fixed length or the greatest count of the prefix, in the prefix's unit.
    pub count_max: u32,
    /// The bytes of an element of fixed length.
    wire: u32,
    kind: Kind,
    measure: Measure,
    pub content: Content,
    pub align: Align,
    /// The prefix: decimal digits and coding.
    prefix: (u8, PrefixCoding),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Undefined,
    /// Fixed length, checked by the mask.
    Fixed,
    /// Fixed length, checked by content.
    FixedLong,
    /// A prefix of one byte, packed digits.
    Ll,
    /// A prefix of two bytes, packed digits.
    Lll,
    /// Any other prefix.
    Prefixed,
}

/// How a count, the bytes on the wire and the logical length go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    /// Each is the same.
    Same,
    /// Counts digits, two a byte.
    Packed,
    /// Counts bytes of two digits.
    PackedBytes,
    /// Counts hexadecimal characters, two a logical byte.
    Hex,
    /// Counts logical bytes, two hexadecimal characters each.
    HexBytes,
    /// Counts characters: one sign, then digits, two a byte.
    Signed,
    /// Counts bytes: one sign, then digits, two a byte.
    SignedBytes,
}

/// Where an element lies.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// The first byte after the prefix.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Characters of the logical form.
    pub length: usize,
}

impl Plan {
    pub(super) fn set(&mut self, de: De, element: &Element) {
        self.0[de.index()] = Step::new(element);
    }

    pub(super) fn clear(&mut self, de: De) {
        self.0[de.index()] = Step::UNDEFINED;
    }

    #[inline(always)]
    pub(super) fn step(&self, index: usize) -> &Step {
        &self.0[index & 127]
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self([Step::UNDEFINED; 128])
    }
}

impl Step {
    const UNDEFINED: Self = Self {
        mask: 0,
        count_max: 0,
        wire: 0,
        kind: Kind::Undefined,
        measure: Measure::Same,
        content: Content::Binary,
        align: Align::Left,
        prefix: (0, PrefixCoding::Bcd),
    };

    fn new(element: &Element) -> Self {
        let step = Self { content: element.content, align: element.align, ..Self::UNDEFINED };
        match element.length {
            Length::Fixed(length) => step.fixed(u32::from(length)),
            Length::Prefixed(prefix) => step.prefixed(prefix),
        }
    }

    fn fixed(self, length: u32) -> Self {
        let measure = Measure::of(self.content, if self.is_hex() { Unit::Bytes } else { Unit::Digits });
        let wire = measure.wire(length as usize);
        let short = wire <= 8 && matches!(self.content, Content::Digits);
        let unchecked = matches!(self.content, Content::Text | Content::Binary | Content::Nibbles);
        let mask = if short { digit_mask(wire as u32, self.padding(length as usize)) } else { 0 };
        let kind = if short || unchecked { Kind::Fixed } else { Kind::FixedLong };
        Self { mask, count_max: length, wire: wire as u32, kind, measure, ..self }
    }

    fn prefixed(self, prefix: Prefix) -> Self {
        let kind = match (prefix.coding, prefix.digits) {
            (PrefixCoding::Bcd, 1 | 2) => Kind::Ll,
            (PrefixCoding::Bcd, 3 | 4) => Kind::Lll,
            _ => Kind::Prefixed,
        };
        let digits = prefix.digits.clamp(1, 6);
        let count_max = prefix.max.min(greatest_count(digits, prefix.coding));
        Self {
            kind,
            count_max,
            measure: Measure::of(self.content, prefix.unit),
            prefix: (digits, prefix.coding),
            ..self
        }
    }

    #[inline(always)]
    pub(super) fn is_defined(&self) -> bool {
        self.kind != Kind::Undefined
    }

    #[inline(always)]
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self.kind, Kind::Fixed | Kind::FixedLong)
    }

    /// Returns the fixed or the greatest logical length.
    pub(super) fn length_max(&self) -> usize {
        self.measure.length(self.count_max as usize)
    }

    /// Returns what a prefix says of so many logical characters.
    #[inline(always)]
    pub(super) fn count(&self, length: usize) -> usize {
        self.measure.count(length)
    }

    /// Returns the prefix that says `count`, left-justified in a word, and its bytes.
    #[inline(always)]
    pub(super) fn prefix_word(&self, count: usize) -> (u64, usize) {
        let (digits, coding) = (u32::from(self.prefix.0), self.prefix.1);
        let width = digits.div_ceil(2);
        match coding {
            PrefixCoding::Bcd => {
                (u64::from(digits::pack_number(count as u32)) << (64 - 8 * width), width as usize)
            }
            PrefixCoding::Binary => ((count as u64) << (64 - 8 * width), width as usize),
            PrefixCoding::Ascii => {
                let text = digits::unpack_nibbles(digits::pack_number(count as u32));
                (text << (64 - 8 * digits), digits as usize)
            }
        }
    }

    /// Returns where the element at `at` ends.
    ///
    /// # Errors
    /// The flaw when it is cut off or not well formed.
    #[inline(always)]
    pub(super) fn check(&self, bytes: &[u8], at: usize) -> Result<usize, Flaw> {
        if self.kind == Kind::Fixed {
            let end = at + self.wire as usize;
            if end > bytes.len() {
                return Err(truncated(bytes, at, end));
            }
            let flaw = digits::bcd_flaw(digits::window(bytes, at) & self.mask);
            return if flaw == 0 { Ok(end) } else { Err(Flaw::NotDigits) };
        }
        let extent = self.extent(bytes, at)?;
        let wire = bytes.get(extent.start..extent.end).ok_or_else(|| truncated(bytes, at, extent.end))?;
        self.check_content(wire, extent.length)?;
        Ok(extent.end)
    }

    /// Returns where the element at `at` lies, which may be past the end of `bytes`.
    ///
    /// # Errors
    /// The flaw of a prefix that is cut off, no number, or over the maximum.
    #[inline(always)]
    pub(super) fn extent(&self, bytes: &[u8], at: usize) -> Result<Extent, Flaw> {
        let (start, count) = match (self.kind, bytes.get(at..).unwrap_or_default()) {
            (Kind::Fixed | Kind::FixedLong, _) => (at, self.count_max as usize),
            (Kind::Ll, [a, ..]) => (at + 1, packed_count(u32::from(*a))?),
            (Kind::Lll, [a, b, ..]) => (at + 2, packed_count(u32::from(u16::from_be_bytes([*a, *b])))?),
            (Kind::Undefined, _) => return Err(Flaw::Undefined),
            (_, rest) => self.other_prefix(rest).map(|(width, count)| (at + width, count))?,
        };
        if count > self.count_max as usize {
            return Err(Flaw::TooLong { length: count, max: self.count_max as usize });
        }
        Ok(Extent { start, end: start + self.measure.wire(count), length: self.measure.length(count) })
    }

    #[inline(never)]
    fn other_prefix(&self, rest: &[u8]) -> Result<(usize, usize), Flaw> {
        let (digits, coding) = self.prefix;
        let width = Prefix { digits, max: 0, coding, unit: Unit::Digits }.width();
        let prefix = rest.get(..width).ok_or(Flaw::Truncated { needed: width, left: rest.len() })?;
        let count = match coding {
            PrefixCoding::Ascii => digits::pack_digits(digits::load_digits(prefix)).ok_or(Flaw::BadLength)?,
            PrefixCoding::Bcd => digits::load(prefix) as u32,
            PrefixCoding::Binary => return Ok((width, digits::load(prefix) as usize)),
        };
        Ok((width, packed_count(count)?))
    }

    #[inline(always)]
    fn check_content(&self, wire: &[u8], length: usize) -> Result<(), Flaw> {
        match self.content {
            Content::Text | Content::Binary | Content::Nibbles => Ok(()),
            Content::Digits if digits::is_bcd(wire, self.padding(length)) => Ok(()),
            Content::Digits => Err(Flaw::NotDigits),
            _ => self.check_characters(wire, length),
        }
    }

    fn check_characters(&self, wire: &[u8], length: usize) -> Result<(), Flaw> {
        let unsigned = wire.get(1..).unwrap_or_default();
        match self.content {
            Content::AsciiDigits if !digits::is_ascii_digits(wire) => Err(Flaw::NotDigits),
            Content::SignedAscii if !digits::is_ascii_digits(unsigned) => Err(Flaw::NotDigits),
            Content::SignedDigits if !digits::is_bcd(unsigned, self.padding(length)) => Err(Flaw::NotDigits),
            Content::AsciiTrack if !wire.iter().all(|byte| is_track(*byte)) => Err(Flaw::NotTrack),
            Content::HexText if !wire.iter().all(u8::is_ascii_hexdigit) => Err(Flaw::NotHex),
            Content::HexText if !wire.len().is_multiple_of(2) => Err(Flaw::NotHex),
            _ => Ok(()),
        }
    }

    /// Returns the unused nibble of so many logical characters.
    #[inline(always)]
    pub(super) fn padding(&self, length: usize) -> Padding {
        padding(self.content, self.align, length)
    }

    fn is_hex(&self) -> bool {
        self.content == Content::HexText
    }
}

/// Returns the unused nibble of so many logical characters, in the packed part of the element.
#[inline(always)]
pub(super) fn padding(content: Content, align: Align, length: usize) -> Padding {
    let digits = match content {
        Content::Digits | Content::Nibbles => length,
        Content::SignedDigits => length.saturating_sub(1),
        _ => 0,
    };
    match align {
        _ if digits.is_multiple_of(2) => Padding::None,
        Align::Left => Padding::Last,
        Align::Right => Padding::First,
    }
}

impl Measure {
    fn of(content: Content, unit: Unit) -> Self {
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

    #[inline(always)]
    fn wire(self, count: usize) -> usize {
        match self {
            Self::Packed => count.div_ceil(2),
            Self::Same | Self::PackedBytes | Self::Hex | Self::SignedBytes => count,
            Self::HexBytes => count * 2,
            Self::Signed => count.min(1) + count / 2,
        }
    }

    #[inline(always)]
    fn length(self, count: usize) -> usize {
        match self {
            Self::Packed | Self::Same | Self::HexBytes | Self::Signed => count,
            Self::PackedBytes => count * 2,
            Self::Hex => count / 2,
            Self::SignedBytes => (count * 2).saturating_sub(1),
        }
    }

    #[inline(always)]
    fn count(self, length: usize) -> usize {
        match self {
            Self::Packed | Self::Same | Self::HexBytes | Self::Signed => length,
            Self::PackedBytes => length.div_ceil(2),
            Self::Hex => length * 2,
            Self::SignedBytes => length.min(1) + length / 2,
        }
    }
}

/// Says whether a byte is a character of a track in ASCII.
pub(super) const fn is_track(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b'='
}

#[inline(always)]
fn packed_count(packed: u32) -> Result<usize, Flaw> {
    if digits::bcd_flaw(u64::from(packed)) != 0 {
        return Err(Flaw::BadLength);
    }
    let pairs = packed - (packed >> 4 & 0x0F0F_0F0F) * 6;
    let [a, b, c, d] = pairs.to_be_bytes().map(usize::from);
    Ok(((a * 100 + b) * 100 + c) * 100 + d)
}

#[cold]
fn truncated(bytes: &[u8], at: usize, end: usize) -> Flaw {
    Flaw::Truncated { needed: end - at, left: bytes.len().saturating_sub(at) }
}

fn digit_mask(wire: u32, padding: Padding) -> u64 {
    let all = u64::MAX.checked_shl(64 - 8 * wire).unwrap_or(0);
    match padding {
        Padding::None => all,
        Padding::First => all & u64::MAX >> 4,
        Padding::Last => all & u64::MAX << (68 - 8 * wire),
    }
}

fn greatest_count(digits: u8, coding: PrefixCoding) -> u32 {
    match coding {
        PrefixCoding::Binary => u32::MAX >> (32 - 8 * u32::from(digits.div_ceil(2))),
        PrefixCoding::Bcd if digits % 2 == 1 => 10u32.pow(u32::from(digits) + 1) - 1,
        PrefixCoding::Bcd | PrefixCoding::Ascii => 10u32.pow(u32::from(digits)) - 1,
    }
}
