//! Messages with slots: one template writes a payload and reads it back.

use crate::{
    ecr::{
        bcd,
        mis::{Coding, Fields},
        vocabulary::{Answer, MaskedCard, Original, Request, Service, Text, Verdict},
    },
    money::Amount,
};
use std::str::FromStr;

/// How a message is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// One part after the other.
    Row(Vec<Part>),
    /// Parts behind tags of two bytes; tags that are not named may come too.
    Tags(Coding, Vec<(u16, Vec<Part>)>),
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A value.
    Slot(Slot, Width),
}

/// Which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named after the values")]
pub enum Slot {
    Id,
    Amount,
    Receipt,
    Reference,
    Date,
    Code,
    Trace,
    Approval,
    Card,
    /// The last four digits of a card.
    Last4,
    Text,
    Terminal,
    SerialNumber,
    /// Anything, of which nothing is kept; blank where it is written.
    Any,
}

/// How much of a message a value takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// All up to the next bytes of the template, or to the end.
    Open,
    /// So many characters: numbers with zeros before them, text with blanks behind it.
    Characters(usize),
    /// So many bytes of two decimal digits each.
    Packed(usize),
}

/// The values of a message; empty for those that it does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(Slot, Text)>);

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
    /// A character that is no byte.
    #[error("`{0}` is more than a byte: write it as the bytes of the terminal's character set")]
    Wide(char),
}

impl Slot {
    /// All of them with their names in templates.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Id, "id"),
        (Self::Amount, "amount"),
        (Self::Receipt, "receipt"),
        (Self::Reference, "reference"),
        (Self::Date, "date"),
        (Self::Code, "code"),
        (Self::Trace, "trace"),
        (Self::Approval, "approval"),
        (Self::Card, "card"),
        (Self::Last4, "last4"),
        (Self::Text, "text"),
        (Self::Terminal, "terminal"),
        (Self::SerialNumber, "serial"),
        (Self::Any, "_"),
    ];

    fn is_number(self) -> bool {
        matches!(self, Self::Id | Self::Amount | Self::Receipt | Self::Date | Self::Trace)
    }
}

impl Part {
    /// The parts of a template such as `0200|{amount}|{id:6}|`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Vec<Self>, PartError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                push_byte(&mut parts, first as u8);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let (slot, behind) = after.split_once('}').ok_or(PartError::Brace)?;
                parts.push(slot.parse()?);
                rest = behind;
            } else {
                push_byte(&mut parts, u8::try_from(u32::from(first)).map_err(|_| PartError::Wide(first))?);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        let is_open = |pair: &[Self]| matches!(pair, [Self::Slot(_, Width::Open), Self::Slot(..)]);
        if parts.windows(2).any(is_open) { Err(PartError::Open) } else { Ok(parts) }
    }

    fn write(&self, values: &Values, out: &mut Vec<u8>) {
        match self {
            Self::Bytes(bytes) => out.extend(bytes),
            Self::Slot(slot, Width::Packed(size)) => out.extend(bcd::pack(values.number(*slot), *size)),
            Self::Slot(slot, Width::Open) => out.extend(values.get(*slot)),
            Self::Slot(slot, Width::Characters(size)) => {
                let value = values.get(*slot);
                let blanks = size.saturating_sub(value.len());
                let zeros = if slot.is_number() { blanks } else { 0 };
                out.extend(std::iter::repeat_n(b'0', zeros));
                out.extend(value.iter().take(*size));
                out.extend(std::iter::repeat_n(b' ', blanks - zeros));
            }
        }
    }
}

impl FromStr for Part {
    type Err = PartError;

