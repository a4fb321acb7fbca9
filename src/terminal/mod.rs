//! The virtual terminal: a state machine without I/O that does every transaction of its profile, and keeps what it is
//! not sure of until the host has answered.
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
//! One operation may take several exchanges, in this order (`Terminal::next` and `Terminal::due` in `exchange.rs`):
//!
//! | exchange                              | when                                                              |
//! |---------------------------------------|-------------------------------------------------------------------|
//! | sign-in                               | before whatever needs keys, while there are none                  |
//! | result of a script                    | before a message with a MAC, a settlement, an asked-for reversal  |
//! | reversal                              | likewise                                                          |
//! | stored notices                        | likewise, where the policy, a settlement or a reference wants them |
//! | last questions about orders           | likewise                                                          |
//! | settlement                            | when the log is full, or one was not finished                     |
//! | the operation                         | once; a download, settlement, signature or order takes several    |
//! | reversal of the operation             | when its fate is unknown and the policy says at once              |
//! | what the header of an answer asked for | at the very end; a sign-in waits for the next operation          |
//!
//! An answer passes these gates: it is for this terminal and request (else a stray), it has a code (else malformed), its
//! MAC holds (else wrong MAC), the card accepts the issuer's cryptogram (else card refused).
//!
//! What a request without an answer leaves behind depends on its kind, and survives power loss:
//!
//! | kind                            | is kept as      | until                                                      |
//! |---------------------------------|-----------------|------------------------------------------------------------|
//! | reversible                      | a reversal      | 0410 says that it is done, or the policy gives up           |
//! | refund, completion notice       | a stored notice | an answer to the same message says done (00, 94) or refused |
//! | order of a code to scan         | a waiting order | an answer to a last question; nobody asks after that        |
//! | offline sale, adjustment, e-cash | a stored notice | as above; these are never online in the first place        |
//! | settlement                      | how far it came | its last message is answered; what moves money waits for it |
//! | download                        | which table     | it is downloaded anew before it counts                     |
//! | everything else                 | nothing         |                                                            |
//!
//! A notice is told again with what the terminal kept of the card: DE 2 and 14, neither track nor PIN.

mod active;
mod answer;
mod customs;
mod device;
mod download;
mod exchange;
mod icc;
mod key_scheme;
mod letter;
mod load;
mod log;
mod management;
mod notice;
mod order;
mod original;
mod outbox;
mod profile;
mod receipt;
mod request;
mod reversal;
mod script;
mod settlement;
mod sign_in;
mod signature;
mod tables;
mod transaction;
mod transfer;
mod trouble;
mod upload;

pub use customs::{Customs, ReversalReasons};
pub use device::{FIRMWARE, serial_number};
pub use icc::ChipPolicy;
pub use key_scheme::{KeyScheme, KsnText, MessageKeys, is_iso4};
pub use load::LoadError;
pub use log::Log;
pub use outbox::{Event, Input, Outbox, Output, Stray};
pub use profile::{NoticePolicy, OrderPolicy, Profile, ReversalPolicy, SettlementPolicy, SignInForm};
pub use reversal::Reason;
pub use tables::{Table, Tables};
pub use transaction::{KeptCard, Organization, Standing, Transaction};

use crate::{
    crypto::{MacSchedule, Tmk, WorkKeys},
    iso8583::{BatchNo, Deframer, FrameError, LengthHeader, MerchantId, Mti, ResponseCode, Stan, TerminalId},
    operation::{End, Failure, Kind, Operation},
    time::{Instant, WallClock},
};
use active::Active;
use device::Device;
use exchange::Exchange;
use reversal::Reversal;
use script::ScriptNotice;
use settlement::Settling;

