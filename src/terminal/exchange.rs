//! Which exchange of an operation comes next: the one place that states their order.

use super::{
    Event, Link, Outbox, Output, Profile, Terminal,
    answer::Reading,
    profile::NoticePolicy,
    transaction::{Number, Standing, is_logged},
};
use crate::{
    iso8583::{De, Message, Mti, ResponseCode, Stan},
    money::Amount,
    operation::{End, Failure, Kind, Outcome, Reference},
    time::Instant,
};

/// The exchange that is under way or comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// A sign-in that has to come first.
    SignIn,
    /// What became of an issuer's script.
    ScriptResult,
    /// A reversal that is due.
    Reversal,
    /// A notice that was stored.
    Notice(Number),
    /// A question about an order: that of the operation, or one left from before.
    Query(Number),
    /// A message of a settlement: the operation itself, or because the log is full.
    Settlement,
    /// A message of a download: the operation itself, or because the host asks for it.
    Download(Kind),
    /// The operation itself, or a part of it.
    Operation,
    /// A management message that the header of an answer asked for.
    Requested(Kind),
}

/// What the answer to an exchange must repeat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expectation {
    pub(super) mti: Mti,
    pub(super) processing_code: Option<u32>,
    pub(super) stan: Option<Stan>,
    pub(super) amount: Option<Amount>,
    /// Whether an approval carries a MAC.
    pub(super) has_mac: bool,
    /// The chip's cryptogram, which the issuer may answer.
    pub(super) arqc: Option<[u8; 8]>,
}

impl Expectation {
    /// Whether the amount of an answer is the request's; only a refusal may leave it out, only a partial approval may
    /// have another.
    pub(super) fn fits_amount(&self, message: &Message<'_>, code: Option<ResponseCode>) -> bool {
        let Some(sent) = self.amount else { return true };
        let may_lack = !code.is_some_and(ResponseCode::is_approval);
        let is_partial = code == Some(ResponseCode::PARTIAL_APPROVAL) && self.mti == Mti::FINANCIAL;
        match message.number(De::AMOUNT) {
            Some(said) => said == sent.minor() || is_partial,
            None => (may_lack && !message.has(De::AMOUNT)) || is_partial,
        }
    }
}

impl Exchange {
    /// Whether its message uses work keys, or may: a settlement tells notices once more.
    fn uses_keys(self, operation: Kind, profile: &Profile) -> bool {
        match self {
            Self::ScriptResult | Self::Reversal | Self::Notice(_) | Self::Query(_) | Self::Settlement => true,
            Self::Operation => operation.is_financial() || profile.customs.has_mac(operation),
            Self::Requested(kind) => profile.customs.has_mac(kind),
            Self::SignIn | Self::Download(_) => false,
        }
    }

    /// Whether it needs the work keys of a sign-in.
    fn needs_keys(self, operation: Kind) -> bool {
        match self {
            Self::SignIn => false,
            Self::Operation => operation != Kind::Reversal && !operation.form().before_sign_in,
            Self::Download(kind) | Self::Requested(kind) => !kind.form().before_sign_in,
            Self::ScriptResult | Self::Reversal | Self::Notice(_) | Self::Query(_) | Self::Settlement => true,
        }
    }
}

impl Terminal {
    /// Chooses the next exchange of the active operation, and begins it.
    pub(super) fn proceed(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let next = self.next(profile);
        let (Some(next), Some(active)) = (next, self.active.as_deref_mut()) else { return self.rest(out) };
        active.exchange = next;
        match next {
            Exchange::SignIn if !profile.auto_sign_in || active.sign_ins_left == 0 => {
                self.give_up(Failure::NotSignedIn, out);
            }
            Exchange::Reversal if active.attempts_left == 0 => self.reversals_exhausted(profile, now, out),
            Exchange::Operation => self.begin_operation(profile, now, out),
            Exchange::Requested(_) | Exchange::Download(_) => {
                active.requested = None;
                self.reach_out(profile, now, out);
            }
            _ => self.reach_out(profile, now, out),
        }
    }

