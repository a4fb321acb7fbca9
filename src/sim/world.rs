//! The driver in virtual time: takes one event after the other and carries messages between the machines.

use super::{
    CardAccounts, Config, Direction, Evidence, Sighting,
    network::draw,
    queue::{Event, Queue},
    trace::Trace,
    visitor::Visitor,
    wire::Wire,
};
use crate::{
    card::{Card, CardGenerator, CardRange, Expiry, Pan},
    crypto::{Algorithm, Key, Tmk},
    host::{self, ConnectionId, Enrolment, Host},
    iso8583::{MerchantId, Message, TerminalId},
    ledger::{Account, Ledger},
    operation::{End, Kind, Operation},
    portal::{Diverged, Finding},
    rng::{Domain, Rng},
    terminal::{self, Input, Terminal},
    time::Instant,
};
use std::{sync::Arc, time::Duration};

/// A fleet, a host, and what is between them.
#[derive(Debug)]
pub struct World {
    config: Config,
    now: Instant,
    queue: Queue,
    seats: Vec<Seat>,
    host: Host,
    host_deadline: Option<Instant>,
    wire: Wire,
    cards: Arc<[Card]>,
    outbox: terminal::Outbox,
    host_outbox: host::Outbox,
    evidence: Evidence,
    visitor: Option<Visitor>,
    visits_left: u32,
    /// What the host has told of its books and its portal.
    told: Vec<host::Output>,
    trace: Trace,
}

/// A terminal and what its driver keeps of it.
#[derive(Debug)]
struct Seat {
    terminal: Terminal,
    connection: Option<ConnectionId>,
    deadline: Option<Instant>,
    /// Whether an operation was given to it that is not over.
    is_busy: bool,
    operations_done: u32,
    rng: Rng,
}

impl Seat {
    /// Whether the host has yet to hear of something.
    fn owes(&self) -> bool {
        self.terminal.owes() || self.terminal.is_settling()
    }
}

impl World {
    /// A world before its first event.
    ///
    /// # Panics
    /// When the configuration asks for more cards than there are numbers.
    pub fn new(config: Config) -> Self {
        let seed = config.seed;
        let first_month = Expiry::new(26, 1).expect("January is a month");
        let range = CardRange { count: config.cards.max(1), ..CardRange::default() };
        let generator = CardGenerator::new(range, seed.0, first_month).expect("a few cards always fit");
        let cards: Arc<[Card]> = generator.iter().collect();
        let enrolments: Vec<Enrolment> = (0..config.terminals).map(|index| enrol(&config, index)).collect();
        let seat = |(index, enrolment): (usize, &Enrolment)| {
            let (id, merchant, tmk) = (enrolment.terminal, enrolment.merchant, enrolment.tmk.clone());
            Seat {
                terminal: Terminal::new(id, merchant, tmk, &config.profile, config.keeps_connection),
                connection: None,
                deadline: None,
                is_busy: false,
                operations_done: 0,
                rng: seed.stream(Domain::Fleet, index as u64, 0),
            }
        };
        let seats: Vec<Seat> = enrolments.iter().enumerate().map(seat).collect();
        let host = Host::new(host_config(&config, enrolments, &cards));
        let mut world = Self {
            now: Instant::START,
            queue: Queue::default(),
            seats,
            host,
            host_deadline: None,
            wire: Wire::new(config.network.clone(), seed.stream(Domain::Network, 0, 0)),
            cards,
            outbox: terminal::Outbox::default(),
            host_outbox: host::Outbox::default(),
            evidence: Evidence::default(),
            visitor: config.host.portal.as_ref().map(|portal| {
                Visitor::new(MERCHANT, portal.directory, seed.stream(Domain::Fleet, 0, VISITOR))
            }),
            visits_left: config.visits,
            told: Vec::new(),
            trace: Trace::default(),
            config,
        };
        (0..world.seats.len()).for_each(|seat| world.think(seat));
        world.come_again();
        world
    }

    /// Runs until all work is done, then heals the network and has every owed reversal sent, all within the limits.
    pub fn run(&mut self) {
        self.run_until_quiet();
        self.wire.heal();
        self.config.workload.power_cut = 0.0;
        self.host.set_rules(Vec::new());
        for round in 0..self.config.limits.settling_rounds {
            let owing: Vec<usize> = (0..self.seats.len()).filter(|seat| self.seats[*seat].owes()).collect();
            if owing.is_empty() {
                break;
            }
            self.now += ROUND;
            owing.into_iter().for_each(|seat| self.pay_up(seat, round));
            self.run_until_quiet();
        }
    }

