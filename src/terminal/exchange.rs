//! Which exchange of an operation comes next, and what follows when one ends without an answer.

use super::reversal::Reversal;
use super::{Active, Event, Exchange, Link, Outbox, Output, Profile, Reason, Terminal, answer::Reading};
use crate::{
    money::Amount,
    operation::{End, Failure, Kind, Outcome},
    reconcile::{Belief, Entry},
    time::Instant,
};

impl Terminal {
    /// Chooses the next exchange of the active operation, and begins it.
    ///
    /// 1. What needs work keys is preceded by a sign-in while there are none.
    /// 2. A reversal goes before every message with a MAC, and after an operation whose fate is unknown.
    /// 3. Then comes the operation itself, once.
    pub(super) fn proceed(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref_mut() else { return };
        let (kind, told) = (active.operation.kind, active.told);
        let form = kind.form();
        let reversal_is_due = self.reversal.is_some() && (told || form.has_mac);
        let needs_keys = reversal_is_due || !(told || form.before_sign_in || kind == Kind::Reversal);
        active.exchange = match () {
            () if self.keys.is_none() && needs_keys => Exchange::SignIn,
            () if reversal_is_due => Exchange::Reversal,
            () => Exchange::Operation,
        };
        match active.exchange {
            Exchange::SignIn if !profile.auto_sign_in || active.sign_ins_left == 0 => {
                self.give_up(Failure::NotSignedIn, out);
            }
            Exchange::Reversal if active.attempts_left == 0 => self.reversals_exhausted(profile, now, out),
            Exchange::Operation if active.told => self.rest(out),
            Exchange::Operation if active.operation.kind == Kind::Reversal => {
                self.tell(Outcome::ended(Kind::Reversal, End::Approved, Amount::ZERO), out);
                self.rest(out);
            }
            _ => self.reach_out(profile, now, out),
        }
    }

    /// Sends at once over an open link, else opens one first.
    fn reach_out(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        if self.link == Link::Up {
            return self.send(profile, now, out);
        }
        if self.link == Link::Down {
            self.link = Link::Opening;
            out.push(Output::Connect);
        }
        if let Some(active) = &mut self.active {
            active.deadline = now + profile.connect_timeout;
        }
    }

    /// Packs and sends the message of the active exchange.
    ///
    /// An attempt counts before it is packed, so that what cannot be packed is not tried for ever; a STAN is used up
    /// only by what was sent.
    pub(super) fn send(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref_mut() else { return };
        match active.exchange {
            Exchange::Reversal => active.attempts_left = active.attempts_left.saturating_sub(1),
            Exchange::SignIn => active.sign_ins_left = active.sign_ins_left.saturating_sub(1),
            Exchange::Operation => {}
        }
        active.stan = None;
        let packed = self.pack(profile, now, out);
        let Some(active) = self.active.as_deref_mut() else { return };
        match packed {
            Ok(range) => {
                out.push(Output::Send(range));
                active.sent_at = Some(now);
                active.deadline = now + profile.response_timeout;
                if active.stan.is_some() {
                    self.next_stan = self.next_stan.next();
                }
            }
            Err(failure) => {
                active.stan = None;
                self.exchange_failed(profile, now, End::Failed(failure), out);
            }
        }
    }

    /// The active exchange ended without a usable answer.
    pub(super) fn exchange_failed(&mut self, profile: &Profile, now: Instant, end: End, out: &mut Outbox) {
        let Some(active) = self.active.as_deref_mut() else { return };
        let was_sent = active.sent_at.take().is_some();
        match active.exchange {
            Exchange::Operation => self.operation_failed(profile, now, end, was_sent, out),
            Exchange::SignIn => self.sign_in_failed(end, None, out),
            Exchange::Reversal => {
                self.tell_automatic(Kind::Reversal, end, None, out);
                match end {
                    // Nobody was told of it, so that it neither counts as tried nor may be dropped.
                    End::Failed(Failure::NotConnected) => self.give_up(Failure::NotConnected, out),
                    _ => self.proceed(profile, now, out),
                }
            }
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
        if was_sent {
            self.owe_reversal(now, Reason::of(end), out);
        }
        let Some(active) = self.active.as_deref_mut() else { return };
        active.attempts_left = profile.reversal.resend + 1;
        let reverses = was_sent && active.operation.kind.form().reversible && profile.reversal.at_once;
        let outcome = Outcome {
            stan: active.stan,
            ..Outcome::ended(active.operation.kind, end, active.operation.amount)
        };
        self.tell(outcome, out);
        if reverses { self.proceed(profile, now, out) } else { self.rest(out) }
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
    fn reversals_exhausted(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        if profile.reversal.keep {
            return self.give_up(Failure::ReversalPending, out);
        }
        if let Some(reversal) = self.reversal.take() {
            out.event(Event::Journal(reversal.entry(self, Belief::ReversalAbandoned, now)));
        }
        self.proceed(profile, now, out);
    }

    /// Ends the active operation undone; if its outcome was told already, nothing more is to say.
    pub(super) fn give_up(&mut self, failure: Failure, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return };
        if !active.told {
            let (kind, amount) = (active.operation.kind, active.operation.amount);
            self.tell(Outcome::ended(kind, End::Failed(failure), amount), out);
        }
        self.rest(out);
    }

    /// The operation is over, with all that follows from it.
    pub(super) fn rest(&mut self, out: &mut Outbox) {
        self.active = None;
        if !self.keeps_connection {
            self.hang_up(out);
        }
    }

    pub(super) fn tell(&mut self, outcome: Outcome, out: &mut Outbox) {
        match outcome.end {
            End::Approved => self.record.approved += 1,
            End::Declined => self.record.declined += 1,
            End::TimedOut | End::Failed(_) => self.record.failed += 1,
        }
        if let Some(active) = self.active.as_deref_mut() {
            active.told = true;
        }
        out.event(Event::Outcome(outcome));
    }

    pub(super) fn tell_automatic(
        &mut self,
        kind: Kind,
        end: End,
        reading: Option<&Reading>,
        out: &mut Outbox,
    ) {
        let outcome = Outcome {
            code: reading.map(|reading| reading.code),
            service: reading.map(|reading| reading.service),
            ..Outcome::ended(kind, end, Amount::ZERO)
        };
        out.event(Event::Automatic(outcome));
    }

    /// What the terminal believes of its active operation, as a line of its journal.
    pub(super) fn entry(&self, active: &Active, belief: Belief, now: Instant) -> Option<Entry> {
        Some(Entry {
            at: now.since(Instant::START),
            terminal: self.id,
            batch: self.batch,
            stan: active.stan?,
            kind: active.operation.kind,
            amount: active.operation.amount,
            merchant: self.merchant,
            card: active.operation.card.as_ref().map(|used| used.card.pan),
            rrn: None,
            belief,
        })
    }

    /// Records that the active request's fate is unknown and must be reversed.
    pub(super) fn owe_reversal(&mut self, now: Instant, reason: Reason, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return };
        if !active.operation.kind.form().reversible {
            return;
        }
        if let Some(entry) = self.entry(active, Belief::Unknown, now) {
            out.event(Event::Journal(entry));
        }
        self.reversal = Reversal::of(active, self.batch, reason).map(Box::new);
    }
}
