//! What a terminal can be asked to do, and what came of it: one vocabulary for virtual and real terminals.
//!
//! A flow compiles to [`Operation`]s. Whoever carries them out – a virtual terminal, a real one, a terminal in
//! virtual time – answers each with one [`Outcome`].

mod kind;
mod outcome;

pub use kind::{Kind, MessageForm};
pub use outcome::{End, Failure, Outcome};

use crate::{card::Card, money::Amount};

/// One thing that a terminal is asked to do.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Which transaction or management message.
    pub kind: Kind,
    /// The amount; zero for operations without one.
    pub amount: Amount,
    /// The card and how it is read; `None` for management.
    pub card: Option<CardUse>,
}

impl Operation {
    /// An operation of the management of a terminal: no card, no amount.
    pub fn management(kind: Kind) -> Self {
        Self { kind, amount: Amount::ZERO, card: None }
    }

    /// A sale of `amount`.
    pub fn sale(amount: Amount, card: CardUse) -> Self {
        Self { kind: Kind::Sale, amount, card: Some(card) }
    }
}

/// A card in the hand of its holder: which, how it is read, and whether the PIN is entered.
#[derive(Clone, Debug)]
pub struct CardUse {
    /// The card.
    pub card: Card,
    /// How the terminal reads it.
    pub entry: Entry,
    /// Whether the holder enters the PIN.
    pub pin: bool,
}

/// How a terminal reads a card (DE 22, first two digits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Keyed by hand: DE 2 and DE 14.
    Keyed,
    /// Magnetic stripe: DE 35.
    Stripe,
    /// Contact chip: DE 2, 14, 23, 35 and 55.
    Chip,
    /// Contactless chip: as by contact.
    Contactless,
}

impl Entry {
    /// All ways, with their names in scenario files.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Keyed, "keyed"),
        (Self::Stripe, "stripe"),
        (Self::Chip, "chip"),
        (Self::Contactless, "contactless"),
    ];

    /// The first two digits of DE 22.
    pub const fn digits(self) -> u16 {
        match self {
            Self::Keyed => 1,
            Self::Stripe => 2,
            Self::Chip => 5,
            Self::Contactless => 7,
        }
    }

    /// Whether the chip of the card takes part.
    pub const fn reads_chip(self) -> bool {
        matches!(self, Self::Chip | Self::Contactless)
    }
}
