//! The formats of a spec's elements, worked out beforehand for the hot path: where an element ends, whether it is
//! well formed, and how its digits stand in their bytes.

use super::{
    de::De,
    digits::{self, Padding},
    element::{Align, Content, Element, Length, Prefix, PrefixCoding, Unit},
    error::Flaw,
    measure::Measure,
};

/// One step for each bit of both bitmaps.
#[derive(Clone, Debug)]
pub(super) struct Plan([Step; 128]);

/// How to read and write one element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// [`Kind::FixedDigits`]: the nibbles that must be digits, in the first eight bytes from the element on.
    mask: u64,
    /// The fixed length or the greatest count of the prefix, in the prefix's unit.
    pub count_max: u32,
    /// The bytes of an element of fixed length.
    pub wire: u16,
    pub kind: Kind,
    measure: Measure,
    pub content: Content,
    pub align: Align,
    /// The prefix: decimal digits and coding.
    prefix: (u8, PrefixCoding),
    /// [`Kind::FixedDigits`]: how far right-justified digits go left in a word.
    pub shift: u8,
    pub pad_nibble: u8,
    pub pad_char: u8,
}

/// The ways to read and write that are worth a path of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The spec does not have the element.
    Undefined,
    /// So many bytes, whatever they are.
    FixedBytes,
    /// One to sixteen packed digits.
    FixedDigits,
    /// Any other fixed length.
    Fixed,
    /// A packed prefix of one byte or two, then so many bytes.
    VarBytes,
    /// A packed prefix of one byte or two, then so many packed digits, the unused nibble last.
    VarDigits,
    /// The same with the nibbles of a track.
    VarNibbles,
    /// Any other prefix.
    Var,
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

/// Working out.
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
        shift: 0,
        pad_nibble: 0,
        pad_char: 0,
    };

    fn new(element: &Element) -> Self {
        let Element { content, align, pad_nibble, pad_char, .. } = *element;
        let step = Self { content, align, pad_nibble: pad_nibble & 0x0F, pad_char, ..Self::UNDEFINED };
        match element.length {
            Length::Fixed(length) => step.fixed(length),
            Length::Prefixed(prefix) => step.prefixed(prefix),
        }
    }

    fn fixed(self, length: u16) -> Self {
        let unit = if self.content == Content::HexText { Unit::Bytes } else { Unit::Digits };
        let measure = Measure::of(self.content, unit);
        let wire = measure.wire(usize::from(length));
        let step = Self { count_max: u32::from(length), wire: wire as u16, measure, ..self };
        match self.content {
            Content::Text | Content::Binary => Self { kind: Kind::FixedBytes, ..step },
            Content::Digits if matches!(length, 1..=16) => step.fixed_digits(length as u8),
            _ => Self { kind: Kind::Fixed, ..step },
        }
    }

    fn fixed_digits(self, length: u8) -> Self {
        let digits = u64::MAX << (64 - 4 * length);
        let room = 64 - 8 * self.wire as u8;
        let (mask, shift) = match self.padding(usize::from(length)) {
            Padding::First => (digits >> 4, room),
            Padding::Last => (digits, room + 4),
            Padding::None => (digits, room),
        };
        Self { kind: Kind::FixedDigits, mask, shift, ..self }
    }

    fn prefixed(self, prefix: Prefix) -> Self {
        let digits = prefix.digits.clamp(1, 6);
        let count_max = prefix.max.min(greatest_count(digits, prefix.coding));
        let measure = Measure::of(self.content, prefix.unit);
        let packed = prefix.coding == PrefixCoding::Bcd && digits <= 4;
        let kind = match (self.content, measure) {
            (Content::Text | Content::Binary, _) if packed => Kind::VarBytes,
            (Content::Digits, Measure::Packed) if packed && self.align == Align::Left => Kind::VarDigits,
            (Content::Nibbles, Measure::Packed) if packed && self.align == Align::Left => Kind::VarNibbles,
            _ => Kind::Var,
        };
        Self { kind, count_max, measure, prefix: (digits, prefix.coding), ..self }
    }
}

