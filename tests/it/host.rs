//! The simulated acquirer, request by request; the requests are those of a virtual terminal, or made from them.

use crate::draft::{Draft, numbers};
use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry, Pan},
    crypto::{MacAlgorithm, MacForm, Mak, WorkKeys},
    host::{
        Action, Config, ConnectionId, Enrolment, Host, Match, Outbox, Output, Rule, Session, UnknownCards,
    },
    iso8583::{De, MerchantId, Mti, ProcessingCode, ResponseCode, Spec, TerminalId},
    ledger::State,
    money::Amount,
    operation::{CardUse, Entry, Kind, Operation},
    rng::Seed,
    terminal::{self, Input, Profile, ReversalPolicy, SignInForm, Terminal},
    time::{Instant, WallClock},
};
use proptest::prelude::*;
use std::{ops::RangeInclusive, time::Duration};

// What answers look like.

#[test]
fn answers_have_the_elements_of_the_dialect() {
    let mut shop = Shop::new();
    let elements = |shop: &mut Shop, operation| {
        let request = shop.request(operation);
        numbers(&shop.take(&request).sent[0])
    };
    assert_eq!(
        elements(&mut shop, Operation::management(Kind::SignIn)),
        [11, 12, 13, 32, 37, 39, 41, 42, 60, 62]
    );
    assert_eq!(elements(&mut shop, Operation::management(Kind::Echo)), [12, 13, 39, 41, 42, 60]);
    shop.sign_in();
    let approved = [2, 3, 4, 11, 12, 13, 14, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 60, 63, 64];
    for entry in [Entry::Keyed, Entry::Stripe] {
        let sale = shop.sale(entry);
        assert_eq!(elements(&mut shop, sale), approved, "{entry:?}");
    }
    let sale = shop.sale_of(100_000_000);
    let declined: Vec<u8> = approved.into_iter().filter(|de| *de != 38).collect();
    assert_eq!(elements(&mut shop, sale), declined);
    let balance = Operation { kind: Kind::Balance, ..shop.sale(Entry::Stripe) };
    let expected = [2, 3, 11, 12, 13, 14, 25, 32, 37, 39, 41, 42, 44, 49, 54, 60, 64];
    assert_eq!(elements(&mut shop, balance), expected);
    let sale = shop.sale(Entry::Stripe);
    shop.approve(sale);
    let reversal = shop.reversal_of_last();
    let expected = [2, 3, 4, 11, 12, 13, 15, 25, 32, 37, 39, 41, 42, 44, 49, 60, 64];
    assert_eq!(numbers(&shop.take(&reversal).sent[0]), expected);
    assert_eq!(
        elements(&mut shop, Operation::management(Kind::SignOut)),
        [11, 12, 13, 32, 37, 39, 41, 42, 60]
    );
}

#[test]
fn answers_go_back_the_way_they_came() {
    let mut shop = Shop::new();
    let request = shop.request(Operation::management(Kind::Echo));
    let answer = Draft::of(&shop.take(&request).sent[0]);
    assert_eq!(answer.head.tpdu.to_string(), "6000000003");
    assert_eq!((answer.text(De::LOCAL_TIME), answer.text(De::LOCAL_DATE)), text("080000", "0101"));
}

