//! What the terminals of devices said to the host of the run, and when: the other end of what their registers were told.

use crate::{
    host::{ConnectionId, Overheard},
    iso8583::TerminalId,
    time::Instant,
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Keeps what was heard of each terminal until somebody takes it.
#[derive(Clone, Debug, Default)]
pub struct Tap(Arc<Mutex<HashMap<TerminalId, VecDeque<Heard>>>>);

/// A request that reached the host.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When its answer left; nothing as long as it has not.
    pub answered: Option<Instant>,
    /// What it said.
    pub said: Overheard,
}

impl Heard {
    /// How long the host took.
    pub fn time(&self) -> Option<Duration> {
        self.answered.map(|answered| answered.since(self.said.at))
    }
}

impl Tap {
    /// A terminal has said something.
    pub(super) fn hear(&self, said: Overheard) {
        let mut all = self.all();
        let heard = all.entry(said.terminal).or_default();
        if heard.len() == HEARD_MAX {
            heard.pop_front();
        }
        heard.push_back(Heard { answered: None, said });
    }

    /// The oldest request of a connection that had no answer has one; `false` when there was none.
    pub(super) fn answer(&self, at: Instant, terminal: TerminalId, connection: ConnectionId) -> bool {
        let mut all = self.all();
        let heard = all.get_mut(&terminal).into_iter().flatten();
        let mut open = heard.filter(|heard| heard.answered.is_none() && heard.said.connection == connection);
        open.next().map(|heard| heard.answered = Some(at)).is_some()
    }

    /// Takes what was heard of a terminal since the last time, the oldest first.
    pub fn take(&self, terminal: TerminalId) -> Vec<Heard> {
        self.all().get_mut(&terminal).map(|heard| heard.drain(..).collect()).unwrap_or_default()
    }

    /// A thread that died while it held the lock has left what it heard.
    fn all(&self) -> MutexGuard<'_, HashMap<TerminalId, VecDeque<Heard>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many requests of a terminal are kept; a step has a few, a settlement as many as its batch.
const HEARD_MAX: usize = 4_096;