    /// Has a terminal send what it owes; one that cannot has its master key loaded again, as an operator would.
    ///
    /// A late copy of a question for a master key leaves the host with a key that the terminal never got.
    fn pay_up(&mut self, seat: usize, round: u32) {
        let kind = match self.seats[seat].terminal.is_settling() {
            _ if round % KEY_ROUND == KEY_ROUND - 1 => Kind::KeyDownload,
            true => Kind::Settlement,
            false => Kind::Reversal,
        };
        self.ask(seat, Operation::management(kind));
    }

    /// What must never have happened in the host's portal; nothing where it has none.
    pub fn portal_findings(&self) -> Vec<Finding> {
        self.host.portal_findings(self.now)
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The host, and another that was given all that this one has told.
    ///
    /// # Errors
    /// [`Diverged`] when its portal does not come out as it was.
    pub fn into_lives(self) -> Result<(Host, Host), Diverged> {
        let enrolments = (0..self.config.terminals).map(|index| enrol(&self.config, index)).collect();
        let mut next = Host::new(host_config(&self.config, enrolments, &self.cards));
        for output in &self.told {
            match output {
                host::Output::Record(record) => next.restore(record),
                host::Output::Note(input) => next.resume(input)?,
                _ => {}
            }
        }
        Ok((self.host, next))
    }

    /// What the witnesses have to say so far.
    pub fn evidence(&self) -> Evidence {
        let mut evidence = self.evidence.clone();
        let ledger = self.host.ledger();
        evidence.bookings = ledger.bookings().cloned().collect();
        evidence.accounts = self.cards.iter().map(|card| (card.pan, accounts(ledger, card.pan))).collect();
        evidence.owing =
            self.seats.iter().filter(|seat| seat.owes()).map(|seat| seat.terminal.id()).collect();
        evidence
    }

    /// A hash of every event with its time and bytes: the same for the same configuration.
    pub fn trace(&self) -> u64 {
        self.trace.0
    }

    /// Runs until nothing is left to do, or a limit is met.
    pub fn run_until_quiet(&mut self) {
        let limits = self.config.limits;
        let end = Instant::START + limits.time;
        while let Some((at, event)) = self.queue.pop() {
            if at > end || self.evidence.report.events >= limits.events {
                self.evidence.report.is_complete = false;
                return;
            }
            self.now = at;
            self.evidence.report.events += 1;
            self.evidence.report.ended = at;
            self.trace.event(at, &event);
            self.take(event);
            if self.config.workload.power_cut_at == Some(self.evidence.report.events) {
                self.take(Event::PowerCut(0));
            }
        }
        self.evidence.report.is_complete = self.seats.iter().all(|seat| seat.terminal.is_idle());
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Begin(seat) => {
                let place = &mut self.seats[seat];
                place.operations_done += 1;
                let done = place.operations_done - 1;
                let operation = self.config.workload.operation(done, &self.cards, &mut place.rng);
                self.ask(seat, operation);
            }
            Event::Timer(seat) => {
                if self.seats[seat].deadline == Some(self.now) {
                    self.handle(seat, Input::Timeout);
                }
            }
            Event::PowerCut(seat) => {
                self.evidence.report.power_cuts += 1;
                self.handle(seat, Input::PowerCut);
            }
            Event::Visit => self.visit(),
            Event::HostTimer => {
                if self.host_deadline == Some(self.now) {
                    self.host.timeout(self.now, &mut self.host_outbox);
                    self.drain_host();
                }
            }
            Event::Connected(connection) => {
                if let Some(seat) = self.wire.seat(connection) {
                    self.handle(seat, Input::Connected);
                }
            }
            Event::Closed(connection) => {
                if let Some(seat) = self.wire.seat(connection) {
                    self.leave(seat);
                    self.handle(seat, Input::Closed);
                }
            }
            Event::ToHost(connection, bytes) => self.reach_host(connection, &bytes),
            Event::ToTerminal(connection, bytes) => self.reach_terminal(connection, &bytes),
        }
    }