#[test]
fn every_rrn_is_new() {
    let mut shop = Shop::signed_in();
    let mut seen: Vec<String> = (0..5)
        .map(|_| {
            let sale = shop.sale(Entry::Stripe);
            shop.approve(sale).text(De::RRN).unwrap()
        })
        .collect();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[test]
fn a_terminal_understands_what_the_host_says_in_every_key_form() {
    for (form, tmk) in [
        (SignInForm::SingleDes, TMK),
        (SignInForm::DoubleDes, TMK),
        (SignInForm::DoubleDesWithTrackKey, TMK),
        (SignInForm::Sm4, SM4_TMK),
    ] {
        for double_length_mak in [false, true] {
            let mut shop = Shop::with(|config, profile| {
                config.double_length_mak = double_length_mak;
                config.terminals[0].tmk = tmk.parse().unwrap();
                profile.sign_in = form;
                profile.encrypt_tracks = form == SignInForm::DoubleDesWithTrackKey;
            });
            shop.sign_in();
            let sale = shop.sale(Entry::Stripe);
            assert_eq!(shop.code_of(sale), "00", "{form:?}, double-length MAK {double_length_mak}");
            assert_eq!(shop.terminal.record().approved, 2, "{form:?}: sign-in and sale");
        }
    }
}

#[test]
fn a_sign_in_for_keys_of_another_cipher_is_refused() {
    let mut shop = Shop::with(|_, profile| profile.sign_in = SignInForm::Sm4);
    assert_eq!(shop.code_of(Operation::management(Kind::SignIn)), "96");
}

// What is refused.

#[test]
fn every_gate_refuses_with_its_code() {
    type Change = fn(Draft) -> Draft;
    let cases: [(&str, Change); 10] = [
        ("97", |r| r.with(De::TERMINAL_ID, b"77777777")),
        ("30", |r| r.without(De::TERMINAL_ID)),
        ("03", |r| r.with(De::MERCHANT_ID, b"898100012340009")),
        ("30", |r| r.without(De::PRIVATE_60)),
        ("40", |r| r.with(De::PROCESSING_CODE, b"990000")),
        ("30", |r| r.mti(Mti::SETTLEMENT)),
        ("A0", Draft::wrong_mac),
        ("A0", Draft::without_mac),
        ("77", |r| r.with(De::PRIVATE_60, b"2200000900060")),
        ("13", |r| r.without(De::AMOUNT)),
    ];
    for (code, change) in cases {
        let mut shop = Shop::signed_in();
        let sale = shop.sale(Entry::Stripe);
        let request = shop.request(sale);
        let changed = change(Draft::of(&request).mac(&shop.mak())).frame();
        let answer = Draft::of(&shop.take(&changed).sent[0]);
        assert_eq!(answer.text(De::RESPONSE_CODE).as_deref(), Some(code));
        assert!(shop.host.ledger().is_empty(), "{code}: nothing is booked");
        assert_eq!(shop.host.balance(&shop.cards[0].pan), OPENING, "{code}: no money moves");
    }
}

#[test]
fn cards_pins_and_amounts_are_refused_with_their_codes() {
    let expired = Expiry::new(25, 12).unwrap();
    let this_month = Expiry::new(26, 1).unwrap();
    type Change<'a> = (&'a str, Box<dyn Fn(&mut Operation)>);
    let card = |change: fn(&mut Card)| -> Box<dyn Fn(&mut Operation)> {
        Box::new(move |operation| change(&mut operation.card.as_mut().unwrap().card))
    };
    let cases: [Change<'_>; 10] = [
        ("00", card(|_| {})),
        ("14", card(|card| card.pan = "6212345099999990".parse().unwrap())),
        ("54", Box::new(move |o| o.card.as_mut().unwrap().card.expiry = expired)),
        ("00", Box::new(move |o| o.card.as_mut().unwrap().card.expiry = this_month)),
        ("13", Box::new(|o| o.amount = Amount::ZERO)),
        ("00", Box::new(|o| o.amount = LIMIT)),
        ("61", Box::new(|o| o.amount = LIMIT + Amount::from_minor(1))),
        ("55", card(|card| card.pin = Some("000000".parse().unwrap()))),
        ("55", card(|card| card.pin = Some("1234".parse().unwrap()))),
        ("00", Box::new(|o| o.card.as_mut().unwrap().pin = false)),
    ];
    for (index, (code, change)) in cases.iter().enumerate() {
        let mut shop = Shop::signed_in();
        let mut sale = shop.sale_with(Entry::Stripe, true);
        change(&mut sale);
        assert_eq!(shop.code_of(sale), *code, "case {index}");
        let booked: Vec<_> = shop.host.ledger().captured().collect();
        assert_eq!(booked.len(), usize::from(*code == "00"), "case {index}");
    }
}

#[test]
fn a_pin_block_that_is_none_is_refused_with_99() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale_with(Entry::Stripe, true);
    let request = Draft::of(&shop.request(sale)).with(De::PIN_BLOCK, &[0x5A; 8]);
    assert_eq!(shop.code(&request.mac(&shop.mak()).frame()), "99");
}

#[test]
fn money_runs_out_with_51() {
    let mut shop = Shop::signed_in();
    let half = OPENING.minor() / 2;
    let codes: Vec<String> = [half, half + 1, half, 1]
        .into_iter()
        .map(|minor| {
            let sale = shop.sale_of(minor);
            shop.code_of(sale)
        })
        .collect();
    assert_eq!(codes, ["00", "51", "00", "51"]);
    assert_eq!(shop.host.balance(&shop.cards[0].pan), Amount::ZERO);
}

