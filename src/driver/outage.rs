//! Times in which a simulated host is down, as its own thread tells them to others.

use crate::time::Instant;
use std::{
    fmt,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

/// A time in which a host takes no connection; it has closed those it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it went down.
    pub from: Instant,
    /// When it is up again.
    pub until: Instant,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host: down for {:?}, all connections are closed", self.until.since(self.from))
    }
}

/// From the host to whoever follows it; what nobody takes for a long time is not told.
pub(super) fn outages() -> (SyncSender<Outage>, Receiver<Outage>) {
    sync_channel(UNTAKEN_MAX)
}

const UNTAKEN_MAX: usize = 64;
