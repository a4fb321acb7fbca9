//! Messages with slots: one template writes a payload and reads it back. Which messages there are is for the profiles.

use super::{
    charset::Charset,
    tags::Tagged,
    values::{Slot, Values},
};
use crate::ecr::bcd;

/// How a message is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// One part after the other.
    Row(Vec<Part>),
    /// Parts behind tags.
    Tags(Tagged),
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A value.
    Slot(Slot, Width),
}

/// How much of a message a value takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// All up to the next bytes of the template, or to the end.
    Open,
    /// So many characters.
    Characters(usize, Padding),
    /// So many bytes of two decimal digits each.
    Packed(usize),
    /// As [`Width::Open`], two digits in each byte: E is a digit that is hidden (`*`), D separates (`=`), F fills up.
    Digits,
    /// So many bytes of a binary number.
    Binary {
        /// How many.
        size: usize,
        /// Whether the lowest comes first.
        is_little: bool,
    },
}

/// What fills a column that is wider than its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros before numbers, blanks behind text.
    Usual,
    /// This byte before the value.
    Before(u8),
    /// This byte behind the value.
    Behind(u8),
}

/// What a template may say besides the values that all profiles have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dictionary<'a> {
    /// The profile's own values.
    pub own: &'a [String],
    /// How characters become bytes.
    pub charset: Charset,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// A brace stands alone.
    #[error("a `{{` has no `}}`; a brace of the message itself is `{{{{`")]
    Brace,
    /// There is no such value.
    #[error("there is no value `{0}`")]
    Slot(String),
    /// The width is none.
    #[error("`{0}` is no width: a number of characters, or of bytes as in `6b`")]
    Width(String),
    /// Two values without an end stand side by side.
    #[error("a value without a width ends at the bytes behind it: there are none before the next value")]
    Open,
    /// A character that the character set does not have.
    #[error("`{0}` is more than a byte: write it as the bytes of the terminal's character set")]
    Wide(char),
}

impl Part {
    /// The parts of a template such as `0200|{amount}|{id:6}|`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Vec<Self>, PartError> {
        Self::parse_with(text, Dictionary::default())
    }

    /// The parts of a template that may have values and characters of its profile.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse_with(text: &str, dictionary: Dictionary<'_>) -> Result<Vec<Self>, PartError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                push_bytes(&mut parts, &[first as u8]);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let (slot, behind) = after.split_once('}').ok_or(PartError::Brace)?;
                parts.push(Self::between_braces(slot, dictionary.own)?);
                rest = behind;
            } else {
                push_bytes(&mut parts, &dictionary.charset.encode_char(first).ok_or(PartError::Wide(first))?);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        let is_open =
            |pair: &[Self]| matches!(pair, [Self::Slot(_, Width::Open | Width::Digits), Self::Slot(..)]);
        if parts.windows(2).any(is_open) { Err(PartError::Open) } else { Ok(parts) }
    }

    fn between_braces(text: &str, own: &[String]) -> Result<Self, PartError> {
        let (name, width) = text.split_once(':').map_or((text, None), |(name, width)| (name, Some(width)));
        let known = Slot::ALL.iter().find(|(_, known)| *known == name).map(|(slot, _)| *slot);
        let of_profile = || own.iter().position(|known| known == name).and_then(|at| u8::try_from(at).ok());
        let slot = known.or_else(|| of_profile().map(Slot::Own));
        let slot = slot.ok_or_else(|| PartError::Slot(name.to_owned()))?;
        let width = width.map_or(Some(Width::Open), Width::parse);
        let width =
            width.ok_or_else(|| PartError::Width(text.split_once(':').unwrap_or_default().1.to_owned()))?;
        Ok(Self::Slot(slot, width))
    }

    /// Whether it is a value.
    pub fn is_slot(&self) -> bool {
        matches!(self, Self::Slot(..))
    }

    /// How many bytes it takes; `None` when that is not known before.
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::Slot(_, width) => width.size(),
        }
    }

    fn write(&self, values: &Values, out: &mut Vec<u8>) {
        let Self::Slot(slot, width) = self else {
            let Self::Bytes(bytes) = self else { return };
            return out.extend(bytes);
        };
        let value = values.get(*slot);
        match *width {
            Width::Open => out.extend(value),
            Width::Packed(size) => out.extend(bcd::pack(values.number(*slot), size)),
            Width::Digits => out.extend(bcd::pack_digits(value)),
            Width::Binary { size, is_little } => out.extend(binary(values.number(*slot), size, is_little)),
            Width::Characters(size, padding) => {
                let blanks = size.saturating_sub(value.len());
                let (before, fill) = match padding {
                    Padding::Usual if slot.is_number() => (blanks, b'0'),
                    Padding::Before(fill) => (blanks, fill),
                    Padding::Usual => (0, b' '),
                    Padding::Behind(fill) => (0, fill),
                };
                out.extend(std::iter::repeat_n(fill, before));
                out.extend(value.iter().take(size));
                out.extend(std::iter::repeat_n(fill, blanks - before));
            }
        }
    }
}

