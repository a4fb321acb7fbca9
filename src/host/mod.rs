//! The simulated acquirer: a state machine without I/O that knows terminals, keys and cards, and books what it approves.
//!
//! A driver owns the connections. It hands bytes of a [`Session`] to [`Host::received`] and drains the [`Outbox`];
//! answers that a rule delays come out of [`Host::timeout`] at the deadline of the last wait.
//!
//! A request goes through these gates, and the first that refuses it answers:
//!
//! | gate                                 | answer when refused    |
//! |--------------------------------------|------------------------|
//! | no rule has other plans              | what the rule says     |
//! | there is a terminal id, DE 60 can be read | 30                |
//! | the terminal is known                | 97, see `gate.rs`      |
//! | the merchant belongs to it           | 03, see `gate.rs`      |
//! | the kind of request is known         | 40                     |
//! | its device has no other numbers by now; what was begun may be finished | 97, see `gate.rs` |
//! | a sign-in names no other device      | 97, see `gate.rs`      |
//! | the MAC holds                        | A0                     |
//! | the batch is the open one; a reversal may name any | 77       |
//! | amount, card or code can be read     | 13, 14                 |
//! | the STAN is new in the batch         | 94, see `authorize.rs` |
//! | the portal has no objection: signed in today, within the limits of the method | 77 or what its rules say, 61, see `gate.rs` |
//! | the chip was not passed over without a reason, its cryptogram holds | 45, 30, 05, see `chip.rs` |
//! | the original stands, and this fits it | 30, 25, 12, 14, 64, 61, see `original.rs` |
//! | card, expiry, limit, amount, PIN, balance | 14, 54, 61, 13, 99, 55, 51 |
//!
//! Sign-ins, downloads and other management have no MAC and end before that gate; a reversal goes on in `reverse.rs`, a
//! settlement and its upload in `settle.rs`. What is approved or declined becomes a [`Record`](crate::ledger::Record),
//! which is told before the answer that depends on it; the books change by records alone.

mod authorize;
mod books;
mod branch;
mod bug;
mod chip;
mod classify;
mod config;
mod counter;
mod cross_check;
mod delay;
mod demand;
mod desk;
mod download;
mod gate;
mod journal;
mod keys;
mod mood;
mod notes;
mod opening;
mod order;
mod organisation;
mod original;
mod outbox;
mod overheard;
mod policy;
mod respond;
mod response;
mod restart;
mod reverse;
mod rule;
mod settle;
mod sold;
mod station;
mod tables;
mod tell;

pub use chip::ChipRules;
pub use config::{Config, Enrolment, UnknownCards};
pub use delay::Delay;
pub use notes::Signature;
pub use opening::{PortalSetup, serial_number};
pub use outbox::{ConnectionId, Outbox, Output};
pub use overheard::Overheard;
pub use policy::{Bug, Fees, OrderDrill, PreAuthPolicy, TipPolicy};
pub use rule::{Action, Match, Pattern, Rule};
pub use settle::{Closing, Difference, SettlementRules, SettlementTally, TotalsDrill, Unbalanced};
pub use tables::{ProcessingRequest, TableStock};

use crate::{
    card::{Card, Pan},
    iso8583::{
        BatchNo, De, Deframer, FrameHead, LengthHeader, MerchantId, Message, Mti, Private60, ResponseCode,
        TerminalId,
    },
    ledger::Ledger,
    operation::Kind,
    portal::Portal,
    rng::{Domain, Rng},
    terminal::SignInForm,
    time::{DateTime, Instant},
};
use branch::Sighting;
use classify::{Purpose, classify};
use counter::Counter;
use download::Asked;
use keys::MacKeys;
use mood::{Count, Delayed};
use notes::Notes;
use respond::{Answer, SignIn};
use settle::Settlement;
use station::Station;
use std::collections::{BinaryHeap, HashMap};

