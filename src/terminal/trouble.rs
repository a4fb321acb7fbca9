//! What follows when an exchange ends without a usable answer: what is owed then, and what goes on.

use super::{
    Event, Outbox, Profile, Reason, Terminal,
    answer::Reading,
    exchange::Exchange,
    reversal::Reversal,
    transaction::{Standing, is_told_again},
};
use crate::{
    money::Amount,
    operation::{End, Failure, Kind, Outcome},
    reconcile::Belief,
    time::Instant,
};

impl Terminal {
    /// The active exchange ended without a usable answer.
    pub(super) fn exchange_failed(&mut self, profile: &Profile, now: Instant, end: End, out: &mut Outbox) {
        let Some(active) = self.active.as_deref_mut() else { return };
        let was_sent = active.sent_at.take().is_some();
        active.expected = None;
        match active.exchange {
            Exchange::Operation => self.operation_failed(profile, now, end, was_sent, out),
            Exchange::SignIn => self.sign_in_failed(end, None, out),
            Exchange::Reversal => self.automatic_failed(profile, now, Kind::Reversal, end, out),
            Exchange::ScriptResult => self.automatic_failed(profile, now, Kind::ScriptResult, end, out),
            Exchange::Notice(number) => {
                active.skips_notices = true;
                let kind = self.log.get(number).map_or(Kind::OfflineSale, |stored| stored.kind);
                self.automatic_failed(profile, now, kind, end, out);
            }
            Exchange::Query(order) => self.query_failed(profile, now, order, end, out),
            Exchange::Settlement => self.settlement_failed(profile, now, end, out),
            Exchange::Download(kind) => self.download_failed(profile, now, kind, end, out),
            Exchange::Requested(kind) => {
                self.tell_automatic(kind, end, None, out);
                self.rest(out);
            }
        }
    }

    /// What the terminal sent of its own accord has no answer: the operation goes on, unless nobody can be reached.
    pub(super) fn automatic_failed(
        &mut self,
        profile: &Profile,
        now: Instant,
        kind: Kind,
        end: End,
        out: &mut Outbox,
    ) {
        self.tell_automatic(kind, end, None, out);
        let settles = self.active.as_deref().is_some_and(|active| active.operation.kind == Kind::Settlement);
        match end {
            // Nobody was told of it, so that it neither counts as tried nor may be dropped.
            End::Failed(Failure::NotConnected) => self.give_up(Failure::NotConnected, out),
            // A batch that the host has not heard of cannot balance.
            _ if settles && kind != Kind::Reversal => self.give_up_with(end, out),
            _ => self.proceed(profile, now, out),
        }
    }

    /// The operation itself has no answer: tell so, and reverse what may have happened, at once or later.
    fn operation_failed(
        &mut self,
        profile: &Profile,
        now: Instant,
        end: End,
        was_sent: bool,
        out: &mut Outbox,
    ) {
        let amount = self.active.as_deref().map_or(Amount::ZERO, super::Active::amount);
        if was_sent {
            self.keep_unknown(now, Reason::of(end), out);
        }
        let Some(active) = self.active.as_deref_mut() else { return };
        active.attempts_left = profile.reversal.resend + 1;
        active.reverses = was_sent && active.operation.kind.form().reversible && profile.reversal.at_once;
        let (kind, stan, reverses) = (active.operation.kind, active.stan, active.reverses);
        self.tell(Outcome { stan, ..Outcome::ended(kind, end, amount) }, out);
        if reverses { self.proceed(profile, now, out) } else { self.rest(out) }
    }

    /// Keeps what survives power loss of a request whose fate is unknown.
    ///
    /// 1. What is reversible is owed a reversal.
    /// 2. What is told until it is answered (refunds, completion notices) becomes a stored notice.
    /// 3. An order will be asked about.
    /// 4. Everything else has moved no money.
    pub(super) fn keep_unknown(&mut self, now: Instant, reason: Reason, out: &mut Outbox) {
        let Some(transaction) = self.active.as_deref_mut().and_then(|active| active.transaction.take())
        else {
            return;
        };
        let standing = match transaction.kind {
            kind if kind.form().reversible => None,
            kind if is_told_again(kind) => Some(Standing::Stored),
            Kind::QrOrder => Some(Standing::Waiting),
            _ => return,
        };
        out.event(Event::Journal(transaction.line(self, Belief::Unknown, now)));
        match standing {
            None => self.reversal = Some(Box::new(Reversal { transaction, reason })),
            Some(standing) => {
                let mut transaction = transaction;
                transaction.standing = standing;
                self.log.push(transaction);
            }
        }
    }

    /// A sign-in that had to come first did not succeed: the operation cannot be done.
    pub(super) fn sign_in_failed(&mut self, end: End, reading: Option<&Reading>, out: &mut Outbox) {
        self.tell_automatic(Kind::SignIn, end, reading, out);
        let failure = match end {
            End::Failed(failure) => failure,
            _ => Failure::NotSignedIn,
        };
        self.give_up(failure, out);
    }

    /// All sends that one trigger allows are spent: drop the reversal and go on, or keep it and give up.
    pub(super) fn reversals_exhausted(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        if profile.reversal.keep {
            return self.give_up(Failure::ReversalPending, out);
        }
        if let Some(reversal) = self.reversal.take() {
            let line = reversal.transaction.line(self, Belief::ReversalAbandoned, now);
            out.event(Event::Journal(line));
        }
        self.proceed(profile, now, out);
    }
}