    /// The next exchange; `None` when nothing is left to do.
    ///
    /// 1. What is due goes first, see [`Self::due`].
    /// 2. Then comes the operation itself, until its outcome is told.
    /// 3. Then what the header of an answer asked for; a sign-in waits for the next operation.
    /// 4. What needs work keys is preceded by a sign-in while there are none.
    fn next(&self, profile: &Profile) -> Option<Exchange> {
        let active = self.active.as_deref()?;
        let kind = active.operation.kind;
        let requested = active.requested.filter(|kind| *kind != Kind::SignIn).or(self.missing_table(profile));
        let next = match (self.due(profile), active.order) {
            (Some(due), _) => due,
            (None, Some(order)) if !active.told => Exchange::Query(order),
            _ if active.told && requested.is_some_and(Kind::is_download) => Exchange::Download(requested?),
            _ if active.told => Exchange::Requested(requested?),
            _ if kind == Kind::Settlement => Exchange::Settlement,
            _ if kind.is_download() => Exchange::Download(kind),
            _ => Exchange::Operation,
        };
        let lacks_keys = self.keys.is_none() && next.needs_keys(kind);
        Some(if lacks_keys { Exchange::SignIn } else { next })
    }

    /// What has to be sent before the operation, or after it because its fate is unknown.
    ///
    /// Before every financial message, before a settlement, and when a reversal is asked for:
    /// 1. the result of an issuer's script,
    /// 2. a reversal,
    /// 3. stored notices, where the policy says so; always when the operation is about an earlier transaction, which
    ///    one of them may have changed,
    /// 4. a last question about orders left from before,
    /// 5. a settlement, when the log has no room for what the operation leaves there, or one was not finished; what
    ///    was stored goes before it.
    fn due(&self, profile: &Profile) -> Option<Exchange> {
        let active = self.active.as_deref()?;
        let kind = active.operation.kind;
        if active.told {
            return (active.reverses && self.reversal.is_some()).then_some(Exchange::Reversal);
        }
        if active.order.is_some() {
            return None;
        }
        let form = kind.form();
        let is_full = is_logged(kind) && self.log.len() >= usize::from(profile.log_capacity);
        let is_forced = is_full || self.is_settling() && kind.is_financial() && kind != Kind::Reversal;
        let settles = is_forced || matches!(kind, Kind::Settlement | Kind::Reversal);
        let clears = settles || kind.is_financial() && !kind.is_notice();
        let at_once = profile.notices == NoticePolicy::BeforeNext || form.reference != Reference::None;
        let open = |standing| self.log.first_open(standing).map(|open| open.number());
        let stored =
            open(Standing::Stored).filter(|_| clears && (settles || at_once) && !active.skips_notices);
        let waiting =
            open(Standing::Waiting).filter(|_| clears && kind != Kind::QrQuery && !active.skips_orders);
        match () {
            () if clears && self.script.is_some() => Some(Exchange::ScriptResult),
            () if clears && self.reversal.is_some() => Some(Exchange::Reversal),
            () => stored
                .map(Exchange::Notice)
                .or(waiting.map(Exchange::Query))
                .or(is_forced.then_some(Exchange::Settlement)),
        }
    }

