//! One terminal and one host wired together in virtual time; a test decides what becomes of each message.

use crate::draft::Draft;
use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry},
    host::{self, Config, ConnectionId, Enrolment, Host, Session},
    iso8583::{MerchantId, TerminalId},
    money::Amount,
    operation::{CardUse, Entry, Kind, Operation, Original, Outcome},
    rng::Seed,
    terminal::{Event, Input, Outbox, Output, Profile, Terminal},
    time::{Instant, WallClock},
};
use std::collections::VecDeque;

/// One terminal and one host.
pub struct Pair {
    pub terminal: Terminal,
    pub profile: Profile,
    pub host: Host,
    pub now: Instant,
    /// Everything that the terminal has sent.
    pub sent: Vec<Draft>,
    /// Everything that happened to the terminal.
    pub events: Vec<Event>,
    connections: u64,
    session: Session,
}

impl Fate {
    /// Somebody else answers so.
    pub fn says(answer: Draft) -> Self {
        Self::Says(Box::new(answer))
    }
}

/// What becomes of one message and its answer.
pub enum Fate {
    Answered,
    /// The request does not come to the host.
    RequestLost,
    /// The host does its work, and the answer is lost.
    AnswerLost,
    /// The host does its work, and the terminal loses power before the answer comes.
    PowerCut,
    /// The answer comes twice.
    Twice,
    /// Somebody else answers.
    Says(Box<Draft>),
}

impl Pair {
    pub fn new() -> Self {
        Self::with(|_, _| {})
    }

    pub fn with(change: impl FnOnce(&mut Config, &mut Profile)) -> Self {
        let terminal = TerminalId::from_bytes(b"10000001").unwrap();
        let merchant = MerchantId::from_bytes(b"898100012340001").unwrap();
        let tmk = || TMK.parse().unwrap();
        let mut profile = Profile::default();
        let mut config = Config {
            terminals: vec![Enrolment { terminal, merchant, tmk: tmk() }],
            opening_balance: Amount::from_minor(100_000_000),
            clock: WallClock::starting_at(1_767_254_400),
            seed: Seed(7),
            ..Config::default()
        };
        change(&mut config, &mut profile);
        let host = Host::new(config);
        let session = Session::new(ConnectionId(0), &host);
        let terminal = Terminal::new(terminal, merchant, tmk(), &profile, false);
        let (sent, events) = (Vec::new(), Vec::new());
        Self { terminal, profile, host, now: Instant::START, sent, events, connections: 0, session }
    }

    /// Does an operation that must have an outcome, and returns it.
    pub fn ask(&mut self, operation: Operation) -> Outcome {
        self.run(operation, |_| Fate::Answered).expect("an outcome")
    }

    /// Does an operation while `fate` decides about every message, by the request.
    ///
    /// Returns its outcome; after a loss of power there is none.
    pub fn run(&mut self, operation: Operation, mut fate: impl FnMut(&Draft) -> Fate) -> Option<Outcome> {
        let before = self.events.len();
        let mut inputs = VecDeque::new();
        let mut wait = self.handle(Input::Operation(operation), &mut inputs, &mut fate);
        for _ in 0..10_000 {
            match inputs.pop_front() {
                Some(Next::Connected) => wait = self.handle(Input::Connected, &mut inputs, &mut fate),
                Some(Next::Received(bytes)) => {
                    wait = self.handle(Input::Received(&bytes), &mut inputs, &mut fate);
                }
                Some(Next::PowerCut) => {
                    self.handle(Input::PowerCut, &mut inputs, &mut fate);
                    inputs.clear();
                }
                None if self.terminal.is_idle() => return self.outcome_since(before),
                None => {
                    self.now = wait.expect("a busy terminal waits for something");
                    wait = self.handle(Input::Timeout, &mut inputs, &mut fate);
                }
            }
        }
        panic!("the operation does not end: {:?}", self.events.last());
    }

    pub fn sale(&self, amount: u64, entry: Entry) -> Operation {
        self.sale_with(amount, entry, "621234")
    }

    pub fn foreign_sale(&self, amount: u64, entry: Entry) -> Operation {
        self.sale_with(amount, entry, "400000")
    }

    pub fn of(kind: Kind, amount: u64) -> Operation {
        Operation {
            kind,
            amount: Amount::from_minor(amount),
            original: Original::Newest,
            ..Operation::of(kind)
        }
    }

    fn sale_with(&self, amount: u64, entry: Entry, bin: &str) -> Operation {
        let card = card(bin);
        Operation::sale(Amount::from_minor(amount), CardUse { card, entry, pin: false })
    }

    fn handle(
        &mut self,
        input: Input<'_>,
        inputs: &mut VecDeque<Next>,
        fate: &mut impl FnMut(&Draft) -> Fate,
    ) -> Option<Instant> {
        let mut out = Outbox::default();
        self.terminal.handle(&self.profile, self.now, input, &mut out);
        let mut wait = None;
        while let Some(output) = out.poll() {
            match output {
                Output::Connect => {
                    self.connections += 1;
                    self.session = Session::new(ConnectionId(self.connections), &self.host);
                    inputs.push_back(Next::Connected);
                }
                Output::Send(range) => self.deliver(out.bytes(range), inputs, fate),
                Output::Close => inputs.retain(|next| matches!(next, Next::PowerCut)),
                Output::Event(event) => self.events.push(event),
                Output::Wait(until) => wait = until,
            }
        }
        wait
    }

    fn deliver(
        &mut self,
        request: &[u8],
        inputs: &mut VecDeque<Next>,
        fate: &mut impl FnMut(&Draft) -> Fate,
    ) {
        let draft = Draft::of(request);
        self.sent.push(draft.clone());
        let decided = fate(&draft);
        let answers = match &decided {
            Fate::RequestLost => return,
            Fate::Says(answer) => vec![answer.frame()],
            _ => self.answers(request),
        };
        match decided {
            Fate::AnswerLost | Fate::RequestLost => {}
            Fate::PowerCut => inputs.push_back(Next::PowerCut),
            Fate::Twice => {
                inputs.extend(answers.iter().chain(&answers).cloned().map(Next::Received));
            }
            Fate::Answered | Fate::Says(_) => inputs.extend(answers.into_iter().map(Next::Received)),
        }
    }

    fn answers(&mut self, request: &[u8]) -> Vec<Vec<u8>> {
        let mut out = host::Outbox::default();
        self.host.received(self.now, &mut self.session, request, &mut out);
        let mut answers = Vec::new();
        while let Some(output) = out.poll() {
            if let host::Output::Send(_, range) = output {
                answers.push(out.bytes(range).to_vec());
            }
        }
        answers
    }

    fn outcome_since(&self, before: usize) -> Option<Outcome> {
        let outcomes = self.events[before..].iter().filter_map(|event| match event {
            Event::Outcome(outcome) => Some(outcome.clone()),
            _ => None,
        });
        let outcomes: Vec<Outcome> = outcomes.collect();
        assert!(outcomes.len() <= 1, "{outcomes:?}");
        outcomes.into_iter().next()
    }
}

enum Next {
    Connected,
    Received(Vec<u8>),
    PowerCut,
}

fn card(bin: &str) -> Card {
    let range = CardRange { bins: vec![bin.parse().unwrap()], ..CardRange::default() };
    CardGenerator::new(range, 1, Expiry::new(26, 1).unwrap()).unwrap().card(0)
}

const TMK: &str = "0123456789ABCDEFFEDCBA9876543210";
