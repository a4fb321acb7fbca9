//! The simulated acquirer: a state machine without I/O that knows terminals, keys and cards, and books what it approves.
//!
//! A driver owns the connections. It hands bytes of a [`Session`] to [`Host::received`] and drains the [`Outbox`];
//! answers that a rule delays come out of [`Host::timeout`] at the deadline of the last wait.
//!
//! A request goes through these gates, and the first that refuses it answers:
//!
//! | gate                               | answer when refused |
//! |------------------------------------|---------------------|
//! | no rule has other plans            | what the rule says  |
//! | the terminal is known              | 97                  |
//! | the merchant belongs to it         | 03                  |
//! | the kind of request is known       | 40                  |
//! | the MAC holds                      | A0                  |
//! | the batch is the open one          | 77                  |
//! | the STAN is new in the batch       | 94                  |
//! | card, expiry, PIN, limit, balance  | 14, 54, 99, 55, 61, 51 |

mod authorize;
mod books;
mod config;
mod mood;
mod outbox;
mod policy;
mod respond;
mod station;

pub use config::{Action, Config, Enrolment, Match, Rule, UnknownCards};
pub use outbox::{ConnectionId, Outbox, Output};
pub use policy::{Bug, Fees, OrderDrill, PreAuthPolicy, TipPolicy};

use crate::{
    card::{Card, Pan},
    crypto::MacSchedule,
    iso8583::{De, Deframer, FrameHead, LengthHeader, Message, Mti, Private60, ResponseCode, TerminalId},
    ledger::Ledger,
    operation::Kind,
    rng::{Domain, Rng},
    terminal::SignInForm,
    time::Instant,
};
use mood::Delayed;
use respond::{Answer, SignIn};
use station::Station;
use std::collections::{BinaryHeap, HashMap};

/// The simulated acquirer.
#[derive(Debug)]
pub struct Host {
    config: Config,
    stations: HashMap<TerminalId, Station>,
    cards: HashMap<Pan, Card>,
    ledger: Ledger,
    delayed: BinaryHeap<Delayed>,
    rng: Rng,
    /// The number of the last retrieval reference that was given out.
    last_reference: u64,
    tally: Tally,
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
    /// The expanded MAC key of its terminal, when it carries a MAC and the terminal is signed in.
    mac: Option<MacSchedule>,
}

