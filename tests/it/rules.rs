//! The rules of the host: each condition and each action, against the host machine itself.

use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry},
    host::{
        Action, Config, ConnectionId, Delay, Enrolment, Host, Match, Outbox, Output, Pattern, Rule, Session,
    },
    iso8583::{De, MerchantId, Message, ResponseCode, Spec, TerminalId},
    money::Amount,
    operation::{CardUse, Entry, Kind, Operation},
    scenario::{self, Overrides},
    terminal::{self, Input, Profile, Terminal},
    time::{Instant, WallClock},
};
use std::{collections::BTreeSet, path::Path, time::Duration};

// Which requests a rule is about.

#[test]
fn elements_are_matched_by_pattern_range_and_presence() {
    let number = |de: De, range| (de, Pattern::Number(range));
    let text = |de: De, pattern: &str| (de, Pattern::Text(pattern.to_owned()));
    let there = |de: De, wanted| (de, Pattern::Present(wanted));
    let cases = [
        (text(De::TERMINAL_ID, "1000*"), true),
        (text(De::TERMINAL_ID, "*0001"), true),
        (text(De::TERMINAL_ID, "2000*"), false),
        (text(De::MERCHANT_ID, "898100012340001"), true),
        (text(De::MERCHANT_ID, "898"), false),
        (text(De::STAN, "2"), true),
        (text(De::STAN, "3"), false),
        (text(De::PRIVATE_60, "22*"), true),
        (text(De::PRIVATE_60, "00*"), false),
        (number(De::AMOUNT, 1234..=1234), true),
        (number(De::AMOUNT, 0..=1233), false),
        (there(De::TRACK2, true), true),
        (there(De::TRACK2, false), false),
        (there(De::PIN_BLOCK, true), false),
        (there(De::PIN_BLOCK, false), true),
        (text(De::PIN_BLOCK, "*"), false),
    ];
    for (element, fits) in cases {
        let when = Match { elements: vec![element], ..Match::default() };
        assert_eq!(Bench::new(when.clone()).sells_under_the_rule(0), fits, "{when:?}");
    }
}

#[test]
fn kinds_are_told_apart() {
    for (kind, is_ruled) in [(Kind::Sale, true), (Kind::SignIn, false), (Kind::Balance, false)] {
        let mut bench = Bench::new(Match { kind: Some(kind), ..Match::default() });
        assert_eq!(bench.sells_under_the_rule(0), is_ruled, "{kind:?}");
    }
    let mut bench = Bench::new(Match { kind: Some(Kind::Balance), ..Match::default() });
    assert_eq!(bench.ask(0, bench.balance()).codes, ["91"]);
}

#[test]
fn a_window_opens_and_closes() {
    let mut bench = Bench::new(Match { window: Some(seconds(10)..seconds(20)), ..Match::default() });
    let ruled: Vec<u64> = (1..30).filter(|at| bench.sells_under_the_rule(*at)).collect();
    assert_eq!(ruled, (10..20).collect::<Vec<_>>());
}

#[test]
fn every_third_and_the_first_two_are_counted() {
    let mut bench = Bench::new(Match { every: Some(3), ..Match::default() });
    let ruled: Vec<u64> = (1..=9).filter(|at| bench.sells_under_the_rule(*at)).collect();
    assert_eq!(ruled, [3, 6, 9]);
    let mut bench = Bench::new(Match { first: Some(2), ..Match::default() });
    let ruled: Vec<u64> = (1..=9).filter(|at| bench.sells_under_the_rule(*at)).collect();
    assert_eq!(ruled, [1, 2]);
    // Only what fits is counted, and only what the rule was applied to uses it up.
    let balances = Match { kind: Some(Kind::Balance), every: Some(2), first: Some(1), ..Match::default() };
    let mut bench = Bench::new(balances);
    let codes: Vec<String> = (0..6).flat_map(|at| bench.ask(at, bench.balance()).codes).collect();
    assert_eq!(codes, ["00", "91", "00", "00", "00", "00"]);
    assert!(!bench.sells_under_the_rule(9));
}

