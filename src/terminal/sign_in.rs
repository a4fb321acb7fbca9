//! What a sign-in brings and when one is needed: work keys, batch number, date and time.

use super::{KeyScheme, Outbox, Profile, Terminal, answer::Reading};
use crate::{
    crypto::WorkKeys,
    iso8583::{BatchNo, De, Message, ResponseCode},
    operation::{End, Failure, Kind},
    time::{DateTime, Instant, WallClock},
};

impl Terminal {
    /// Whether this operation may still sign in by itself.
    pub(super) fn may_sign_in(&self) -> bool {
        self.active.as_deref().is_some_and(|active| active.sign_ins_left > 0)
    }

    /// Terminal and host no longer have the same keys or batch: the next message is preceded by a sign-in.
    pub(super) fn drop_keys(&mut self) {
        self.keys = None;
        self.mac = None;
        if let Some(active) = self.active.as_deref_mut() {
            active.mac = None;
        }
    }

    /// Takes work keys, batch number, date and time of a sign-in response.
    pub(super) fn take_keys(
        &mut self,
        profile: &Profile,
        now: Instant,
        message: &Message<'_>,
        code: ResponseCode,
    ) -> End {
        if !code.is_approval() {
            return End::Declined;
        }
        let Some(keys) = self.keys_of(profile, message) else {
            self.drop_keys();
            return End::Failed(Failure::KeyCheck);
        };
        self.drop_keys();
        self.keys = Some(Box::new(keys));
        if let Some(batch) = batch_of(message).filter(|batch| *batch != self.batch) {
            self.batch = batch;
        }
        let told = message.number(De::LOCAL_DATE).zip(message.number(De::LOCAL_TIME));
        if let Some(time) = told.and_then(|(date, time)| DateTime::from_elements(profile.year, date, time)) {
            self.clock = Some(WallClock::set(time, now));
        }
        End::Approved
    }

    /// The work keys of a sign-in response; derived ones are there already, and are replaced before each message.
    fn keys_of(&self, profile: &Profile, message: &Message<'_>) -> Option<WorkKeys> {
        match profile.key_scheme {
            KeyScheme::Session => WorkKeys::unwrap(&self.tmk, message.get(De::PRIVATE_62)?.raw()).ok(),
            scheme => scheme.message_keys(&self.tmk, self.id, FIRST_COUNTER).map(|keys| keys.request),
        }
    }

    /// A sign-in that had to come first was answered.
    pub(super) fn signed_in(
        &mut self,
        profile: &Profile,
        now: Instant,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let end = self.take_keys(profile, now, message, reading.code);
        if end != End::Approved {
            return self.sign_in_failed(end, Some(reading), out);
        }
        self.tell_automatic(Kind::SignIn, end, Some(reading), out);
        self.proceed(profile, now, out);
    }
}

/// Whether an answer says that terminal and host have other keys, or another batch.
pub(super) fn needs_sign_in(code: ResponseCode) -> bool {
    SIGN_IN_FIRST.contains(&code)
}

/// DE 60.2 of a sign-in response.
fn batch_of(message: &Message<'_>) -> Option<BatchNo> {
    let mut buffer = [0; 64];
    let digits = message.get(De::PRIVATE_60)?.write_to(&mut buffer)?;
    BatchNo::from_digits(digits.get(2..8)?).ok()
}

/// Any counter with keys shows whether the initial key is of the right kind.
const FIRST_COUNTER: u32 = 1;
const SIGN_IN_FIRST: [ResponseCode; 3] =
    [ResponseCode::BATCH_MISMATCH, ResponseCode::PIN_FORMAT, ResponseCode::MAC_FAILED];