    /// The slot between the braces.
    fn from_str(text: &str) -> Result<Self, PartError> {
        let (name, width) = text.split_once(':').map_or((text, None), |(name, width)| (name, Some(width)));
        let slot = Slot::ALL.iter().find(|(_, known)| *known == name).map(|(slot, _)| *slot);
        let slot = slot.ok_or_else(|| PartError::Slot(name.to_owned()))?;
        let bad = |width: &str| PartError::Width(width.to_owned());
        let number = |digits: &str| digits.parse().ok().filter(|size| (1..=WIDEST).contains(size));
        let width = match width.map(|width| (width, width.strip_suffix('b'))) {
            None => Width::Open,
            Some((whole, Some(digits))) => Width::Packed(number(digits).ok_or_else(|| bad(whole))?),
            Some((whole, None)) => Width::Characters(number(whole).ok_or_else(|| bad(whole))?),
        };
        Ok(Self::Slot(slot, width))
    }
}

impl Message {
    /// Whether it has this value.
    pub fn has(&self, slot: Slot) -> bool {
        let is_it = |part: &Part| matches!(part, Part::Slot(known, _) if *known == slot);
        match self {
            Self::Row(parts) => parts.iter().any(is_it),
            Self::Tags(_, tags) => tags.iter().any(|(_, parts)| parts.iter().any(is_it)),
        }
    }

    /// The payload with these values.
    pub fn write(&self, values: &Values) -> Vec<u8> {
        match self {
            Self::Row(parts) => row(parts, values),
            Self::Tags(coding, tags) => {
                let with =
                    |fields: Fields, (tag, parts): &(u16, Vec<Part>)| fields.with(*tag, &row(parts, values));
                tags.iter().fold(Fields::default(), with).write(*coding)
            }
        }
    }

    /// The values of a payload; `None` when it is another message.
    pub fn read(&self, payload: &[u8]) -> Option<Values> {
        let mut values = Values::default();
        match self {
            Self::Row(parts) => read_row(parts, payload, &mut values)?,
            Self::Tags(coding, tags) => {
                let fields = Fields::parse(*coding, payload).ok()?;
                for (tag, parts) in tags {
                    match fields.find(*tag) {
                        Some(value) => read_row(parts, value, &mut values)?,
                        // A value may be left out; what tells the message from others may not.
                        None if parts.iter().all(|part| matches!(part, Part::Slot(..))) => {}
                        None => return None,
                    }
                }
            }
        }
        Some(values)
    }
}

impl Values {
    /// The values of a request.
    pub fn of_request(request: &Request) -> Self {
        let original = request.original.clone().unwrap_or_default();
        Self::default()
            .with_number(Slot::Id, u64::from(request.id))
            .with_number(Slot::Amount, request.amount.minor())
            .with_number(Slot::Receipt, u64::from(original.receipt))
            .with(Slot::Reference, &original.reference.0)
            .with_number(Slot::Date, u64::from(original.date))
    }

    /// The values of an answer to the request with this number.
    pub fn of_answer(number: &Text, answer: &Answer) -> Self {
        let card = answer.card.as_bytes();
        Self::default()
            .with(Slot::Id, &number.0)
            .with_number(Slot::Amount, answer.amount.minor())
            .with_number(Slot::Receipt, u64::from(answer.receipt))
            .with_number(Slot::Trace, u64::from(answer.trace))
            .with(Slot::Code, &answer.code.0)
            .with(Slot::Approval, &answer.approval.0)
            .with(Slot::Reference, &answer.reference.0)
            .with(Slot::Card, card)
            .with(Slot::Last4, card.last_chunk::<4>().map_or(card, |last| last))
            .with(Slot::Text, &answer.text.0)
            .with(Slot::Terminal, &answer.terminal.0)
            .with(Slot::SerialNumber, &answer.serial_number.0)
    }

    /// The request that these are the values of.
    pub fn request(&self, service: Service) -> Request {
        let original = Original {
            receipt: self.number(Slot::Receipt) as u32,
            reference: self.get(Slot::Reference).into(),
            date: self.number(Slot::Date) as u16,
        };
        let original = Some(original).filter(|original| *original != Original::default());
        Request { id: self.id(), service, amount: self.amount(), original }
    }

