//! What an approved sale costs the machines of terminal and host, without any I/O, and how often they allocate.
//!
//! `cargo bench --bench sale`. The terminal allocates once a sale, the box of the operation; the host never, but for
//! the growth of its books. Samples are of one sale each, because a terminal does one at a time.
//! MACs are of 3DES, the slower of the two usual ones.
//!
//! Its bars are the share of the machines in those of a whole sale and of a host (`--bench floor`): half of a round trip
//! of raw bytes, which takes 8 µs, is left to the terminal's side, and all of one to the host's.

#[path = "common/bar.rs"]
mod bar;

use bar::bar;
use std::cell::RefCell;

use divan::Bencher;
use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry},
    crypto::{MacAlgorithm, MacForm},
    host::{self, Config, ConnectionId, Enrolment, Host, Session, UnknownCards},
    iso8583::{MerchantId, Spec, TerminalId},
    money::Amount,
    operation::{CardUse, Entry, Kind, Operation},
    rng::Seed,
    terminal::{Input, Outbox, Output, Profile, Terminal},
    time::{Instant, WallClock},
};

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
    let [asks, answers, takes] = fastest_us();
    bar("µs of the terminal's machine for a sale by stripe", asks + takes, ..=4.0);
    bar("µs of the host's machine for a sale by stripe", answers, ..=4.0);
}

/// The fastest of many sales: what the terminal takes to ask, the host to answer, the terminal to take the answer.
fn fastest_us() -> [f64; 3] {
    let mut pair = Pair::new();
    let mut fastest = [f64::INFINITY; 3];
    for _ in 0..SALES {
        let sale = pair.sale(Entry::Stripe);
        let times = [micros(|| pair.ask(sale)), micros(|| pair.answer()), micros(|| pair.take())];
        fastest.iter_mut().zip(times).for_each(|(fastest, time)| *fastest = fastest.min(time));
    }
    fastest
}

fn micros(act: impl FnOnce()) -> f64 {
    let began = std::time::Instant::now();
    act();
    began.elapsed().as_secs_f64() * 1e6
}

/// The terminal packs a request.
#[divan::bench(args = [Entry::Stripe, Entry::Chip], sample_size = 1, sample_count = 20_000)]
fn terminal_asks(bencher: Bencher, entry: Entry) {
    let pair = RefCell::new(Pair::new());
    bencher
        .with_inputs(|| {
            let mut pair = pair.borrow_mut();
            pair.settle();
            pair.sale(entry)
        })
        .bench_local_values(|sale| pair.borrow_mut().ask(sale));
}

/// The terminal takes the answer.
#[divan::bench(args = [Entry::Stripe, Entry::Chip], sample_size = 1, sample_count = 20_000)]
fn terminal_takes_answer(bencher: Bencher, entry: Entry) {
    let pair = RefCell::new(Pair::new());
    bencher
        .with_inputs(|| {
            let mut pair = pair.borrow_mut();
            let sale = pair.sale(entry);
            pair.ask(sale);
            pair.answer();
        })
        .bench_local_values(|()| pair.borrow_mut().take());
}

/// The host takes a request and answers it.
#[divan::bench(args = [Entry::Stripe, Entry::Chip], sample_size = 1, sample_count = 20_000)]
fn host_answers(bencher: Bencher, entry: Entry) {
    let pair = RefCell::new(Pair::new());
    bencher
        .with_inputs(|| {
            let mut pair = pair.borrow_mut();
            pair.settle();
            let sale = pair.sale(entry);
            pair.ask(sale);
        })
        .bench_local_values(|()| pair.borrow_mut().answer());
}

/// A terminal and a host that hand each other what they send.
struct Pair {
    terminal: Terminal,
    host: Host,
    session: Session,
    profile: Profile,
    card: Card,
    out: Outbox,
    host_out: host::Outbox,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Pair {
    fn new() -> Self {
        let today = Expiry::new(26, 1).expect("January is a month");
        let cards = CardGenerator::new(CardRange::default(), 1, today).expect("the default range is good");
        // So many sales that no settlement comes between them.
        let profile = Profile { log_capacity: u16::MAX, ..Profile::default() };
        let terminal = TerminalId::from_bytes(b"10000001").expect("eight digits");
        let merchant = MerchantId::from_bytes(b"898100012340001").expect("fifteen digits");
        let tmk = "0123456789ABCDEFFEDCBA9876543210".parse().expect("32 digits");
        let enrolment = Enrolment { terminal, merchant, tmk };
        let host = Host::new(Config {
            spec: Spec::unionpay(),
            mac: MacAlgorithm::UnionPayEcb,
            mac_form: MacForm::Ascii8,
            double_length_mak: true,
            terminals: vec![enrolment.clone()],
            cards: [cards.card(0)].into(),
            unknown_cards: UnknownCards::Decline,
            opening_balance: Amount::MAX,
            sale_limit: Amount::MAX,
            rules: Vec::new(),
            clock: WallClock::starting_at(1_767_254_400),
            seed: Seed(1),
            ..Config::default()
        });
        let mut pair = Self {
            terminal: Terminal::new(terminal, merchant, enrolment.tmk, &profile, true),
            session: Session::new(ConnectionId(1), &host),
            host,
            profile,
            card: cards.card(0),
            out: Outbox::default(),
            host_out: host::Outbox::default(),
            request: Vec::with_capacity(512),
            answer: Vec::with_capacity(512),
        };
        pair.ask(Operation::management(Kind::SignIn));
        pair.settle();
        pair
    }

    fn sale(&self, entry: Entry) -> Operation {
        Operation::sale(Amount::from_minor(1), CardUse { card: self.card.clone(), entry, pin: false })
    }

    fn ask(&mut self, operation: Operation) {
        self.feed(Input::Operation(operation));
    }

    fn answer(&mut self) {
        self.host.received(Instant::START, &mut self.session, &self.request, &mut self.host_out);
        while let Some(output) = self.host_out.poll() {
            if let host::Output::Send(_, range) = output {
                self.answer.clear();
                self.answer.extend_from_slice(self.host_out.bytes(range));
            }
        }
    }

    fn take(&mut self) {
        let answer = std::mem::take(&mut self.answer);
        self.feed(Input::Received(&answer));
        self.answer = answer;
        assert!(self.terminal.is_idle() && !self.terminal.is_settling(), "the answer was taken");
    }

    /// Finishes what the terminal has begun.
    fn settle(&mut self) {
        if !self.terminal.is_idle() {
            self.answer();
            self.take();
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        let mut connects = false;
        self.terminal.handle(&self.profile, Instant::START, input, &mut self.out);
        while let Some(output) = self.out.poll() {
            match output {
                Output::Connect => connects = true,
                Output::Send(range) => {
                    self.request.clear();
                    self.request.extend_from_slice(self.out.bytes(range));
                }
                _ => {}
            }
        }
        if connects {
            self.feed(Input::Connected);
        }
    }
}

const SALES: usize = 20_000;
