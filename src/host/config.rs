//! What a simulated host is told before it starts: its dialect, limits and moods.

use super::rule::Rule;
use crate::{
    card::Card,
    crypto::{MacAlgorithm, MacForm, Tmk},
    iso8583::{MerchantId, Spec, TerminalId},
    money::Amount,
    rng::Seed,
    time::WallClock,
};
use std::sync::Arc;

/// What a simulated host is told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The dialect of the messages.
    pub spec: &'static Spec,
    /// How the MAC is computed.
    pub mac: MacAlgorithm,
    /// How the MAC is written into DE 64.
    pub mac_form: MacForm,
    /// Whether the MAK it hands out is 16 bytes long; else 8.
    pub double_length_mak: bool,
    /// The terminals that it knows.
    pub terminals: Vec<Enrolment>,
    /// The cards that it knows, with their PINs.
    pub cards: Arc<[Card]>,
    /// What it makes of cards that it does not know.
    pub unknown_cards: UnknownCards,
    /// What every account holds at the start.
    pub opening_balance: Amount,
    /// The largest sale; beyond it the answer is 61.
    pub sale_limit: Amount,
    /// The first rule that fits a request decides about it; without one the host does its work.
    pub rules: Vec<Rule>,
    /// The wall clock for DE 12, 13 and 15.
    pub clock: WallClock,
    /// The seed of everything that it decides by chance.
    pub seed: Seed,
}

/// A terminal as the host knows it.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42, the only one this terminal may use.
    pub merchant: MerchantId,
    /// The master key under which its work keys travel.
    pub tmk: Tmk,
}

/// What a host makes of cards that it does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownCards {
    /// It opens an account for any number whose check digit holds, and takes any PIN.
    #[default]
    Accept,
    /// It declines with 14.
    Decline,
}