#[test]
fn unknown_cards_are_accepted_where_the_host_says_so() {
    let mut shop = Shop::with(|config, _| config.unknown_cards = UnknownCards::Accept);
    shop.sign_in();
    let other = CardGenerator::new(CardRange::default(), 99, Expiry::new(26, 1).unwrap()).unwrap();
    for (break_check_digit, code) in [(false, "00"), (true, "14")] {
        let mut sale = shop.sale_with(Entry::Stripe, true);
        let mut card = other.card(4);
        if break_check_digit {
            let mut digits = card.pan.as_bytes().to_vec();
            digits[15] = if digits[15] == b'9' { b'0' } else { digits[15] + 1 };
            card.pan = Pan::from_ascii(&digits).unwrap();
        }
        sale.card.as_mut().unwrap().card = card;
        assert_eq!(shop.code_of(sale), code);
    }
}

#[test]
fn a_stan_is_good_once() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale(Entry::Stripe);
    let request = shop.request(sale);
    assert_eq!([&request, &request].map(|request| shop.code(request)), ["00", "94"]);
    let other = Draft::of(&request).with(De::AMOUNT, b"000000000777").mac(&shop.mak());
    assert_eq!(shop.code(&other.frame()), "94");
    assert_eq!(shop.host.balance(&shop.cards[0].pan), OPENING - AMOUNT);
}

#[test]
fn keys_end_with_sign_out_and_with_the_next_sign_in() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale(Entry::Stripe);
    let request = shop.request(sale.clone());
    shop.sign_in();
    assert_eq!(shop.code(&request), "A0", "made with the old keys");
    let sign_out = shop.request(Operation::management(Kind::SignOut));
    assert_eq!(shop.code(&sign_out), "00");
    let request = shop.request(sale);
    assert_eq!(shop.code(&request), "A0", "no keys any more");
}

// Reversals.

#[test]
fn a_reversal_moves_the_money_back_once() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale(Entry::Stripe);
    shop.approve(sale);
    let pan = shop.cards[0].pan;
    assert_eq!(shop.host.balance(&pan), OPENING - AMOUNT);
    let reversal = shop.reversal_of_last();
    for _ in 0..3 {
        assert_eq!(shop.code(&reversal), "00");
        assert_eq!(shop.host.balance(&pan), OPENING);
    }
    assert_eq!(shop.host.ledger().captured().count(), 0);
}

#[test]
fn a_reversal_of_a_declined_sale_moves_nothing() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale_of(LIMIT.minor() + 1);
    let request = shop.request(sale);
    let reversal = shop.reversal_of_last();
    assert_eq!([&request, &reversal].map(|frame| shop.code(frame)), ["61", "00"]);
    assert_eq!(shop.host.balance(&shop.cards[0].pan), OPENING);
}

#[test]
fn a_reversal_before_its_original_refuses_the_original() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale(Entry::Stripe);
    let request = shop.request(sale);
    let reversal = shop.reversal_of_last();
    let codes = [&reversal, &request, &reversal].map(|frame| shop.code(frame));
    assert_eq!(codes, ["25", "94", "00"]);
    assert_eq!(shop.host.balance(&shop.cards[0].pan), OPENING);
    let key = shop.host.ledger().captured().next();
    assert_eq!(key, None);
}

#[test]
fn a_reversal_of_another_amount_is_refused() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale(Entry::Stripe);
    shop.approve(sale);
    let reversal = Draft::of(&shop.reversal_of_last()).with(De::AMOUNT, b"000000000001").mac(&shop.mak());
    assert_eq!(shop.code(&reversal.frame()), "64");
    assert_eq!(shop.host.balance(&shop.cards[0].pan), OPENING - AMOUNT);
}

#[test]
fn a_reversal_with_a_wrong_mac_or_no_number_is_refused() {
    let mut shop = Shop::signed_in();
    let sale = shop.sale(Entry::Stripe);
    shop.approve(sale);
    let reversal = Draft::of(&shop.reversal_of_last()).mac(&shop.mak());
    assert_eq!(shop.code(&reversal.clone().wrong_mac().frame()), "A0");
    assert_eq!(shop.code(&reversal.without(De::STAN).frame()), "30");
    let (key, _) = shop.host.ledger().captured().next().unwrap();
    assert_eq!(shop.host.ledger().get(&key).unwrap().state, State::Captured);
}

