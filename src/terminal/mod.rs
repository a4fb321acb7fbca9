//! The virtual terminal: a state machine without I/O that signs in, sells, and reverses what it is not sure of.
//!
//! A driver hands it the time and one [`Input`], then drains the [`Outbox`] down to [`Output::Wait`]. Everything that
//! terminals of a kind share is in the [`Profile`], so that a sleeping terminal is small; everything that an
//! operation needs lives in a box that exists only while one is under way.
//!
//! | state      | `Operation`      | `Connected` | `Received`              | `Closed`            | `Timeout`           |
//! |------------|------------------|-------------|-------------------------|---------------------|---------------------|
//! | idle       | → connecting, or sends | –     | counted as stray        | link is down        | –                   |
//! | connecting | refused          | sends       | –                       | fails: not connected | fails: not connected |
//! | awaiting   | refused          | –           | the answer, or stray    | fails: lost → reversal | timed out → reversal |
//!
//! One operation may take several exchanges: a sign-in that is due, a reversal that is pending, the operation itself,
//! and the reversal that follows when its fate is unknown.

mod answer;
mod icc;
mod outbox;
mod profile;
mod request;
mod reversal;

pub use outbox::{Event, Input, Outbox, Output, Stray};
pub use profile::{Profile, ReversalPolicy, SignInForm};
pub use reversal::Reason;

use crate::{
    crypto::{MacSchedule, Tmk, WorkKeys},
    iso8583::{BatchNo, Deframer, Mti, ResponseCode, Stan, TerminalId},
    iso8583::{FrameError, MerchantId},
    money::Amount,
    operation::{End, Failure, Kind, Operation, Outcome},
    reconcile::{Belief, Entry},
    time::Instant,
};
use answer::Reading;
use reversal::Reversal;
use std::time::Duration;

/// One virtual terminal.
#[derive(Debug)]
pub struct Terminal {
    id: TerminalId,
    merchant: MerchantId,
    tmk: Tmk,
    keys: Option<Box<WorkKeys>>,
    next_stan: Stan,
    batch: BatchNo,
    keeps_connection: bool,
    link: Link,
    deframer: Deframer,
    reversal: Option<Box<Reversal>>,
    active: Option<Box<Active>>,
    record: Record,
}

/// What a terminal has done so far, for screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The last message type it sent or received.
    pub last_mti: Option<Mti>,
    /// The last response code it received.
    pub last_code: Option<ResponseCode>,
    /// Approved operations.
    pub approved: u32,
    /// Declined operations.
    pub declined: u32,
    /// Time-outs and errors.
    pub failed: u32,
    /// Reversals that were answered.
    pub reversed: u32,
}

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    Opening,
    Up,
}

/// An operation under way.
#[derive(Debug)]
struct Active {
    operation: Operation,
    /// Whether its outcome has been told; what follows is the reversal of it.
    told: bool,
    exchange: Exchange,
    /// Sends of a reversal that this trigger still allows.
    attempts_left: u32,
    /// Sign-ins that this operation still allows.
    sign_ins_left: u32,
    stan: Option<Stan>,
    sent_at: Option<Instant>,
    deadline: Instant,
    mac: Option<MacSchedule>,
}

/// The exchange that is under way or comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    /// A sign-in that the operation needs first.
    SignIn,
    /// A reversal that is due.
    Reversal,
    /// The operation itself.
    Operation,
}

impl Terminal {
    /// A terminal that was just unpacked: master key loaded, not signed in.
    pub fn new(
        id: TerminalId,
        merchant: MerchantId,
        tmk: Tmk,
        profile: &Profile,
        keeps_connection: bool,
    ) -> Self {
        let deframer = Deframer::for_framing(&profile.spec.framing);
        Self {
            id,
            merchant,
            tmk,
            keys: None,
            next_stan: Stan::FIRST,
            batch: BatchNo::FIRST,
            keeps_connection,
            link: Link::Down,
            deframer: deframer.unwrap_or_else(|| Deframer::new(crate::iso8583::LengthHeader::BINARY2)),
            reversal: None,
            active: None,
            record: Record::default(),
        }
    }