    /// Schedules the next visit of the merchant, if any is left.
    fn come_again(&mut self) {
        let Some(left) = self.visits_left.checked_sub(1).filter(|_| self.visitor.is_some()) else { return };
        self.visits_left = left;
        // Apart from the terminals' pace, so that visits fall between their messages.
        let mut rng = self.config.seed.stream(Domain::Fleet, u64::from(left), VISITOR + 1);
        let at = self.now + draw(&self.config.workload.think, &mut rng);
        self.queue.push(at, Event::Visit);
    }

    fn visit(&mut self) {
        let Some(visitor) = &mut self.visitor else { return };
        let is_granted = visitor.visit(self.now, &mut self.host, &mut self.host_outbox);
        self.evidence.report.granted += u64::from(is_granted);
        self.drain_host();
        self.come_again();
    }

    /// Gives a terminal an operation.
    fn ask(&mut self, seat: usize, operation: Operation) {
        self.seats[seat].is_busy = true;
        self.handle(seat, Input::Operation(operation));
    }

    fn handle(&mut self, seat: usize, input: Input<'_>) {
        let terminal = &mut self.seats[seat].terminal;
        terminal.handle(&self.config.profile, self.now, input, &mut self.outbox);
        while let Some(output) = self.outbox.poll() {
            match output {
                terminal::Output::Connect => {
                    let connection = self.wire.connect(self.now, seat, &self.host, &mut self.queue);
                    self.seats[seat].connection = Some(connection);
                }
                terminal::Output::Send(range) => {
                    let bytes = self.outbox.bytes(range).to_vec();
                    self.sent(seat, &bytes);
                }
                terminal::Output::Close => self.leave(seat),
                terminal::Output::Event(event) => self.witness(event),
                terminal::Output::Wait(deadline) => self.wait(seat, deadline),
            }
        }
        let place = &mut self.seats[seat];
        if place.is_busy && place.terminal.is_idle() {
            place.is_busy = false;
            self.think(seat);
        }
    }

    fn wait(&mut self, seat: usize, deadline: Option<Instant>) {
        if std::mem::replace(&mut self.seats[seat].deadline, deadline) != deadline
            && let Some(at) = deadline
        {
            self.queue.push(at, Event::Timer(seat));
        }
    }

    fn witness(&mut self, event: terminal::Event) {
        let report = &mut self.evidence.report;
        match event {
            terminal::Event::Journal(entry) => self.evidence.journal.push(entry),
            terminal::Event::Automatic(outcome) => {
                report.automatic += 1;
                if outcome.end == End::Approved {
                    *self.evidence.done.entry(outcome.kind).or_default() += 1;
                }
            }
            terminal::Event::Stray(_) => report.strays += 1,
            terminal::Event::Receipt(_) => {}
            terminal::Event::Outcome(outcome) => match outcome.end {
                End::Approved => {
                    report.approved += 1;
                    *self.evidence.done.entry(outcome.kind).or_default() += 1;
                }
                End::Declined => report.declined += 1,
                End::TimedOut => report.timed_out += 1,
                End::Failed(_) => report.failed += 1,
            },
        }
    }

    /// Schedules the next operation of a terminal, if it has any left.
    fn think(&mut self, seat: usize) {
        let place = &mut self.seats[seat];
        if place.operations_done < self.config.workload.operations {
            let at = self.now + draw(&self.config.workload.think, &mut place.rng);
            self.queue.push(at, Event::Begin(seat));
        }
    }

    /// A terminal has sent a message; its power may fail soon after.
    fn sent(&mut self, seat: usize, bytes: &[u8]) {
        self.sight(seat, Direction::ToHost, bytes);
        let workload = &self.config.workload;
        let rng = &mut self.seats[seat].rng;
        if rng.happens(workload.power_cut) {
            let at = self.now + draw(&workload.power_cut_after, rng);
            self.queue.push(at, Event::PowerCut(seat));
        }
        if let Some(connection) = self.seats[seat].connection {
            self.transmit(connection, Direction::ToHost, bytes);
        }
    }

