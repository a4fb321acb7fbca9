//! The values of messages: what a register and its terminal have told each other so far, by name.

use crate::{
    ecr::vocabulary::{Answer, MaskedCard, Original, Request, Service, Text, Verdict},
    money::Amount,
};
use std::time::Duration;

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
    Firmware,
    /// A line of the receipt.
    Line,
    /// Bytes on their way to the host, or back.
    Relay,
    /// Where those bytes go.
    Host,
    /// The port there.
    Port,
    /// How long the host may take, in seconds.
    Patience,
    /// The number of this message: each side counts its own, from 1 to 255 and round again.
    Sequence,
    /// The number of the message heard last.
    Heard,
    /// Anything, of which nothing is kept; blank where it is written.
    Any,
    /// A value of the profile's own, by its place in the list of their names.
    Own(u8),
}

/// The values of a message; empty for those that it does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(Slot, Text)>);

impl Slot {
    /// All of them with their names in templates, but for those of the profiles.
    pub const ALL: [(Self, &'static str); 22] = [
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
        (Self::Firmware, "firmware"),
        (Self::Line, "line"),
        (Self::Relay, "relay"),
        (Self::Host, "host"),
        (Self::Port, "port"),
        (Self::Patience, "patience"),
        (Self::Sequence, "sequence"),
        (Self::Heard, "heard"),
        (Self::Any, "_"),
    ];

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Id | Self::Amount | Self::Receipt | Self::Date | Self::Trace)
            || matches!(self, Self::Port | Self::Patience | Self::Sequence | Self::Heard)
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
    pub fn of_answer(number: &[u8], answer: &Answer) -> Self {
        let card = answer.card.as_bytes();
        Self::default()
            .with(Slot::Id, number)
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
            .with(Slot::Firmware, &answer.firmware.0)
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
            firmware: self.get(Slot::Firmware).into(),
        }
    }

    /// The register's number; 0 when it is not there or none of ours.
    pub fn id(&self) -> u32 {
        u32::try_from(self.number(Slot::Id)).unwrap_or(0)
    }

    /// How long the host may take; nothing when that is not said.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.number(Slot::Patience).min(PATIENCE_MAX))
    }

    /// A value; empty when it is not there.
    pub fn get(&self, slot: Slot) -> &[u8] {
        self.find(slot).unwrap_or_default()
    }

    /// A value that was told, were it empty.
    pub fn find(&self, slot: Slot) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| *known == slot).map(|(_, value)| &*value.0)
    }

    /// The same with this value, in place of one of that name.
    #[must_use]
    pub fn with(mut self, slot: Slot, value: &[u8]) -> Self {
        match self.0.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, known)) => *known = value.into(),
            None => self.0.push((slot, value.into())),
        }
        self
    }

    /// The same with this number, in decimal digits.
    #[must_use]
    pub fn with_number(self, slot: Slot, number: u64) -> Self {
        self.with(slot, number.to_string().as_bytes())
    }

    /// The same with all of these, in place of those of their names.
    #[must_use]
    pub fn with_all(self, others: &Self) -> Self {
        others.0.iter().fold(self, |values, (slot, value)| values.with(*slot, &value.0))
    }

    /// Whether both tell the same: numbers by what they count, everything else by its characters.
    pub fn agrees(&self, other: &Self, slot: Slot) -> bool {
        match slot.is_number() {
            true => self.number(slot) == other.number(slot),
            false => self.get(slot) == other.get(slot),
        }
    }

    fn either(&self, first: Slot, second: Slot) -> &[u8] {
        let value = self.get(first);
        if value.is_empty() { self.get(second) } else { value }
    }

    fn amount(&self) -> Amount {
        Amount::from_minor(self.number(Slot::Amount).min(Amount::MAX.minor()))
    }

    pub(super) fn number(&self, slot: Slot) -> u64 {
        std::str::from_utf8(self.get(slot)).ok().and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
    }
}

/// No host takes longer, in seconds.
const PATIENCE_MAX: u64 = 3_600;
