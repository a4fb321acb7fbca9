//! The settlement cards (结算卡) of a merchant and their states; which of them payouts go to.

use super::{
    Person, Phone, Refusal,
    bank::{AccountClass, Bank},
    merchant::check_text,
};
use crate::{
    card::{MaskedPan, Pan},
    time::Instant,
};

/// Number of a settlement card within the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardId(pub u32);

/// A card that a merchant sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCard {
    /// The number as typed.
    pub pan: Pan,
    /// Holder's name.
    pub holder: String,
    /// Issuing bank.
    pub bank: String,
    /// Reserved phone.
    pub phone: Phone,
}

/// A settlement card in the books; it never leaves them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementCard {
    /// Its number.
    pub id: CardId,
    /// What the merchant sent; the PAN prints masked.
    pub card: NewCard,
    /// Where it stands.
    pub state: CardState,
    /// When a change made it effective; nothing for the card that a merchant began with.
    pub changed_at: Option<Instant>,
}

/// Where a settlement card stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardState {
    /// Under review.
    Pending,
    /// Approved; payouts go to it from that instant on.
    Approved(Instant),
    /// Payouts go to it.
    Effective,
    /// Bound, while payouts go to another.
    Bound,
    /// A later card took its place at that instant.
    Replaced(Instant),
    /// It was unbound at that instant.
    Unbound(Instant),
    /// The review rejected it.
    Rejected(String),
}

/// The settlement cards of one merchant, in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wallet {
    cards: Vec<SettlementCard>,
}

impl SettlementCard {
    /// The number as lists show it.
    #[must_use]
    pub fn masked(&self) -> MaskedPan {
        MaskedPan::from(&self.card.pan)
    }

    /// Whether it is bound now.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self.state, CardState::Effective | CardState::Bound)
    }

    fn is_open(&self) -> bool {
        self.is_bound() || matches!(self.state, CardState::Pending | CardState::Approved(_))
    }
}

impl Wallet {
    /// The card that payouts go to.
    pub(super) fn effective(&self) -> Option<&SettlementCard> {
        self.cards.iter().find(|card| card.state == CardState::Effective)
    }

    pub(super) fn card(&self, id: CardId) -> Option<&SettlementCard> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// All cards there ever were.
    pub(super) fn history(&self) -> &[SettlementCard] {
        &self.cards
    }

    pub(super) fn bound(&self) -> impl Iterator<Item = &SettlementCard> {
        self.cards.iter().filter(|card| card.is_bound())
    }

    /// Whether a card of this number is bound or about to be.
    pub(super) fn has_open(&self, pan: &Pan) -> bool {
        self.cards.iter().any(|card| card.card.pan == *pan && card.is_open())
    }

    pub(super) fn add(&mut self, id: CardId, card: NewCard, state: CardState) {
        self.cards.push(SettlementCard { id, card, state, changed_at: None });
    }

    pub(super) fn set(&mut self, id: CardId, state: CardState) {
        let card = self.cards.iter_mut().find(|card| card.id == id);
        card.expect("cards are never removed").state = state;
    }

    pub(super) fn note_change(&mut self, id: CardId, at: Instant) {
        let card = self.cards.iter_mut().find(|card| card.id == id);
        card.expect("cards are never removed").changed_at = Some(at);
    }
}

/// Checks that a card may become a settlement card of a holder.
///
/// 1. its check digit is right,
/// 2. its bank knows it, and it was activated,
/// 3. it belongs to the holder, by name and by identity number,
/// 4. its account is of class I.
///
/// # Errors
/// The refusal of the first that does not hold.
pub(super) fn check(card: &NewCard, holder: &Person, bank: &Bank) -> Result<(), Refusal> {
    if !card.pan.is_luhn_valid() {
        return Err(Refusal::CardLuhn);
    }
    let account = bank.account(&card.pan).filter(|account| account.is_activated);
    let account = account.ok_or(Refusal::CardNotActivated)?;
    if card.holder != holder.name || account.holder != holder.name {
        return Err(Refusal::CardOtherHolder);
    }
    if account.identity != holder.identity {
        return Err(Refusal::CardIdentity);
    }
    if account.class != AccountClass::First {
        return Err(Refusal::CardClass);
    }
    check_text(&card.bank, Refusal::NameInvalid)?;
    if card.phone.is_valid() { Ok(()) } else { Err(Refusal::PhoneInvalid) }
}
