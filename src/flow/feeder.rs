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
    /// One after the other: the terminals of a fleet take different cards, and each goes round the stock.
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
    /// The `drawn`-th card of terminal `number` of a fleet of `fleet`, all counted from 0; `None` of an empty stock.
    pub fn draw(&self, number: u64, fleet: u64, drawn: u64, rng: &mut Rng) -> Option<&Card> {
        let stock = self.cards.len() as u64;
        let index = match self.order {
            _ if stock == 0 => return None,
            Order::Sequential => number.wrapping_add(drawn.wrapping_mul(fleet)) % stock,
            Order::Random => rng.between(0, stock - 1),
        };
        self.cards.get(index as usize)
    }
}
