//! Texts behind tags: how wide tags and lengths are, what stands before them, and tags inside of tags.

use super::{
    template::{Column, Part, cut_row, write_row},
    values::Values,
};
use crate::ecr::{field_length::FieldLength, frame::LengthForm};
use std::sync::Arc;

/// How tags and lengths are written.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// How the length of what is behind a tag is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagLength {
    /// In the same way for all of them.
    All(FieldLength),
    /// In its own way for each of these tags; there is no other.
    Table(Arc<[(Vec<u8>, FieldLength)]>),
}

/// Fields behind tags, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// How tags and lengths are written.
    pub form: TagForm,
    /// What comes before them.
    pub lead: Lead,
    /// Each tag with what stands behind it; tags that are not named may come too.
    pub fields: Vec<(Vec<u8>, Field)>,
}

/// What comes before the first tag; every value in it has a width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lead {
    /// The very first.
    pub head: Vec<Part>,
    /// The length of all that follows, where it stands there.
    pub count: Option<LengthForm>,
    /// What is counted and no field.
    pub fixed: Vec<Part>,
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
        let lead = self.lead.head.iter().chain(&self.lead.fixed);
        lead.chain(self.fields.iter().flat_map(|(_, field)| field.parts())).collect()
    }

    /// The fields with these values; what no length can say is cut off.
    pub(super) fn write(&self, values: &Values) -> Vec<u8> {
        let mut out = write_row(&self.lead.fixed, values);
        for (tag, field) in &self.fields {
            let value = match field {
                Field::Row(parts) => write_row(parts, values),
                Field::Tags(inner) => inner.write(values),
            };
            let length = self.form.length.of(tag).and_then(|length| length.write(value.len()));
            if let Some(length) = length.filter(|_| !self.leaves_out(field, &value)) {
                out.extend([tag.as_slice(), &length, &value].concat());
            }
        }
        let count = self.lead.count.and_then(|count| count.write(out.len()).ok()).unwrap_or_default();
        [write_row(&self.lead.head, values), count, out].concat()
    }

    /// Whether a field is not written: one that has nothing to say, where tags alone tell which there are.
    fn leaves_out(&self, field: &Field, value: &[u8]) -> bool {
        let is_of_values = matches!(field, Field::Row(parts) if parts.iter().all(Part::is_slot));
        value.is_empty() && is_of_values && matches!(self.form.length, TagLength::Table(_))
    }

    /// Cuts fields into the columns of values; `None` when they are other ones.
    pub(super) fn cut<'b>(&self, bytes: &'b [u8], columns: &mut Vec<Column<'b>>) -> Option<()> {
        let found = self.form.split(self.lead.cut(bytes, columns)?)?;
        for (tag, field) in &self.fields {
            let value = found.iter().find(|(known, _)| known == tag).map(|(_, value)| *value);
            match (field, value) {
                (Field::Row(parts), Some(value)) => cut_row(parts, value, columns)?,
                (Field::Tags(inner), Some(value)) => inner.cut(value, columns)?,
                // A value may be left out; what tells the message from others may not.
                (Field::Row(parts), None) if parts.iter().all(Part::is_slot) => {}
                (_, None) => return None,
            }
        }
        Some(())
    }
}

impl Lead {
    /// Cuts what comes before the fields, and returns the fields.
    fn cut<'b>(&self, bytes: &'b [u8], columns: &mut Vec<Column<'b>>) -> Option<&'b [u8]> {
        let (head, mut rest) = bytes.split_at_checked(width(&self.head)?)?;
        cut_row(&self.head, head, columns)?;
        if let Some(form) = self.count {
            let (count, size) = form.read(rest).ok()??;
            rest = rest.get(size..).filter(|rest| rest.len() == count)?;
        }
        let (fixed, rest) = rest.split_at_checked(width(&self.fixed)?)?;
        cut_row(&self.fixed, fixed, columns)?;
        Some(rest)
    }
}

/// How many bytes these parts take; `None` when that is not known before.
pub fn width(parts: &[Part]) -> Option<usize> {
    parts.iter().map(Part::size).sum()
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
    fn split<'b>(&self, mut rest: &'b [u8]) -> Option<Vec<(&'b [u8], &'b [u8])>> {
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (tag, behind) = rest.split_at_checked(self.tag.size(rest)?)?;
            let (size, count) = self.length.of(tag)?.read(behind)?;
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
    /// How the length of what is behind this tag is known; `None` when there is no such tag.
    pub fn of(&self, tag: &[u8]) -> Option<FieldLength> {
        match self {
            Self::All(length) => Some(*length),
            Self::Table(all) => all.iter().find(|(known, _)| known == tag).map(|(_, length)| *length),
        }
    }
}

