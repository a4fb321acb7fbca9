//! What a simulated world is made of: fleet, host, network, work, and the bounds of the run.

use super::Network;
use crate::{
    card::Card,
    host,
    money::Amount,
    operation::{CardUse, Entry, Kind, Operation, PaymentCode},
    rng::{Rng, Seed},
    terminal::Profile,
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
    /// What every account holds at the start.
    pub opening_balance: Amount,
    /// The moods of the host.
    pub moods: Vec<host::Rule>,
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
    /// The amounts of sales, in minor units.
    pub amounts: RangeInclusive<u64>,
    /// The time between the end of an operation and the next.
    pub think: RangeInclusive<Duration>,
    /// How probable it is that the power fails after a message was sent.
    pub power_cut: f64,
    /// How long after the message it fails.
    pub power_cut_after: RangeInclusive<Duration>,
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
    /// Draws an operation: its kind by the weights, and amount, card, entry and PIN evenly.
    pub(super) fn draw(&self, cards: &[Card], rng: &mut Rng) -> Operation {
        let mut operation = Operation::management(self.draw_kind(rng));
        if operation.kind.takes_amount() {
            operation.amount = Amount::from_minor(rng.between(*self.amounts.start(), *self.amounts.end()));
        }
        if operation.kind.takes_card()
            && let Some(card) = one_of(cards, rng)
            && let Some((entry, _)) = one_of(&Entry::ALL, rng)
        {
            operation.card = Some(CardUse { card: card.clone(), entry: *entry, pin: rng.happens(0.5) });
        }
        // Mostly the holder of the original is gone, and what is done about it is about the whole of it.
        if !operation.kind.originals().is_empty() && rng.happens(0.8) {
            operation.card = None;
            operation.amount = Amount::ZERO;
        }
        if operation.kind == Kind::QrSale {
            let digits = format!("62{:018}", rng.between(0, 999_999_999_999_999_999));
            operation.payment_code = PaymentCode::from_digits(digits.as_bytes());
        }
        operation
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
            opening_balance: Amount::from_minor(100_000),
            moods: Vec::new(),
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
            power_cut: 0.0,
            power_cut_after: Duration::ZERO..=Duration::from_millis(200),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(24 * 3600), events: 100_000, settling_rounds: 50 }
    }
}