#[test]
fn chance_takes_its_share_and_counts_begin_anew_with_other_rules() {
    let when = Match { probability: Some(0.25), ..Match::default() };
    let mut bench = Bench::new(when);
    let ruled = (0..400).filter(|at| bench.sells_under_the_rule(*at)).count();
    assert!((70..130).contains(&ruled), "{ruled} of 400");
    let first = Rule { when: Match { first: Some(1), ..Match::default() }, action: UNAVAILABLE };
    bench.host.set_rules(vec![first.clone()]);
    assert!(bench.sells_under_the_rule(500) && !bench.sells_under_the_rule(501));
    bench.host.set_rules(vec![first]);
    assert!(bench.sells_under_the_rule(502));
    bench.host.set_rules(Vec::new());
    assert!(!bench.sells_under_the_rule(503));
}

// What happens to them.

#[test]
fn a_refusal_by_chance_is_one_of_several_and_books_nothing() {
    let mut bench = Bench::with(Match::default(), Action::Decline);
    let codes: BTreeSet<String> = (0..100).flat_map(|at| bench.ask(at, bench.sale()).codes).collect();
    assert!(codes.len() >= 5 && !codes.contains("00"), "{codes:?}");
    assert_eq!(bench.booked(), 0);
}

#[test]
fn a_delay_goes_with_other_actions() {
    let late = |then| Action::Late(Delay::Even(seconds(2)..=seconds(2)), Box::new(then));
    let mut bench = Bench::with(Match::default(), late(UNAVAILABLE));
    let told = bench.ask(5, bench.sale());
    assert_eq!((told.codes.len(), told.wait), (0, Some(at(7))));
    assert_eq!(bench.wake(7).codes, ["91"]);
    assert_eq!(bench.booked(), 0);
    let mut bench = Bench::with(Match::default(), late(Action::Close));
    assert!(!bench.ask(5, bench.sale()).closes);
    assert!(bench.wake(7).closes);
    assert_eq!(bench.booked(), 1);
    let mut bench = Bench::with(Match::default(), late(Action::Duplicate));
    bench.ask(5, bench.sale());
    assert_eq!(bench.wake(7).codes, ["00", "00"]);
}

#[test]
fn a_corrupt_answer_differs_in_a_few_bits_and_keeps_its_length() {
    let mut bench = Bench::with(Match::default(), Action::Corrupt);
    let request = bench.request(5, bench.sale());
    // The same request again and again: the first answer approves, the others say that the STAN was used.
    let answers: Vec<Vec<u8>> = (0..50).flat_map(|_| bench.hand_over(5, &request).sent).collect();
    for bytes in &answers {
        assert_eq!(usize::from(bytes[0]) * 256 + usize::from(bytes[1]), bytes.len() - 2);
    }
    let differing: BTreeSet<&Vec<u8>> = answers.iter().collect();
    assert_eq!((answers.len(), differing.len(), bench.booked()), (50, 50, 1));
    bench.feed(5, Input::Received(&answers[0]));
    assert_eq!(bench.approved, 0, "a terminal takes no corrupt answer for an approval");
}

#[test]
fn a_restart_forgets_keys_and_waiting_answers_and_keeps_the_books() {
    let balance = Match { kind: Some(Kind::Balance), first: Some(1), ..Match::default() };
    let mut bench = Bench::with(balance, Action::Restart(seconds(3)));
    assert_eq!(bench.ask(4, bench.sale()).codes, ["00"]);
    let told = bench.ask(5, bench.balance());
    assert_eq!((told.sent.len(), told.down_until), (0, Some(at(8))));
    assert_eq!(bench.booked(), 1);
    // The old work keys are gone: the terminal's next MAC is of nobody.
    bench.reconnect();
    assert_eq!(bench.ask(9, bench.balance()).codes, ["A0"]);
    bench.sign_in(10);
    assert_eq!(bench.ask(11, bench.sale()).codes, ["00"]);
    assert_eq!(bench.booked(), 2);
}

// From the file.

