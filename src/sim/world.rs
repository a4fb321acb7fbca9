//! The driver in virtual time: takes one event after the other and carries messages between the machines.

use super::{
    Config, Direction, Evidence, Sighting, Verdict,
    network::draw,
    queue::{Event, Queue},
};
use crate::{
    card::{Card, CardGenerator, CardRange, Expiry},
    crypto::{Algorithm, Key, Tmk},
    host::{self, ConnectionId, Enrolment, Host, Session, UnknownCards},
    iso8583::{MerchantId, Message, TerminalId},
    money::Amount,
    operation::{CardUse, End, Entry, Kind, Operation},
    rng::{Domain, Rng},
    terminal::{self, Input, Terminal},
    time::{Instant, WallClock},
};
use std::{collections::HashMap, sync::Arc};

/// A fleet, a host, and what is between them.
#[derive(Debug)]
pub struct World {
    config: Config,
    now: Instant,
    queue: Queue,
    seats: Vec<Seat>,
    host: Host,
    host_deadline: Option<Instant>,
    connections: HashMap<ConnectionId, Connection>,
    opened: u64,
    cards: Arc<[Card]>,
    rng: Rng,
    outbox: terminal::Outbox,
    host_outbox: host::Outbox,
    evidence: Evidence,
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
    operations_left: u32,
    rng: Rng,
}

/// A connection; messages that are under way outlive its ends.
#[derive(Debug)]
struct Connection {
    seat: usize,
    session: Session,
    host_is_there: bool,
    terminal_is_there: bool,
    under_way: u32,
    /// When the last message arrives that others may not overtake, by direction.
    last: [Instant; 2],
}

