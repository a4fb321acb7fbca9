//! Bitmaps ("BMP"): one byte that names a field, and the field, whose length the name tells; and the TLV container.

use super::apdu::ApduError;
use crate::ecr::{field_length::FieldLength, frame::LengthForm};
use std::fmt;

/// Fields in their order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bmps(Vec<(u8, Vec<u8>)>);

impl Bmps {
    /// The same with one more field; one with a fixed length must have it.
    #[must_use]
    pub fn with(mut self, name: u8, value: &[u8]) -> Self {
        debug_assert!(
            form(name).is_some_and(|form| !matches!(form, FieldLength::Fixed(size) if size != value.len()))
        );
        self.0.push((name, value.to_vec()));
        self
    }

    /// The same with one more field, unless its value is empty.
    #[must_use]
    pub fn with_some(self, name: u8, value: &[u8]) -> Self {
        if value.is_empty() { self } else { self.with(name, value) }
    }

    /// The value of the first field of this name.
    pub fn find(&self, name: u8) -> Option<&[u8]> {
        self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| &**value)
    }

    /// Takes data apart.
    ///
    /// # Errors
    /// When a name is not known, or a field is cut off.
    pub fn parse(mut bytes: &[u8]) -> Result<Self, ApduError> {
        let mut fields = Self::default();
        // Some terminals fill up with zeros.
        while let Some((name, rest)) = bytes.split_first().filter(|_| bytes.iter().any(|byte| *byte != 0)) {
            let form = form(*name).ok_or(ApduError::Bitmap(*name))?;
            let (size, count) = form.read(rest).ok_or(ApduError::Field(*name))?;
            let value = rest.get(size..size + count).ok_or(ApduError::Field(*name))?;
            fields.0.push((*name, value.to_vec()));
            bytes = rest.get(size + count..).unwrap_or_default();
        }
        Ok(fields)
    }

    /// The data; values that are too long for their length are cut.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, value) in &self.0 {
            let form = form(*name).unwrap_or(FieldLength::Fixed(0));
            let count = value.len().min(longest(form));
            bytes.push(*name);
            bytes.extend(form.write(count).unwrap_or_default());
            bytes.extend(value.iter().take(count));
        }
        bytes
    }
}

impl fmt::Debug for Bmps {
    /// Shows names and lengths: a value may hold a card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(name, value)| (format!("{name:02x}"), value.len()));
        f.debug_map().entries(shown).finish()
    }
}

/// A text behind its three digits of length that has no name, and what follows it; `None` when it is cut off.
pub fn unnamed_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, count) = LLLVAR.read(bytes)?;
    bytes.get(size..)?.split_at_checked(count)
}

/// A text of variable length without a tag before it.
pub fn write_unnamed(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(3 + text.len());
    bytes.extend(LLLVAR.write(text.len()).unwrap_or_default());
    bytes.extend_from_slice(text);
    bytes
}

/// A TLV object.
pub fn tlv(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    bytes.extend(FieldLength::Ber.write(value.len()).unwrap_or_default());
    bytes.extend_from_slice(value);
    bytes
}

/// The values of all objects of a tag, inside of others too.
///
/// # Errors
/// When the container is broken.
pub fn find_tlv(container: &[u8], tag: u32) -> Result<Vec<&[u8]>, ApduError> {
    let mut found = Vec::new();
    search(container, tag, DEPTH_MAX, &mut found)?;
    Ok(found)
}

fn search<'a>(
    mut bytes: &'a [u8],
    wanted: u32,
    depth: u8,
    found: &mut Vec<&'a [u8]>,
) -> Result<(), ApduError> {
    while let Some(first) = bytes.first() {
        let (tag, size) = read_tag(bytes).ok_or(ApduError::Tlv)?;
        let rest = bytes.get(size..).unwrap_or_default();
        let (size, count) = FieldLength::Ber.read(rest).ok_or(ApduError::Tlv)?;
        let value = rest.get(size..size + count).ok_or(ApduError::Tlv)?;
        found.extend((tag == wanted).then_some(value));
        if first & CONSTRUCTED != 0 && depth > 0 {
            search(value, wanted, depth - 1, found)?;
        }
        bytes = rest.get(size + count..).unwrap_or_default();
    }
    Ok(())
}

fn read_tag(bytes: &[u8]) -> Option<(u32, usize)> {
    let first = bytes.first()?;
    if first & 0x1F != 0x1F {
        return Some((u32::from(*first), 1));
    }
    let more = bytes.iter().skip(1).take(3).take_while(|byte| **byte & 0x80 != 0).count();
    let tag = bytes.get(..more + 2)?;
    (more < 3).then(|| (tag.iter().fold(0, |tag, byte| tag << 8 | u32::from(*byte)), tag.len()))
}

/// The longest value that a length can say.
fn longest(form: FieldLength) -> usize {
    match form {
        FieldLength::Fixed(size) => size,
        FieldLength::Written(LengthForm::Nibbles(size)) => 10_usize.pow(size as u32) - 1,
        FieldLength::Written(_) | FieldLength::Ber => usize::from(u16::MAX),
    }
}

/// How the length of the field of this name is known; `None` when nobody has such a field.
pub fn form(name: u8) -> Option<FieldLength> {
    let form = match name {
        0x06 => FieldLength::Ber,
        0x22 | 0x23 | 0x2D | 0x8B | 0xA7 | 0xD1 | 0xE1..=0xE8 | 0xF1..=0xF8 => LLVAR,
        0x24 | 0x2E | 0x3C | 0x60 | 0x9A | 0xAF => LLLVAR,
        _ => {
            FieldLength::Fixed(FIXED.iter().find(|(names, _)| names.contains(&name)).map(|(_, size)| *size)?)
        }
    };
    Some(form)
}

/// Fields of one length, by their length in bytes (PA00P015, data elements).
const FIXED: [(&[u8], usize); 9] = [
    (&[0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x8A, 0x8C, 0xA0, 0xD0, 0xD2, 0xD3, 0xE0, 0xE9, 0xEA], 1),
    (&[0xF0, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD], 1),
    (&[0x0D, 0x0E, 0x17, 0x3A, 0x49, 0x87], 2),
    (&[0x0B, 0x0C, 0x37, 0x3D, 0x88, 0xAA], 3),
    (&[0x29], 4),
    (&[0xBA], 5),
    (&[0x04], 6),
    (&[0x3B, 0xEB], 8),
    (&[0x2A], 15),
];
const LLVAR: FieldLength = FieldLength::Written(LengthForm::Nibbles(2));
const LLLVAR: FieldLength = FieldLength::Written(LengthForm::Nibbles(3));
const CONSTRUCTED: u8 = 0x20;
/// Objects inside of objects are looked into so deep.
const DEPTH_MAX: u8 = 8;
