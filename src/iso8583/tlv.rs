//! BER-TLV as chip data uses it (EMV Book 3, annex B): walked without a copy, built into a buffer.
//!
//! What a tag means is in [`super::emv_tags`]; which of them a message needs is left to its machines.

use std::fmt;

/// The tag of a data object: one to four bytes, kept as the number that they write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

/// A data object: its tag, its value, and where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DataObject<'a> {
    /// The tag.
    pub tag: Tag,
    /// The value.
    pub value: &'a [u8],
    /// Where its tag stands, in bytes from the start of the outermost data.
    pub offset: usize,
    value_offset: usize,
    depth: u8,
}

/// Walks through the data objects of one level in their order; an error ends the walk.
///
/// Bytes 00 before, between and after data objects are skipped.
#[derive(Clone)]
pub struct Tlv<'a> {
    rest: &'a [u8],
    offset: usize,
    depth: u8,
}

/// Bytes are no BER-TLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {flaw}")]
pub struct TlvError {
    /// Where the broken data object stands, in bytes from the start of the outermost data.
    pub offset: usize,
    /// What is wrong with it.
    pub flaw: TlvFlaw,
}

/// What is wrong with a data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvFlaw {
    /// The data ends inside the tag or the length.
    #[error("the data ends inside a tag or its length")]
    CutOff,
    /// The data ends inside the value.
    #[error("a value of {length} bytes is announced, {left} are left")]
    ShortValue {
        /// The bytes announced.
        length: usize,
        /// The bytes there.
        left: usize,
    },
    /// The tag is longer than any in use.
    #[error("a tag has more than {} bytes", Tag::BYTES_MAX)]
    LongTag,
    /// The length is the indefinite form, or longer than any message.
    #[error("a length is of no form that chip data uses")]
    BadLength,
    /// Templates within templates within templates.
    #[error("templates are nested more than {DEPTH_MAX} deep")]
    TooDeep,
}

impl Tag {
    /// The most bytes of a tag.
    pub const BYTES_MAX: usize = 4;

    /// The tag that these bytes write as a number, such as `0x9F26`; `None` if no tag is written so.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        let tag = Self(number);
        let bytes = number.to_be_bytes();
        let mut place = Self::BYTES_MAX - tag.len();
        if number == 0 || (bytes[place] & MORE_BYTES == MORE_BYTES) != (tag.len() > 1) {
            return None;
        }
        place += 1;
        while place < Self::BYTES_MAX {
            if (bytes[place] & 0x80 != 0) != (place + 1 < Self::BYTES_MAX) {
                return None;
            }
            place += 1;
        }
        Some(tag)
    }

    /// Returns the number that its bytes write.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether its value is again data objects.
    ///
    /// FF00 to FF7F would be, but the dialect uses them for the texts of a receipt.
    #[must_use]
    pub const fn is_constructed(self) -> bool {
        let first = self.0 >> (8 * (self.len() - 1));
        first & 0x20 != 0 && self.0 & 0xFFFF_FF80 != 0xFF00
    }

    /// The number of its bytes.
    const fn len(self) -> usize {
        match self.0 {
            0..=0xFF => 1,
            0x100..=0xFFFF => 2,
            0x1_0000..=0xFF_FFFF => 3,
            _ => 4,
        }
    }

    /// Takes the tag at the start of `bytes`.
    fn take(bytes: &[u8]) -> Result<(Self, &[u8]), TlvFlaw> {
        let (&first, mut rest) = bytes.split_first().ok_or(TlvFlaw::CutOff)?;
        let mut number = u32::from(first);
        let mut more = first & MORE_BYTES == MORE_BYTES;
        while more {
            let (&next, after) = rest.split_first().ok_or(TlvFlaw::CutOff)?;
            if number > 0xFF_FFFF {
                return Err(TlvFlaw::LongTag);
            }
            number = number << 8 | u32::from(next);
            (more, rest) = (next & 0x80 != 0, after);
        }
        Ok((Self(number), rest))
    }
}

impl<'a> Tlv<'a> {
    /// The data objects of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0, depth: 0 }
    }

    /// The value of the first data object with this tag on this level; `None` also when something before it is broken.
    #[must_use]
    pub fn find(&self, tag: Tag) -> Option<&'a [u8]> {
        self.clone().map_while(Result::ok).find(|object| object.tag == tag).map(|object| object.value)
    }

    /// Shows every data object and what is within, each before its children, with its depth (0 outside).
    ///
    /// # Errors
    /// [`TlvError`] at the first place that is broken; what stands before it has been shown.
    pub fn visit(self, show: &mut impl FnMut(usize, DataObject<'a>)) -> Result<(), TlvError> {
        for object in self {
            let object = object?;
            show(usize::from(object.depth), object);
            if let Some(children) = object.children() {
                children.visit(show)?;
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Result<DataObject<'a>, TlvFlaw> {
        if usize::from(self.depth) >= DEPTH_MAX {
            return Err(TlvFlaw::TooDeep);
        }
        let (tag, rest) = Tag::take(self.rest)?;
        let (length, rest) = take_length(rest)?;
        let short = TlvFlaw::ShortValue { length, left: rest.len() };
        let (value, rest) = rest.split_at_checked(length).ok_or(short)?;
        let offset = self.offset;
        let value_offset = offset + (self.rest.len() - rest.len() - length);
        self.offset = value_offset + length;
        self.rest = rest;
        Ok(DataObject { tag, value, offset, value_offset, depth: self.depth })
    }
}

impl<'a> Iterator for Tlv<'a> {
    type Item = Result<DataObject<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let padding = self.rest.iter().take_while(|&&byte| byte == 0).count();
        self.rest = self.rest.get(padding..).unwrap_or_default();
        self.offset += padding;
        if self.rest.is_empty() {
            return None;
        }
        let offset = self.offset;
        Some(self.take().map_err(|flaw| {
            self.rest = &[];
            TlvError { offset, flaw }
        }))
    }
}

impl<'a> DataObject<'a> {
    /// The data objects within, when it is a template.
    #[must_use]
    pub fn children(&self) -> Option<Tlv<'a>> {
        let inside = Tlv { rest: self.value, offset: self.value_offset, depth: self.depth + 1 };
        self.tag.is_constructed().then_some(inside)
    }
}