impl Width {
    /// `6`, `6>0`, `20<.`, `6b`, `2n`, `2l`, `d`; `None` when it is none of these.
    fn parse(text: &str) -> Option<Self> {
        if text == "d" {
            return Some(Self::Digits);
        }
        let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let (digits, form) = text.split_at(end);
        let size = digits.parse().ok().filter(|size| (1..=WIDEST).contains(size))?;
        match form.as_bytes() {
            [] => Some(Self::Characters(size, Padding::Usual)),
            b"b" => Some(Self::Packed(size)),
            b"n" | b"l" if size <= 8 => Some(Self::Binary { size, is_little: form == "l" }),
            [b'>', fill] => Some(Self::Characters(size, Padding::Before(*fill))),
            [b'<', fill] => Some(Self::Characters(size, Padding::Behind(*fill))),
            _ => None,
        }
    }

    fn size(self) -> Option<usize> {
        match self {
            Self::Open | Self::Digits => None,
            Self::Characters(size, _) | Self::Packed(size) | Self::Binary { size, .. } => Some(size),
        }
    }

    /// The value in a column; `None` when it can be none.
    fn read(self, column: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Packed(_) => Some(bcd::unpack(column)?.to_string().into_bytes()),
            Self::Digits => bcd::unpack_digits(column),
            Self::Binary { is_little, .. } => Some(number(column, is_little).to_string().into_bytes()),
            Self::Characters(_, Padding::Before(fill)) if !fill.is_ascii_digit() => {
                let at = column.iter().position(|byte| *byte != fill).unwrap_or(column.len());
                column.get(at..).map(<[u8]>::to_vec)
            }
            Self::Characters(_, Padding::Behind(fill)) if !fill.is_ascii_digit() => {
                let end = column.iter().rposition(|byte| *byte != fill).map_or(0, |at| at + 1);
                column.get(..end).map(<[u8]>::to_vec)
            }
            // A digit that fills a column may belong to the value.
            Self::Open | Self::Characters(..) => Some(column.trim_ascii().to_vec()),
        }
    }
}

impl Message {
    /// Whether it has this value.
    pub fn has(&self, slot: Slot) -> bool {
        let is_it = |part: &&Part| matches!(part, Part::Slot(known, _) if *known == slot);
        match self {
            Self::Row(parts) => parts.iter().any(|part| is_it(&part)),
            Self::Tags(tags) => tags.parts().iter().any(is_it),
        }
    }

    /// The payload with these values.
    pub fn write(&self, values: &Values) -> Vec<u8> {
        match self {
            Self::Row(parts) => write_row(parts, values),
            Self::Tags(tags) => tags.write(values),
        }
    }

    /// The values of a payload; `None` when it is another message.
    pub fn read(&self, payload: &[u8]) -> Option<Values> {
        self.cut(payload)?.into_iter().try_fold(Values::default(), |values, column| {
            let Column { slot, width, bytes } = column;
            // What is on its way to the host is bytes: a blank at its end is one of them.
            let value = if slot == Slot::Relay { bytes.to_vec() } else { width.read(bytes)? };
            Some(if slot == Slot::Any { values } else { values.with(slot, &value) })
        })
    }

    /// Where the values of a payload stand; `None` when it is another message.
    pub fn cut<'b>(&self, payload: &'b [u8]) -> Option<Vec<Column<'b>>> {
        let mut columns = Vec::new();
        match self {
            Self::Row(parts) => cut_row(parts, payload, &mut columns)?,
            Self::Tags(tags) => tags.cut(payload, &mut columns)?,
        }
        Some(columns)
    }
}

/// A value as it stands in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'b> {
    /// Which value.
    pub slot: Slot,
    /// How it is written.
    pub width: Width,
    /// Its bytes.
    pub bytes: &'b [u8],
}

fn push_bytes(parts: &mut Vec<Part>, more: &[u8]) {
    match parts.last_mut() {
        Some(Part::Bytes(bytes)) => bytes.extend(more),
        _ => parts.push(Part::Bytes(more.to_vec())),
    }
}

