//! An ear on the line of one device: what goes over it as text without cards, for whoever listens at this moment.

use crate::{
    ecr::{RegisterEvent, Request},
    rack::{Direction, Record, RecordLines, Speaker},
    time::Instant,
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// An ear on one line; copies are the same ear. It is closed at first, and a closed one costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Ear(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_open: AtomicBool,
    heard: Mutex<VecDeque<Murmur>>,
}

/// Something that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Murmur {
    /// When.
    pub at: Instant,
    /// What it is.
    pub sound: Sound,
}

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Bytes on the line, as the hexadecimal digits of a record: cards hidden.
    Bytes(Direction, String),
    /// What the register makes of them.
    Words(String),
}

impl Ear {
    /// Listens from the next exchange on, or no more.
    pub fn open(&self, is_open: bool) {
        self.0.is_open.store(is_open, Ordering::Relaxed);
        self.heard().clear();
    }

    /// What was heard since the last time; no more than the newest of it.
    pub fn take(&self) -> Vec<Murmur> {
        self.heard().drain(..).collect()
    }

    fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Relaxed)
    }

    fn hear(&self, at: Instant, sound: Sound) {
        let mut heard = self.heard();
        heard.push_back(Murmur { at, sound });
        let surplus = heard.len().saturating_sub(HEARD_MAX);
        heard.drain(..surplus);
    }

    fn heard(&self) -> MutexGuard<'_, VecDeque<Murmur>> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of an ear that is at the line.
#[derive(Debug, Default)]
pub(super) struct Listener {
    pub(super) ear: Ear,
    /// Hides cards; there is one while somebody listens.
    record: Option<Record>,
}

impl Listener {
    /// An exchange begins. Whoever begins to listen begins here: in the middle of a card nobody could tell that it is one.
    pub(super) fn begin(&mut self, at: Instant, speaker: &Speaker, asks: Option<&Request>) {
        self.record = self.ear.is_open().then(|| self.record.take().unwrap_or_else(|| speaker.record()));
        if self.record.is_some() {
            self.words(at, &asks.map_or_else(|| "asks what became of it".to_owned(), request));
        }
    }

    /// Bytes went over the line. What is sent is whole; what comes is told when the direction turns.
    pub(super) fn bytes(&mut self, at: Instant, direction: Direction, bytes: &[u8]) {
        let Some(record) = &mut self.record else { return };
        record.take(at, direction, bytes, &mut self.ear);
        if direction == Direction::Out {
            record.settle(&mut self.ear);
        }
    }

    /// The register tells something.
    pub(super) fn event(&mut self, at: Instant, event: &RegisterEvent) {
        if self.record.is_some() {
            self.settle();
            self.words(at, &told(event));
        }
    }

    /// Something happened to the line.
    pub(super) fn line(&mut self, at: Instant, what: &str) {
        if self.record.is_some() {
            self.settle();
            self.words(at, what);
        }
    }

    /// Nothing more comes for now: tells what is held.
    pub(super) fn settle(&mut self) {
        self.record.iter_mut().for_each(|record| record.settle(&mut self.ear));
    }

    fn words(&self, at: Instant, words: &str) {
        self.ear.hear(at, Sound::Words(words.to_owned()));
    }
}

impl RecordLines for Ear {
    fn line(&mut self, at: Instant, direction: Direction, digits: &str) {
        let mut shown: String = digits.chars().take(DIGITS_MAX).collect();
        if shown.len() < digits.len() {
            shown.push('…');
        }
        self.hear(at, Sound::Bytes(direction, shown));
    }
}

fn request(request: &Request) -> String {
    let original = request.original.as_ref().map(|original| format!(" about receipt {}", original.receipt));
    let amount = Some(request.amount).filter(|_| request.service.moves_money());
    let amount = amount.map(|amount| format!(" {amount}")).unwrap_or_default();
    format!("asks: {:?}{amount}{}", request.service, original.unwrap_or_default())
}

fn told(event: &RegisterEvent) -> String {
    match event {
        RegisterEvent::Answered { answer, .. } => {
            let code = answer.code.0.escape_ascii();
            let card = Some(answer.card.to_string()).filter(|card| !card.is_empty());
            let card = card.map(|card| format!(", card {card}")).unwrap_or_default();
            let receipt = Some(answer.receipt).filter(|receipt| *receipt > 0);
            let receipt = receipt.map(|receipt| format!(", receipt {receipt}")).unwrap_or_default();
            format!("answered: {:?} {}, code {code}{receipt}{card}", answer.verdict, answer.amount)
        }
        RegisterEvent::Progress(code) => format!("progress {code:02x}"),
        RegisterEvent::RelayRequest { bytes, address } => {
            format!(
                "carries {} bytes to host {}:{}",
                bytes.0.len(),
                address.host.escape_debug(),
                address.port
            )
        }
        RegisterEvent::Line(text) => format!("prints {text:?}"),
        RegisterEvent::Wanted(deed) => format!("wants {deed:?}"),
    }
}

/// So much is kept between two looks.
const HEARD_MAX: usize = 64;
/// So many characters of one read are kept.
const DIGITS_MAX: usize = 1_500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ecr::Service, money::Amount, rack::Protocol};

    const SALE: Request = Request { id: 7, service: Service::Sale, amount: Amount::ZERO, original: None };

    fn heard(listener: &Listener) -> Vec<String> {
        let text = |murmur: Murmur| match murmur.sound {
            Sound::Bytes(Direction::Out, digits) => format!("> {digits}"),
            Sound::Bytes(Direction::In, digits) => format!("< {digits}"),
            Sound::Words(words) => words,
        };
        listener.ear.take().into_iter().map(text).collect()
    }

    #[test]
    fn whoever_listens_hears_from_the_next_exchange_on_and_no_card() {
        let mut listener = Listener::default();
        listener.begin(Instant::START, &Speaker::new(Protocol::Zvt), Some(&SALE));
        listener.bytes(Instant::START, Direction::In, b"62258801");
        listener.ear.open(true);
        listener.bytes(Instant::START, Direction::In, b"23456789");
        listener.settle();
        assert!(heard(&listener).is_empty(), "the middle of an exchange");
        listener.begin(Instant::START, &Speaker::new(Protocol::Zvt), Some(&SALE));
        listener.bytes(Instant::START, Direction::Out, b"\x05");
        listener.bytes(Instant::START, Direction::In, b"\x06");
        listener.bytes(Instant::START, Direction::In, b"62258801");
        listener.bytes(Instant::START, Direction::In, b"23456789");
        listener.settle();
        let cards = ["< 36 32 32 35 38 38 ** **", "< ** ** ** ** 36 37 38 39"];
        assert_eq!(heard(&listener), [&["asks: Sale 0.00", "> 05", "< 06"][..], &cards].concat());
        listener.ear.open(false);
        listener.begin(Instant::START, &Speaker::new(Protocol::Zvt), None);
        listener.bytes(Instant::START, Direction::Out, b"\x05");
        assert!(heard(&listener).is_empty());
    }

    #[test]
    fn what_nobody_fetches_is_bounded() {
        let mut listener = Listener::default();
        listener.ear.open(true);
        listener.begin(Instant::START, &Speaker::new(Protocol::Zvt), None);
        for _ in 0..1000 {
            listener.bytes(Instant::START, Direction::Out, &[0x15; 4096]);
        }
        let all = heard(&listener);
        assert_eq!(all.len(), HEARD_MAX);
        assert!(all.iter().all(|line| line.chars().count() <= DIGITS_MAX + 3));
    }
}