/// Data objects one after the other, as long as DE 55 may be, on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IccData {
    bytes: [u8; Self::CAPACITY],
    length: u8,
}

impl IccData {
    /// The most bytes of DE 55.
    pub const CAPACITY: usize = 255;

    /// No data object.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], length: 0 }
    }

    /// Appends a data object; `false`, and nothing is appended, when there is no room.
    pub fn push(&mut self, tag: Tag, value: &[u8]) -> bool {
        let head = Head::new(tag, value.len());
        let start = usize::from(self.length);
        let end = start + head.as_bytes().len() + value.len();
        let Some(room) = self.bytes.get_mut(start..end) else { return false };
        let (first, rest) = room.split_at_mut(head.as_bytes().len());
        first.copy_from_slice(head.as_bytes());
        rest.copy_from_slice(value);
        self.length = end as u8;
        true
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Default for IccData {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends a data object with the shortest form of its length.
pub fn append_tlv(to: &mut Vec<u8>, tag: Tag, value: &[u8]) {
    to.extend_from_slice(Head::new(tag, value.len()).as_bytes());
    to.extend_from_slice(value);
}

/// Appends a template around what `fill` appends.
pub fn append_template(to: &mut Vec<u8>, tag: Tag, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = to.len();
    fill(to);
    let head = Head::new(tag, to.len().saturating_sub(start));
    to.splice(start..start, head.as_bytes().iter().copied());
}

/// A tag and a length, at most nine bytes.
struct Head {
    bytes: [u8; 9],
    len: usize,
}

impl Head {
    fn new(tag: Tag, length: usize) -> Self {
        let mut head = Self { bytes: [0; 9], len: 0 };
        let tag_bytes = tag.0.to_be_bytes();
        head.push(&tag_bytes[Tag::BYTES_MAX - tag.len()..]);
        let bytes = (length as u32).to_be_bytes();
        match length {
            0..=0x7F => head.push(&bytes[3..]),
            _ => {
                let used = 4 - length.leading_zeros().saturating_sub(usize::BITS - 32) as usize / 8;
                head.push(&[0x80 | used as u8]);
                head.push(&bytes[4 - used..]);
            }
        }
        head
    }

    fn push(&mut self, part: &[u8]) {
        self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Takes a length: one byte below 80, else 81 to 84 and as many bytes.
fn take_length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvFlaw> {
    let (&first, rest) = bytes.split_first().ok_or(TlvFlaw::CutOff)?;
    match first {
        0..=0x7F => Ok((usize::from(first), rest)),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7F)).ok_or(TlvFlaw::CutOff)?;
            Ok((bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest))
        }
        _ => Err(TlvFlaw::BadLength),
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// Values may be card data.
impl fmt::Debug for DataObject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataObject({} at {}, {} bytes)", self.tag, self.offset, self.value.len())
    }
}

impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tlv({} bytes from {})", self.rest.len(), self.offset)
    }
}

impl fmt::Debug for IccData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IccData({} bytes)", self.length)
    }
}

/// The low bits of a first byte after which the tag goes on.
const MORE_BYTES: u8 = 0x1F;
/// More levels than any card has.
const DEPTH_MAX: usize = 8;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    fn tag(number: u32) -> Tag {
        Tag::new(number).unwrap()
    }

    #[test]
    fn only_what_bytes_can_write_is_a_tag() {
        for number in [0x95, 0x9F26, 0x5F2A, 0xDF8105, 0xDF818205, 0xFF00, 0x1F01] {
            assert_eq!(tag(number).number(), number);
        }
        for number in [0, 0x9F, 0x9500, 0x9F81, 0x9F2601, 0xDF81, 0xDF818281, 0xDF05_0505] {
            assert_eq!(Tag::new(number), None, "{number:X}");
        }
    }

    #[test]
    fn templates_are_known_by_a_bit_but_for_the_texts_of_receipts() {
        for number in [0x70, 0x71, 0x6F, 0xA5, 0xBF0C, 0xFF8105] {
            assert!(tag(number).is_constructed(), "{number:X}");
        }
        for number in [0x95, 0x9F26, 0x5F2A, 0xDF31, 0xFF00, 0xFF70] {
            assert!(!tag(number).is_constructed(), "{number:X}");
        }
    }

    #[test]
    fn lengths_are_written_in_their_shortest_form() {
        for (length, head) in [
            (0, "9500"),
            (127, "957F"),
            (128, "958180"),
            (255, "9581FF"),
            (256, "95820100"),
            (65536, "9583010000"),
        ] {
            let written: String =
                Head::new(tag(0x95), length).as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
            assert_eq!(written, head);
        }
    }

    #[test]
    fn what_does_not_fit_is_not_pushed() {
        let mut data = IccData::new();
        assert!(data.push(tag(0x9F10), &[7; 249]));
        assert_eq!(data.as_bytes().len(), 253);
        assert!(!data.push(tag(0x95), &[0]));
        assert_eq!(data.as_bytes().len(), 253);
        assert!(data.push(tag(0x95), &[]));
    }
}
