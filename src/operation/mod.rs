//! What a terminal can be asked to do, and what came of it: one vocabulary for virtual and real terminals.
//!
//! A flow compiles to [`Operation`]s. Whoever carries them out – a virtual terminal, a real one, a terminal in
//! virtual time – answers each with one [`Outcome`].

mod form;
mod kind;
mod kind_set;
mod original;
mod outcome;
mod variant;

pub use form::{Effect, MessageForm, Reference, Side};
pub use kind::Kind;
pub use kind_set::KindSet;
pub use original::{Original, PaymentCode, TransactionRef};
pub use outcome::{End, Failure, Outcome};
pub use variant::Variant;

use crate::{card::Card, money::Amount};

/// One thing that a terminal is asked to do.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Which transaction or management message.
    pub kind: Kind,
    /// The circumstances that make it a mail order, an instalment plan and so on.
    pub variant: Variant,
    /// The amount; zero for operations without one, and for those whose amount is the original's.
    pub amount: Amount,
    /// The tip that is part of the amount.
    pub tip: Amount,
    /// The card and how it is read; `None` for management, and to use the original's.
    pub card: Option<CardUse>,
    /// The transaction that it is about, for kinds that have [`Kind::originals`].
    pub original: Original,
    /// The code that the payer shows, for [`Kind::QrSale`].
    pub payment_code: Option<PaymentCode>,
}

impl Operation {
    /// An operation of this kind and nothing else said: no card, no amount, the newest original that fits.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            variant: Variant::Plain,
            amount: Amount::ZERO,
            tip: Amount::ZERO,
            card: None,
            original: Original::Newest,
            payment_code: None,
        }
    }

    /// An operation of the management of a terminal: no card, no amount.
    pub fn management(kind: Kind) -> Self {
        Self::of(kind)
    }

    /// A sale of `amount`.
    pub fn sale(amount: Amount, card: CardUse) -> Self {
        Self { amount, card: Some(card), ..Self::of(Kind::Sale) }
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