/// The simulated acquirer.
#[derive(Debug)]
pub struct Host {
    config: Config,
    stations: HashMap<TerminalId, Station>,
    cards: HashMap<Pan, Card>,
    ledger: Ledger,
    notes: Notes,
    delayed: BinaryHeap<Delayed>,
    desk: desk::Desk,
    /// How often each rule has been met.
    counts: Vec<Count>,
    rng: Rng,
    /// The number of the last retrieval reference that was given out.
    last_reference: u64,
    tally: Tally,
    settlements: HashMap<TerminalId, Settlement>,
    asked: HashMap<TerminalId, Asked>,
    counter: Option<Box<Counter>>,
    /// The latest instant that anybody has told.
    now: Instant,
}

/// What a host has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that could be read.
    pub requests: u64,
    /// Answers by response code.
    pub answers: HashMap<ResponseCode, u64>,
    /// Frames that could not be read, and streams that are no frames.
    pub unreadable: u64,
    /// Requests that a rule did not let through as they were.
    pub ruled: u64,
    /// What settlements came to.
    pub settlements: SettlementTally,
}

/// One connection, as the host sees it.
#[derive(Debug)]
pub struct Session {
    id: ConnectionId,
    deframer: Deframer,
}

impl Session {
    /// A connection that was just accepted.
    pub fn new(id: ConnectionId, host: &Host) -> Self {
        let deframer = Deframer::for_framing(&host.config.spec.framing);
        Self { id, deframer: deframer.unwrap_or_else(|| Deframer::new(LengthHeader::BINARY2)) }
    }

    /// Which connection it is.
    pub fn id(&self) -> ConnectionId {
        self.id
    }
}

/// A request that could be read, with what is needed of it more than once.
struct Request<'a> {
    connection: ConnectionId,
    head: FrameHead,
    message: &'a Message<'a>,
    terminal: Option<TerminalId>,
    /// The expanded MAC keys of its terminal, when it carries a MAC and the terminal has keys.
    mac: MacKeys,
}

/// A request that has passed the first gates: whose it is, and when it came.
#[derive(Clone, Copy)]
struct Inquiry<'a> {
    today: DateTime,
    terminal: TerminalId,
    merchant: MerchantId,
    /// Whether its device has other numbers now.
    has_ended: bool,
    /// The open batch of the terminal; DE 60.2 may say another.
    open_batch: BatchNo,
    private60: Private60,
    message: &'a Message<'a>,
}

impl Host {
    /// A host that has just opened.
    pub fn new(config: Config) -> Self {
        let stations = config.terminals.iter().map(|enrolment| (enrolment.terminal, Station::new(enrolment)));
        let cards = config.cards.iter().map(|card| (card.pan, card.clone()));
        Self {
            stations: stations.collect(),
            cards: cards.collect(),
            ledger: Ledger::default(),
            notes: Notes::default(),
            delayed: BinaryHeap::new(),
            desk: desk::Desk::new(config.capacity),
            counts: Vec::new(),
            rng: config.seed.stream(Domain::Host, 0, 0),
            last_reference: 1,
            tally: Tally::default(),
            settlements: HashMap::new(),
            asked: HashMap::new(),
            counter: Counter::open(&config),
            now: Instant::START,
            config,
        }
    }

    /// The books.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What it has done so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Other moods from now on; what the rules count begins anew.
    pub fn set_rules(&mut self, rules: Vec<Rule>) {
        self.config.rules = rules;
        self.counts.clear();
    }