#[test]
fn rules_of_a_file_become_matchers_and_actions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/valid/rules.yaml");
    let plan = scenario::load_file(&path, &Overrides::default(), 1).unwrap();
    let rules = plan.host.rules;
    let [random, fixed, elements, normal, exponential, restart, late] = &rules[..] else {
        panic!("seven rules")
    };
    assert_eq!((&random.action, random.when.kind), (&Action::Decline, Some(Kind::Sale)));
    assert_eq!(random.when.elements.len(), 2);
    assert_eq!(fixed.action, Action::Respond(ResponseCode::INSUFFICIENT_FUNDS));
    assert_eq!(fixed.when.terminal, TerminalId::from_bytes(b"10000001").ok());
    let found = |number| {
        let element = elements.when.elements.iter().find(|(de, _)| de.number() == number);
        element.map(|(_, pattern)| pattern.clone())
    };
    assert_eq!(found(4), Some(Pattern::Number(10_000..=20_000)));
    assert_eq!(found(25), Some(Pattern::Number(0..=10)));
    assert_eq!(found(41), Some(Pattern::Text("*07".to_owned())));
    assert_eq!((found(52), found(55)), (Some(Pattern::Present(false)), Some(Pattern::Present(true))));
    assert_eq!(normal.when.window, Some(seconds(10)..seconds(20)));
    let spread = Delay::Normal { mean: Duration::from_millis(200), sd: Duration::from_millis(50) };
    assert_eq!(normal.action, Action::Delay(spread));
    assert_eq!(
        (exponential.when.window.clone(), exponential.when.every),
        (Some(seconds(20)..seconds(25)), Some(3))
    );
    assert_eq!((&restart.action, restart.when.first), (&Action::Restart(seconds(2)), Some(1)));
    assert!(
        matches!(&late.action, Action::Late(Delay::LogNormal { .. }, then) if **then == Action::Respond(ResponseCode::NOT_HONOURED))
    );
}

/// A host under one rule, and a terminal that is signed in.
struct Bench {
    host: Host,
    session: Session,
    terminal: Terminal,
    profile: Profile,
    card: Card,
    request: Vec<u8>,
    approved: u32,
}

/// What a host wanted of its driver.
#[derive(Debug, Default)]
struct Told {
    sent: Vec<Vec<u8>>,
    /// DE 39 of what was sent, where it is a message.
    codes: Vec<String>,
    closes: bool,
    down_until: Option<Instant>,
    wait: Option<Instant>,
}

impl Bench {
    fn new(when: Match) -> Self {
        Self::with(when, UNAVAILABLE)
    }

    fn with(when: Match, action: Action) -> Self {
        let profile = Profile { response_timeout: seconds(1000), auto_sign_in: false, ..Profile::default() };
        let terminal = TerminalId::from_bytes(b"10000001").unwrap();
        let merchant = MerchantId::from_bytes(b"898100012340001").unwrap();
        let tmk: posfleet::crypto::Tmk = "0123456789ABCDEFFEDCBA9876543210".parse().unwrap();
        let cards = CardRange { count: 1, ..CardRange::default() };
        let card = CardGenerator::new(cards, 1, Expiry::new(30, 1).unwrap()).unwrap().card(0);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/valid/rules.yaml");
        let plain = scenario::load_file(&path, &Overrides::default(), 1).unwrap().host;
        let host = Host::new(Config {
            terminals: vec![Enrolment { terminal, merchant, tmk: tmk.clone() }],
            cards: [card.clone()].into(),
            opening_balance: Amount::from_minor(100_000_000),
            rules: Vec::new(),
            clock: WallClock::starting_at(1_767_254_400),
            ..plain
        });
        let session = Session::new(ConnectionId(1), &host);
        let terminal = Terminal::new(terminal, merchant, tmk, &profile, true);
        let mut bench = Self { host, session, terminal, profile, card, request: Vec::new(), approved: 0 };
        bench.sign_in(0);
        bench.host.set_rules(vec![Rule { when, action }]);
        bench
    }

