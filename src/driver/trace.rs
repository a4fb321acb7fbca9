//! What one terminal of a shard says and hears, kept for whoever looks at it: raw, for a moment, and of one at a time.

use crate::time::Instant;
use std::cell::{Cell, RefCell};

/// A tap on the line of at most one terminal.
///
/// The others pay one comparison a message.
#[derive(Debug)]
pub struct Trace {
    place: Cell<u32>,
    heard: RefCell<Vec<Overheard>>,
}

/// Bytes that went over the line at once.
#[derive(Clone, Debug)]
pub struct Overheard {
    /// When.
    pub at: Instant,
    /// Whether the terminal sent them.
    pub is_sent: bool,
    /// As they went: with card data.
    pub bytes: Vec<u8>,
}

impl Default for Trace {
    fn default() -> Self {
        Self { place: Cell::new(NOBODY), heard: RefCell::default() }
    }
}

impl Trace {
    /// Listens to the terminal in seat `place` from now on, or to none.
    pub fn listen_to(&self, place: Option<u32>) {
        if self.place.replace(place.unwrap_or(NOBODY)) != place.unwrap_or(NOBODY) {
            self.heard.borrow_mut().clear();
        }
    }

    /// Who is listened to.
    pub fn place(&self) -> Option<u32> {
        Some(self.place.get()).filter(|place| *place != NOBODY)
    }

    /// The terminal in seat `place` said or heard this.
    pub(super) fn note(&self, place: u32, at: Instant, is_sent: bool, bytes: &[u8]) {
        if place != self.place.get() {
            return;
        }
        let mut heard = self.heard.borrow_mut();
        if heard.len() < HEARD_MAX {
            heard.push(Overheard { at, is_sent, bytes: bytes.to_vec() });
        }
    }

    /// What was heard since the last time.
    pub fn take(&self) -> Vec<Overheard> {
        self.heard.take()
    }
}

const NOBODY: u32 = u32::MAX;
const HEARD_MAX: usize = 64;
