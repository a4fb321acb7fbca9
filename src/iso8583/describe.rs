//! A message as a table for people: names, values, meanings, sub-elements.

use std::{borrow::Cow, fmt};

use super::{
    de::De, dictionary, frame::FrameHead, mask::Masking, message::Message, mti::Mti,
    response_code::ResponseCode, sub_elements::sub_elements, transcript::shown, value::Value,
};

/// A message described for people; `Display` is the table that `decode` prints.
///
/// ```text
/// 0210  60 00 00 00 06 ...
///   DE 4    amount                000000073700
///   DE 60   private data          22000065000501
///             60.1 kind           22
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Description {
    /// TPDU and header, where there was a frame.
    pub head: Option<FrameHead>,
    /// The message type indicator.
    pub mti: Mti,
    /// One row an element.
    pub rows: Vec<Row>,
}

/// One element of a description.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The element.
    pub de: De,
    /// What it is called.
    pub name: &'static str,
    /// Its value, masked or not.
    pub value: String,
    /// What the value means, where a table knows.
    pub meaning: Option<&'static str>,
    /// Its sub-elements.
    pub parts: Vec<Part>,
}

/// A sub-element of a row.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number or tag, and its name.
    pub label: Cow<'static, str>,
    /// Its value, with the meaning where there is one.
    pub value: String,
}

impl Description {
    /// Describes a message.
    #[must_use]
    pub fn of(message: &Message<'_>, head: Option<&FrameHead>, masking: Masking) -> Self {
        let mti = message.mti();
        let rows = message.elements().map(|(de, value)| Row {
            de,
            name: dictionary::name(de),
            value: shown(message, de, value, masking),
            meaning: meaning(de, value),
            parts: sub_elements(message, de, value, masking),
        });
        Self { head: head.copied(), mti, rows: rows.collect() }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mti)?;
        if let Some(head) = self.head {
            write!(f, "  TPDU {}  header {}", head.tpdu, head.header)?;
        }
        writeln!(f)?;
        self.rows.iter().try_for_each(|row| row.fmt(f))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<7} {:<27} {}", self.de.to_string(), self.name, self.value)?;
        if let Some(meaning) = self.meaning {
            write!(f, "  ({meaning})")?;
        }
        writeln!(f)?;
        self.parts.iter().try_for_each(|part| writeln!(f, "            {:<25} {}", part.label, part.value))
    }
}

fn meaning(de: De, value: Value<'_>) -> Option<&'static str> {
    match de {
        De::RESPONSE_CODE => Some(ResponseCode::from_bytes(value.text()?).ok()?.meaning()),
        _ => None,
    }
}
