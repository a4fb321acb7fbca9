//! Texts behind tags: how wide tags and lengths are, and tags inside of tags.

use super::{
    template::{Part, read_row, write_row},
    values::Values,
};
use crate::ecr::frame::LengthForm;

/// How tags and lengths are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagForm {
    /// How a tag is written.
    pub tag: TagWidth,
    /// How the length behind it is written.
    pub length: TagLength,
}

/// How a tag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagWidth {
    /// In so many bytes.
    Bytes(usize),
    /// In one byte, or as many as BER says.
    Ber,
}

/// How the length behind a tag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagLength {
    /// One byte below 80, or 81 and one, or 82 and two.
    Ber,
    /// As lengths of frames are.
    Plain(LengthForm),
}

/// Fields behind tags, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// How tags and lengths are written.
    pub form: TagForm,
    /// Each tag with what stands behind it; tags that are not named may come too.
    pub fields: Vec<(Vec<u8>, Field)>,
}

/// What stands behind a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A text.
    Row(Vec<Part>),
    /// More tags.
    Tags(Tagged),
}

impl Tagged {
    /// All parts of it.
    pub(super) fn parts(&self) -> Vec<&Part> {
        self.fields.iter().flat_map(|(_, field)| field.parts()).collect()
    }

    /// The fields with these values; what no length can say is cut off.
    pub(super) fn write(&self, values: &Values) -> Vec<u8> {
        let mut out = Vec::new();
        for (tag, field) in &self.fields {
            let value = match field {
                Field::Row(parts) => write_row(parts, values),
                Field::Tags(inner) => inner.write(values),
            };
            if let Some(length) = self.form.length.write(value.len()) {
                out.extend([tag.as_slice(), &length, &value].concat());
            }
        }
        out
    }

    /// The values of fields; `None` when they are other ones.
    pub(super) fn read(&self, bytes: &[u8], values: &mut Values) -> Option<()> {
        let found = self.form.split(bytes)?;
        for (tag, field) in &self.fields {
            let value = found.iter().find(|(known, _)| known == tag).map(|(_, value)| *value);
            match (field, value) {
                (Field::Row(parts), Some(value)) => read_row(parts, value, values)?,
                (Field::Tags(inner), Some(value)) => inner.read(value, values)?,
                // A value may be left out; what tells the message from others may not.
                (Field::Row(parts), None) if parts.iter().all(|part| matches!(part, Part::Slot(..))) => {}
                (_, None) => return None,
            }
        }
        Some(())
    }
}

impl Field {
    fn parts(&self) -> Vec<&Part> {
        match self {
            Self::Row(parts) => parts.iter().collect(),
            Self::Tags(inner) => inner.parts(),
        }
    }
}

impl TagForm {
    fn split(self, mut rest: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (tag, behind) = rest.split_at_checked(self.tag.size(rest)?)?;
            let (count, size) = self.length.read(behind)?;
            let value = behind.get(size..size.checked_add(count)?)?;
            found.push((tag, value));
            rest = behind.get(size + count..)?;
        }
        Some(found)
    }
}

impl TagWidth {
    /// How many bytes the tag at the front of these has.
    pub fn size(self, bytes: &[u8]) -> Option<usize> {
        match (self, bytes.first()?) {
            (Self::Bytes(size), _) => Some(size),
            (Self::Ber, first) if first & 0x1F < 0x1F => Some(1),
            // Every further byte but the last has its highest bit set.
            (Self::Ber, _) => {
                let more = bytes.iter().skip(1).take(BER_TAG_MAX).position(|byte| byte & 0x80 == 0)?;
                Some(more + 2)
            }
        }
    }
}

impl TagLength {
    fn read(self, bytes: &[u8]) -> Option<(usize, usize)> {
        match (self, bytes) {
            (Self::Plain(form), _) => form.read(bytes).ok()?,
            (Self::Ber, [count @ ..=0x7F, ..]) => Some((usize::from(*count), 1)),
            (Self::Ber, [0x81, count, ..]) => Some((usize::from(*count), 2)),
            (Self::Ber, [0x82, high, low, ..]) => Some((usize::from(u16::from_be_bytes([*high, *low])), 3)),
            (Self::Ber, _) => None,
        }
    }

    fn write(self, count: usize) -> Option<Vec<u8>> {
        let wide = u16::try_from(count).ok()?;
        match self {
            Self::Plain(form) => form.write(count).ok(),
            Self::Ber => Some(match wide {
                ..0x80 => vec![wide as u8],
                0x80..0x100 => vec![0x81, wide as u8],
                _ => [&[0x82][..], &wide.to_be_bytes()].concat(),
            }),
        }
    }
}

/// No tag has more bytes behind its first.
const BER_TAG_MAX: usize = 3;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;
    use crate::ecr::script::values::Slot;

    fn row(text: &str) -> Field {
        Field::Row(Part::parse(text).unwrap())
    }

    #[test]
    fn tags_stand_inside_of_tags_and_have_the_width_that_ber_says() {
        let form = TagForm { tag: TagWidth::Ber, length: TagLength::Ber };
        let inner = Tagged { form, fields: vec![(vec![0x1F, 0x81, 0x02], row("{id:3}"))] };
        let outer = Tagged {
            form,
            fields: vec![(vec![0x06], Field::Tags(inner)), (vec![0x9F, 0x02], row("{amount:6b}"))],
        };
        let values = Values::default().with_number(Slot::Id, 7).with_number(Slot::Amount, 1_250);
        let bytes = outer.write(&values);
        assert_eq!(bytes, b"\x06\x07\x1f\x81\x02\x03007\x9f\x02\x06\0\0\0\0\x12\x50");
        let mut read = Values::default();
        outer.read(&[&bytes[..], b"\x5f\x24\x01x"].concat(), &mut read).unwrap();
        assert_eq!((read.id(), read.number(Slot::Amount)), (7, 1_250));
        // Behind the ninth byte the second field is left out, which a value may be.
        for cut in 1..bytes.len() {
            let read = outer.read(&bytes[..cut], &mut Values::default());
            assert_eq!(read.is_some(), cut == 9, "{cut}");
        }
    }

    #[test]
    fn lengths_are_written_in_any_form() {
        let form = TagForm { tag: TagWidth::Bytes(1), length: TagLength::Plain(LengthForm::Ascii(3)) };
        let tags = Tagged { form, fields: vec![(vec![b'A'], row("{code}"))] };
        assert_eq!(tags.write(&Values::default().with(Slot::Code, b"00")), b"A00200");
    }
}
