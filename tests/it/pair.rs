//! A terminal and a host with nothing between them: every byte of one is at once with the other.

use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry},
    host::{self, Config, ConnectionId, Enrolment, Host, Session},
    iso8583::{MerchantId, TerminalId},
    money::Amount,
    operation::{CardUse, Entry, Operation, Outcome},
    reconcile,
    terminal::{self, Event, Input, Output, Profile, Terminal},
    time::{Instant, WallClock},
};
use std::sync::Arc;

pub struct Pair {
    pub terminal: Terminal,
    pub profile: Profile,
    pub host: Host,
    pub card: Card,
    /// What went over the wire, in both directions.
    pub wire: Vec<Vec<u8>>,
    pub journal: Vec<reconcile::Entry>,
    pub automatic: Vec<Outcome>,
    session: Session,
}

impl Pair {
    /// A terminal and a host with the same master key, changed as the test wants them.
    pub fn new(key: &str, change: impl FnOnce(&mut Profile, &mut Config)) -> Self {
        let (mut profile, mut config) = (Profile::default(), Config::default());
        let terminal = TerminalId::from_bytes(b"10000001").unwrap();
        let merchant = MerchantId::from_bytes(b"898100012340001").unwrap();
        let generator = CardGenerator::new(CardRange::default(), 1, Expiry::new(30, 1).unwrap()).unwrap();
        let card = generator.iter().next().unwrap();
        config.terminals = vec![Enrolment { terminal, merchant, tmk: key.parse().unwrap() }];
        config.cards = Arc::new([card.clone()]);
        config.opening_balance = Amount::from_minor(1_000_000);
        config.clock = WallClock::starting_at(1_790_000_000);
        change(&mut profile, &mut config);
        config.key_scheme = profile.key_scheme;
        let host = Host::new(config);
        Self {
            terminal: Terminal::new(terminal, merchant, key.parse().unwrap(), &profile, true),
            session: Session::new(ConnectionId(1), &host),
            wire: Vec::new(),
            journal: Vec::new(),
            automatic: Vec::new(),
            profile,
            host,
            card,
        }
    }

    pub fn sale(&self, entry: Entry, pin: bool) -> Operation {
        Operation::sale(Amount::from_minor(1234), CardUse { card: self.card.clone(), entry, pin })
    }

    /// Carries an operation out to its end, with all that follows from it.
    pub fn does(&mut self, operation: Operation) -> Outcome {
        let (mut inputs, mut outcome) = (vec![Told::Operation(Box::new(operation))], None);
        while let Some(input) = inputs.pop() {
            let mut out = terminal::Outbox::default();
            let input = match &input {
                Told::Operation(operation) => Input::Operation((**operation).clone()),
                Told::Connected => Input::Connected,
                Told::Received(bytes) => Input::Received(bytes),
            };
            self.terminal.handle(&self.profile, Instant::START, input, &mut out);
            while let Some(output) = out.poll() {
                match output {
                    Output::Connect => inputs.push(Told::Connected),
                    Output::Send(range) => {
                        let frame = out.bytes(range).to_vec();
                        inputs.extend(self.host_answers(&frame).into_iter().map(Told::Received));
                    }
                    Output::Event(Event::Outcome(told)) => outcome = Some(told),
                    Output::Event(Event::Automatic(told)) => self.automatic.push(told),
                    Output::Event(Event::Journal(entry)) => self.journal.push(entry),
                    Output::Event(_) | Output::Close | Output::Wait(_) => {}
                }
            }
        }
        outcome.expect("every operation has an outcome")
    }

    /// What the host answers to a frame, from whomever.
    pub fn host_answers(&mut self, frame: &[u8]) -> Vec<Vec<u8>> {
        self.wire.push(frame.to_vec());
        let mut out = host::Outbox::default();
        self.host.received(Instant::START, &mut self.session, frame, &mut out);
        let mut answers = Vec::new();
        while let Some(output) = out.poll() {
            if let host::Output::Send(_, range) = output {
                answers.push(out.bytes(range).to_vec());
            }
        }
        self.wire.extend(answers.iter().cloned());
        answers
    }
}

enum Told {
    Operation(Box<Operation>),
    Connected,
    Received(Vec<u8>),
}