/// One virtual terminal.
#[derive(Debug)]
pub struct Terminal {
    device: Device,
    id: TerminalId,
    merchant: MerchantId,
    tmk: Tmk,
    keys: Option<Box<WorkKeys>>,
    /// The expanded MAC key between two operations, while a connection is kept.
    mac: Option<Box<MacSchedule>>,
    /// Set by sign-in responses.
    clock: Option<WallClock>,
    next_stan: Stan,
    /// The counter of the last derived key; 0 under session keys.
    key_counter: u32,
    batch: BatchNo,
    keeps_connection: bool,
    link: Link,
    deframer: Deframer,
    log: Log,
    reversal: Option<Box<Reversal>>,
    script: Option<Box<ScriptNotice>>,
    settling: Option<Box<Settling>>,
    tables: Tables,
    /// The download that a loss of power interrupted.
    unfinished: Option<Kind>,
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
            device: Device::of(id),
            id,
            merchant,
            tmk,
            keys: None,
            mac: None,
            clock: None,
            next_stan: Stan::FIRST,
            key_counter: 0,
            batch: BatchNo::FIRST,
            keeps_connection,
            link: Link::Down,
            deframer: deframer.unwrap_or_else(|| Deframer::new(LengthHeader::BINARY2)),
            log: Log::default(),
            reversal: None,
            script: None,
            settling: None,
            tables: Tables::default(),
            unfinished: None,
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

    /// Its calendar, once a sign-in has set it.
    pub fn clock(&self) -> Option<WallClock> {
        self.clock
    }

    /// The counter of the last key that it derived; 0 under session keys.
    pub fn key_counter(&self) -> u32 {
        self.key_counter
    }

    /// The same terminal after it has used derived keys up to this counter.
    #[must_use]
    pub fn with_key_counter(self, key_counter: u32) -> Self {
        Self { key_counter, ..self }
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

    /// The log of the open batch.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The tables that it has downloaded.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Whether the host has yet to hear of something: a reversal, the result of a script, a stored notice, or a question
    /// about an order. An operation of [`Kind::Reversal`] sends all of it.
    pub fn owes(&self) -> bool {
        self.reversal.is_some() || self.script.is_some() || self.log.has_open()
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
        if self.active.is_some() {
            return;
        }
        let is_able = is_able(profile, &operation);
        self.active = Some(Box::new(Active::new(profile, operation, self.mac.take())));
        if !is_able {
            return self.give_up(Failure::NotAble, out);
        }
        self.proceed(profile, now, out);
    }

    /// The connection is open; one that nobody waits for any more is closed again.
    fn connected(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        match self.link {
            Link::Opening => {
                self.link = Link::Up;
                self.deframer.reset();
                self.send(profile, now, out);
            }
            Link::Down => out.push(Output::Close),
            Link::Up => {}
        }
    }

    fn received(&mut self, profile: &Profile, now: Instant, mut bytes: &[u8], out: &mut Outbox) {
        let mut deframer = std::mem::replace(&mut self.deframer, Deframer::new(LengthHeader::BINARY2));
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
        // Between two questions about an order nobody needs the connection.
        if self.active.as_deref().is_some_and(|active| !active.is_pausing) {
            self.exchange_failed(profile, now, End::Failed(failure), out);
        }
    }

    fn timeout(&mut self, profile: &Profile, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref().filter(|active| active.deadline <= now) else { return };
        if active.is_pausing {
            return self.ask(profile, now, out);
        }
        let end = if active.sent_at.is_some() { End::TimedOut } else { End::Failed(Failure::NotConnected) };
        // A connection that is kept stays open: what comes late over it is told apart and counted.
        if !self.keeps_connection || self.link == Link::Opening {
            self.hang_up(out);
        }
        self.exchange_failed(profile, now, end, out);
    }

    fn interrupt(&mut self, now: Instant, out: &mut Outbox) {
        let Some(active) = self.active.as_deref() else { return self.hang_up(out) };
        let sent = active.sent_at.is_some() && active.exchange == Exchange::Operation;
        if sent {
            self.keep_unknown(now, Reason::Other, out);
        }
        self.give_up(Failure::Interrupted, out);
        self.hang_up(out);
    }

    /// Everything but the storage that survives power loss is gone; an unanswered request has become a reversal.
    fn power_cut(&mut self, now: Instant, out: &mut Outbox) {
        if self.is_awaiting()
            && self.active.as_deref().is_some_and(|active| active.exchange == Exchange::Operation)
        {
            self.keep_unknown(now, Reason::Other, out);
        }
        self.active = None;
        self.hang_up(out);
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
}

/// Whether terminals of this kind may do what is asked, and flows may ask for it.
fn is_able(profile: &Profile, operation: &Operation) -> bool {
    let kind = operation.kind;
    let is_asked = kind == Kind::Reversal || !kind.is_automatic();
    is_asked && profile.abilities.has(kind) && operation.variant.applies_to(kind)
}