    /// DE 41.
    pub fn id(&self) -> TerminalId {
        self.id
    }

    /// DE 42.
    pub fn merchant(&self) -> MerchantId {
        self.merchant
    }

    /// The system trace audit number of the next message.
    pub fn next_stan(&self) -> Stan {
        self.next_stan
    }

    /// The number of the open batch.
    pub fn batch(&self) -> BatchNo {
        self.batch
    }

    /// Whether it holds work keys.
    pub fn is_signed_in(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether it can take an operation.
    pub fn is_idle(&self) -> bool {
        self.active.is_none()
    }

    /// Whether a connection is open.
    pub fn is_connected(&self) -> bool {
        self.link == Link::Up
    }

    /// Whether a reversal waits to be sent.
    pub fn has_pending_reversal(&self) -> bool {
        self.reversal.is_some()
    }

    /// What it has done so far.
    pub fn record(&self) -> Record {
        self.record
    }

    /// Takes one input at `now`; what follows from it is in `out`, which ends with a wait.
    pub fn handle(&mut self, profile: &Profile, now: Instant, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Operation(operation) => self.begin(profile, now, operation, out),
            Input::Connected => self.connected(profile, now, out),
            Input::Received(bytes) => self.received(profile, now, bytes, out),
            Input::Closed => self.closed(profile, now, out),
            Input::Timeout => self.timeout(profile, now, out),
            Input::Interrupt => self.interrupt(now, out),
            Input::PowerCut => self.power_cut(now, out),
        }
        out.push(Output::Wait(self.active.as_ref().map(|active| active.deadline)));
    }

    fn begin(&mut self, profile: &Profile, now: Instant, operation: Operation, out: &mut Outbox) {
        debug_assert!(self.active.is_none(), "a driver gives one operation at a time");
        self.active = Some(Box::new(Active {
            operation,
            told: false,
            exchange: Exchange::Operation,
            attempts_left: profile.reversal.resend + 1,
            sign_ins_left: 1,
            stan: None,
            sent_at: None,
            deadline: Instant::NEVER,
            mac: None,
        }));
        self.proceed(profile, now, out);
    }

