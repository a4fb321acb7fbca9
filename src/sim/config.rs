//! What a simulated world is made of: fleet, host, network, work, and the bounds of the run.

use super::Network;
use crate::{
    card::Card,
    host::{self, UnknownCards},
    money::Amount,
    operation::{CardUse, Entry, Kind, Operation, PaymentCode},
    rng::{Rng, Seed},
    terminal::Profile,
    time::WallClock,
};
use std::{ops::RangeInclusive, time::Duration};

/// What a simulated world is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Everything that happens by chance follows from it.
    pub seed: Seed,
    /// What the terminals are.
    pub profile: Profile,
    /// How many there are.
    pub terminals: u32,
    /// Whether they keep their connections between operations.
    pub keeps_connection: bool,
    /// How many cards there are; terminals draw from all of them.
    pub cards: u64,
    /// The host; terminals, cards, dialect, clock and seed come from the rest.
    pub host: host::Config,
    /// How often the merchant comes to the counter of the host's portal, where it has one.
    pub visits: u32,
    /// What is between terminals and host.
    pub network: Network,
    /// What the terminals are asked to do.
    pub workload: Workload,
    /// Where a run ends at the latest.
    pub limits: Limits,
}

/// What each terminal is asked to do, one operation after the other.
#[derive(Clone, Debug)]
pub struct Workload {
    /// How many operations each terminal does.
    pub operations: u32,
    /// The kinds with their weights.
    pub mix: Vec<(Kind, u32)>,
    /// Kinds to do one after the other before the mix begins.
    pub script: Vec<Kind>,
    /// The amounts of sales, in minor units.
    pub amounts: RangeInclusive<u64>,
    /// The time between the end of an operation and the next.
    pub think: RangeInclusive<Duration>,
    /// How probable it is that the power fails after a message was sent.
    pub power_cut: f64,
    /// How long after the message it fails.
    pub power_cut_after: RangeInclusive<Duration>,
    /// The power of the first terminal fails once, right after the event with this number.
    pub power_cut_at: Option<u64>,
}

/// Where a run ends at the latest.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Virtual time.
    pub time: Duration,
    /// Events taken.
    pub events: u64,
    /// How often owed reversals are sent over the healed network at the end.
    pub settling_rounds: u32,
}

impl Workload {
    /// The operation number `done` of a terminal: the script's, then drawn by the weights.
    pub(super) fn operation(&self, done: u32, cards: &[Card], rng: &mut Rng) -> Operation {
        let scripted = self.script.get(done as usize).copied();
        let kind = scripted.unwrap_or_else(|| self.draw_kind(rng));
        let stands_alone = kind.originals().is_empty();
        let mut operation = Operation::of(kind);
        if kind.takes_amount() && !kind.amount_is_originals() && kind != Kind::TipAdjust {
            operation.amount = self.draw_amount(kind, rng);
        }
        if kind.takes_card() && stands_alone {
            operation.card = draw_card(cards, rng);
        }
        if kind == Kind::TipAdjust {
            operation.tip = Amount::from_minor(1);
        }
        if kind == Kind::QrSale {
            operation.payment_code = draw_payment_code(rng);
        }
        // Mostly what is done about an original is about the whole of it.
        if !stands_alone && rng.happens(0.8) {
            operation.amount = Amount::ZERO;
        }
        operation
    }

    /// Amounts of what goes against an original are small, so that it is not exceeded too often.
    fn draw_amount(&self, kind: Kind, rng: &mut Rng) -> Amount {
        let (least, most) = (*self.amounts.start(), *self.amounts.end());
        let most = if kind.originals().is_empty() { most } else { least.max(most / 8) };
        Amount::from_minor(rng.between(least, most))
    }

    fn draw_kind(&self, rng: &mut Rng) -> Kind {
        let total: u64 = self.mix.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = rng.between(1, total);
        for (kind, weight) in &self.mix {
            match left.checked_sub(u64::from(*weight)) {
                None | Some(0) => return *kind,
                Some(rest) => left = rest,
            }
        }
        Kind::Echo
    }
}

/// A card, read in one of all ways, with or without PIN.
fn draw_card(cards: &[Card], rng: &mut Rng) -> Option<CardUse> {
    let card = one_of(cards, rng)?.clone();
    let (entry, _) = *one_of(&Entry::ALL, rng)?;
    Some(CardUse { card, entry, pin: rng.happens(0.5) })
}

/// Nineteen digits that begin as codes of wallets do.
fn draw_payment_code(rng: &mut Rng) -> Option<PaymentCode> {
    PaymentCode::from_digits(format!("62{:017}", rng.between(0, 99_999_999_999_999_999)).as_bytes())
}

fn one_of<'a, T>(things: &'a [T], rng: &mut Rng) -> Option<&'a T> {
    things.get(rng.between(0, things.len().saturating_sub(1) as u64) as usize)
}

impl Default for Config {
    /// Three terminals, twenty cards and a network without faults.
    fn default() -> Self {
        Self {
            seed: Seed(0),
            profile: Profile::default(),
            terminals: 3,
            keeps_connection: false,
            cards: 20,
            host: host::Config {
                unknown_cards: UnknownCards::Decline,
                opening_balance: Amount::from_minor(100_000),
                sale_limit: Amount::MAX,
                clock: WallClock::starting_at(FIRST_SECOND),
                ..host::Config::default()
            },
            visits: 0,
            network: Network::default(),
            workload: Workload::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            operations: 6,
            mix: vec![(Kind::Sale, 16), (Kind::Balance, 2), (Kind::Echo, 1), (Kind::SignOut, 1)],
            amounts: 1..=20_000,
            think: Duration::from_millis(100)..=Duration::from_secs(3),
            script: Vec::new(),
            power_cut: 0.0,
            power_cut_after: Duration::ZERO..=Duration::from_millis(200),
            power_cut_at: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(24 * 3600), events: 100_000, settling_rounds: 50 }
    }
}

/// 1 January 2026, 08:00.
const FIRST_SECOND: i64 = 1_767_254_400;
