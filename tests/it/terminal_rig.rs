//! A virtual terminal on a bench: inputs go in, what comes out is sorted into a step, answers are drafted by hand.

use crate::draft::Draft;
use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry},
    crypto::WorkKeys,
    iso8583::{De, MerchantId, TerminalId},
    money::Amount,
    operation::{CardUse, End, Entry, Kind, Operation, Outcome},
    reconcile::{self, Belief},
    terminal::{Event, Input, Outbox, Output, Profile, Terminal},
    time::Instant,
};
use std::time::Duration;

/// A terminal with its profile, and the keys that its acquirer hands out.
pub struct Rig {
    pub terminal: Terminal,
    pub profile: Profile,
    pub keys: WorkKeys,
    pub now: Instant,
    wait: Option<Instant>,
}

/// What came of one input.
#[derive(Debug, Default)]
pub struct Step {
    pub connects: usize,
    pub closes: usize,
    pub sent: Vec<Vec<u8>>,
    pub events: Vec<Event>,
    pub wait: Option<Instant>,
}

impl Rig {
    pub fn new(keeps_connection: bool) -> Self {
        Self::with(keeps_connection, |_| {})
    }

    pub fn with(keeps_connection: bool, change: impl FnOnce(&mut Profile)) -> Self {
        let mut profile = Profile::default();
        change(&mut profile);
        let id = TerminalId::from_bytes(b"10000001").unwrap();
        let merchant = MerchantId::from_bytes(b"898100012340001").unwrap();
        let terminal = Terminal::new(id, merchant, TMK.parse().unwrap(), &profile, keeps_connection);
        let keys = WorkKeys {
            pik: "11223344556677881020304050607080".parse().unwrap(),
            mak: "A1A2A3A4A5A6A7A8".parse().unwrap(),
            tdk: Some("0123456789ABCDEFFEDCBA9876543210".parse().unwrap()),
        };
        Self { terminal, profile, keys, now: Instant::START, wait: None }
    }

    pub fn signed_in(keeps_connection: bool) -> Self {
        let mut rig = Self::new(keeps_connection);
        rig.sign_in();
        rig
    }

    pub fn sign_in(&mut self) {
        let request = self.ask(Operation::management(Kind::SignIn));
        self.answer(self.sign_in_reply(&request));
        assert!(self.terminal.is_signed_in());
    }

    pub fn input(&mut self, input: Input<'_>) -> Step {
        let mut out = Outbox::default();
        self.terminal.handle(&self.profile, self.now, input, &mut out);
        let mut step = Step::default();
        let mut has_ended = false;
        while let Some(output) = out.poll() {
            assert!(!has_ended, "a wait ends the outputs");
            match output {
                Output::Connect => step.connects += 1,
                Output::Close => step.closes += 1,
                Output::Send(range) => step.sent.push(out.bytes(range).to_vec()),
                Output::Event(event) => step.events.push(event),
                Output::Wait(until) => (step.wait, has_ended) = (until, true),
            }
        }
        assert!(has_ended, "outputs end with a wait");
        self.wait = step.wait;
        step
    }

    /// Gives an operation and opens the connection it may need; returns what is sent.
    pub fn ask(&mut self, operation: Operation) -> Vec<u8> {
        let step = self.input(Input::Operation(operation));
        self.sent_after(step)
    }

    /// What is sent, after the connection is opened that it may need.
    pub fn sent_after(&mut self, step: Step) -> Vec<u8> {
        let step = if step.connects == 1 { self.input(Input::Connected) } else { step };
        step.one_sent().to_vec()
    }

    pub fn answer(&mut self, reply: Draft) -> Step {
        self.input(Input::Received(&reply.frame()))
    }

    /// Lets the deadline pass, if there is one.
    pub fn time_out(&mut self) -> Step {
        self.now += Duration::from_secs(60);
        self.input(Input::Timeout)
    }

    /// An approval with a MAC.
    pub fn reply(&self, request: &[u8]) -> Draft {
        Draft::reply_to(request).mac(&self.keys.mak)
    }

    pub fn sign_in_reply(&self, request: &[u8]) -> Draft {
        let mut sealed = Vec::new();
        self.keys.wrap(&TMK.parse().unwrap(), &mut sealed).unwrap();
        Draft::reply_to(request).with(De::PRIVATE_62, &sealed)
    }

    /// An approval with a MAC that says what hosts say of a transaction.
    pub fn approval(&self, request: &[u8]) -> Draft {
        self.reply(request)
            .with(De::RRN, b"123456789012")
            .with(De::APPROVAL_CODE, b"654321")
            .with(De::LOCAL_DATE, b"0731")
            .with(De::PRIVATE_63, b"CUP")
    }

    /// Does an operation that the host approves; returns its request.
    pub fn approve(&mut self, operation: Operation) -> Vec<u8> {
        let request = self.ask(operation);
        assert!(self.answer(self.approval(&request)).is_approved());
        request
    }

    pub fn sale(&self, entry: Entry) -> Operation {
        self.sale_with(entry, false)
    }

    pub fn sale_with(&self, entry: Entry, pin: bool) -> Operation {
        Operation::sale(Amount::from_minor(1234), CardUse { card: self.card(), entry, pin })
    }

    pub fn card(&self) -> Card {
        CardGenerator::new(CardRange::default(), 1, Expiry::new(26, 1).unwrap()).unwrap().card(0)
    }

    pub fn other_card(&self) -> Card {
        CardGenerator::new(CardRange::default(), 1, Expiry::new(26, 1).unwrap()).unwrap().card(1)
    }

    /// When the terminal will do something by itself.
    pub fn deadline(&self) -> Instant {
        self.wait.unwrap()
    }
}

impl Step {
    pub fn outcome(&self) -> &Outcome {
        let outcomes = self.events.iter().filter_map(|event| match event {
            Event::Outcome(outcome) => Some(outcome),
            _ => None,
        });
        let outcomes: Vec<&Outcome> = outcomes.collect();
        assert_eq!(outcomes.len(), 1, "{:?}", self.events);
        outcomes[0]
    }

    pub fn beliefs(&self) -> Vec<Belief> {
        let belief = |event: &Event| match event {
            Event::Journal(entry) => Some(entry.belief),
            _ => None,
        };
        self.events.iter().filter_map(belief).collect()
    }

    pub fn is_approved(&self) -> bool {
        self.outcome().end == End::Approved
    }

    /// The lines for the journal: STAN, kind and belief.
    pub fn lines(&self) -> Vec<(u32, Kind, Belief)> {
        self.entries().iter().map(|entry| (entry.stan.number(), entry.kind, entry.belief)).collect()
    }

    /// The lines for the journal.
    pub fn entries(&self) -> Vec<reconcile::Entry> {
        let entry = |event: &Event| match event {
            Event::Journal(entry) => Some(entry.clone()),
            _ => None,
        };
        self.events.iter().filter_map(entry).collect()
    }

    pub fn one_sent(&self) -> &[u8] {
        assert_eq!(self.sent.len(), 1, "{self:?}");
        &self.sent[0]
    }
}

const TMK: &str = "0123456789ABCDEFFEDCBA9876543210";
