//! What one side of a line remembers between messages: values told so far, and the numbers of messages.

use super::{
    charset::Charset,
    template::Message,
    values::{Slot, Values},
};

/// The memory of one side.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// All that either side has told in this exchange.
    pub(super) values: Values,
    /// What the other side has told of it.
    pub(super) told: Values,
    /// The number of the last message of ours.
    said: u8,
    /// The number of the last message heard.
    heard: Option<u64>,
}

impl Memory {
    /// Begins an exchange with these values.
    pub(super) fn begin(&mut self, values: Values) {
        (self.values, self.told) = (values, Values::default());
    }

    /// Forgets the number of the last message: who counts on the other side may have begun anew.
    pub(super) fn forget_number(&mut self) {
        self.heard = None;
    }

    /// The payload of a message, with the next number.
    pub(super) fn write(&mut self, message: &Message) -> Vec<u8> {
        self.write_with(message, &Values::default())
    }

    /// The same with more values, which are not kept.
    pub(super) fn write_with(&mut self, message: &Message, more: &Values) -> Vec<u8> {
        if message.has(Slot::Sequence) {
            self.said = self.said % u8::MAX + 1;
        }
        message.write(&self.numbered(self.values.clone().with_all(more)))
    }

    /// These values with the number that the next message has.
    pub(super) fn numbered(&self, values: Values) -> Values {
        values
            .with_number(Slot::Sequence, u64::from(self.said.max(1)))
            .with_number(Slot::Heard, self.heard.unwrap_or(0))
    }

    /// Notes the number of a message; whether it is the one that was heard last.
    pub(super) fn hear(&mut self, values: &Values) -> bool {
        let Some(number) = values.find(Slot::Sequence).map(|_| values.number(Slot::Sequence)) else {
            return false;
        };
        self.heard.replace(number) == Some(number)
    }

    /// Keeps what a message said, in characters that people read.
    pub(super) fn learn(&mut self, told: Values, charset: Charset) {
        let decoded =
            [Slot::Text, Slot::Line].into_iter().filter_map(|slot| Some((slot, told.find(slot)?.to_vec())));
        let decoded = decoded.collect::<Vec<_>>().into_iter();
        let told = decoded.fold(told, |told, (slot, value)| told.with(slot, &charset.decode(&value)));
        self.values = std::mem::take(&mut self.values).with_all(&told);
        self.told = std::mem::take(&mut self.told).with_all(&told);
    }
}