// Moods.

#[test]
fn moods_that_spoil_the_answer_do_the_work() {
    let cases: [(Action, &[&str], usize); 9] = [
        (Action::DropResponse, &[], 0),
        (Action::Close, &[], 1),
        (Action::Duplicate, &["00", "00"], 0),
        (Action::WrongMac, &["00"], 0),
        (Action::Garbage, &["?"], 0),
        (Action::HalfFrame, &["?"], 1),
        (Action::Oversized, &["?"], 0),
        (Action::Stray, &["00", "00"], 0),
        (Action::Delay(millis(0..=0).into()), &[], 0),
    ];
    for (action, expected, closes) in cases {
        let mut shop = Shop::with(|config, _| config.rules = vec![sales(action.clone())]);
        shop.sign_in();
        let sale = shop.sale(Entry::Stripe);
        let request = shop.request(sale);
        let step = shop.take(&request);
        let codes: Vec<String> = step.sent.iter().map(|frame| code_in(frame)).collect();
        assert_eq!(
            (codes, step.closes),
            (expected.iter().map(ToString::to_string).collect(), closes),
            "{action:?}"
        );
        assert_eq!(shop.host.ledger().captured().count(), 1, "{action:?}");
        assert_eq!(shop.host.tally().ruled, 1);
    }
}

#[test]
fn moods_instead_of_work_book_nothing() {
    let respond = Action::Respond(ResponseCode::ISSUER_UNAVAILABLE);
    for (action, answers) in [(Action::DropRequest, 0), (respond, 1)] {
        let mut shop = Shop::with(|config, _| config.rules = vec![sales(action)]);
        shop.sign_in();
        let sale = shop.sale(Entry::Stripe);
        let request = shop.request(sale);
        assert_eq!(shop.take(&request).sent.len(), answers);
        assert!(shop.host.ledger().is_empty());
    }
}

#[test]
fn a_wrong_mac_is_wrong_and_a_stray_is_for_another_terminal() {
    let mut shop = Shop::with(|config, _| {
        config.rules = vec![
            Rule { when: amount(1..=10), action: Action::WrongMac },
            Rule { when: amount(11..=20), action: Action::Stray },
        ];
    });
    shop.sign_in();
    let sale = shop.sale_of(5);
    let request = shop.request(sale);
    let wrong = shop.take(&request).sent.remove(0);
    assert_ne!(Draft::of(&wrong).mac(&shop.mak()).frame(), wrong);
    let sale = shop.sale_of(15);
    let request = shop.request(sale);
    let both = shop.take(&request).sent;
    let ids: Vec<_> = both.iter().map(|frame| Draft::of(frame).text(De::TERMINAL_ID).unwrap()).collect();
    assert_eq!(ids, ["99999999", "10000001"]);
    for frame in both {
        assert_eq!(Draft::of(&frame).mac(&shop.mak()).frame(), frame, "well-formed and with a right MAC");
    }
}

#[test]
fn delayed_answers_come_in_the_order_of_their_times() {
    let mut shop = Shop::with(|config, _| {
        config.rules = vec![
            Rule { when: amount(1..=1), action: Action::Delay(millis(300..=300).into()) },
            Rule { when: amount(2..=3), action: Action::Delay(millis(100..=100).into()) },
        ];
    });
    shop.sign_in();
    let waits: Vec<_> = [1, 2, 3]
        .map(|minor| {
            let sale = shop.sale_of(minor);
            let request = shop.request(sale);
            let step = shop.take(&request);
            assert!(step.sent.is_empty());
            step.wait.unwrap().since(Instant::START).as_millis()
        })
        .to_vec();
    assert_eq!(waits, [300, 100, 100]);
    assert!(shop.wake(99).sent.is_empty());
    let amounts = |step: &Step| -> Vec<Option<String>> {
        step.sent.iter().map(|frame| Draft::of(frame).text(De::AMOUNT)).collect()
    };
    let first = shop.wake(100);
    assert_eq!(amounts(&first), ["000000000002", "000000000003"].map(|text| Some(text.to_owned())));
    assert_eq!(amounts(&shop.wake(301)), [Some("000000000001".to_owned())]);
    assert_eq!(shop.wake(400).wait, None);
}

