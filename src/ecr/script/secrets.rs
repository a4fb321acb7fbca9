//! Which values of the messages of a protocol no record may show.

use super::{
    template::{Column, Message, Width},
    values::Slot,
};

/// The values that are secret, and the messages that have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    values: Vec<(Slot, Secrecy)>,
    messages: Vec<Message>,
}

/// How much of a value is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// It is the number of a card: all but its first six and last four digits.
    Card,
    /// All of it.
    Whole,
}

/// A secret as it stands in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret<'b> {
    /// How much of it is secret.
    pub secrecy: Secrecy,
    /// Its bytes.
    pub bytes: &'b [u8],
    /// Whether a byte of it has two digits.
    pub is_packed: bool,
}

impl Secrets {
    /// These values, and of these messages those that have one.
    pub fn new<'m>(values: Vec<(Slot, Secrecy)>, messages: impl Iterator<Item = &'m Message>) -> Self {
        let has_one = |message: &&Message| values.iter().any(|(slot, _)| message.has(*slot));
        let messages = messages.filter(has_one).cloned().collect();
        Self { values, messages }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The secrets of a payload, whichever message it may be.
    pub fn of<'b>(&self, payload: &'b [u8]) -> Vec<Secret<'b>> {
        let columns = self.messages.iter().filter_map(|message| message.cut(payload)).flatten();
        columns.filter_map(|column| self.secret(column)).collect()
    }

    fn secret<'b>(&self, Column { slot, width, bytes }: Column<'b>) -> Option<Secret<'b>> {
        let (_, secrecy) = self.values.iter().find(|(known, _)| *known == slot)?;
        let is_packed = matches!(width, Width::Packed(_) | Width::Digits);
        Some(Secret { secrecy: *secrecy, bytes, is_packed }).filter(|secret| !secret.bytes.is_empty())
    }
}