    /// The answer that these are the values of.
    pub fn answer(&self, verdict: Verdict) -> Answer {
        Answer {
            verdict,
            amount: self.amount(),
            code: self.get(Slot::Code).into(),
            receipt: self.number(Slot::Receipt) as u32,
            trace: self.number(Slot::Trace) as u32,
            approval: self.get(Slot::Approval).into(),
            reference: self.get(Slot::Reference).into(),
            card: MaskedCard::new(self.either(Slot::Card, Slot::Last4)),
            text: self.get(Slot::Text).into(),
            lines: Vec::new(),
            terminal: self.get(Slot::Terminal).into(),
            serial_number: self.get(Slot::SerialNumber).into(),
        }
    }

    /// The register's number; 0 when it is not there or none of ours.
    pub fn id(&self) -> u32 {
        u32::try_from(self.number(Slot::Id)).unwrap_or(0)
    }

    /// A value; empty when it is not there.
    pub fn get(&self, slot: Slot) -> &[u8] {
        self.0.iter().find(|(known, _)| *known == slot).map_or(&[], |(_, value)| &value.0)
    }

    fn either(&self, first: Slot, second: Slot) -> &[u8] {
        let value = self.get(first);
        if value.is_empty() { self.get(second) } else { value }
    }

    fn amount(&self) -> Amount {
        Amount::from_minor(self.number(Slot::Amount).min(Amount::MAX.minor()))
    }

    fn number(&self, slot: Slot) -> u64 {
        std::str::from_utf8(self.get(slot)).ok().and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
    }

    fn with(mut self, slot: Slot, value: &[u8]) -> Self {
        self.0.push((slot, value.into()));
        self
    }

    fn with_number(self, slot: Slot, number: u64) -> Self {
        self.with(slot, number.to_string().as_bytes())
    }
}

fn push_byte(parts: &mut Vec<Part>, byte: u8) {
    match parts.last_mut() {
        Some(Part::Bytes(bytes)) => bytes.push(byte),
        _ => parts.push(Part::Bytes(vec![byte])),
    }
}

fn row(parts: &[Part], values: &Values) -> Vec<u8> {
    let mut out = Vec::new();
    parts.iter().for_each(|part| part.write(values, &mut out));
    out
}

fn read_row(parts: &[Part], mut rest: &[u8], values: &mut Values) -> Option<()> {
    for (at, part) in parts.iter().enumerate() {
        let value;
        match part {
            Part::Bytes(bytes) => {
                rest = rest.strip_prefix(&**bytes)?;
                continue;
            }
            Part::Slot(_, Width::Open) => {
                let end = match parts.get(at + 1) {
                    // The first byte behind a value is what separates it from the next.
                    Some(Part::Bytes(mark)) => rest.iter().position(|byte| mark.first() == Some(byte))?,
                    _ => rest.len(),
                };
                (value, rest) = rest.split_at_checked(end)?;
            }
            Part::Slot(_, Width::Characters(size) | Width::Packed(size)) => {
                (value, rest) = rest.split_at_checked(*size)?;
            }
        }
        keep(part, value, values)?;
    }
    rest.is_empty().then_some(())
}

fn keep(part: &Part, value: &[u8], values: &mut Values) -> Option<()> {
    match part {
        Part::Slot(slot, Width::Packed(_)) => {
            *values = std::mem::take(values).with_number(*slot, bcd::unpack(value)?);
        }
        Part::Slot(slot, _) => *values = std::mem::take(values).with(*slot, value.trim_ascii()),
        Part::Bytes(_) => {}
    }
    Some(())
}

/// No column is wider.
const WIDEST: usize = 1_024;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

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
    fn what_is_no_template_says_why() {
        for (text, error) in [
            ("{amount", PartError::Brace),
            ("{amont}", PartError::Slot("amont".to_owned())),
            ("{amount:0}", PartError::Width("0".to_owned())),
            ("{amount:b}", PartError::Width("b".to_owned())),
            ("{amount}{id}", PartError::Open),
            ("签", PartError::Wide('签')),
        ] {
            assert_eq!(Part::parse(text), Err(error), "{text}");
        }
    }
}