#[test]
fn rules_fit_by_every_one_of_their_conditions() {
    let pan_prefix = |shop: &Shop, len| shop.cards[0].pan.as_str()[..len].to_owned();
    let shop = Shop::signed_in();
    let id = TerminalId::from_bytes(b"10000001").unwrap();
    let other = TerminalId::from_bytes(b"10000002").unwrap();
    let code = |number| Some(ProcessingCode::new(number).unwrap());
    let any = Match::default;
    let cases = [
        (any(), true),
        (Match { mti: Some(Mti::FINANCIAL), ..any() }, true),
        (Match { mti: Some(Mti::REVERSAL), ..any() }, false),
        (Match { processing_code: code(0), ..any() }, true),
        (Match { processing_code: code(310_000), ..any() }, false),
        (amount(1234..=1234), true),
        (amount(1235..=9999), false),
        (Match { card_prefix: Some(pan_prefix(&shop, 8)), ..any() }, true),
        (Match { card_prefix: Some("9".to_owned()), ..any() }, false),
        (Match { terminal: Some(id), ..any() }, true),
        (Match { terminal: Some(other), ..any() }, false),
        (Match { probability: Some(0.0), ..any() }, false),
        (Match { probability: Some(1.0), ..any() }, true),
        (Match { terminal: Some(other), ..amount(1234..=1234) }, false),
    ];
    for entry in [Entry::Stripe, Entry::Keyed] {
        for (when, fits) in &cases {
            let mut shop = Shop::signed_in();
            let action = Action::Respond(ResponseCode::ISSUER_UNAVAILABLE);
            shop.host.set_rules(vec![Rule { when: when.clone(), action }]);
            let sale = shop.sale(entry);
            assert_eq!(shop.code_of(sale) == "91", *fits, "{when:?}");
        }
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let mut shop = Shop::signed_in();
    let respond = |code| Action::Respond(code);
    shop.host.set_rules(vec![
        Rule { when: amount(1..=1), action: respond(ResponseCode::NOT_HONOURED) },
        sales(respond(ResponseCode::ISSUER_UNAVAILABLE)),
    ]);
    for (minor, code) in [(1, "05"), (2, "91")] {
        let sale = shop.sale_of(minor);
        assert_eq!(shop.code_of(sale), code);
    }
}

// Bytes.

#[test]
fn requests_may_come_in_any_segmentation() {
    let mut shop = Shop::signed_in();
    let requests: Vec<u8> = (0..3)
        .flat_map(|_| {
            let sale = shop.sale(Entry::Chip);
            shop.request(sale)
        })
        .collect();
    for size in [1, 2, 3, 7, 100, 333, requests.len()] {
        let mut shop = Shop::signed_in();
        let echo = shop.request(Operation::management(Kind::Echo));
        let stream = [&requests[..], &echo].concat();
        let answers: usize = stream.chunks(size).map(|part| shop.take(part).sent.len()).sum();
        assert_eq!((answers, shop.host.tally().requests), (4, 5), "segments of {size}");
    }
}

#[test]
fn what_cannot_be_read_closes_its_connection_and_no_other() {
    for bytes in [&[0xFF, 0xFF, 0x60][..], &[0, 2, 1, 2], &[&[0, 16][..], &[0xDE; 16]].concat()] {
        let mut shop = Shop::signed_in();
        let echo = shop.request(Operation::management(Kind::Echo));
        let step = shop.take(&[bytes, &echo].concat());
        assert_eq!((step.unreadable, step.closes, step.sent.len()), (1, 1, 0), "{bytes:02X?}");
        let mut other = Session::new(ConnectionId(2), &shop.host);
        let mut out = Outbox::default();
        shop.host.received(shop.now, &mut other, &echo, &mut out);
        assert!(matches!(out.poll(), Some(Output::Send(ConnectionId(2), _))));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(segments in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20)) {
        let mut shop = Shop::signed_in();
        segments.iter().for_each(|segment| drop(shop.take(segment)));
        for body in &segments {
            shop.reconnect();
            let mut frame = vec![0, body.len() as u8];
            frame.extend(body);
            shop.take(&frame);
        }
        prop_assert!(shop.host.ledger().is_empty());
    }

    #[test]
    fn no_flipped_bits_panic_or_move_money(place in 2..200_usize, mask in 1..=255_u8, chip: bool) {
        let mut shop = Shop::signed_in();
        let sale = shop.sale_with(if chip { Entry::Chip } else { Entry::Stripe }, true);
        let mut request = shop.request(sale);
        let place = 2 + place % (request.len() - 2);
        request[place] ^= mask;
        shop.take(&request);
        let is_outside_the_mac = place < 2 + 11;
        prop_assert!(is_outside_the_mac || shop.host.ledger().captured().count() == 0, "byte {}", place);
    }
}

/// A host, a terminal that makes its requests, and a connection between them.
struct Shop {
    host: Host,
    session: Session,
    terminal: Terminal,
    profile: Profile,
    cards: Vec<Card>,
    keys: Option<WorkKeys>,
    last: Vec<u8>,
    now: Instant,
}

/// What came of one input.
#[derive(Debug, Default)]
struct Step {
    sent: Vec<Vec<u8>>,
    closes: usize,
    unreadable: usize,
    wait: Option<Instant>,
}

impl Shop {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    fn with(change: impl FnOnce(&mut Config, &mut Profile)) -> Self {
        let generator = CardGenerator::new(CardRange::default(), 1, Expiry::new(26, 1).unwrap()).unwrap();
        let cards: Vec<Card> = (0..10).map(|index| generator.card(index)).collect();
        let enrolment = Enrolment {
            terminal: TerminalId::from_bytes(b"10000001").unwrap(),
            merchant: MerchantId::from_bytes(b"898100012340001").unwrap(),
            tmk: TMK.parse().unwrap(),
        };
        let mut config = Config {
            spec: Spec::unionpay(),
            mac: MacAlgorithm::UnionPayEcb,
            mac_form: MacForm::Ascii8,
            double_length_mak: false,
            terminals: vec![enrolment],
            cards: cards.clone().into(),
            unknown_cards: UnknownCards::Decline,
            opening_balance: OPENING,
            sale_limit: LIMIT,
            rules: Vec::new(),
            clock: WallClock::starting_at(1_767_254_400),
            seed: Seed(5),
            ..Config::default()
        };
        let mut profile = Profile::default();
        change(&mut config, &mut profile);
        let Enrolment { terminal, merchant, tmk } = config.terminals[0].clone();
        let host = Host::new(config);
        Self {
            session: Session::new(ConnectionId(1), &host),
            host,
            terminal: Terminal::new(terminal, merchant, tmk, &profile, true),
            profile,
            cards,
            keys: None,
            last: Vec::new(),
            now: Instant::START,
        }
    }

    fn signed_in() -> Self {
        let mut shop = Self::new();
        shop.sign_in();
        shop
    }

    /// Signs in for real, and keeps the keys.
    fn sign_in(&mut self) {
        self.feed(Input::Operation(Operation::management(Kind::SignIn)));
        let request = self.last.clone();
        let answer = self.take(&request).sent.remove(0);
        self.feed(Input::Received(&answer));
        assert!(self.terminal.is_signed_in());
        let tmk = match self.profile.sign_in {
            SignInForm::Sm4 => SM4_TMK.parse(),
            _ => TMK.parse(),
        };
        self.keys = WorkKeys::unwrap(&tmk.unwrap(), Draft::of(&answer).raw(De::PRIVATE_62)).ok();
    }

    /// What the terminal sends for an operation, which it then gives up; its reversal, if one follows, is kept.
    fn request(&mut self, operation: Operation) -> Vec<u8> {
        self.profile.reversal = ReversalPolicy { resend: 0, keep: false, at_once: true, on_duplicate: false };
        self.feed(Input::Operation(operation));
        let request = self.last.clone();
        let start = self.now;
        while !self.terminal.is_idle() {
            self.now += Duration::from_secs(60);
            self.feed(Input::Timeout);
        }
        self.now = start;
        request
    }

    fn feed(&mut self, input: Input<'_>) {
        let mut out = terminal::Outbox::default();
        self.terminal.handle(&self.profile, self.now, input, &mut out);
        let mut connects = false;
        while let Some(output) = out.poll() {
            match output {
                terminal::Output::Connect => connects = true,
                terminal::Output::Send(range) => self.last = out.bytes(range).to_vec(),
                _ => {}
            }
        }
        if connects {
            self.feed(Input::Connected);
        }
    }

    /// The reversal of the last sale, as the terminal sent it when it gave up.
    fn reversal_of_last(&self) -> Vec<u8> {
        assert_eq!(Draft::of(&self.last).mti, Mti::REVERSAL);
        self.last.clone()
    }

    fn take(&mut self, bytes: &[u8]) -> Step {
        let mut out = Outbox::default();
        self.host.received(self.now, &mut self.session, bytes, &mut out);
        drain(&mut out)
    }

    fn wake(&mut self, millis: u64) -> Step {
        let mut out = Outbox::default();
        self.host.timeout(Instant::START + Duration::from_millis(millis), &mut out);
        drain(&mut out)
    }

    fn reconnect(&mut self) {
        self.session = Session::new(ConnectionId(1), &self.host);
    }

    fn code(&mut self, request: &[u8]) -> String {
        let step = self.take(request);
        assert_eq!(step.sent.len(), 1, "{step:?}");
        code_in(&step.sent[0])
    }

    /// Has the terminal and the host do an operation with each other; the code of the answer.
    fn code_of(&mut self, operation: Operation) -> String {
        self.feed(Input::Operation(operation));
        let request = self.last.clone();
        let answer = self.take(&request).sent.remove(0);
        self.feed(Input::Received(&answer));
        assert!(self.terminal.is_idle(), "the terminal did not take the answer");
        code_in(&answer)
    }

    /// Has the host approve what the terminal then reverses.
    fn approve(&mut self, operation: Operation) -> Draft {
        let request = self.request(operation);
        let answer = Draft::of(&self.take(&request).sent[0]);
        assert_eq!(answer.text(De::RESPONSE_CODE).as_deref(), Some("00"));
        answer
    }

    fn mak(&self) -> Mak {
        self.keys.as_ref().unwrap().mak.clone()
    }

    fn sale(&self, entry: Entry) -> Operation {
        self.sale_with(entry, false)
    }

    fn sale_of(&self, minor: u64) -> Operation {
        Operation { amount: Amount::from_minor(minor), ..self.sale(Entry::Stripe) }
    }

    fn sale_with(&self, entry: Entry, pin: bool) -> Operation {
        Operation::sale(AMOUNT, CardUse { card: self.cards[0].clone(), entry, pin })
    }
}

fn drain(out: &mut Outbox) -> Step {
    let mut step = Step::default();
    let mut has_ended = false;
    while let Some(output) = out.poll() {
        assert!(!has_ended, "a wait ends the outputs");
        match output {
            Output::Send(_, range) => step.sent.push(out.bytes(range).to_vec()),
            Output::Close(_) => step.closes += 1,
            Output::Record(_) | Output::Note(_) => {}
            Output::Overheard(_) => {}
            Output::Unreadable { .. } => step.unreadable += 1,
            Output::Down { .. } => step.closes += 1,
            Output::Wait(until) => (step.wait, has_ended) = (until, true),
        }
    }
    assert!(has_ended, "outputs end with a wait");
    step
}

/// DE 39 of a frame, `?` when it is none.
fn code_in(frame: &[u8]) -> String {
    let is_message = Spec::unionpay()
        .framing
        .open(frame)
        .is_ok_and(|frame| posfleet::iso8583::Message::parse(Spec::unionpay(), frame.body).is_ok());
    if !is_message {
        return "?".to_owned();
    }
    Draft::of(frame).text(De::RESPONSE_CODE).unwrap_or_default()
}

fn sales(action: Action) -> Rule {
    Rule { when: Match { mti: Some(Mti::FINANCIAL), ..Match::default() }, action }
}

fn amount(minor: RangeInclusive<u64>) -> Match {
    let amounts = Amount::from_minor(*minor.start())..=Amount::from_minor(*minor.end());
    Match { amount: Some(amounts), ..Match::default() }
}

fn millis(range: RangeInclusive<u64>) -> RangeInclusive<Duration> {
    Duration::from_millis(*range.start())..=Duration::from_millis(*range.end())
}

fn text(first: &str, second: &str) -> (Option<String>, Option<String>) {
    (Some(first.to_owned()), Some(second.to_owned()))
}

const TMK: &str = "0123456789ABCDEFFEDCBA9876543210";
const SM4_TMK: &str = "sm4:0123456789ABCDEFFEDCBA9876543210";
const OPENING: Amount = Amount::from_minor(10_000);
const LIMIT: Amount = Amount::from_minor(9_000);
const AMOUNT: Amount = Amount::from_minor(1_234);
