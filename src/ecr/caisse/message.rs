//! Tags, lengths and values as text: two characters, three digits, and so many characters.

use crate::{
    ecr::vocabulary::{MaskedCard, Text},
    money::Amount,
};
use std::fmt;

/// Tagged values in their order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tags(Vec<([u8; 2], Vec<u8>)>);

/// Why a text is no message of Caisse-AP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It ends inside a value, or a length is no number.
    #[error("the value at character {0} is broken")]
    Value(usize),
    /// It does not begin with its version.
    #[error("the message does not begin with CZ")]
    Version,
    /// A tag that it must have is missing or wrong.
    #[error("tag {} is missing or wrong", .0.escape_ascii())]
    Tag([u8; 2]),
}

/// What is asked, tag CD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(pub u8);

impl Action {
    /// Debit.
    pub const DEBIT: Self = Self(b'0');
    /// Credit.
    pub const CREDIT: Self = Self(b'1');
    /// Cancel.
    pub const CANCEL: Self = Self(b'2');
}

/// A request or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Tag CJ, the protocol's identifier, twelve digits.
    pub protocol: String,
    /// Tag CA, the register's number.
    pub register: u8,
    /// Tag CB.
    pub amount: Amount,
    /// Tag CD.
    pub action: Action,
    /// Tag CE, ISO 4217 numeric.
    pub currency: u16,
    /// Tag BA: whether the answer is to wait for the end; `None` when it is not said.
    pub waits: Option<bool>,
    /// Tag CH, the register's number of the request; 0 when there is none. A convention of this program.
    pub id: u32,
    /// Tag CU, the number of the request that is to be undone whatever became of it; a convention of this program.
    pub undone: Option<u32>,
    /// Tag AE, of an answer: `10` done, `01` not done, `11` taken.
    pub result: Option<[u8; 2]>,
    /// Tag AF: why it is not done.
    pub reason: Text,
    /// Tag AA, the card.
    pub card: MaskedCard,
    /// Tag AC, the approval code.
    pub approval: Text,
}

impl Tags {
    /// The value of a tag.
    pub fn find(&self, tag: &[u8; 2]) -> Option<&[u8]> {
        self.0.iter().find(|(found, _)| found == tag).map(|(_, value)| &**value)
    }

    /// The same with one more value; one of more than 999 characters is cut.
    #[must_use]
    pub fn with(mut self, tag: &[u8; 2], value: &[u8]) -> Self {
        self.0.push((*tag, value.iter().take(999).copied().collect()));
        self
    }

    /// The text.
    pub fn write(&self) -> Vec<u8> {
        let one = |(tag, value): &([u8; 2], Vec<u8>)| {
            [&tag[..], format!("{:03}", value.len()).as_bytes(), value].concat()
        };
        self.0.iter().flat_map(one).collect()
    }

    /// Takes a text apart.
    ///
    /// # Errors
    /// When a value is cut off or a length no number.
    pub fn parse(text: &[u8]) -> Result<Self, TextError> {
        let (mut tags, mut at) = (Self::default(), 0);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let (tag, rest) = rest.split_first_chunk::<2>().ok_or(TextError::Value(at))?;
            let (length, rest) = rest.split_first_chunk::<3>().ok_or(TextError::Value(at))?;
            let count = number(length).ok_or(TextError::Value(at))? as usize;
            tags.0.push((*tag, rest.get(..count).ok_or(TextError::Value(at))?.to_vec()));
            at += 5 + count;
        }
        Ok(tags)
    }
}

impl fmt::Debug for Tags {
    /// Shows tags and lengths: a value may hold a card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(tag, value)| (tag.escape_ascii().to_string(), value.len()));
        f.debug_map().entries(shown).finish()
    }
}

impl Message {
    /// The text.
    pub fn write(&self) -> Vec<u8> {
        let some = |tags: Tags, tag: &[u8; 2], value: &[u8]| {
            if value.is_empty() { tags } else { tags.with(tag, value) }
        };
        let id = if self.id == 0 { String::new() } else { format!("{:06}", self.id) };
        let undone = self.undone.map(|id| format!("{id:06}")).unwrap_or_default();
        let waits: &[u8] = match self.waits {
            None => b"",
            Some(true) => b"0",
            Some(false) => b"1",
        };
        // What a message must have comes last: where silence ends it, its beginning must not pass for the whole.
        let tags = Tags::default().with(b"CZ", VERSION).with(b"CJ", self.protocol.as_bytes());
        let tags = some(some(tags, b"CH", id.as_bytes()), b"CU", undone.as_bytes());
        let tags = some(tags, b"AE", self.result.as_ref().map_or(&[][..], |result| result));
        let tags = some(tags, b"AF", &self.reason.0);
        let tags = some(some(tags, b"AA", self.card.as_bytes()), b"AC", &self.approval.0);
        some(tags, b"BA", waits)
            .with(b"CA", format!("{:02}", self.register % 100).as_bytes())
            .with(b"CB", format!("{:02}", self.amount.minor()).as_bytes())
            .with(b"CD", &[self.action.0])
            .with(b"CE", format!("{:03}", self.currency).as_bytes())
            .write()
    }

    /// Takes a text apart.
    ///
    /// # Errors
    /// When it is no message, or one that lacks what it must have.
    pub fn parse(text: &[u8]) -> Result<Self, TextError> {
        let tags = Tags::parse(text)?;
        let starts_right = tags.0.first().is_some_and(|(tag, _)| tag == b"CZ");
        if !starts_right {
            return Err(TextError::Version);
        }
        let must = |tag: &[u8; 2]| tags.find(tag).ok_or(TextError::Tag(*tag));
        let digits = |tag: &[u8; 2]| number(must(tag)?).ok_or(TextError::Tag(*tag));
        let [action] = *must(b"CD")? else { return Err(TextError::Tag(*b"CD")) };
        Ok(Self {
            protocol: String::from_utf8_lossy(must(b"CJ")?).into_owned(),
            register: digits(b"CA")? as u8,
            amount: Amount::from_minor(digits(b"CB")?),
            action: Action(action),
            currency: digits(b"CE")? as u16,
            waits: tags.find(b"BA").map(|value| value == b"0"),
            id: tags.find(b"CH").and_then(number).unwrap_or(0) as u32,
            undone: tags.find(b"CU").and_then(number).map(|id| id as u32),
            result: tags.find(b"AE").and_then(|value| value.try_into().ok()),
            reason: tags.find(b"AF").unwrap_or_default().into(),
            card: MaskedCard::new(tags.find(b"AA").unwrap_or_default()),
            approval: tags.find(b"AC").unwrap_or_default().into(),
        })
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.len() <= 12 && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

const VERSION: &[u8] = b"0300";