/// Reading.
impl Step {
    /// Returns where the element at `at` ends; `None` when it is cut off or not well formed.
    #[inline(always)]
    pub(super) fn end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let end = at + usize::from(self.wire);
        match self.kind {
            Kind::FixedBytes => (end <= bytes.len()).then_some(end),
            Kind::FixedDigits => {
                let flaw = digits::bcd_flaw(digits::window(bytes, at) & self.mask);
                (flaw == 0 && end <= bytes.len()).then_some(end)
            }
            _ => self.end_of_others(bytes, at),
        }
    }

    #[inline(never)]
    fn end_of_others(&self, bytes: &[u8], at: usize) -> Option<usize> {
        if !matches!(self.kind, Kind::VarBytes | Kind::VarDigits | Kind::VarNibbles) {
            return self.check(bytes, at).ok();
        }
        let (start, count) = self.packed_prefix(bytes, at);
        let count = count.filter(|count| *count <= self.count_max as usize)?;
        let end = start + if self.kind == Kind::VarBytes { count } else { count.div_ceil(2) };
        let known = self.kind != Kind::VarDigits || digits::is_bcd(bytes, start, count, Padding::Last);
        (known && end <= bytes.len()).then_some(end)
    }

    /// Returns where the element at `at` ends.
    ///
    /// # Errors
    /// The flaw when it is cut off or not well formed.
    #[inline(never)]
    pub(super) fn check(&self, bytes: &[u8], at: usize) -> Result<usize, Flaw> {
        let extent = self.extent(bytes, at)?;
        let Some(wire) = bytes.get(extent.start..extent.end) else {
            return Err(Flaw::Truncated { needed: extent.end - at, left: bytes.len().saturating_sub(at) });
        };
        let unsigned = wire.get(1..).unwrap_or_default();
        let padding = self.padding(extent.length);
        let flaw = match self.content {
            Content::Digits => (!digits::is_bcd(wire, 0, extent.length, padding)).then_some(Flaw::NotDigits),
            Content::AsciiDigits => (!digits::is_ascii_digits(wire)).then_some(Flaw::NotDigits),
            Content::SignedAscii => (!digits::is_ascii_digits(unsigned)).then_some(Flaw::NotDigits),
            Content::SignedDigits => {
                let length = extent.length.saturating_sub(1);
                (!digits::is_bcd(unsigned, 0, length, padding)).then_some(Flaw::NotDigits)
            }
            Content::AsciiTrack => wire.iter().any(|byte| !is_track(*byte)).then_some(Flaw::NotTrack),
            Content::HexText => (!is_hex(wire)).then_some(Flaw::NotHex),
            Content::Nibbles | Content::Text | Content::Binary => None,
        };
        flaw.map_or(Ok(extent.end), Err)
    }

    /// Returns where the element at `at` lies, which may be past the end of `bytes`.
    ///
    /// # Errors
    /// The flaw of a prefix that is cut off, no number, or over the maximum.
    #[inline(always)]
    pub(super) fn extent(&self, bytes: &[u8], at: usize) -> Result<Extent, Flaw> {
        match self.kind {
            Kind::FixedBytes | Kind::FixedDigits => {
                let end = at + usize::from(self.wire);
                Ok(Extent { start: at, end, length: self.count_max as usize })
            }
            _ => self.extent_of_others(bytes, at),
        }
    }

    #[inline(never)]
    fn extent_of_others(&self, bytes: &[u8], at: usize) -> Result<Extent, Flaw> {
        let (start, count) = match self.kind {
            Kind::Undefined => return Err(Flaw::Undefined),
            Kind::FixedBytes | Kind::FixedDigits | Kind::Fixed => (at, self.count_max as usize),
            Kind::VarBytes | Kind::VarDigits | Kind::VarNibbles => {
                let (start, count) = self.packed_prefix(bytes, at);
                (start, count.ok_or(Flaw::BadLength)?)
            }
            Kind::Var => self.other_prefix(bytes, at)?,
        };
        if count > self.count_max as usize {
            return Err(Flaw::TooLong { length: count, max: self.count_max as usize });
        }
        Ok(Extent { start, end: start + self.measure.wire(count), length: self.measure.length(count) })
    }

    /// Returns where the element starts after its prefix, and the count that says; bytes that are missing are zeros.
    #[inline(always)]
    fn packed_prefix(&self, bytes: &[u8], at: usize) -> (usize, Option<usize>) {
        let width = self.packed_prefix_width();
        let prefix = digits::window(bytes, at) >> (64 - 8 * width);
        let pair = |pair: u64| pair - (pair >> 4) * 6;
        let count = pair(prefix >> 8) * 100 + pair(prefix & 0xFF);
        (at + width, (digits::bcd_flaw(prefix) == 0).then_some(count as usize))
    }

    #[inline(never)]
    fn other_prefix(&self, bytes: &[u8], at: usize) -> Result<(usize, usize), Flaw> {
        let (_, coding) = self.prefix;
        let width = self.prefix_width();
        let rest = bytes.get(at..).unwrap_or_default();
        let prefix = rest.get(..width).ok_or(Flaw::Truncated { needed: width, left: rest.len() })?;
        let count = match coding {
            PrefixCoding::Ascii if digits::is_ascii_digits(prefix) => super::text::digits_to_number(prefix),
            PrefixCoding::Bcd if digits::is_bcd(prefix, 0, width * 2, Padding::None) => {
                digits::number(prefix, Padding::None)
            }
            PrefixCoding::Binary => Some(digits::load(prefix)),
            _ => None,
        };
        Ok((at + width, count.ok_or(Flaw::BadLength)? as usize))
    }
}

