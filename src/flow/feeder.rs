//! Feeders: where the cards of a flow come from, the same ones for the same seed, terminal and iteration.

use crate::{card::Card, rng::Rng};
use std::sync::Arc;

/// A stock of cards.
#[derive(Clone, Debug)]
pub struct CardFeeder {
    /// The name in the scenario file.
    pub name: Arc<str>,
    /// The cards.
    pub cards: Arc<[Card]>,
    /// In which order they are drawn.
    pub order: Order,
}

/// In which order a feeder is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// One after the other, round and round.
    #[default]
    Sequential,
    /// Any card each time.
    Random,
}

/// Which card a step wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// A new one: `cards.next`.
    Next,
    /// The one this iteration drew last: `cards.current`.
    Current,
}

impl CardFeeder {
    /// The card number `drawn` of the scenario, counted from 0; `None` of an empty stock.
    pub fn draw(&self, drawn: u64, rng: &mut Rng) -> Option<&Card> {
        let last = (self.cards.len() as u64).checked_sub(1)?;
        let index = match self.order {
            Order::Sequential => drawn % (last + 1),
            Order::Random => rng.between(0, last),
        };
        self.cards.get(index as usize)
    }
}
