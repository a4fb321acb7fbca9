//! Notices: what a terminal does without the host and tells it later, and what it tells again until it is answered.

use super::{
    Event, Outbox, Profile, Terminal,
    answer::Reading,
    sign_in::needs_sign_in,
    transaction::{Number, Standing, Transaction, is_told_again},
};
use crate::{
    iso8583::ResponseCode,
    operation::{Effect, End, Kind, Outcome},
    reconcile::Belief,
    time::Instant,
};

impl Terminal {
    /// Does a transaction without the host: it is stored, to be told later.
    pub(super) fn store(
        &mut self,
        profile: &Profile,
        now: Instant,
        mut transaction: Transaction,
        out: &mut Outbox,
    ) {
        transaction.standing = Standing::Stored;
        self.next_stan = self.next_stan.next();
        let outcome = Outcome {
            stan: Some(transaction.stan),
            ..Outcome::ended(transaction.kind, End::Approved, transaction.amount)
        };
        out.event(Event::Journal(transaction.line(self, Belief::Stored, now)));
        self.print(profile, now, &transaction, out);
        self.log.push(transaction);
        self.tell(outcome, out);
        self.proceed(profile, now, out);
    }

    /// A stored notice was answered: done with 00 and 94, else refused.
    pub(super) fn notice_answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        number: Number,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let is_done = reading.code.is_approval() || reading.code == ResponseCode::DUPLICATE;
        let kind = self.log.get(number).map_or(Kind::OfflineSale, |stored| stored.kind);
        self.tell_automatic(kind, if is_done { End::Approved } else { End::Declined }, Some(reading), out);
        if needs_sign_in(reading.code) {
            return self.notice_not_heard(profile, now, out);
        }
        let settled = self.log.change(number, |stored| {
            stored.standing = if is_done { Standing::Done } else { Standing::Refused };
            reading.write_into(stored);
        });
        if let Some(settled) = settled.cloned() {
            let belief = if is_done { Belief::Approved } else { Belief::Refused };
            out.event(Event::Journal(settled.line(self, belief, now)));
            if is_done {
                if is_told_again(kind) {
                    self.print(profile, now, &settled, out);
                }
                self.change_original(&settled, now, out);
            }
        }
        self.proceed(profile, now, out);
    }

    /// Terminal and host are out of step, so that the host has not decided about a notice: it is told again after a
    /// sign-in, and where that did not help, before a later operation.
    fn notice_not_heard(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let may_sign_in = self.may_sign_in();
        self.drop_keys();
        let Some(active) = self.active.as_deref_mut() else { return };
        active.skips_notices |= !may_sign_in;
        // A batch that the host has not heard of cannot balance.
        if !may_sign_in && active.operation.kind == Kind::Settlement {
            return self.give_up_with(End::Declined, out);
        }
        self.proceed(profile, now, out);
    }

    /// An approved transaction changes the one that it is about, where the log still has that.
    pub(super) fn change_original(&mut self, done: &Transaction, now: Instant, out: &mut Outbox) {
        let number =
            done.original().and_then(|original| Some(Number { batch: original.batch, stan: original.stan? }));
        let Some(number) = number else { return };
        let voids = done.kind.amount_is_originals();
        let adjusts = done.form().effect == Effect::Adjust;
        // An adjustment whose answer was lost may be confirmed after its original was voided.
        let is_void = |original: &Transaction| original.standing == Standing::Voided;
        if adjusts && self.log.get(number).is_some_and(is_void) {
            return;
        }
        let changed = self.log.change(number, |original| match () {
            () if voids => original.standing = Standing::Voided,
            () if adjusts => {
                (original.amount, original.tip, original.is_adjusted) = (done.amount, done.tip, true);
            }
            () => original.is_used |= done.kind != Kind::PreAuthAdd,
        });
        let belief = match () {
            () if voids => Belief::Voided,
            () if adjusts => Belief::Adjusted,
            () => return,
        };
        if let Some(line) = changed.cloned().map(|original| original.line(self, belief, now)) {
            out.event(Event::Journal(line));
        }
    }
}