    /// Takes bytes of a connection; what follows is in `out`.
    pub fn received(&mut self, now: Instant, session: &mut Session, mut bytes: &[u8], out: &mut Outbox) {
        let connection = session.id;
        self.now = now;
        loop {
            let taken = match session.deframer.next_frame(&mut bytes) {
                Ok(Some(frame)) => self.frame(now, connection, frame, out),
                Ok(None) => break,
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = taken {
                self.tally.unreadable += 1;
                out.push(Output::Unreadable { connection, error });
                out.push(Output::Close(connection));
                break;
            }
        }
        self.wait(out);
    }

    /// Sends what is due by now, and has happen in the portal what is due there.
    pub fn timeout(&mut self, now: Instant, out: &mut Outbox) {
        self.now = now;
        self.at_counter(now, |portal, branch| portal.timeout(now, branch));
        self.journal(out);
        while self.delayed.peek().is_some_and(|delayed| delayed.due <= now)
            && let Some(delayed) = self.delayed.pop()
        {
            delayed.send(out);
        }
        self.wait(out);
    }

    fn wait(&mut self, out: &mut Outbox) {
        self.journal(out);
        let answer = self.delayed.peek().map(|delayed| delayed.due);
        let portal = self.portal().and_then(Portal::next_deadline);
        out.push(Output::Wait([answer, portal].into_iter().flatten().min()));
    }

    /// Takes one frame (without its length).
    ///
    /// # Errors
    /// What is wrong with it, when it is no message; the connection is then to be closed.
    fn frame(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        bytes: &[u8],
        out: &mut Outbox,
    ) -> Result<(), String> {
        let spec = self.config.spec;
        let frame = spec.framing.split(bytes).map_err(|error| error.to_string())?;
        let message = Message::parse(spec, frame.body).map_err(|error| error.to_string())?;
        self.tally.requests += 1;
        let action = self.mood(now, &message);
        self.tally.ruled += u64::from(action.is_some());
        let terminal = terminal_of(&message);
        let mac = self.mac_keys(terminal, &message);
        let request = Request { connection, head: frame.head, message: &message, terminal, mac };
        if action.as_ref().is_some_and(Action::loses_the_request) {
            self.overhear(&request, None, out);
            return Ok(());
        }
        if self.config.key_scheme.is_derived() && (message.mac().is_none() || request.is_authentic()) {
            self.use_up(terminal, &request.mac);
        }
        let answer = match &action {
            Some(action) => match action.refusal(&mut self.rng) {
                Some(code) => Answer::code(code),
                None => self.decide(now, &request, out),
            },
            None => self.decide(now, &request, out),
        };
        *self.tally.answers.entry(answer.code).or_default() += 1;
        self.journal(out);
        self.overhear(&request, Some(answer.code), out);
        self.reply(now, &request, answer, action, out);
        Ok(())
    }

    /// Leads a request through the gates.
    fn decide(&mut self, now: Instant, request: &Request<'_>, out: &mut Outbox) -> Answer {
        let (refuse, message) = (Answer::code, request.message);
        let Some(terminal) = request.terminal else { return refuse(ResponseCode::FORMAT_ERROR) };
        let Some(station) = self.stations.get(&terminal) else {
            return refuse(self.refuse_numbers(request, terminal, ResponseCode::UNKNOWN_TERMINAL));
        };
        if !message.get(De::MERCHANT_ID).is_some_and(|merchant| merchant.is(station.merchant.as_bytes())) {
            return refuse(self.refuse_numbers(request, terminal, ResponseCode::INVALID_MERCHANT));
        }
        let Some(mut private60) = private60_of(message) else { return refuse(ResponseCode::FORMAT_ERROR) };
        private60.management = private60.management.map(|code| self.config.usual_code(message.mti(), code));
        let (merchant, batch, is_renewed) = (station.merchant, station.batch, station.is_renewed());
        let has_ended = station.has_ended;
        self.hear(request, terminal);
        let open_batch = self.open_batch(terminal, batch, private60.batch, out);
        let today = self.config.clock.at(now);
        let inquiry = Inquiry { today, terminal, merchant, has_ended, open_batch, private60, message };
        let mut answer = self.grant(&inquiry, request, out);
        if is_renewed && request.mac.request.is_some() && answer.code.is_approval() {
            self.confirm_master_key(terminal);
        }
        answer.asks_for = self.asks_for(&inquiry, answer.code);
        answer
    }

    /// Leads a request of a known terminal through the other gates, by what it is for.
    fn grant(&mut self, inquiry: &Inquiry<'_>, request: &Request<'_>, out: &mut Outbox) -> Answer {
        let (refuse, terminal) = (Answer::code, inquiry.terminal);
        match classify(inquiry.message, &inquiry.private60) {
            None => refuse(ResponseCode::NOT_SUPPORTED),
            Some(purpose) if inquiry.has_ended && !purpose.is_leftover() => {
                refuse(self.refuse_numbers(request, terminal, ResponseCode::UNKNOWN_TERMINAL))
            }
            Some(Purpose::SignIn(form)) => self.sign_in(inquiry, form),
            Some(Purpose::Tables) => self.download(inquiry),
            Some(purpose) if self.wants_mac(purpose, inquiry.message) && !request.is_authentic() => {
                refuse(ResponseCode::MAC_FAILED)
            }
            Some(Purpose::Batch) => self.settle(inquiry, out),
            Some(Purpose::Operation(kind, _)) if !kind.is_financial() => self.manage(inquiry, kind),
            Some(Purpose::Reversal) => self.reverse(inquiry, out),
            Some(_) if inquiry.private60.batch != inquiry.open_batch => refuse(ResponseCode::BATCH_MISMATCH),
            Some(Purpose::ScriptResult) => self.script_result(inquiry),
            Some(Purpose::Operation(kind, variant)) => self.operate(inquiry, kind, variant, out),
        }
    }

    /// Whether a message must have a MAC that holds: where the customs say so, and where it has one though it need not.
    fn wants_mac(&self, purpose: Purpose, message: &Message<'_>) -> bool {
        let has_mac = |kind| self.config.customs.has_mac(kind);
        let is_there = message.mac().is_some();
        match purpose {
            Purpose::SignIn(_) | Purpose::Tables => false,
            Purpose::Reversal => is_there || has_mac(Kind::Reversal),
            Purpose::ScriptResult => is_there || has_mac(Kind::ScriptResult),
            Purpose::Batch if message.mti() == Mti::SETTLEMENT => is_there || has_mac(Kind::Settlement),
            Purpose::Batch => is_there || has_mac(Kind::BatchUpload),
            Purpose::Operation(kind, _) => is_there && kind.is_financial() || has_mac(kind),
        }
    }

    /// Gives out fresh work keys and the number of the open batch.
    fn sign_in(&mut self, inquiry: &Inquiry<'_>, form: SignInForm) -> Answer {
        if let Err(code) = self.recognize_device(inquiry) {
            return Answer::code(code);
        }
        let (rng, double) = (&mut self.rng, self.config.double_length_mak);
        let Some(station) = self.stations.get_mut(&inquiry.terminal) else {
            return Answer::code(ResponseCode::UNKNOWN_TERMINAL);
        };
        let keys = match self.config.key_scheme.is_derived() {
            true => Some(Vec::new()),
            false => station.sign_in(form, double, rng),
        };
        match keys {
            Some(keys) => {
                let sign_in = Some(SignIn { keys, batch: station.batch });
                self.sighting(inquiry.terminal).into_iter().for_each(|sighting| sighting.signed_in(inquiry));
                Answer { sign_in, ..Answer::code(ResponseCode::APPROVED) }
            }
            None => Answer::code(ResponseCode::SYSTEM_FAULT),
        }
    }

    fn manage(&mut self, inquiry: &Inquiry<'_>, kind: Kind) -> Answer {
        match kind {
            Kind::ESignature => self.sign(inquiry),
            Kind::SignOut => {
                if let Some(station) = self.stations.get_mut(&inquiry.terminal) {
                    station.sign_out();
                }
                self.sighting(inquiry.terminal).into_iter().for_each(Sighting::signed_out);
                Answer::code(ResponseCode::APPROVED)
            }
            Kind::StatusUpload => {
                let sighting = self.sighting(inquiry.terminal);
                sighting.into_iter().for_each(|sighting| sighting.take_status(inquiry));
                Answer::code(ResponseCode::APPROVED)
            }
            _ => Answer::code(ResponseCode::APPROVED),
        }
    }
}

impl Request<'_> {
    /// Whether the MAC holds; without keys none does.
    fn is_authentic(&self) -> bool {
        let (Some(schedule), Some(data), Some(mac)) =
            (&self.mac.request, self.message.mac_data(), self.message.mac())
        else {
            return false;
        };
        let mut received = [0; 8];
        mac.write_to(&mut received).is_some_and(|mac| !mac.is_empty()) && schedule.verify(data, &received)
    }
}

fn terminal_of(message: &Message<'_>) -> Option<TerminalId> {
    TerminalId::from_bytes(&message.get(De::TERMINAL_ID)?.array::<8>()?).ok()
}

fn private60_of(message: &Message<'_>) -> Option<Private60> {
    let mut buffer = [0; 32];
    Private60::from_digits(message.get(De::PRIVATE_60)?.write_to(&mut buffer)?).ok()
}