/// What a request is for; a sign-in says which keys it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    SignIn(SignInForm),
    Other(Kind),
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
            delayed: BinaryHeap::new(),
            rng: config.seed.stream(Domain::Host, 0, 0),
            last_reference: 1,
            tally: Tally::default(),
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

    /// Other moods from now on.
    pub fn set_rules(&mut self, rules: Vec<Rule>) {
        self.config.rules = rules;
    }

    /// Takes bytes of a connection; what follows is in `out`.
    pub fn received(&mut self, now: Instant, session: &mut Session, mut bytes: &[u8], out: &mut Outbox) {
        let connection = session.id;
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

    /// Sends what is due by now.
    pub fn timeout(&mut self, now: Instant, out: &mut Outbox) {
        while self.delayed.peek().is_some_and(|delayed| delayed.due <= now)
            && let Some(delayed) = self.delayed.pop()
        {
            out.send(delayed.connection, &delayed.bytes);
        }
        self.wait(out);
    }

    fn wait(&self, out: &mut Outbox) {
        out.push(Output::Wait(self.delayed.peek().map(|delayed| delayed.due)));
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
        let action = self.mood(&message);
        self.tally.ruled += u64::from(action.is_some());
        if action == Some(Action::DropRequest) {
            return Ok(());
        }
        let terminal = terminal_of(&message);
        let station =
            terminal.and_then(|terminal| self.stations.get(&terminal)).filter(|_| message.mac().is_some());
        let mac = station.and_then(|station| station.mac_schedule(&self.config));
        let request = Request { connection, head: frame.head, message: &message, terminal, mac };
        let answer = match &action {
            Some(Action::Respond(code)) => Answer::code(*code),
            _ => self.decide(now, &request, out),
        };
        *self.tally.answers.entry(answer.code).or_default() += 1;
        self.reply(now, &request, answer, action, out);
        Ok(())
    }

    /// Leads a request through the gates.
    fn decide(&mut self, now: Instant, request: &Request<'_>, out: &mut Outbox) -> Answer {
        let (refuse, message) = (Answer::code, request.message);
        let Some(terminal) = request.terminal else { return refuse(ResponseCode::FORMAT_ERROR) };
        let Some(station) = self.stations.get(&terminal) else {
            return refuse(ResponseCode::UNKNOWN_TERMINAL);
        };
        if !message.get(De::MERCHANT_ID).is_some_and(|merchant| merchant.is(station.merchant.as_bytes())) {
            return refuse(ResponseCode::INVALID_MERCHANT);
        }
        let Some(private60) = private60_of(message) else { return refuse(ResponseCode::FORMAT_ERROR) };
        match classify(message, &private60) {
            None => refuse(ResponseCode::NOT_SUPPORTED),
            Some(Purpose::SignIn(form)) => self.sign_in(terminal, form),
            Some(Purpose::Other(kind)) if !kind.form().has_mac => self.manage(terminal, kind),
            Some(_) if !request.is_authentic() => refuse(ResponseCode::MAC_FAILED),
            Some(Purpose::Other(Kind::Reversal)) => self.reverse(now, terminal, &private60, message, out),
            Some(_) if private60.batch != station.batch => refuse(ResponseCode::BATCH_MISMATCH),
            Some(Purpose::Other(kind)) => self.authorize(now, terminal, kind, message, out),
        }
    }

    /// Gives out fresh work keys and the number of the open batch.
    fn sign_in(&mut self, terminal: TerminalId, form: SignInForm) -> Answer {
        let (rng, double) = (&mut self.rng, self.config.double_length_mak);
        let Some(station) = self.stations.get_mut(&terminal) else {
            return Answer::code(ResponseCode::UNKNOWN_TERMINAL);
        };
        match station.sign_in(form, double, rng) {
            Some(keys) => {
                let sign_in = Some(SignIn { keys, batch: station.batch });
                Answer { sign_in, ..Answer::code(ResponseCode::APPROVED) }
            }
            None => Answer::code(ResponseCode::SYSTEM_FAULT),
        }
    }

    fn manage(&mut self, terminal: TerminalId, kind: Kind) -> Answer {
        if kind == Kind::SignOut
            && let Some(station) = self.stations.get_mut(&terminal)
        {
            station.sign_out();
        }
        Answer::code(ResponseCode::APPROVED)
    }
}

impl Request<'_> {
    /// Whether the MAC holds; without keys none does.
    fn is_authentic(&self) -> bool {
        let (Some(schedule), Some(data), Some(mac)) =
            (&self.mac, self.message.mac_data(), self.message.mac())
        else {
            return false;
        };
        let mut received = [0; 8];
        mac.write_to(&mut received).is_some_and(|mac| !mac.is_empty()) && schedule.verify(data, &received)
    }
}

/// What kind of request a message is, by its type, DE 3, DE 60.1 and DE 60.3.
fn classify(message: &Message<'_>, private60: &Private60) -> Option<Purpose> {
    let network = private60.management.unwrap_or_default();
    match message.mti() {
        Mti::NETWORK => SignInForm::from_network_management(network).map(Purpose::SignIn),
        Mti::REVERSAL => Some(Purpose::Other(Kind::Reversal)),
        mti => {
            let code = message.number(De::PROCESSING_CODE);
            let fits = |kind: &Kind| {
                let form = kind.form();
                let same_code = form.processing_code.map(u64::from) == code;
                form.mti == mti && same_code && (code.is_some() || form.network_management == network)
            };
            Kind::ALL
                .iter()
                .map(|(kind, _)| *kind)
                .filter(|kind| *kind != Kind::SignIn)
                .find(fits)
                .map(Purpose::Other)
        }
    }
}

fn terminal_of(message: &Message<'_>) -> Option<TerminalId> {
    TerminalId::from_bytes(&message.get(De::TERMINAL_ID)?.array::<8>()?).ok()
}

fn private60_of(message: &Message<'_>) -> Option<Private60> {
    let mut buffer = [0; 32];
    Private60::from_digits(message.get(De::PRIVATE_60)?.write_to(&mut buffer)?).ok()
}
