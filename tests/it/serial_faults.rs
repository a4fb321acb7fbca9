//! Cash register against terminal over a bad line in virtual time: nothing is booked twice, and nothing is unknown in
//! the end.

use posfleet::{
    ecr::{
        Address, Answer, Dialogue, Frame, Link, LinkPolicy, MaskedCard, Original, Outbox, Output, Patience,
        Register, RegisterEvent, RegisterInput, Request, Role, Service, Serving, Terminal, TerminalEvent,
        TerminalInput, Text, Verdict, caisse, concert, mis, script, zvt,
    },
    money::Amount,
    rng::{Domain, Rng, Seed},
    scenario::{SHIPPED_DEVICES, parse_device_profile},
    time::Instant,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

#[test]
fn allinpay() {
    survives(Wire::Serial, || mis_pair(mis::Preset::allinpay(), LinkPolicy::BARE));
}

#[test]
fn df_tlv() {
    survives(Wire::Serial, || mis_pair(mis::Preset::df_tlv(), LinkPolicy::BY_TERMINAL));
}

#[test]
fn zvt_serial() {
    survives(Wire::Serial, || zvt_pair(&Frame::ZVT_SERIAL, LinkPolicy::ZVT, false));
}

#[test]
fn zvt_tcp() {
    survives(Wire::Tcp, || zvt_pair(&Frame::ZVT_TCP, LinkPolicy::TCP, true));
}

#[test]
fn concert_e_plus() {
    survives(Wire::Serial, || {
        let asking = concert::Asking::new(1, 978);
        pair(asking, concert::Answering::default(), &Frame::STX_LRC, LinkPolicy::CONCERT, false)
    });
}

#[test]
fn caisse_ap_tcp() {
    survives(Wire::Tcp, || caisse_pair(&Frame::SILENCE, LinkPolicy::BARE, true));
}

#[test]
fn caisse_ap_serial() {
    survives(Wire::Serial, || caisse_pair(&Frame::STX_LRC, LinkPolicy::CONCERT, false));
}

#[test]
fn a_script_with_acknowledgements() {
    survives(Wire::Serial, || script_pair("transbank"));
}

#[test]
fn a_script_without_acknowledgements() {
    survives(Wire::Serial, || script_pair("wiseasy"));
}

/// The worked example of the documents: steps, values of its own, a printer, and messages to the host by the register.
#[test]
fn a_script_with_steps_and_a_relay() {
    survives(Wire::Serial, || script_pair("kiosk"));
}

/// A register that says three times that its goods are not out gets its sale all the same; eleven times, and it is undone.
#[test]
fn goods_that_are_not_out_yet_are_waited_for() {
    for (times, expected) in [(3, Verdict::Approved), (11, Verdict::Declined)] {
        let asking = zvt::Asking::new(0, 978).with_goods_wait(times);
        let (register, terminal) =
            pair(asking, zvt::Answering::default(), &Frame::ZVT_SERIAL, LinkPolicy::ZVT, false);
        let mut rig = Rig::new(register, terminal, Seed(1), Wire::Clean);
        rig.always_approves = true;
        let answer = rig.ask(sale(1, 1_250));
        assert_eq!(answer.verdict, expected);
        rig.agrees(1, expected);
    }
}

/// Without faults everything is what the customer decided, with all that the terminal said about it.
#[test]
fn a_good_line_carries_everything() {
    let (register, terminal) = zvt_pair(&Frame::ZVT_SERIAL, LinkPolicy::ZVT, false);
    let mut rig = Rig::new(register, terminal, Seed(2), Wire::Clean);
    rig.always_approves = true;
    let answer = rig.ask(sale(7, 1_250));
    let shown = (answer.verdict, answer.amount.minor(), answer.receipt, answer.card.to_string());
    assert_eq!(shown, (Verdict::Approved, 1_250, 7, "497010******0007".to_owned()));
    assert_eq!(answer.lines, ["RECEIPT".into(), "12.50".into()]);
    for service in [Service::SignIn, Service::Status, Service::Settlement] {
        let request = Request { id: 0, service, amount: Amount::ZERO, original: None };
        assert_eq!(rig.ask(request).verdict, Verdict::Approved, "{service:?}");
    }
}

/// The bytes of a relay reach the host once, and its answer the terminal.
#[test]
fn a_register_carries_iso_8583_to_the_host() {
    for preset in [mis::Preset::allinpay(), mis::Preset::df_tlv()] {
        let (register, terminal) = mis_pair(preset, LinkPolicy::BY_TERMINAL);
        let mut rig = Rig::new(register, terminal, Seed(3), Wire::Clean);
        (rig.always_approves, rig.always_relays) = (true, true);
        assert_eq!(rig.ask(sale(1, 500)).verdict, Verdict::Approved);
        assert_eq!(rig.relayed, HashMap::from([(1, 1)]));
    }
}

fn survives<D: Dialogue, S: Serving>(wire: Wire, pair: impl Fn() -> (Register<D>, Terminal<S>)) {
    let mut tally = BTreeMap::new();
    for seed in 0..SEEDS {
        let (register, terminal) = pair();
        let mut rig = Rig::new(register, terminal, Seed(seed), wire);
        let mut answers = Vec::new();
        for request in rig.day() {
            let id = request.id;
            let verdict = rig.ask(request).verdict;
            assert_ne!(verdict, Verdict::Unknown, "seed {seed}");
            rig.agrees(id, verdict);
            *tally.entry(format!("{verdict:?}")).or_insert(0) += 1;
            answers.push((id, verdict));
        }
        rig.rest();
        answers.iter().for_each(|(id, verdict)| rig.agrees(*id, *verdict));
        *tally.entry("faults".to_owned()).or_insert(0) += rig.faults;
        *tally.entry("recoveries".to_owned()).or_insert(0) += rig.recoveries;
    }
    // A line on which nothing happens proves nothing.
    let count = |name: &str| tally.get(name).copied().unwrap_or(0);
    assert!(count("Approved") > SEEDS as usize, "{tally:?}");
    assert!(count("NotDone") > 20 && count("faults") > SEEDS as usize, "{tally:?}");
}

fn mis_pair(preset: mis::Preset, policy: LinkPolicy) -> (Register<mis::Asking>, Terminal<mis::Answering>) {
    pair(mis::Asking::new(preset.clone()), mis::Answering::new(preset), &Frame::STX_BCD, policy, false)
}

fn zvt_pair(
    frame: &Frame,
    policy: LinkPolicy,
    reconnects: bool,
) -> (Register<zvt::Asking>, Terminal<zvt::Answering>) {
    pair(zvt::Asking::new(0, 978), zvt::Answering::default(), frame, policy, reconnects)
}

fn caisse_pair(
    frame: &Frame,
    policy: LinkPolicy,
    reconnects: bool,
) -> (Register<caisse::Asking>, Terminal<caisse::Answering>) {
    pair(caisse::Asking::new(1, 978, true), caisse::Answering::default(), frame, policy, reconnects)
}

/// A shipped device profile, without what has no number: of that a lost answer leaves nothing to be learned.
fn script_pair(name: &str) -> (Register<script::Asking>, Terminal<script::Answering>) {
    let shipped = SHIPPED_DEVICES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let profile = parse_device_profile(shipped.unwrap_or(crate::kiosk::profile()), name).unwrap();
    let mut script = (*profile.script).clone();
    script
        .exchanges
        .retain(|(service, exchange)| *service != Service::Void || exchange.asks(script::Slot::Id));
    // A beat every two seconds would be most of what happens.
    script.heartbeat = script.heartbeat.map(|(beat, _)| (beat, Duration::from_secs(60)));
    let (frame, policy, script) = (script.frame.clone(), script.link, Arc::new(script));
    let answering = script::Answering::new(Arc::clone(&script), Text::default());
    pair(script::Asking::new(script), answering, &frame, policy, false)
}

fn pair<D: Dialogue, S: Serving>(
    asking: D,
    answering: S,
    frame: &Frame,
    policy: LinkPolicy,
    reconnects: bool,
) -> (Register<D>, Terminal<S>) {
    let link = |role| Link::new(frame.clone(), policy, role);
    let (connect, pause) = (Duration::from_secs(5), Duration::from_secs(5));
    let patience = Patience { connect, pause, tries: 40, reconnects };
    (Register::new(asking, link(Role::Register), patience), Terminal::new(answering, link(Role::Terminal)))
}

fn sale(id: u32, minor: u64) -> Request {
    Request { id, service: Service::Sale, amount: Amount::from_minor(minor), original: None }
}

/// What the line does to what it carries.
#[derive(Clone, Copy, PartialEq)]
enum Wire {
    /// Nothing.
    Clean,
    /// Everything.
    Serial,
    /// Splits, delays and hangs up.
    Tcp,
}

/// Something on its way.
enum Due {
    ToRegister(Vec<u8>),
    ToTerminal(Vec<u8>),
    /// The line opens, or does not.
    Opened(bool),
    TerminalClosed,
    Decide(u32),
    RelayAnswer(Vec<u8>),
}

struct Rig<D, S> {
    register: Register<D>,
    terminal: Terminal<S>,
    seed: Seed,
    rng: Rng,
    wire: Wire,
    now: Instant,
    /// By time, then in the order of coming.
    due: BTreeMap<(Instant, u64), Due>,
    count: u64,
    /// Nothing overtakes on a line.
    last_arrival: [Instant; 2],
    waits: [Option<Instant>; 2],
    is_open: bool,
    books: HashMap<u32, bool>,
    relayed: HashMap<u32, u32>,
    asked: HashMap<u32, Request>,
    relaying: u32,
    answer: Option<(u32, Answer)>,
    faults: usize,
    recoveries: usize,
    always_approves: bool,
    always_relays: bool,
}

impl<D: Dialogue, S: Serving> Rig<D, S> {
    fn new(register: Register<D>, terminal: Terminal<S>, seed: Seed, wire: Wire) -> Self {
        Self {
            register,
            terminal,
            seed,
            rng: seed.stream(Domain::Network, 0, 0),
            wire,
            now: Instant::START,
            due: BTreeMap::new(),
            count: 0,
            last_arrival: [Instant::START; 2],
            waits: [None; 2],
            is_open: false,
            books: HashMap::new(),
            relayed: HashMap::new(),
            asked: HashMap::new(),
            relaying: 0,
            answer: None,
            faults: 0,
            recoveries: 0,
            always_approves: false,
            always_relays: false,
        }
    }

    /// Two sales that look alike, a refund, and a void of one that was there.
    fn day(&self) -> Vec<Request> {
        let original = Some(Original { receipt: 1, ..Original::default() });
        let void = Request { service: Service::Void, original, ..sale(4, 1_000) };
        vec![sale(1, 1_000), sale(2, 1_000), Request { service: Service::Refund, ..sale(3, 500) }, void]
    }

    /// Asks and waits for the definite answer, over a good line when it does not come over the bad one.
    fn ask(&mut self, request: Request) -> Answer {
        let id = request.id;
        self.register(RegisterInput::Ask(request));
        let answer = self.run_to_answer(id);
        if answer.verdict != Verdict::Unknown {
            return answer;
        }
        self.recoveries += 1;
        let wire = std::mem::replace(&mut self.wire, Wire::Clean);
        self.register(RegisterInput::Recover);
        let answer = self.run_to_answer(id);
        self.wire = wire;
        answer
    }

    fn agrees(&self, id: u32, verdict: Verdict) {
        let is_booked = self.books.get(&id).copied().unwrap_or(false);
        assert_eq!(is_booked, verdict == Verdict::Approved, "{:?}: request {id} is {verdict:?}", self.seed);
    }

    fn run_to_answer(&mut self, id: u32) -> Answer {
        for _ in 0..STEPS_MAX {
            if let Some((answered, answer)) = self.answer.take() {
                assert_eq!(answered, id, "{:?}", self.seed);
                return answer;
            }
            assert!(self.step(), "{:?}: everybody waits for ever", self.seed);
        }
        panic!("{:?}: no answer after {STEPS_MAX} steps", self.seed);
    }

    /// Lets everything that is still under way come to its end, over a good line.
    fn rest(&mut self) {
        self.wire = Wire::Clean;
        let end = self.now + Duration::from_secs(1_200);
        for _ in 0..STEPS_MAX {
            if self.now > end || !self.step() {
                return;
            }
        }
        panic!("{:?}: no rest", self.seed);
    }

    /// Does what is due next; whether there is anything.
    fn step(&mut self) -> bool {
        let wait = self.waits.iter().flatten().min().copied();
        let next = self.due.first_key_value().map(|((at, _), _)| *at);
        let Some(at) = wait.into_iter().chain(next).min() else { return false };
        self.now = self.now.max(at);
        if next == Some(at)
            && let Some((_, due)) = self.due.pop_first()
        {
            self.happen(due);
        } else if self.waits[0] == Some(at) {
            self.register(RegisterInput::Timeout);
        } else {
            self.terminal(TerminalInput::Timeout);
        }
        true
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::ToRegister(bytes) => self.register(RegisterInput::Received(&bytes)),
            Due::ToTerminal(bytes) => self.terminal(TerminalInput::Received(&bytes)),
            Due::Opened(true) => {
                self.is_open = true;
                self.terminal(TerminalInput::Connected);
                self.register(RegisterInput::Connected);
            }
            Due::Opened(false) => self.register(RegisterInput::Closed),
            Due::TerminalClosed => self.terminal(TerminalInput::Closed),
            Due::Decide(id) => self.decide(id),
            Due::RelayAnswer(bytes) => self.register(RegisterInput::RelayAnswer(Some(&bytes))),
        }
    }

    fn register(&mut self, input: RegisterInput<'_>) {
        let mut outbox = Outbox::default();
        self.register.handle(self.now, input, &mut outbox);
        while let Some(output) = outbox.poll() {
            match output {
                Output::Connect => {
                    let opens = self.wire == Wire::Clean || !self.rng.happens(0.1);
                    // What an old connection still carries comes before the new one.
                    let at = (self.now + Duration::from_millis(50)).max(self.last_arrival[0]);
                    self.at(at, Due::Opened(opens));
                }
                Output::Send(range) => self.transmit(0, outbox.bytes(range)),
                Output::Close => self.close(),
                Output::Event(event) => self.registered(event),
                Output::Wait(until) => self.waits[0] = until,
            }
        }
    }

    fn registered(&mut self, event: RegisterEvent) {
        match event {
            RegisterEvent::Answered { id, answer } => self.answer = Some((id, answer)),
            RegisterEvent::RelayRequest { bytes, .. } => {
                let id = u32::from_be_bytes(bytes.0[..4].try_into().unwrap());
                *self.relayed.entry(id).or_insert(0) += 1;
                self.later(Duration::from_millis(500), Due::RelayAnswer(bytes.0));
            }
            RegisterEvent::Line(_) | RegisterEvent::Progress(_) | RegisterEvent::Wanted(_) => {}
        }
    }

    fn terminal(&mut self, input: TerminalInput<'_>) {
        let mut outbox = Outbox::default();
        self.terminal.handle(self.now, input, &mut outbox);
        let mut events = Vec::new();
        while let Some(output) = outbox.poll() {
            match output {
                Output::Send(range) => self.transmit(1, outbox.bytes(range)),
                Output::Event(event) => events.push(event),
                Output::Wait(until) => self.waits[1] = until,
                Output::Connect | Output::Close => panic!("a terminal is connected to"),
            }
        }
        events.into_iter().for_each(|event| self.served(event));
    }

    fn served(&mut self, event: TerminalEvent) {
        match event {
            TerminalEvent::Asked(request) => self.customer(request),
            TerminalEvent::Abandoned(id) => drop(self.asked.remove(&id)),
            TerminalEvent::Booked(id) => {
                let was_booked = self.books.insert(id, true);
                assert_ne!(was_booked, Some(true), "{:?}: request {id} is booked twice", self.seed);
            }
            TerminalEvent::Reversed(id) => drop(self.books.insert(id, false)),
            TerminalEvent::RelayAnswer(bytes) => {
                let id = self.relaying;
                assert!(bytes.is_none_or(|bytes| bytes.0[..4] == id.to_be_bytes()));
                self.later(Duration::from_millis(100), Due::Decide(id));
            }
        }
    }

    fn customer(&mut self, request: Request) {
        let id = request.id;
        self.asked.insert(id, request);
        let relays = self.always_relays || self.rng.happens(0.5);
        self.relaying = id;
        if relays {
            let address = Address { host: "host".to_owned(), port: 5000, timeout: Duration::from_secs(20) };
            let bytes = [&id.to_be_bytes()[..], b"0200"].concat();
            self.terminal(TerminalInput::Progress(0x0A));
            self.terminal(TerminalInput::Relay { bytes: &bytes, address });
        }
        // A protocol without relay says nothing to that: the terminal has its own line.
        let thinks = if relays { 40_000 } else { self.rng.between(10, 30_000) };
        self.later(Duration::from_millis(thinks), Due::Decide(id));
    }

    fn decide(&mut self, id: u32) {
        let Some(request) = self.asked.remove(&id) else { return };
        let approves = self.always_approves || self.rng.happens(0.8);
        let mut answer = Answer::bare(if approves { Verdict::Approved } else { Verdict::Declined });
        answer.amount = request.amount;
        (answer.receipt, answer.trace) = (id, id);
        answer.card = MaskedCard::new(b"4970100000000007");
        answer.lines = vec!["RECEIPT".into(), request.amount.to_string().as_str().into()];
        self.terminal(TerminalInput::Decide(answer));
    }

    /// Carries bytes from one side (0 is the register) to the other, or what the line leaves of them.
    fn transmit(&mut self, from: usize, bytes: &[u8]) {
        if !self.is_open {
            return;
        }
        let mut bytes = bytes.to_vec();
        let mut delay = Duration::from_millis(5);
        let (is_serial, is_bad) = (self.wire == Wire::Serial, self.wire != Wire::Clean);
        if is_bad && self.fault(0.02) {
            self.carry(from, &bytes[..bytes.len() / 2], delay);
            return self.hang_up();
        }
        if is_serial && self.fault(0.05) {
            return;
        }
        if is_serial && self.fault(0.05) {
            let at = self.rng.between(0, bytes.len() as u64 - 1) as usize;
            bytes[at] ^= 1 << self.rng.between(0, 7);
        }
        if is_bad && self.fault(0.05) {
            delay += Duration::from_millis(self.rng.between(1, 1_500));
        }
        let cut =
            if is_bad && self.fault(0.1) { self.rng.between(0, bytes.len() as u64 - 1) as usize } else { 0 };
        self.carry(from, &bytes[..cut], delay);
        delay += Duration::from_millis(if cut > 0 { self.rng.between(0, 300) } else { 0 });
        let mut rest = bytes[cut..].to_vec();
        if is_serial && self.fault(0.05) {
            rest.extend(&bytes);
        }
        self.carry(from, &rest, delay);
    }

    fn carry(&mut self, from: usize, bytes: &[u8], delay: Duration) {
        if bytes.is_empty() {
            return;
        }
        let at = (self.now + delay).max(self.last_arrival[from]);
        self.last_arrival[from] = at;
        let bytes = bytes.to_vec();
        let due = if from == 0 { Due::ToTerminal(bytes) } else { Due::ToRegister(bytes) };
        self.at(at, due);
    }

    fn fault(&mut self, probability: f64) -> bool {
        let happens = self.rng.happens(probability);
        self.faults += usize::from(happens);
        happens
    }

    /// The line breaks: what is on it is lost, and both notice.
    fn hang_up(&mut self) {
        self.is_open = false;
        self.due.retain(|_, due| !matches!(due, Due::ToRegister(_) | Due::ToTerminal(_)));
        let at = Duration::from_millis(1);
        self.later(at, Due::Opened(false));
        self.later(at, Due::TerminalClosed);
    }

    /// The register closes the line: what it has sent still comes.
    fn close(&mut self) {
        self.is_open = false;
        self.due.retain(|_, due| !matches!(due, Due::ToRegister(_) | Due::Opened(_)));
        let at = self.last_arrival[0].max(self.now);
        self.at(at, Due::TerminalClosed);
        self.last_arrival = [at; 2];
    }

    fn later(&mut self, after: Duration, due: Due) {
        self.at(self.now + after, due);
    }

    fn at(&mut self, at: Instant, due: Due) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }
}

const SEEDS: u64 = 1_000;
/// Far more than any run needs.
const STEPS_MAX: usize = 100_000;