/// No tag has more bytes behind its first.
const BER_TAG_MAX: usize = 3;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;
    use crate::ecr::{
        script::{template::Message, values::Slot},
        zvt,
    };

    fn row(text: &str) -> Field {
        Field::Row(Part::parse(text).unwrap())
    }

    #[test]
    fn tags_stand_inside_of_tags_and_have_the_width_that_ber_says() {
        let form = TagForm { tag: TagWidth::Ber, length: TagLength::All(FieldLength::Ber) };
        let fields = vec![(vec![0x1F, 0x81, 0x02], row("{id:3}"))];
        let inner = Tagged { form: form.clone(), lead: Lead::default(), fields };
        let outer = Tagged {
            form,
            lead: Lead::default(),
            fields: vec![(vec![0x06], Field::Tags(inner)), (vec![0x9F, 0x02], row("{amount:6b}"))],
        };
        let values = Values::default().with_number(Slot::Id, 7).with_number(Slot::Amount, 1_250);
        let bytes = outer.write(&values);
        assert_eq!(bytes, b"\x06\x07\x1f\x81\x02\x03007\x9f\x02\x06\0\0\0\0\x12\x50");
        let outer = Message::Tags(outer);
        let read = outer.read(&[&bytes[..], b"\x5f\x24\x01x"].concat()).unwrap();
        assert_eq!((read.id(), read.number(Slot::Amount)), (7, 1_250));
        // Behind the ninth byte the second field is left out, which a value may be.
        for cut in 1..bytes.len() {
            let read = outer.read(&bytes[..cut]);
            assert_eq!(read.is_some(), cut == 9, "{cut}");
        }
    }

    #[test]
    fn lengths_are_written_in_any_form() {
        let length = TagLength::All(FieldLength::Written(LengthForm::Ascii(3)));
        let form = TagForm { tag: TagWidth::Bytes(1), length };
        let tags = Tagged { form, lead: Lead::default(), fields: vec![(vec![b'A'], row("{code}"))] };
        assert_eq!(tags.write(&Values::default().with(Slot::Code, b"00")), b"A00200");
    }

    /// The status information of a ZVT terminal, as PA00P015 writes it: lengths by the name of the field.
    #[test]
    fn a_table_tells_how_long_the_field_behind_each_tag_is() {
        let table = (0..=u8::MAX).filter_map(|tag| Some((vec![tag], zvt::field_length(tag)?)));
        let form = TagForm { tag: TagWidth::Bytes(1), length: TagLength::Table(table.collect()) };
        let lead = Lead {
            head: Part::parse("\u{4}\u{f}").unwrap(),
            count: Some(LengthForm::Escaped),
            fixed: Part::parse("{code:1b}").unwrap(),
        };
        let fields = vec![
            (vec![0x04], row("{amount:6b}")),
            (vec![0x22], row("{card:d}")),
            (vec![0x3C], row("{text}")),
            (vec![0x0B], row("{trace:3b}")),
        ];
        let status = Message::Tags(Tagged { form, lead, fields });
        let values = Values::default()
            .with_number(Slot::Amount, 1_250)
            .with(Slot::Card, b"622588*********6783")
            .with_number(Slot::Trace, 17);
        let bytes = status.write(&values);
        let expected = b"\x04\x0f\x19\0\x04\0\0\0\0\x12\x50\x22\xf1\xf0\x62\x25\x88\xee\xee\xee\xee\xe6\x78\x3f\x0b\0\0\x17";
        assert_eq!(bytes, expected, "nobody writes a text that is empty");
        let read = status.read(&bytes).unwrap();
        assert_eq!((read.get(Slot::Card), read.number(Slot::Trace)), (&b"622588*********6783"[..], 17));
        // A name that is not in the table has no length; one that is and is not asked for may come.
        let more = |field: &[u8]| {
            let body = [&bytes[3..], field].concat();
            status.read(&[&[4, 15, body.len() as u8][..], &body].concat()).is_some()
        };
        assert!(more(b"\x19\x40") && !more(b"\x99\x40") && !more(b"\x22\xf0"));
    }
}
