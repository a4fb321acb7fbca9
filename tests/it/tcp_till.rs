//! A virtual terminal on a blocking socket: it does one operation at a time and keeps what it was told.

use crate::program::PATIENCE;
use posfleet::{
    card::Card,
    money::Amount,
    operation::{CardUse, End, Entry as CardEntry, Kind, Operation},
    reconcile::Entry,
    scenario::{self, Overrides, Plan},
    terminal::{Event, Input, Outbox, Output, Profile, Terminal},
    time::Instant,
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

pub struct Till {
    pub terminal: Terminal,
    /// Everything that it has written into its journal.
    pub journal: Vec<Entry>,
    profile: Profile,
    cards: Arc<[Card]>,
    next_card: usize,
    address: SocketAddr,
    stream: Option<TcpStream>,
    out: Outbox,
    end: Option<End>,
}

/// The terminals of a scenario, each in front of the host at this address.
pub fn tills(plan: &Plan, address: SocketAddr) -> Vec<Till> {
    let profile = &plan.groups[0].profile;
    let enrolments = plan.host.terminals.iter().enumerate();
    let till = enrolments.map(|(number, enrolment)| Till {
        terminal: Terminal::new(enrolment.terminal, enrolment.merchant, enrolment.tmk.clone(), profile, true),
        journal: Vec::new(),
        profile: Profile::clone(profile),
        cards: Arc::clone(&plan.host.cards),
        next_card: number,
        address,
        stream: None,
        out: Outbox::default(),
        end: None,
    });
    till.collect()
}

/// The plan of a scenario that needs no files.
pub fn plan(text: &str) -> Plan {
    let no_files = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    scenario::load(text, "test", &Overrides::default(), 1, &no_files)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

impl Till {
    pub fn sign_in(&mut self) {
        assert_eq!(self.carry_out(Operation::management(Kind::SignIn)), End::Approved);
    }

    /// A sale with the next card.
    pub fn sell(&mut self, minor: u64) -> End {
        let sale = self.sale(minor);
        self.carry_out(sale)
    }

    pub fn sale(&mut self, minor: u64) -> Operation {
        let card = self.cards[self.next_card % self.cards.len()].clone();
        self.next_card += 1;
        let card = CardUse { card, entry: CardEntry::Stripe, pin: false };
        Operation::sale(Amount::from_minor(minor), card)
    }

    /// Does an operation to its end.
    pub fn carry_out(&mut self, operation: Operation) -> End {
        self.begin(operation);
        self.conclude()
    }

    /// Sends the request of an operation.
    pub fn begin(&mut self, operation: Operation) {
        self.end = None;
        self.feed(Input::Operation(operation));
    }

    /// Takes the answer, and does whatever else belongs to the operation.
    pub fn conclude(&mut self) -> End {
        let mut buffer = [0; 2048];
        while !self.terminal.is_idle() {
            match self.stream.as_mut().map(|stream| stream.read(&mut buffer)) {
                Some(Ok(count)) if count > 0 => self.feed(Input::Received(&buffer[..count])),
                Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => panic!("no answer"),
                _ => {
                    self.stream = None;
                    self.feed(Input::Closed);
                }
            }
        }
        self.end.take().unwrap()
    }

    /// Whether the host has sent anything that was not read yet.
    pub fn has_mail(&self) -> bool {
        let stream = self.stream.as_ref().unwrap();
        stream.set_nonblocking(true).unwrap();
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false).unwrap();
        match peeked {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                false
            }
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        let mut out = std::mem::take(&mut self.out);
        let mut next = None;
        self.terminal.handle(&self.profile, Instant::START, input, &mut out);
        while let Some(output) = out.poll() {
            match output {
                Output::Connect => next = Some(self.connect()),
                Output::Send(range) => {
                    // A host that has gone is noticed when its answer is read.
                    let _ = self.stream.as_mut().map(|stream| stream.write_all(out.bytes(range)));
                }
                Output::Close => self.stream = None,
                Output::Event(Event::Outcome(outcome)) => self.end = Some(outcome.end),
                Output::Event(Event::Journal(entry)) => self.journal.push(entry),
                Output::Event(_) | Output::Wait(_) => {}
            }
        }
        self.out = out;
        if let Some(input) = next {
            self.feed(input);
        }
    }

    fn connect(&mut self) -> Input<'static> {
        self.stream = TcpStream::connect(self.address).ok();
        match &self.stream {
            Some(stream) => {
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                Input::Connected
            }
            None => Input::Closed,
        }
    }
}
