//! Settlement of the batch: what the machine does when an exchange of it is answered or fails.

use super::{Active, Outbox, Profile, Terminal, answer::Reading, exchange::Expectation};
use crate::{
    iso8583::Message,
    operation::{End, Failure, Kind},
    time::Instant,
};

impl Terminal {
    /// Packs the next message of the settlement.
    pub(super) fn pack_settlement(
        &self,
        _profile: &Profile,
        active: &mut Active,
        _buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let is_forced = active.operation.kind != Kind::Settlement;
        Err(if is_forced { Failure::LogFull } else { Failure::NotAble })
    }

    /// A message of the settlement was answered.
    pub(super) fn settlement_answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        _message: &Message<'_>,
        _reading: &Reading,
        out: &mut Outbox,
    ) {
        self.settlement_failed(profile, now, End::Declined, out);
    }

    /// A message of the settlement stayed without a usable answer.
    pub(super) fn settlement_failed(&mut self, _: &Profile, _: Instant, end: End, out: &mut Outbox) {
        self.give_up_with(end, out);
    }
}
