//! How the message of an operation looks on the wire, and what it does to money.

use crate::iso8583::Mti;

/// How the message of a [`Kind`](super::Kind) looks on the wire, and what it does to money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageForm {
    /// The request's message type.
    pub mti: Mti,
    /// DE 3; `None` where the message has none.
    pub processing_code: Option<u32>,
    /// DE 25; `None` where the message has none. A [`Variant`](super::Variant) may put another in its place.
    pub condition_code: Option<u8>,
    /// DE 60.1.
    pub message_kind: u8,
    /// DE 60.3; a sign-in's depends on the profile.
    pub network_management: u16,
    /// Whether it carries an amount (DE 4).
    pub has_amount: bool,
    /// Whether it carries a system trace audit number and uses it up.
    pub has_stan: bool,
    /// Whether it is reversed when its fate is unknown.
    pub reversible: bool,
    /// Whether it may be done without being signed in.
    pub before_sign_in: bool,
    /// How it names its original (DE 37, 38 and 61).
    pub reference: Reference,
    /// What it does to money when it is approved.
    pub effect: Effect,
    /// Where the totals of a settlement count it.
    pub side: Side,
}

/// How a message names the transaction that it is about (DE 61).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// It stands alone.
    None,
    /// Sixteen zeros.
    Empty,
    /// 000000, 000000 and the date of the original.
    Date,
    /// Batch and STAN of the original.
    Transaction,
    /// Batch, STAN and date of the original.
    DatedTransaction,
}

/// What an approved operation does to money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing.
    None,
    /// The card pays the merchant.
    Debit,
    /// The merchant pays the card.
    Credit,
    /// Money of the card is set aside.
    Hold,
    /// What was set aside is free again.
    Release,
    /// What was set aside is free again, and the card pays the merchant.
    Complete,
    /// The amount of the original becomes this one.
    Adjust,
}

/// Where the totals of a settlement (DE 48) count an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Nowhere.
    None,
    /// Among the debits.
    Debit,
    /// Among the credits.
    Credit,
    /// Where its original is, with the difference of the amounts.
    Adjust,
}