/// The parts with these values.
pub(super) fn write_row(parts: &[Part], values: &Values) -> Vec<u8> {
    let mut out = Vec::new();
    parts.iter().for_each(|part| part.write(values, &mut out));
    out
}

/// Cuts all of `rest` into the columns of values; `None` when it is something else.
pub(super) fn cut_row<'b>(parts: &[Part], mut rest: &'b [u8], columns: &mut Vec<Column<'b>>) -> Option<()> {
    for (at, part) in parts.iter().enumerate() {
        let (slot, width) = match part {
            Part::Bytes(bytes) => {
                rest = rest.strip_prefix(&**bytes)?;
                continue;
            }
            Part::Slot(slot, width) => (*slot, *width),
        };
        let end = match (width.size(), parts.get(at + 1)) {
            (Some(size), _) => size,
            // The first byte behind a value is what separates it from the next.
            (None, Some(Part::Bytes(mark))) => rest.iter().position(|byte| mark.first() == Some(byte))?,
            (None, _) => rest.len(),
        };
        let bytes;
        (bytes, rest) = rest.split_at_checked(end)?;
        columns.push(Column { slot, width, bytes });
    }
    rest.is_empty().then_some(())
}

fn binary(number: u64, size: usize, is_little: bool) -> Vec<u8> {
    let low = number.to_le_bytes().into_iter().take(size);
    if is_little { low.collect() } else { low.rev().collect() }
}

fn number(bytes: &[u8], is_little: bool) -> u64 {
    let append = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if is_little { bytes.iter().rev().fold(0, append) } else { bytes.iter().fold(0, append) }
}

/// No column is wider.
const WIDEST: usize = 1_024;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;
    use crate::{
        ecr::vocabulary::{Request, Service},
        money::Amount,
    };

    fn row_of(text: &str) -> Message {
        Message::Row(Part::parse(text).unwrap())
    }

    fn sale() -> Request {
        Request { id: 17, service: Service::Sale, amount: Amount::from_minor(1_500), original: None }
    }

    #[test]
    fn a_template_writes_and_reads_separated_fixed_and_packed_values() {
        for (template, payload) in [
            ("0200|{amount}|{id}|||0|", &b"0200|1500|17|||0|"[..]),
            ("{id:6}{amount:12}X", b"000017000000001500X"),
            ("\u{1c}{amount:6b}{id:3b}", b"\x1c\0\0\0\0\x15\0\0\0\x17"),
            ("{{{amount},{id}}}", b"{1500,17}"),
            ("{amount:4n}{id:2l}", b"\0\0\x05\xdc\x11\0"),
            ("{amount:8>*}{id:4<.}", b"****150017.."),
        ] {
            let message = row_of(template);
            assert_eq!(message.write(&Values::of_request(&sale())), payload, "{template}");
            assert_eq!(message.read(payload).unwrap().request(Service::Sale), sale(), "{template}");
        }
    }

    #[test]
    fn another_message_is_not_read() {
        let message = row_of("0210|{code}|{_}|");
        assert_eq!(message.read(b"0210|00|x|").unwrap().get(Slot::Code), b"00");
        for other in [&b"0211|00|x|"[..], b"0210|00|x", b"0210|00|x|y", b"", b"0210|00"] {
            assert_eq!(message.read(other), None, "{other:?}");
        }
        assert_eq!(row_of("{amount:2b}").read(b"\x1a\x00"), None);
    }

    #[test]
    fn a_profile_has_values_and_characters_of_its_own() {
        let own = ["session".to_owned()];
        let dictionary = Dictionary { own: &own, charset: Charset::Gbk };
        let message = Message::Row(Part::parse_with("签{session:4>0}", dictionary).unwrap());
        assert_eq!(message.write(&Values::default().with(Slot::Own(0), b"42")), b"\xc7\xa90042");
        assert_eq!(message.read(b"\xc7\xa90042").unwrap().get(Slot::Own(0)), b"0042");
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (text, error) in [
            ("{amount", PartError::Brace),
            ("{amont}", PartError::Slot("amont".to_owned())),
            ("{amount:0}", PartError::Width("0".to_owned())),
            ("{amount:b}", PartError::Width("b".to_owned())),
            ("{amount:9n}", PartError::Width("9n".to_owned())),
            ("{amount:6>}", PartError::Width("6>".to_owned())),
            ("{amount}{id}", PartError::Open),
            ("签", PartError::Wide('签')),
        ] {
            assert_eq!(Part::parse(text), Err(error), "{text}");
        }
    }
}
