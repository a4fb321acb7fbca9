//! A received message as a view: parsed without a copy and without the heap.

use std::fmt;

use super::{
    de::De,
    digits,
    error::{Flaw, ParseError, Place},
    mti::Mti,
    spec::{BitmapCoding, MtiCoding, Spec},
    value::Value,
};

/// A parsed message: the bytes and where each element starts.
///
/// `Debug` shows MTI and element numbers only: values may be card data.
#[derive(Clone)]
pub struct Message<'a> {
    spec: &'a Spec,
    bytes: &'a [u8],
    mti: Mti,
    second_bitmap: bool,
    /// The elements that are there, one bit each, bit 1 most significant.
    present: [u64; 2],
    /// Where each element starts that is there.
    starts: [u16; 128],
}

impl<'a> Message<'a> {
    /// The most bytes a message may have, MTI to MAC.
    pub const SIZE_MAX: usize = u16::MAX as usize;

    /// Parses a message, from the first byte of its MTI to its last.
    ///
    /// # Errors
    /// When the bytes are not a message of the spec; every digit, length and bit is checked.
    #[inline]
    pub fn parse(spec: &'a Spec, bytes: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(spec, bytes, false)
    }

    /// Parses a message that ends before its MAC although the bitmap announces one: what a MAC is computed over.
    ///
    /// The element of the MAC counts as absent then.
    ///
    /// # Errors
    /// As [`Message::parse`]; a MAC that is there after all is trailing bytes.
    pub fn parse_mac_absent(spec: &'a Spec, bytes: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(spec, bytes, true)
    }

    /// Parses as much of a message as can be read, for people who want to see what is wrong with it.
    ///
    /// The elements before the error are there, those from it on are not.
    ///
    /// # Errors
    /// When not even MTI and bitmaps can be read.
    pub fn parse_leading(spec: &'a Spec, bytes: &'a [u8]) -> Result<(Self, Option<ParseError>), ParseError> {
        let mut message = Self::parse_head(spec, bytes)?;
        let error = message.parse_elements().err();
        if let Some(ParseError { place: Place::Element(de), .. }) = error {
            message.numbers().filter(|other| *other >= de).collect::<Vec<_>>().into_iter().for_each(|gone| {
                message.present[gone.index() / 64] &= !bit(gone);
            });
        }
        Ok((message, error))
    }

    #[inline(always)]
    fn parse_with(spec: &'a Spec, bytes: &'a [u8], mac_absent: bool) -> Result<Self, ParseError> {
        let mut message = Self::parse_head(spec, bytes)?;
        if mac_absent && let Some(de) = spec.mac_element(message.second_bitmap) {
            message.present[de.index() / 64] &= !bit(de);
        }
        message.parse_elements()?;
        Ok(message)
    }

    #[inline(always)]
    fn parse_head(spec: &'a Spec, bytes: &'a [u8]) -> Result<Self, ParseError> {
        if bytes.len() > Self::SIZE_MAX {
            return Err(error(Place::End, 0, Flaw::TooLong { length: bytes.len(), max: Self::SIZE_MAX }));
        }
        let (mti, at) = parse_mti(spec.mti, bytes)?;
        let (first, mut at) = parse_bitmap(spec.bitmap, bytes, at)?;
        let second_bitmap = first >> 63 == 1;
        let mut second = 0;
        if second_bitmap {
            if !spec.second_bitmap {
                return Err(error(Place::Bitmap, at, Flaw::ReservedBit));
            }
            (second, at) = parse_bitmap(spec.bitmap, bytes, at)?;
        }
        let mut starts = [0; 128];
        // Bit 1 is no element; its place says where the first one starts.
        starts[0] = at as u16;
        Ok(Self { spec, bytes, mti, second_bitmap, present: [first & u64::MAX >> 1, second], starts })
    }

    #[inline(always)]
    fn parse_elements(&mut self) -> Result<(), ParseError> {
        let (plan, bytes) = (self.spec.plan(), self.bytes);
        let mut at = usize::from(self.starts[0]);
        for (half, present) in self.present.into_iter().enumerate() {
            // Lowest bit first: clearing it does not have to wait for finding it.
            let mut left = present.reverse_bits();
            while left != 0 {
                let index = half as u32 * 64 + left.trailing_zeros();
                left &= left - 1;
                self.starts[index as usize & 127] = at as u16;
                let Some(end) = plan.step(index as usize).end(bytes, at) else {
                    return Err(self.explain(De::from_index(index), at));
                };
                at = end;
            }
        }
        match bytes.len() - at {
            0 => Ok(()),
            left => Err(error(Place::End, at, Flaw::Trailing { bytes: left })),
        }
    }

    /// Says what is wrong with the element at `at`.
    #[cold]
    fn explain(&self, de: De, at: usize) -> ParseError {
        let flaw = self.spec.plan().step(de.index()).check(self.bytes, at).err();
        error(Place::Element(de), at, flaw.unwrap_or(Flaw::NotDigits))
    }