    /// Chooses the next exchange of the active operation, and begins it.
    ///
    /// 1. What needs work keys is preceded by a sign-in while there are none.
    /// 2. A reversal goes before every message with a MAC, and after an operation whose fate is unknown.
    /// 3. Then comes the operation itself, once.
    fn proceed(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
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
                self.give_up(now, Failure::NotSignedIn, out);
            }
            Exchange::Reversal if active.attempts_left == 0 => self.reversals_exhausted(profile, now, out),
            Exchange::Operation if active.told => self.rest(out),
            Exchange::Operation if active.operation.kind == Kind::Reversal => {
                let outcome = Outcome::ended(Kind::Reversal, End::Approved, Amount::ZERO);
                self.tell(outcome, out);
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

    fn connected(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        self.link = Link::Up;
        self.deframer.reset();
        match self.active {
            Some(_) => self.send(profile, now, out),
            None if !self.keeps_connection => self.hang_up(out),
            None => {}
        }
    }

    /// Packs and sends the message of the active exchange.
    fn send(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let range = match self.pack(profile, now, out) {
            Ok(range) => range,
            Err(failure) => return self.exchange_failed(profile, now, End::Failed(failure), out),
        };
        out.push(Output::Send(range));
        let Some(active) = self.active.as_deref_mut() else { return };
        active.sent_at = Some(now);
        active.deadline = now + profile.response_timeout;
        match active.exchange {
            Exchange::Reversal => active.attempts_left = active.attempts_left.saturating_sub(1),
            Exchange::SignIn => active.sign_ins_left = active.sign_ins_left.saturating_sub(1),
            Exchange::Operation => {}
        }
        if active.exchange != Exchange::Reversal && active.stan.is_some() {
            self.next_stan = self.next_stan.next();
        }
    }

    fn received(&mut self, profile: &Profile, now: Instant, mut bytes: &[u8], out: &mut Outbox) {
        let mut deframer =
            std::mem::replace(&mut self.deframer, Deframer::new(crate::iso8583::LengthHeader::BINARY2));
        let lost = loop {
            match deframer.next_frame(&mut bytes) {
                Ok(Some(frame)) => self.frame(profile, now, frame, out),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        self.deframer = deframer;
        if self.link != Link::Up {
            self.deframer.reset();
        }
        if let Some(error) = lost {
            self.out_of_step(profile, now, error, out);
        }
    }

    /// The stream is no sequence of frames any more: whatever comes cannot be read.
    fn out_of_step(&mut self, profile: &Profile, now: Instant, error: FrameError, out: &mut Outbox) {
        out.event(Event::Stray(Stray::Unreadable(error.to_string())));
        self.hang_up(out);
        if self.is_awaiting() {
            self.exchange_failed(profile, now, End::Failed(Failure::Malformed), out);
        }
    }

    fn closed(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let was = std::mem::replace(&mut self.link, Link::Down);
        let failure = if was == Link::Up { Failure::ConnectionLost } else { Failure::NotConnected };
        if self.active.is_some() {
            self.exchange_failed(profile, now, End::Failed(failure), out);
        }
    }

    fn timeout(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref().filter(|active| active.deadline <= now) else { return };
        let end = if active.sent_at.is_some() { End::TimedOut } else { End::Failed(Failure::NotConnected) };
        // A connection that swallows messages is not kept; a late answer on a long-lived one is a counted event.
        if !self.keeps_connection || self.link == Link::Opening {
            self.hang_up(out);
        }
        self.exchange_failed(profile, now, end, out);
    }

    /// The active exchange ended without a usable answer.
    fn exchange_failed(&mut self, profile: &Profile, now: Instant, end: End, out: &mut Outbox) {
        let Some(active) = self.active.as_deref_mut() else { return };
        let sent_at = active.sent_at.take();
        match active.exchange {
            Exchange::Operation => self.operation_failed(profile, now, end, sent_at, out),
            Exchange::SignIn => {
                self.tell_automatic(Kind::SignIn, end, None, out);
                self.after_failed_preparation(profile, now, end, out);
            }
            Exchange::Reversal => {
                self.tell_automatic(Kind::Reversal, end, None, out);
                self.after_failed_reversal(profile, now, end, out);
            }
        }
    }

    fn operation_failed(
        &mut self,
        profile: &Profile,
        now: Instant,
        end: End,
        sent_at: Option<Instant>,
        out: &mut Outbox,
    ) {
        let reason = Reason::of(end);
        if sent_at.is_some() {
            self.owe_reversal(now, reason, out);
        }
        let Some(active) = self.active.as_deref_mut() else { return };
        let outcome = Outcome {
            stan: active.stan,
            ..Outcome::ended(active.operation.kind, end, active.operation.amount)
        };
        self.tell(outcome, out);
        self.reverse_or_rest(profile, now, out);
    }

    /// A sign-in that had to come first did not succeed: the operation cannot be done.
    fn after_failed_preparation(&mut self, _profile: &Profile, now: Instant, end: End, out: &mut Outbox) {
        let failure = match end {
            End::Failed(failure) => failure,
            _ => Failure::NotSignedIn,
        };
        self.give_up(now, failure, out);
    }

    /// Sends the reversal again while attempts are left; without a link there is no point in it.
    fn after_failed_reversal(&mut self, profile: &Profile, now: Instant, end: End, out: &mut Outbox) {
        if end == End::Failed(Failure::NotConnected)
            && let Some(active) = self.active.as_deref_mut()
        {
            active.attempts_left = 0;
        }
        self.proceed(profile, now, out);
    }

    fn reversals_exhausted(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        if !profile.reversal.keep
            && let Some(reversal) = self.reversal.take()
        {
            out.event(Event::Journal(reversal.entry(self, Belief::ReversalAbandoned, now)));
            if let Some(active) = self.active.as_deref_mut() {
                active.attempts_left = profile.reversal.resend + 1;
            }
            return self.proceed(profile, now, out);
        }
        self.give_up(now, Failure::ReversalPending, out);
    }

    /// Ends the active operation undone; if its outcome was told already, nothing more is to say.
    fn give_up(&mut self, _now: Instant, failure: Failure, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return };
        if !active.told {
            let outcome =
                Outcome::ended(active.operation.kind, End::Failed(failure), active.operation.amount);
            self.tell(outcome, out);
        }
        self.rest(out);
    }

    fn interrupt(&mut self, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return self.hang_up(out) };
        let sent = active.sent_at.is_some() && active.exchange == Exchange::Operation;
        if sent {
            self.owe_reversal(now, Reason::Other, out);
        }
        self.give_up(now, Failure::Interrupted, out);
        self.hang_up(out);
    }

    /// Everything but the storage that survives power loss is gone; an unanswered request has become a reversal.
    fn power_cut(&mut self, now: Instant, out: &mut Outbox) {
        if self.is_awaiting()
            && self.active.as_deref().is_some_and(|active| active.exchange == Exchange::Operation)
        {
            self.owe_reversal(now, Reason::Other, out);
        }
        self.active = None;
        self.hang_up(out);
    }

    /// After an outcome: reverse at once what is owed, or rest.
    fn reverse_or_rest(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        match self.active.as_deref_mut() {
            Some(active) if self.reversal.is_some() && profile.reversal.at_once => {
                active.attempts_left = profile.reversal.resend + 1;
                self.proceed(profile, now, out);
            }
            _ => self.rest(out),
        }
    }

    /// The operation is over, with all that follows from it.
    fn rest(&mut self, out: &mut Outbox) {
        self.active = None;
        if !self.keeps_connection {
            self.hang_up(out);
        }
    }

    fn hang_up(&mut self, out: &mut Outbox) {
        if self.link != Link::Down {
            self.link = Link::Down;
            self.deframer.reset();
            out.push(Output::Close);
        }
    }

    fn is_awaiting(&self) -> bool {
        self.active.as_deref().is_some_and(|active| active.sent_at.is_some())
    }

    fn tell(&mut self, outcome: Outcome, out: &mut Outbox) {
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

    fn tell_automatic(&mut self, kind: Kind, end: End, reading: Option<&Reading>, out: &mut Outbox) {
        let outcome = Outcome {
            code: reading.and_then(|reading| reading.code),
            service: reading.map(|reading| reading.service),
            ..Outcome::ended(kind, end, Amount::ZERO)
        };
        out.event(Event::Automatic(outcome));
    }

    /// What the terminal believes of its active operation, as a line of its journal.
    fn entry(&self, active: &Active, belief: Belief, now: Instant) -> Option<Entry> {
        Some(Entry {
            at: now.since(Instant::START),
            terminal: self.id,
            batch: self.batch,
            stan: active.stan?,
            kind: active.operation.kind,
            amount: active.operation.amount,
            card: active.operation.card.as_ref().map(|used| used.card.pan),
            belief,
        })
    }

    /// Records that the active request's fate is unknown and must be reversed.
    fn owe_reversal(&mut self, now: Instant, reason: Reason, out: &mut Outbox) {
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

/// Time from one instant to another, where both are known.
fn between(from: Option<Instant>, to: Instant) -> Duration {
    from.map_or(Duration::ZERO, |from| to.since(from))
}