    /// Begins the operation itself: what it says is fixed now, after everything that was due.
    fn begin_operation(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return };
        if active.operation.kind == Kind::Reversal {
            self.tell(Outcome::ended(Kind::Reversal, End::Approved, Amount::ZERO), out);
            return self.proceed(profile, now, out);
        }
        match self.transaction_of(profile, &active.operation) {
            Err(failure) => self.give_up(failure, out),
            Ok(Some(transaction)) if transaction.kind.is_notice() => {
                self.store(profile, now, transaction, out);
            }
            Ok(transaction) => {
                if let Some(active) = self.active.as_deref_mut() {
                    active.transaction = transaction;
                }
                self.reach_out(profile, now, out);
            }
        }
    }

    /// Sends at once over an open link, else opens one first.
    pub(super) fn reach_out(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
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
    /// only by what was sent. The result of a script is forgotten once it is sent, whatever the answer (chapter 9.1).
    pub(super) fn send(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref_mut() else { return };
        match active.exchange {
            Exchange::Reversal => active.attempts_left = active.attempts_left.saturating_sub(1),
            Exchange::SignIn => active.sign_ins_left = active.sign_ins_left.saturating_sub(1),
            _ => {}
        }
        active.stan = None;
        let exchange = active.exchange;
        let packed = self.derive_keys(profile).and_then(|()| self.pack(profile, now, out));
        self.expect_answer_key(profile);
        if exchange == Exchange::ScriptResult {
            self.script = None;
        }
        match packed {
            Ok((expected, range)) => {
                out.push(Output::Send(range));
                self.sent(now, now + profile.response_timeout, expected);
            }
            Err(failure) => self.exchange_failed(profile, now, End::Failed(failure), out),
        }
    }

    /// The message of the active exchange is on its way: its answer is waited for.
    fn sent(&mut self, now: Instant, deadline: Instant, expected: Expectation) {
        let Some(active) = self.active.as_deref_mut() else { return };
        active.expected = Some(expected);
        active.sent_at = Some(now);
        active.deadline = deadline;
        active.stan = expected.stan;
        // What is told or reversed has an earlier number.
        if expected.stan == Some(self.next_stan) {
            self.next_stan = self.next_stan.next();
        }
        match active.exchange {
            Exchange::Settlement => self.settlement_sent(),
            Exchange::Download(kind) => self.unfinished = Some(kind),
            _ => {}
        }
    }

    /// Under derived keys: those of the next counter, for the message that is about to be sent.
    fn derive_keys(&mut self, profile: &Profile) -> Result<(), Failure> {
        let Some(active) = self.active.as_deref_mut() else { return Ok(()) };
        if !profile.key_scheme.is_derived() || !active.exchange.uses_keys(active.operation.kind, profile) {
            return Ok(());
        }
        let next = profile.key_scheme.next_counter(self.key_counter).map_err(|_| Failure::KeysExhausted)?;
        let keys = profile.key_scheme.message_keys(&self.tmk, self.id, next).ok_or(Failure::MissingData)?;
        self.key_counter = next;
        active.mac = None;
        active.answer_key = Some(keys.answer);
        match self.keys.as_deref_mut() {
            Some(place) => *place = keys.request,
            None => return Err(Failure::NotSignedIn),
        }
        Ok(())
    }

    /// Under derived keys the answer to a message has a MAC key of its own.
    fn expect_answer_key(&mut self, profile: &Profile) {
        let Some(active) = self.active.as_deref_mut().filter(|_| profile.key_scheme.is_derived()) else {
            return;
        };
        if let (Some(key), Some(keys)) = (active.answer_key.take(), self.keys.as_deref_mut()) {
            keys.mak = key;
            active.mac = None;
        }
    }

    /// Ends the active operation undone; if its outcome was told already, nothing more is to say.
    pub(super) fn give_up(&mut self, failure: Failure, out: &mut Outbox) {
        self.give_up_with(End::Failed(failure), out);
    }

    pub(super) fn give_up_with(&mut self, end: End, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return };
        if !active.told {
            let (kind, amount) = (active.operation.kind, active.operation.amount);
            self.tell(Outcome::ended(kind, end, amount), out);
        }
        self.rest(out);
    }

    /// The operation is over, with all that follows from it.
    pub(super) fn rest(&mut self, out: &mut Outbox) {
        let Some(active) = self.active.take() else { return };
        if !self.keeps_connection {
            self.hang_up(out);
        } else {
            self.mac = active.mac;
        }
        if active.requested == Some(Kind::SignIn) {
            self.drop_keys();
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
}