impl World {
    /// A world before its first event.
    ///
    /// # Panics
    /// When the configuration asks for more cards than there are numbers.
    pub fn new(config: Config) -> Self {
        let (seed, workload) = (config.seed, &config.workload);
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
                operations_left: workload.operations,
                rng: seed.stream(Domain::Fleet, index as u64, 0),
            }
        };
        let seats: Vec<Seat> = enrolments.iter().enumerate().map(seat).collect();
        let host = Host::new(host::Config {
            spec: config.profile.spec,
            mac: config.profile.mac,
            mac_form: config.profile.mac_form,
            double_length_mak: false,
            terminals: enrolments,
            cards: Arc::clone(&cards),
            unknown_cards: UnknownCards::Decline,
            opening_balance: config.opening_balance,
            sale_limit: Amount::MAX,
            rules: config.moods.clone(),
            clock: WallClock::starting_at(FIRST_SECOND),
            seed,
        });
        let mut world = Self {
            now: Instant::START,
            queue: Queue::default(),
            seats,
            host,
            host_deadline: None,
            connections: HashMap::new(),
            opened: 0,
            cards,
            rng: seed.stream(Domain::Network, 0, 0),
            outbox: terminal::Outbox::default(),
            host_outbox: host::Outbox::default(),
            evidence: Evidence { opening_balance: config.opening_balance, ..Evidence::default() },
            trace: Trace::default(),
            config,
        };
        (0..world.seats.len()).for_each(|seat| world.think(seat));
        world
    }

    /// Runs until all work is done, then heals the network and has every owed reversal sent, all within the limits.
    pub fn run(&mut self) {
        self.run_until_quiet();
        self.config.network.heal();
        self.config.workload.power_cut = 0.0;
        self.host.set_rules(Vec::new());
        for _ in 0..self.config.limits.settling_rounds {
            let owing: Vec<usize> = (0..self.seats.len())
                .filter(|seat| self.seats[*seat].terminal.has_pending_reversal())
                .collect();
            if owing.is_empty() {
                break;
            }
            owing.into_iter().for_each(|seat| self.ask(seat, Operation::management(Kind::Reversal)));
            self.run_until_quiet();
        }
    }

    /// What the witnesses have to say so far.
    pub fn evidence(&self) -> Evidence {
        let mut evidence = self.evidence.clone();
        let ledger = self.host.ledger();
        let card = |key: &_| ledger.get(key).and_then(|booking| booking.card);
        evidence.captured = ledger.captured().map(|(key, amount)| (key, amount, card(&key))).collect();
        evidence.captured.sort_unstable();
        evidence.balances = self.cards.iter().map(|card| (card.pan, self.host.balance(&card.pan))).collect();
        let owes = |seat: &&Seat| seat.terminal.has_pending_reversal();
        evidence.owing = self.seats.iter().filter(owes).map(|seat| seat.terminal.id()).collect();
        evidence
    }

    /// A hash of every event with its time and bytes: the same for the same configuration.
    pub fn trace(&self) -> u64 {
        self.trace.0
    }

    fn run_until_quiet(&mut self) {
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
        }
        self.evidence.report.is_complete = self.seats.iter().all(|seat| seat.terminal.is_idle());
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Begin(seat) => {
                let operation = self.draw_operation(seat);
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
            Event::HostTimer => {
                if self.host_deadline == Some(self.now) {
                    self.host.timeout(self.now, &mut self.host_outbox);
                    self.drain_host();
                }
            }
            Event::Connected(connection) => {
                if let Some(seat) = self.seat_on(connection) {
                    self.handle(seat, Input::Connected);
                }
            }
            Event::Closed(connection) => {
                if let Some(seat) = self.seat_on(connection) {
                    self.leave(seat);
                    self.handle(seat, Input::Closed);
                }
            }
            Event::ToHost(connection, bytes) => self.reach_host(connection, &bytes),
            Event::ToTerminal(connection, bytes) => self.reach_terminal(connection, &bytes),
        }
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
                terminal::Output::Connect => self.connect(seat),
                terminal::Output::Send(range) => {
                    let bytes = self.outbox.bytes(range).to_vec();
                    self.sent(seat, bytes);
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
            terminal::Event::Automatic(_) => report.automatic += 1,
            terminal::Event::Stray(_) => report.strays += 1,
            terminal::Event::Outcome(outcome) => match outcome.end {
                End::Approved => report.approved += 1,
                End::Declined => report.declined += 1,
                End::TimedOut => report.timed_out += 1,
                End::Failed(_) => report.failed += 1,
            },
        }
    }

    /// Schedules the next operation of a terminal, if it has any left.
    fn think(&mut self, seat: usize) {
        let place = &mut self.seats[seat];
        if let Some(left) = place.operations_left.checked_sub(1) {
            place.operations_left = left;
            let at = self.now + draw(&self.config.workload.think, &mut place.rng);
            self.queue.push(at, Event::Begin(seat));
        }
    }

    fn draw_operation(&mut self, seat: usize) -> Operation {
        let (workload, rng) = (&self.config.workload, &mut self.seats[seat].rng);
        let total: u32 = workload.mix.iter().map(|(_, weight)| weight).sum();
        let mut left = rng.between(1, u64::from(total)) as u32;
        let kind = workload.mix.iter().find(|(_, weight)| {
            let is_it = left <= *weight;
            left = left.saturating_sub(*weight);
            is_it
        });
        let kind = kind.map_or(Kind::Sale, |(kind, _)| *kind);
        let mut operation = Operation::management(kind);
        if kind.takes_amount() {
            let amount = rng.between(*workload.amounts.start(), *workload.amounts.end());
            operation.amount = Amount::from_minor(amount);
        }
        if kind.takes_card() {
            let card = self.cards[rng.between(0, self.cards.len() as u64 - 1) as usize].clone();
            let entry = Entry::ALL[rng.between(0, Entry::ALL.len() as u64 - 1) as usize].0;
            operation.card = Some(CardUse { card, entry, pin: rng.happens(0.5) });
        }
        operation
    }

    /// A terminal has sent a message; its power may fail soon after.
    fn sent(&mut self, seat: usize, bytes: Vec<u8>) {
        self.sight(seat, Direction::ToHost, &bytes);
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
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.under_way -= 1;
        if connection.host_is_there {
            let (first, second) = bytes.split_at(cut(bytes, &mut self.rng));
            for part in [first, second] {
                self.host.received(self.now, &mut connection.session, part, &mut self.host_outbox);
            }
        }
        self.drain_host();
        self.forget(id);
    }

    fn reach_terminal(&mut self, id: ConnectionId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.under_way -= 1;
        if let Some(seat) = self.seat_on(id) {
            self.sight(seat, Direction::ToTerminal, bytes);
            let (first, second) = bytes.split_at(cut(bytes, &mut self.rng));
            self.handle(seat, Input::Received(first));
            if self.seat_on(id) == Some(seat) {
                self.handle(seat, Input::Received(second));
            }
        }
        self.forget(id);
    }

    fn drain_host(&mut self) {
        while let Some(output) = self.host_outbox.poll() {
            match output {
                host::Output::Send(connection, range) => {
                    let bytes = self.host_outbox.bytes(range).to_vec();
                    self.transmit(connection, Direction::ToTerminal, bytes);
                }
                host::Output::Close(connection) => self.end(connection),
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

    /// Lets the network judge a message, and schedules what it decides.
    fn transmit(&mut self, id: ConnectionId, direction: Direction, bytes: Vec<u8>) {
        let message = parse(&self.config, &bytes);
        let verdict = self.config.network.judge(direction, message.as_ref(), &mut self.rng);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        match verdict {
            Verdict::Lose => {}
            Verdict::Reset => self.end(id),
            Verdict::Deliver { after, overtaken, copies } => {
                let mut at = self.now + after;
                if !overtaken {
                    let last = &mut connection.last[direction as usize];
                    at = at.max(*last);
                    *last = at;
                }
                for _ in 0..copies {
                    connection.under_way += 1;
                    let bytes = bytes.clone();
                    self.queue.push(
                        at,
                        match direction {
                            Direction::ToHost => Event::ToHost(id, bytes),
                            Direction::ToTerminal => Event::ToTerminal(id, bytes),
                        },
                    );
                }
            }
        }
    }

    fn sight(&mut self, seat: usize, direction: Direction, bytes: &[u8]) {
        if let Some(message) = parse(&self.config, bytes) {
            let terminal = self.seats[seat].terminal.id();
            self.evidence.sightings.push(Sighting::of(self.now, terminal, direction, &message));
        }
    }

    fn connect(&mut self, seat: usize) {
        self.opened += 1;
        let id = ConnectionId(self.opened);
        let connection = Connection {
            seat,
            session: Session::new(id, &self.host),
            host_is_there: true,
            terminal_is_there: true,
            under_way: 0,
            last: [self.now; 2],
        };
        self.connections.insert(id, connection);
        self.seats[seat].connection = Some(id);
        match self.config.network.connect(&mut self.rng) {
            Some(after) => self.queue.push(self.now + after, Event::Connected(id)),
            None => self.queue.push(self.now, Event::Closed(id)),
        }
    }

    /// The host's end of a connection is gone; the terminal learns of it after what is under way to it.
    fn end(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.host_is_there = false;
        let after = draw(&self.config.network.latency, &mut self.rng);
        let at = (self.now + after).max(connection.last[Direction::ToTerminal as usize]);
        self.queue.push(at, Event::Closed(id));
    }

    /// The terminal's end of its connection is gone.
    fn leave(&mut self, seat: usize) {
        let Some(id) = self.seats[seat].connection.take() else { return };
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.terminal_is_there = false;
        }
        self.forget(id);
    }

    /// Drops a connection that the terminal has left and over which nothing is under way.
    fn forget(&mut self, id: ConnectionId) {
        let is_over = |connection: &Connection| !connection.terminal_is_there && connection.under_way == 0;
        if self.connections.get(&id).is_some_and(is_over) {
            self.connections.remove(&id);
        }
    }

    /// The terminal that still has this connection.
    fn seat_on(&self, id: ConnectionId) -> Option<usize> {
        let seat = self.connections.get(&id)?.seat;
        (self.seats.get(seat)?.connection == Some(id)).then_some(seat)
    }
}

/// A hash over everything that happens (FNV-1a, 64 bits).
#[derive(Debug)]
struct Trace(u64);

impl Default for Trace {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Trace {
    fn event(&mut self, at: Instant, event: &Event) {
        let (tag, index, bytes): (u8, u64, &[u8]) = match event {
            Event::Begin(seat) => (0, *seat as u64, &[]),
            Event::Timer(seat) => (1, *seat as u64, &[]),
            Event::PowerCut(seat) => (2, *seat as u64, &[]),
            Event::HostTimer => (3, 0, &[]),
            Event::Connected(connection) => (4, connection.0, &[]),
            Event::Closed(connection) => (5, connection.0, &[]),
            Event::ToHost(connection, bytes) => (6, connection.0, bytes),
            Event::ToTerminal(connection, bytes) => (7, connection.0, bytes),
        };
        self.bytes(&at.as_nanos().to_be_bytes());
        self.bytes(&[tag]);
        self.bytes(&index.to_be_bytes());
        self.bytes(bytes);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0 =
            bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
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

fn parse<'a>(config: &Config, bytes: &'a [u8]) -> Option<Message<'a>> {
    let spec = config.profile.spec;
    Message::parse(spec, spec.framing.open(bytes).ok()?.body).ok()
}

/// Where a message is cut in two on its way.
fn cut(bytes: &[u8], rng: &mut Rng) -> usize {
    rng.between(0, bytes.len() as u64) as usize
}

const MERCHANT: MerchantId = match MerchantId::from_bytes(b"898100012340001") {
    Ok(id) => id,
    Err(_) => panic!("fifteen digits are a merchant id"),
};
/// 1 January 2026, 08:00.
const FIRST_SECOND: i64 = 1_767_254_400;
