//! Stocks of cards: generated ones and those of CSV files.

use super::Compiler;
use crate::{
    card::{Bin, Card, CardGenerator, CardParts, CardRange, CardRangeError, Expiry},
    flow::{CardFeeder, Order},
    rng::Domain,
    scenario::{
        file::{Feeder, Generate},
        node::Node,
        table::{Row, Table},
        words::CardOrder,
    },
};
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn feeders(&mut self) -> Vec<CardFeeder> {
        let file = self.file;
        let mut feeders = Vec::new();
        for (number, (name, feeder)) in file.feeders.iter().enumerate() {
            let node = self.node("feeders", name);
            let cards = self.cards(node, feeder, number as u64);
            let order = match feeder.order {
                CardOrder::Sequential => Order::Sequential,
                CardOrder::Random => Order::Random,
            };
            feeders.push(CardFeeder { name: name.into(), cards: cards.into(), order });
        }
        feeders
    }

    fn cards(&mut self, node: &Node, feeder: &Feeder, number: u64) -> Vec<Card> {
        match (&feeder.generate, &feeder.file) {
            (Some(generate), None) => self.generated(node.child("generate"), generate, number),
            (None, Some(file)) => self.of_file(node, file),
            (Some(_), Some(_)) => {
                self.complain(&node.at_key("file"), "a feeder has `generate` or `file`, not both");
                Vec::new()
            }
            (None, None) => {
                if !node.is_tainted() {
                    self.complain(&node.span, "a feeder needs `generate` or `file`");
                }
                Vec::new()
            }
        }
    }

    fn generated(&mut self, node: &Node, generate: &Generate, number: u64) -> Vec<Card> {
        let mut bins: Vec<Bin> = Vec::new();
        for (index, text) in generate.bins.iter().enumerate() {
            let at = node.child("bins").item(index).span.clone();
            bins.extend(self.or_complain(&at, text.parse::<Bin>()));
        }
        if generate.count == 0 || generate.count > MAX_CARDS {
            self.complain(&node.at("count"), format!("a feeder has 1 to {MAX_CARDS} cards"));
        }
        if bins.len() < generate.bins.len() || !(1..=MAX_CARDS).contains(&generate.count) {
            return Vec::new();
        }
        let range = CardRange {
            bins,
            count: u64::from(generate.count),
            pan_len: usize::from(generate.pan_length),
            pin_len: usize::from(generate.pin_length),
            ..CardRange::default()
        };
        let seed = self.seed.stream(Domain::Cards, number, 0).bits();
        let made_in = Expiry::new(MADE_IN.0, MADE_IN.1).expect("the month of a constant");
        match CardGenerator::new(range, seed, made_in) {
            Ok(generator) => generator.iter().collect(),
            Err(error) => {
                self.complain(&node.at(key_of(&error)), error.to_string());
                Vec::new()
            }
        }
    }

    fn of_file(&mut self, node: &Node, file: &str) -> Vec<Card> {
        let at = node.at("file");
        let Some(text) = self.read(&at, file) else { return Vec::new() };
        let table = Table::read(file, &text, &COLUMNS, 0);
        let Some(table) = self.or_complain(&at, table) else { return Vec::new() };
        let (good, bad): (Vec<_>, Vec<_>) = table.rows().map(card).partition(Result::is_ok);
        self.complain_about_rows(&at, bad.into_iter().filter_map(Result::err).collect());
        good.into_iter().filter_map(Result::ok).collect()
    }

    /// The cards of all feeders, for the host.
    pub(super) fn all_cards(feeders: &[CardFeeder]) -> Arc<[Card]> {
        feeders.iter().flat_map(|feeder| feeder.cards.iter().cloned()).collect()
    }
}

/// The card of a row; each column alone first, so that a complaint can name it.
fn card(row: Row<'_>) -> Result<Card, String> {
    let parts = CardParts {
        pan: row.get("pan"),
        expiry: row.get("expiry"),
        sequence: row.get("sequence"),
        service_code: row.get("service_code"),
        pin: row.get("pin"),
        track2: row.get("track2"),
    };
    Card::from_parts(parts).map_err(|error| match column_of(error) {
        Some(column) => row.complaint(column, error),
        None => row.complaint_of_row(error),
    })
}

/// The column that an error is about.
fn column_of(error: crate::card::CardError) -> Option<&'static str> {
    use crate::card::CardError as E;
    match error {
        E::PanLength(_) | E::PanDigit(_) | E::Missing("PAN") => Some("pan"),
        E::Expiry | E::Missing("expiry") => Some("expiry"),
        E::Sequence => Some("sequence"),
        E::ServiceCode => Some("service_code"),
        E::Pin => Some("pin"),
        E::Track2 => Some("track2"),
        _ => None,
    }
}

/// The key that an error about generated cards is about.
fn key_of(error: &CardRangeError) -> &'static str {
    match error {
        CardRangeError::Bin | CardRangeError::NoBin | CardRangeError::Overlap(..) => "bins",
        CardRangeError::PanLength(_) => "panLength",
        CardRangeError::PinLength(_) => "pinLength",
        CardRangeError::Count { .. } => "count",
    }
}

const COLUMNS: [&str; 6] = ["pan", "expiry", "sequence", "service_code", "pin", "track2"];
const MAX_CARDS: u32 = 1_000_000;
/// Year and month from which generated cards count: they are the same whenever a seed is run.
const MADE_IN: (u8, u8) = (30, 1);