    fn reach_host(&mut self, id: ConnectionId, bytes: &[u8]) {
        let (first, second) = bytes.split_at(self.wire.cut(bytes.len()));
        if let Some(session) = self.wire.at_host(id) {
            self.host.received(self.now, session, first, &mut self.host_outbox);
            self.host.received(self.now, session, second, &mut self.host_outbox);
        }
        self.drain_host();
        self.wire.forget(id);
    }

    fn reach_terminal(&mut self, id: ConnectionId, bytes: &[u8]) {
        let (first, second) = bytes.split_at(self.wire.cut(bytes.len()));
        if let Some(seat) = self.wire.at_terminal(id) {
            self.sight(seat, Direction::ToTerminal, bytes);
            self.handle(seat, Input::Received(first));
            if self.wire.seat(id).is_some() {
                self.handle(seat, Input::Received(second));
            }
        }
        self.wire.forget(id);
    }

    fn drain_host(&mut self) {
        while let Some(output) = self.host_outbox.poll() {
            match output {
                host::Output::Send(connection, range) => {
                    let bytes = self.host_outbox.bytes(range).to_vec();
                    self.transmit(connection, Direction::ToTerminal, &bytes);
                }
                host::Output::Close(connection) => self.wire.end(self.now, connection, &mut self.queue),
                host::Output::Down { until, .. } => self.wire.end_all(self.now, until, &mut self.queue),
                host::Output::Record(_) | host::Output::Note(_) => self.told.push(output),
                host::Output::Overheard(_) => {}
                host::Output::Unreadable { .. } => self.evidence.report.strays += 1,
                host::Output::Wait(deadline) => {
                    if std::mem::replace(&mut self.host_deadline, deadline) != deadline
                        && let Some(at) = deadline
                    {
                        self.queue.push(at, Event::HostTimer);
                    }
                }
            }
        }
    }

    fn transmit(&mut self, id: ConnectionId, direction: Direction, bytes: &[u8]) {
        let message = parse(&self.config, bytes);
        self.wire.transmit(self.now, id, direction, message.as_ref(), bytes, &mut self.queue);
    }

    fn sight(&mut self, seat: usize, direction: Direction, bytes: &[u8]) {
        if let Some(message) = parse(&self.config, bytes) {
            let terminal = self.seats[seat].terminal.id();
            self.evidence.sightings.push(Sighting::of(self.now, terminal, direction, &message));
        }
    }

    /// The terminal's end of its connection is gone.
    fn leave(&mut self, seat: usize) {
        if let Some(id) = self.seats[seat].connection.take() {
            self.wire.leave(id);
        }
    }
}

fn host_config(config: &Config, terminals: Vec<Enrolment>, cards: &Arc<[Card]>) -> host::Config {
    host::Config {
        spec: config.profile.spec,
        mac: config.profile.mac,
        mac_form: config.profile.mac_form,
        key_scheme: config.profile.key_scheme,
        terminals,
        cards: Arc::clone(cards),
        seed: config.seed,
        ..config.host.clone()
    }
}

fn enrol(config: &Config, index: u32) -> Enrolment {
    let mut rng = config.seed.stream(Domain::Keys, u64::from(index), 0);
    let id = format!("{:08}", 10_000_001 + u64::from(index));
    Enrolment {
        terminal: TerminalId::from_bytes(id.as_bytes()).expect("eight digits are a terminal id"),
        merchant: MERCHANT,
        tmk: Tmk(Key::random(Algorithm::Tdes, || rng.bits())),
    }
}

fn accounts(ledger: &Ledger, pan: Pan) -> CardAccounts {
    CardAccounts { free: ledger.balance(&Account::Card(pan)), held: ledger.balance(&Account::Hold(pan)) }
}

fn parse<'a>(config: &Config, bytes: &'a [u8]) -> Option<Message<'a>> {
    let spec = config.profile.spec;
    Message::parse(spec, spec.framing.open(bytes).ok()?.body).ok()
}

const MERCHANT: MerchantId = match MerchantId::from_bytes(b"898100012340001") {
    Ok(id) => id,
    Err(_) => panic!("fifteen digits are a merchant id"),
};
/// Tells the merchant's chance from the terminals'.
const VISITOR: u64 = 1;
/// How often a terminal tries in vain before its master key is loaded again.
const KEY_ROUND: u32 = 4;
/// From one try to the next: orders that nobody pays expire meanwhile.
const ROUND: Duration = Duration::from_secs(10);