/// Writing.
impl Step {
    /// Says whether the length is fixed.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self.kind, Kind::FixedBytes | Kind::FixedDigits | Kind::Fixed)
    }

    /// Returns the fixed or the greatest logical length.
    pub(super) fn length_max(&self) -> usize {
        self.measure.length(self.count_max as usize)
    }

    /// Returns what a prefix says of so many logical characters.
    pub(super) fn count(&self, length: usize) -> usize {
        self.measure.count(length)
    }

    /// Returns the packed prefix that says `count`, left-justified in a word, and its bytes.
    #[inline(always)]
    pub(super) fn packed_prefix_word(&self, count: usize) -> (u64, usize) {
        let width = self.packed_prefix_width();
        (u64::from(digits::pack_small(count as u32)) << (64 - 8 * width), width)
    }

    /// Returns any prefix that says `count`, left-justified in a word, and its bytes.
    pub(super) fn prefix_word(&self, count: usize) -> (u64, usize) {
        let width = self.prefix_width();
        let packed = digits::pack_number(count as u32);
        let word = match self.prefix.1 {
            PrefixCoding::Bcd => u64::from(packed),
            PrefixCoding::Binary => count as u64,
            PrefixCoding::Ascii => digits::unpack_nibbles(packed),
        };
        (word << (64 - 8 * width), width)
    }

    /// Returns where the unused nibble of [`Kind::FixedDigits`] stands in a word, when there is one.
    pub(super) fn pad_shift(&self) -> u32 {
        match self.align {
            Align::Left => u32::from(self.shift) - 4,
            Align::Right => 60,
        }
    }

    #[inline(always)]
    fn packed_prefix_width(&self) -> usize {
        if self.prefix.0 > 2 { 2 } else { 1 }
    }

    fn prefix_width(&self) -> usize {
        let (digits, coding) = self.prefix;
        Prefix { digits, max: 0, coding, unit: Unit::Digits }.width()
    }

    /// Returns the unused nibble of so many logical characters.
    fn padding(&self, length: usize) -> Padding {
        padding(self.content, self.align, length)
    }
}

/// Returns the unused nibble of so many logical characters, in the packed part of the element.
#[inline]
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

/// Says whether a byte is a character of a track in ASCII.
pub(super) const fn is_track(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b'='
}

fn is_hex(text: &[u8]) -> bool {
    text.len().is_multiple_of(2) && text.iter().all(u8::is_ascii_hexdigit)
}

fn greatest_count(digits: u8, coding: PrefixCoding) -> u32 {
    match coding {
        PrefixCoding::Binary => u32::MAX >> (32 - 8 * u32::from(digits.div_ceil(2))),
        PrefixCoding::Bcd => 10u32.pow(u32::from(digits.next_multiple_of(2))) - 1,
        PrefixCoding::Ascii => 10u32.pow(u32::from(digits)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::iso8583::Spec;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

        #[test]
        fn the_fast_path_and_the_one_that_explains_agree(
            spec in 0..3usize,
            index in 1..128usize,
            bytes in proptest::collection::vec(prop_oneof![4 => 0..10u8, 4 => b'0'..=b'9', 1 => any::<u8>()], 0..40),
        ) {
            let spec = Spec::by_name(Spec::NAMES[spec]).ok_or(TestCaseError::fail("a shipped spec"))?;
            let step = spec.plan().step(index);
            for at in 0..=bytes.len() {
                prop_assert_eq!(step.end(&bytes, at), step.check(&bytes, at).ok());
            }
        }
    }
}
