//! What a host forgets when it goes down: connections, work keys and answers that wait, but not its books.

use super::{
    Host,
    outbox::{Outbox, Output},
    station::Station,
};
use crate::time::Instant;
use std::time::Duration;

impl Host {
    /// Goes down for so long; terminals must connect and sign in anew.
    pub(super) fn restart(&mut self, now: Instant, time: Duration, out: &mut Outbox) {
        self.delayed.clear();
        self.stations.values_mut().for_each(Station::sign_out);
        out.push(Output::Down { from: now, until: now + time });
    }
}