    fn sale(&self) -> Operation {
        Operation::sale(Amount::from_minor(1234), self.card_use())
    }

    fn balance(&self) -> Operation {
        Operation { card: Some(self.card_use()), ..Operation::of(Kind::Balance) }
    }

    fn card_use(&self) -> CardUse {
        CardUse { card: self.card.clone(), entry: Entry::Stripe, pin: false }
    }

    fn sign_in(&mut self, second: u64) {
        assert_eq!(self.ask(second, Operation::management(Kind::SignIn)).codes, ["00"]);
    }

    fn sells_under_the_rule(&mut self, second: u64) -> bool {
        match &self.ask(second, self.sale()).codes[..] {
            [code] => code == "91",
            other => panic!("one answer, not {other:?}"),
        }
    }

    fn booked(&self) -> usize {
        self.host.ledger().captured().count()
    }

    fn reconnect(&mut self) {
        self.session = Session::new(ConnectionId(1), &self.host);
    }

    /// Has the terminal ask, and gives it the answers; one that gets none has its power cut.
    fn ask(&mut self, second: u64, operation: Operation) -> Told {
        let request = self.request(second, operation);
        let told = self.hand_over(second, &request);
        for answer in &told.sent {
            self.feed(second, Input::Received(answer));
        }
        if !self.terminal.is_idle() {
            self.feed(second, Input::PowerCut);
        }
        told
    }

    fn request(&mut self, second: u64, operation: Operation) -> Vec<u8> {
        self.feed(second, Input::Operation(operation));
        std::mem::take(&mut self.request)
    }

    fn hand_over(&mut self, second: u64, request: &[u8]) -> Told {
        let mut out = Outbox::default();
        self.host.received(at(second), &mut self.session, request, &mut out);
        told(&mut out)
    }

    fn wake(&mut self, second: u64) -> Told {
        let mut out = Outbox::default();
        self.host.timeout(at(second), &mut out);
        told(&mut out)
    }

    fn feed(&mut self, second: u64, input: Input<'_>) {
        let mut out = terminal::Outbox::default();
        self.terminal.handle(&self.profile, at(second), input, &mut out);
        let mut connects = false;
        while let Some(output) = out.poll() {
            match output {
                terminal::Output::Connect => connects = true,
                terminal::Output::Send(range) => self.request = out.bytes(range).to_vec(),
                terminal::Output::Event(terminal::Event::Outcome(outcome)) => {
                    let is_approved = outcome.end == posfleet::operation::End::Approved;
                    self.approved += u32::from(is_approved && outcome.kind == Kind::Sale);
                }
                _ => {}
            }
        }
        if connects {
            self.feed(second, Input::Connected);
        }
    }
}

fn told(out: &mut Outbox) -> Told {
    let mut told = Told::default();
    while let Some(output) = out.poll() {
        match output {
            Output::Send(_, range) => told.sent.push(out.bytes(range).to_vec()),
            Output::Close(_) => told.closes = true,
            Output::Down { until, .. } => told.down_until = Some(until),
            Output::Wait(until) => told.wait = until,
            _ => {}
        }
    }
    told.codes = told.sent.iter().flat_map(|bytes| codes(bytes)).collect();
    told
}

/// DE 39 of the messages in a stream.
fn codes(mut bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut deframer = posfleet::iso8583::Deframer::for_framing(&Spec::unionpay().framing).unwrap();
    while let Ok(Some(frame)) = deframer.next_frame(&mut bytes) {
        let Ok(frame) = Spec::unionpay().framing.split(frame) else { continue };
        let Ok(message) = Message::parse(Spec::unionpay(), frame.body) else { continue };
        let code = message.get(De::RESPONSE_CODE).and_then(|value| value.array::<2>());
        found.extend(code.map(|code| String::from_utf8_lossy(&code).into_owned()));
    }
    found
}

fn at(second: u64) -> Instant {
    Instant::START + seconds(second)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const UNAVAILABLE: Action = Action::Respond(ResponseCode::ISSUER_UNAVAILABLE);