    /// Returns the message type indicator.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Returns the spec it was parsed with.
    #[must_use]
    pub const fn spec(&self) -> &'a Spec {
        self.spec
    }

    /// Returns all bytes, MTI to last element.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Says whether an element is there.
    #[inline]
    #[must_use]
    pub const fn has(&self, de: De) -> bool {
        self.present[de.index() / 64] & bit(de) != 0
    }

    /// Returns the value of an element, `None` when it is not there.
    #[inline]
    #[must_use]
    pub fn get(&self, de: De) -> Option<Value<'a>> {
        let step = self.spec.plan().step(de.index());
        let extent = step.extent(self.bytes, self.start(de)?).ok()?;
        let wire = self.bytes.get(extent.start..extent.end)?;
        Some(Value::new(wire, extent.length, step.content, step.align))
    }

    /// Returns the number an element holds, `None` when it is not there or no number.
    #[inline]
    #[must_use]
    pub fn number(&self, de: De) -> Option<u64> {
        self.get(de)?.number()
    }

    /// Says whether both messages have the element with the same value.
    #[must_use]
    pub fn same(&self, de: De, other: &Message<'_>) -> bool {
        self.get(de).zip(other.get(de)).is_some_and(|(mine, theirs)| mine.same(theirs))
    }

    /// Returns the elements that are there, in order.
    pub fn elements(&self) -> impl Iterator<Item = (De, Value<'a>)> + '_ {
        self.numbers().filter_map(|de| Some((de, self.get(de)?)))
    }

    /// Returns the numbers of the elements that are there, in order.
    pub fn numbers(&self) -> impl Iterator<Item = De> + '_ {
        (2..=128).filter_map(De::new).filter(|de| self.has(*de))
    }

    /// Returns the MAC, `None` when there is none.
    #[must_use]
    pub fn mac(&self) -> Option<Value<'a>> {
        self.get(self.mac_element()?)
    }

    /// Returns what the MAC covers: the bytes from the MTI to the last before the MAC; `None` when there is none.
    #[must_use]
    pub fn mac_data(&self) -> Option<&'a [u8]> {
        self.bytes.get(..self.start(self.mac_element()?)?)
    }

    /// Returns the bytes of an element, its length prefix included.
    #[must_use]
    pub fn wire(&self, de: De) -> Option<&'a [u8]> {
        let start = self.start(de)?;
        let end = self.spec.plan().step(de.index()).extent(self.bytes, start).ok()?.end;
        self.bytes.get(start..end)
    }

    fn mac_element(&self) -> Option<De> {
        self.spec.mac_element(self.second_bitmap)
    }

    #[inline(always)]
    fn start(&self, de: De) -> Option<usize> {
        self.has(de).then(|| usize::from(self.starts[de.index()]))
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.numbers().map(De::number).collect();
        f.debug_struct("Message").field("mti", &self.mti).field("elements", &numbers).finish()
    }
}

#[inline(always)]
const fn bit(de: De) -> u64 {
    1 << 63 >> (de.index() % 64)
}

#[inline(always)]
fn parse_mti(coding: MtiCoding, bytes: &[u8]) -> Result<(Mti, usize), ParseError> {
    let (packed, width) = match (coding, bytes) {
        (MtiCoding::Bcd, [a, b, ..]) => (Some(u16::from_be_bytes([*a, *b])), 2),
        (MtiCoding::Ascii, [a, b, c, d, ..]) => {
            let word = digits::load_digits(&[*a, *b, *c, *d]);
            (digits::pack_digits(word).map(|packed| packed as u16), 4)
        }
        _ => {
            let needed = if coding == MtiCoding::Bcd { 2 } else { 4 };
            return Err(error(Place::Mti, 0, Flaw::Truncated { needed, left: bytes.len() }));
        }
    };
    let mti = packed.and_then(Mti::new).ok_or_else(|| error(Place::Mti, 0, Flaw::NotDigits))?;
    Ok((mti, width))
}

#[inline(always)]
fn parse_bitmap(coding: BitmapCoding, bytes: &[u8], at: usize) -> Result<(u64, usize), ParseError> {
    let width = coding.width();
    let Some(bitmap) = bytes.get(at..at + width) else {
        let left = bytes.len().saturating_sub(at);
        return Err(error(Place::Bitmap, at, Flaw::Truncated { needed: width, left }));
    };
    match coding {
        BitmapCoding::Binary => Ok((digits::window(bitmap, 0), at + 8)),
        BitmapCoding::Hex => {
            let bits = hex_word(bitmap).ok_or_else(|| error(Place::Bitmap, at, Flaw::NotHex))?;
            Ok((bits, at + 16))
        }
    }
}

fn hex_word(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let (high, low) = (digits::window(text, 0), digits::window(text, 8));
    Some(u64::from(digits::pack_nibbles(high)?) << 32 | u64::from(digits::pack_nibbles(low)?))
}

#[cold]
fn error(place: Place, offset: usize, flaw: Flaw) -> ParseError {
    ParseError { place, offset, flaw }
}
