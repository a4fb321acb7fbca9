//! Downloads: what the machine does when an exchange of one is answered or fails.

use super::{
    Active, Outbox, Profile, Terminal,
    answer::{Reading, end_of},
    exchange::Expectation,
};
use crate::{
    iso8583::Message,
    operation::{End, Failure, Kind, Outcome},
    time::Instant,
};

impl Terminal {
    /// Packs the next message of a download.
    pub(super) fn pack_download(
        &self,
        profile: &Profile,
        _active: &mut Active,
        kind: Kind,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        self.pack_management(profile, kind, buffer)
    }

    /// A message of a download was answered.
    pub(super) fn download_answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        kind: Kind,
        _message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        self.download_over(profile, now, kind, end_of(reading.code), Some(reading), out);
    }

    /// A message of a download stayed without a usable answer.
    pub(super) fn download_failed(
        &mut self,
        profile: &Profile,
        now: Instant,
        kind: Kind,
        end: End,
        out: &mut Outbox,
    ) {
        self.download_over(profile, now, kind, end, None, out);
    }

    /// A download is over: it was the operation itself, or what the host asked for after it.
    fn download_over(
        &mut self,
        profile: &Profile,
        now: Instant,
        kind: Kind,
        end: End,
        reading: Option<&Reading>,
        out: &mut Outbox,
    ) {
        let Some(active) = self.active.as_deref() else { return };
        if active.told {
            self.tell_automatic(kind, end, reading, out);
        } else {
            let amount = active.operation.amount;
            let code = reading.map(|reading| reading.code);
            let service = reading.map(|reading| reading.service);
            self.tell(Outcome { code, service, ..Outcome::ended(kind, end, amount) }, out);
        }
        self.proceed(profile, now, out);
    }
}
