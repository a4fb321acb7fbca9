//! Tags, lengths and values of the payloads. What the tags mean is for the presets.

use std::fmt;

/// How tags and lengths are written; a tag has two bytes in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// A length of two bytes, highest first.
    Flat,
    /// A length of one byte below 80, or 81 and one, or 82 and two.
    Ber,
}

/// Why bytes are no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The bytes end inside a field.
    #[error("the field at byte {0} is cut off")]
    Short(usize),
    /// A length is written in a form that does not exist.
    #[error("the length at byte {0} is none")]
    Length(usize),
    /// A field that the message cannot be without is missing or unreadable.
    #[error("tag {0:04x} is missing or wrong")]
    Tag(u16),
}

/// Fields in their order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(u16, Vec<u8>)>);

impl Fields {
    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, tag: u16, value: &[u8]) -> Self {
        self.0.push((tag, value.to_vec()));
        self
    }

    /// The same with one more field, unless its value is empty.
    #[must_use]
    pub fn with_some(self, tag: u16, value: &[u8]) -> Self {
        if value.is_empty() { self } else { self.with(tag, value) }
    }

    /// The value of the first field with this tag.
    pub fn find(&self, tag: u16) -> Option<&[u8]> {
        self.0.iter().find(|(found, _)| *found == tag).map(|(_, value)| &**value)
    }

    /// The value of the first field with this tag, or nothing.
    pub fn value(&self, tag: u16) -> &[u8] {
        self.find(tag).unwrap_or_default()
    }

    /// The digits of a field, in ASCII; 0 when it is missing or no number.
    pub fn number(&self, tag: u16) -> u64 {
        std::str::from_utf8(self.value(tag)).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// The tags and values.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.0.iter().map(|(tag, value)| (*tag, &**value))
    }

    /// Takes a payload apart.
    ///
    /// # Errors
    /// When it ends inside a field or has a length that is none.
    pub fn parse(coding: Coding, bytes: &[u8]) -> Result<Self, FieldError> {
        let (mut fields, mut at) = (Self::default(), 0);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (tag, after) = rest.split_first_chunk::<2>().ok_or(FieldError::Short(at))?;
            let (size, count) = coding.read(after, at)?;
            let value = after.get(size..size + count).ok_or(FieldError::Short(at))?;
            fields = fields.with(u16::from_be_bytes(*tag), value);
            at += 2 + size + count;
        }
        Ok(fields)
    }

    /// The payload; values over 65,535 bytes are cut.
    pub fn write(&self, coding: Coding) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (tag, value) in self.iter() {
            let count = value.len().min(usize::from(u16::MAX));
            bytes.extend(tag.to_be_bytes());
            coding.write(count as u16, &mut bytes);
            bytes.extend(value.iter().take(count));
        }
        bytes
    }
}

impl fmt::Debug for Fields {
    /// Shows tags and lengths: a value may hold a card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(tag, value)| (format!("{tag:04x}"), value.len()));
        f.debug_map().entries(shown).finish()
    }
}

impl Coding {
    fn read(self, bytes: &[u8], at: usize) -> Result<(usize, usize), FieldError> {
        let both = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
        match (self, bytes) {
            (Self::Flat, [high, low, ..]) => Ok((2, both(*high, *low))),
            (Self::Ber, [count @ ..=0x7F, ..]) => Ok((1, usize::from(*count))),
            (Self::Ber, [0x81, count, ..]) => Ok((2, usize::from(*count))),
            (Self::Ber, [0x82, high, low, ..]) => Ok((3, both(*high, *low))),
            (Self::Ber, [0x80 | 0x83.., ..]) => Err(FieldError::Length(at)),
            _ => Err(FieldError::Short(at)),
        }
    }

    fn write(self, count: u16, bytes: &mut Vec<u8>) {
        match (self, count) {
            (Self::Flat, _) => bytes.extend(count.to_be_bytes()),
            (Self::Ber, ..0x80) => bytes.push(count as u8),
            (Self::Ber, ..0x100) => bytes.extend([0x81, count as u8]),
            (Self::Ber, _) => bytes.extend([&[0x82][..], &count.to_be_bytes()].concat()),
        }
    }
}
