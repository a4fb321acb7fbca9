//! The virtual terminal, input by input, against answers written by hand.

use crate::{
    draft::{Draft, numbers},
    terminal_rig::{Rig, Step},
};
use posfleet::{
    crypto::{PanBinding, TrackCipher, WorkKeys},
    iso8583::{De, Mti, ResponseCode},
    money::Amount,
    operation::{End, Entry, Failure, Kind, Operation, Outcome},
    reconcile::Belief,
    terminal::{Event, Input, SignInForm, Stray, Terminal},
};
use proptest::prelude::*;
use std::time::Duration;

// Signing in.

#[test]
fn sign_in_brings_keys_and_batch() {
    let mut rig = Rig::new(true);
    let request = rig.ask(Operation::management(Kind::SignIn));
    assert_eq!(numbers(&request), [11, 41, 42, 60, 63]);
    let draft = Draft::of(&request);
    assert_eq!(draft.mti, Mti::NETWORK);
    assert_eq!(draft.text(De::PRIVATE_60).as_deref(), Some("00000001003"));
    assert_eq!(draft.text(De::PRIVATE_63).as_deref(), Some("01 "));
    let step = rig.answer(rig.sign_in_reply(&request).with(De::PRIVATE_60, b"00000042003"));
    assert_eq!(step.outcome().end, End::Approved);
    assert!(rig.terminal.is_signed_in() && step.wait.is_none());
    assert_eq!((rig.terminal.batch().number(), rig.terminal.next_stan().number()), (42, 2));
}

#[test]
fn sign_in_sets_the_clock_that_the_chip_is_told() {
    let mut rig = Rig::new(true);
    let request = rig.ask(Operation::management(Kind::SignIn));
    rig.answer(rig.sign_in_reply(&request).with(De::LOCAL_TIME, b"235930").with(De::LOCAL_DATE, b"0731"));
    rig.now += Duration::from_secs(60);
    let told = rig.terminal.clock().unwrap().at(rig.now);
    assert_eq!((told.month_day(), told.hour_minute_second()), (801, 30));
    let sale = rig.ask(rig.sale(Entry::Chip));
    let year = (rig.profile.year % 100 / 10 * 16 + rig.profile.year % 10) as u8;
    let date = [0x9A, 3, year, 0x08, 0x01];
    assert!(Draft::of(&sale).raw(De::ICC_DATA).windows(date.len()).any(|tag| tag == date));
}

#[test]
fn keys_that_fail_their_check_values_are_not_taken() {
    let mut rig = Rig::new(true);
    let request = rig.ask(Operation::management(Kind::SignIn));
    let mut sealed = rig.sign_in_reply(&request).raw(De::PRIVATE_62).to_vec();
    sealed[17] ^= 1;
    let step = rig.answer(rig.sign_in_reply(&request).with(De::PRIVATE_62, &sealed));
    assert_eq!(step.outcome().end, End::Failed(Failure::KeyCheck));
    assert!(!rig.terminal.is_signed_in());
}

#[test]
fn a_sale_signs_in_first() {
    let mut rig = Rig::new(true);
    let sign_in = rig.ask(rig.sale(Entry::Stripe));
    assert_eq!(Draft::of(&sign_in).mti, Mti::NETWORK);
    let step = rig.answer(rig.sign_in_reply(&sign_in));
    assert!(matches!(&step.events[..], [Event::Automatic(Outcome { end: End::Approved, .. })]));
    let sale = step.one_sent();
    assert_eq!(Draft::of(sale).text(De::STAN).as_deref(), Some("000002"));
    let step = rig.answer(rig.reply(sale));
    assert_eq!(step.outcome().end, End::Approved);
}

#[test]
fn a_sale_without_a_sign_in_fails_where_terminals_may_not_sign_in_by_themselves() {
    let mut rig = Rig::with(true, |profile| profile.auto_sign_in = false);
    let step = rig.input(Input::Operation(rig.sale(Entry::Keyed)));
    assert_eq!(step.outcome().end, End::Failed(Failure::NotSignedIn));
    assert!(step.sent.is_empty() && step.connects == 0);
}

#[test]
fn a_refused_sign_in_fails_the_sale() {
    let mut rig = Rig::new(true);
    let request = rig.ask(rig.sale(Entry::Keyed));
    let step = rig.answer(Draft::reply_to(&request).with(De::RESPONSE_CODE, b"97"));
    assert_eq!(step.outcome().end, End::Failed(Failure::NotSignedIn));
    assert_eq!(rig.terminal.record().last_code, Some(ResponseCode::UNKNOWN_TERMINAL));
}

#[test]
fn codes_77_99_and_a0_and_the_header_ask_for_a_new_sign_in() {
    for (code, header, signed_in) in [
        (b"77", 0, false),
        (b"99", 0, false),
        (b"A0", 0, false),
        (b"51", 0, true),
        (b"00", 3, false),
        (b"00", 0, true),
    ] {
        let mut rig = Rig::signed_in(true);
        let sale = rig.ask(rig.sale(Entry::Stripe));
        let step = rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, code).asking_for(header));
        assert!(step.sent.is_empty(), "nothing is sent until the next operation");
        assert_eq!(rig.terminal.is_signed_in(), signed_in, "{code:?} {header}");
        let next = rig.ask(rig.sale(Entry::Stripe));
        assert_eq!(Draft::of(&next).mti == Mti::FINANCIAL, signed_in);
    }
}

#[test]
fn sign_out_drops_the_keys() {
    let mut rig = Rig::signed_in(true);
    let request = rig.ask(Operation::management(Kind::SignOut));
    assert_eq!(numbers(&request), [11, 41, 42, 60]);
    assert_eq!(Draft::of(&request).text(De::PRIVATE_60).as_deref(), Some("00000001002"));
    rig.answer(Draft::reply_to(&request));
    assert!(!rig.terminal.is_signed_in());
}

#[test]
fn an_echo_has_no_stan_and_needs_no_sign_in() {
    let mut rig = Rig::new(true);
    let request = rig.ask(Operation::management(Kind::Echo));
    assert_eq!(numbers(&request), [41, 42, 60]);
    let late = rig.answer(Draft::reply_to(&request).with(De::STAN, b"000001"));
    assert_eq!(late.events.len(), 1, "an answer with a STAN answers something else: {:?}", late.events);
    assert_eq!(rig.answer(Draft::reply_to(&request)).outcome().end, End::Approved);
    assert_eq!(rig.terminal.next_stan().number(), 1);
}

// What requests look like.

#[test]
fn requests_have_the_elements_of_the_dialect() {
    let cases: [(Entry, bool, &[u8]); 7] = [
        (Entry::Keyed, false, &[2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60, 64]),
        (Entry::Keyed, true, &[2, 3, 4, 11, 14, 22, 25, 26, 41, 42, 49, 52, 53, 60, 64]),
        (Entry::Stripe, false, &[3, 4, 11, 22, 25, 35, 41, 42, 49, 60, 64]),
        (Entry::Stripe, true, &[3, 4, 11, 22, 25, 26, 35, 41, 42, 49, 52, 53, 60, 64]),
        (Entry::Chip, false, &[2, 3, 4, 11, 14, 22, 23, 25, 35, 41, 42, 49, 55, 60, 64]),
        (Entry::Chip, true, &[2, 3, 4, 11, 14, 22, 23, 25, 26, 35, 41, 42, 49, 52, 53, 55, 60, 64]),
        (Entry::Contactless, false, &[2, 3, 4, 11, 14, 22, 23, 25, 35, 41, 42, 49, 55, 60, 64]),
    ];
    for (entry, pin, expected) in cases {
        let mut rig = Rig::signed_in(true);
        let sale = rig.ask(rig.sale_with(entry, pin));
        assert_eq!(numbers(&sale), expected, "{entry:?}, PIN {pin}");
        let draft = Draft::of(&sale);
        let mode = format!("{:02}{}", entry.digits(), if pin { 1 } else { 2 });
        assert_eq!(draft.text(De::ENTRY_MODE), Some(mode));
        // The card has a chip: its stripe is read only as fallback.
        let private = if entry == Entry::Stripe { "2200000100061" } else { "2200000100060" };
        assert_eq!(draft.text(De::PRIVATE_60).as_deref(), Some(private));
        let carried = draft.mac(&rig.keys.mak).frame();
        assert_eq!(carried, sale, "the MAC is right and every byte canonical");

        let mut rig = Rig::signed_in(true);
        let balance = rig.ask(Operation { kind: Kind::Balance, ..rig.sale_with(entry, pin) });
        let without_amount: Vec<u8> = expected.iter().copied().filter(|de| *de != 4).collect();
        assert_eq!(numbers(&balance), without_amount, "balance, {entry:?}, PIN {pin}");
    }
}

#[test]
fn a_pin_travels_encrypted_and_bound_to_the_card() {
    let mut rig = Rig::signed_in(true);
    let sale = Draft::of(&rig.ask(rig.sale_with(Entry::Stripe, true)));
    let (card, pik) = (rig.card(), &rig.keys.pik);
    let pin = pik.decrypt_pin(sale.raw(De::PIN_BLOCK), &card.pan, PanBinding::WithPan).unwrap();
    assert!(Some(pin) == card.pin, "another PIN");
    assert_eq!(sale.text(De::SECURITY_CONTROL).as_deref(), Some("2600000000000000"));
}

#[test]
fn tracks_travel_encrypted_where_the_profile_says_so() {
    let mut rig = Rig::with(true, |profile| {
        profile.encrypt_tracks = true;
        profile.sign_in = SignInForm::DoubleDesWithTrackKey;
    });
    rig.sign_in();
    let sale = Draft::of(&rig.ask(rig.sale(Entry::Stripe)));
    assert_eq!(sale.text(De::SECURITY_CONTROL).as_deref(), Some("0610000000000000"));
    let plain = rig.card().track2();
    let mut track = sale.raw(De::TRACK2).to_vec();
    assert_ne!(track, plain.as_bytes());
    TrackCipher::new(rig.keys.tdk.as_ref().unwrap()).decrypt(&mut track).unwrap();
    assert_eq!(track, plain.as_bytes());
}

#[test]
fn a_track_key_that_never_came_fails_the_sale_without_a_stan() {
    let mut rig = Rig::with(true, |profile| profile.encrypt_tracks = true);
    rig.keys.tdk = None;
    rig.sign_in();
    let step = rig.input(Input::Operation(rig.sale(Entry::Stripe)));
    assert_eq!(step.outcome().end, End::Failed(Failure::MissingData));
    assert_eq!((step.outcome().stan, rig.terminal.next_stan().number()), (None, 2));
    assert!(!rig.terminal.has_pending_reversal() && step.sent.is_empty());
}

// What is an answer, and what is not.

#[test]
fn approvals_and_declines_tell_what_the_host_said() {
    for (code, end) in
        [(b"00", End::Approved), (b"11", End::Approved), (b"51", End::Declined), (b"ZZ", End::Declined)]
    {
        let mut rig = Rig::signed_in(false);
        let sale = rig.ask(rig.sale(Entry::Stripe));
        rig.now += Duration::from_millis(120);
        let reply = rig.reply(&sale).with(De::RRN, b"123456789012").with(De::APPROVAL_CODE, b"654321");
        let step = rig.answer(reply.with(De::RESPONSE_CODE, code));
        let outcome = step.outcome();
        assert_eq!((outcome.end, outcome.code.unwrap().to_string().as_bytes()), (end, &code[..]));
        assert_eq!(outcome.rrn.unwrap().as_str(), "123456789012");
        assert_eq!(outcome.approval_code.unwrap().as_str(), "654321");
        assert_eq!(outcome.service, Some(Duration::from_millis(120)));
        assert_eq!((outcome.stan.unwrap().number(), outcome.amount), (2, Amount::from_minor(1234)));
        let believed: &[Belief] = if end == End::Approved { &[Belief::Approved] } else { &[] };
        assert_eq!(step.beliefs(), believed);
        assert_eq!(step.closes, 1, "the connection was for this sale only");
    }
}

#[test]
fn a_balance_is_told_with_its_sign() {
    for (text, expected) in [(b"3002156C000000012345", 12345), (b"3002156D000000012345", -12345)] {
        let mut rig = Rig::signed_in(true);
        let request = rig.ask(Operation { kind: Kind::Balance, ..rig.sale(Entry::Stripe) });
        let step = rig.answer(rig.reply(&request).with(De::BALANCE, text));
        assert_eq!(step.outcome().balance, Some(expected));
        assert!(step.beliefs().is_empty(), "a balance moves no money");
    }
}

#[test]
fn what_does_not_answer_the_request_is_ignored_and_counted() {
    type Change = fn(Draft) -> Draft;
    let misdirected = |what| Stray::Misdirected(what);
    let cases: [(&str, Change, Stray); 12] = [
        (
            "wrong F41",
            |r| r.with(De::TERMINAL_ID, b"10000009"),
            misdirected("terminal id of another terminal"),
        ),
        ("no F41", |r| r.without(De::TERMINAL_ID), misdirected("terminal id of another terminal")),
        ("old F11", |r| r.with(De::STAN, b"000001"), Stray::Late),
        ("future F11", |r| r.with(De::STAN, b"000077"), misdirected("STAN never sent")),
        ("no F11", |r| r.without(De::STAN), misdirected("no STAN")),
        ("wrong F3", |r| r.with(De::PROCESSING_CODE, b"310000"), misdirected("another processing code")),
        ("no F3", |r| r.without(De::PROCESSING_CODE), misdirected("another processing code")),
        ("wrong F42", |r| r.with(De::MERCHANT_ID, b"898100012340009"), misdirected("another merchant id")),
        ("wrong F4", |r| r.with(De::AMOUNT, b"000000009999"), misdirected("another amount")),
        ("no F4", |r| r.without(De::AMOUNT), misdirected("another amount")),
        (
            "wrong F4 of a decline",
            |r| r.with(De::AMOUNT, b"000000009999").with(De::RESPONSE_CODE, b"51"),
            misdirected("another amount"),
        ),
        ("another type", |r| r.mti(Mti::ADVICE.response()), Stray::Late),
    ];
    for (what, change, expected) in cases {
        let mut rig = Rig::signed_in(true);
        let sale = rig.ask(rig.sale(Entry::Stripe));
        let step = rig.answer(change(rig.reply(&sale)));
        assert_eq!(step.events, [Event::Stray(expected)], "{what}");
        assert!(step.wait.is_some() && step.sent.is_empty(), "{what}: still waits");
        assert_eq!(rig.answer(rig.reply(&sale)).outcome().end, End::Approved, "{what}: then the real one");
    }
}

#[test]
fn a_decline_may_name_another_merchant_and_no_amount() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let reply =
        Draft::reply_to(&sale).with(De::RESPONSE_CODE, b"03").with(De::MERCHANT_ID, b"898100012340009");
    assert_eq!(rig.answer(reply.without(De::AMOUNT)).outcome().end, End::Declined);
}

#[test]
fn a_partial_approval_counts_its_own_amount() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, b"10").with(De::AMOUNT, b"000000001000"));
    assert_eq!((step.outcome().end, step.outcome().amount), (End::Approved, Amount::from_minor(1000)));
    let booked = step.events.iter().find_map(|event| match event {
        Event::Journal(entry) => Some(entry.amount),
        _ => None,
    });
    assert_eq!(booked, Some(Amount::from_minor(1000)));
}

#[test]
fn an_approval_that_comes_twice_counts_once() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let reply = rig.reply(&sale);
    let both = [reply.frame(), reply.frame()].concat();
    let step = rig.input(Input::Received(&both));
    assert_eq!(step.beliefs(), [Belief::Approved]);
    assert_eq!(step.events.last(), Some(&Event::Stray(Stray::Late)));
    assert_eq!(rig.terminal.record().approved, 2, "sign-in and sale");
}

#[test]
fn answers_may_come_byte_by_byte() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Chip));
    let frame = rig.reply(&sale).frame();
    let (last, first) = frame.split_last().unwrap();
    for byte in first {
        assert!(rig.input(Input::Received(&[*byte])).events.is_empty());
    }
    assert_eq!(rig.input(Input::Received(&[*last])).outcome().end, End::Approved);
}

// Reversals.

#[test]
fn unknown_fates_are_told_then_reversed_with_their_reason() {
    type Trouble = fn(&mut Rig, &[u8]) -> Step;
    let cases: [(&str, Trouble, End, &str); 8] = [
        ("no answer", |rig, _| rig.time_out(), End::TimedOut, "98"),
        ("closed", |rig, _| rig.input(Input::Closed), End::Failed(Failure::ConnectionLost), "98"),
        (
            "wrong MAC",
            |rig, sale| rig.answer(rig.reply(sale).wrong_mac()),
            End::Failed(Failure::WrongMac),
            "A0",
        ),
        (
            "no MAC",
            |rig, sale| rig.answer(rig.reply(sale).without_mac()),
            End::Failed(Failure::WrongMac),
            "A0",
        ),
        (
            "no code",
            |rig, sale| rig.answer(rig.reply(sale).without(De::RESPONSE_CODE)),
            End::Failed(Failure::Malformed),
            "06",
        ),
        ("garbage", |rig, _| rig.input(Input::Received(&GARBAGE)), End::Failed(Failure::Malformed), "06"),
        ("oversized", |rig, _| rig.input(Input::Received(&[0xFF; 3])), End::Failed(Failure::Malformed), "06"),
        ("too short", |rig, _| rig.input(Input::Received(&[0, 3, 1])), End::Failed(Failure::Malformed), "06"),
    ];
    for keeps_connection in [false, true] {
        for (what, trouble, end, reason) in &cases {
            let mut rig = Rig::signed_in(keeps_connection);
            let sale = rig.ask(rig.sale_with(Entry::Stripe, true));
            let step = trouble(&mut rig, &sale);
            assert_eq!(step.outcome().end, *end, "{what}");
            assert_eq!(step.beliefs(), [Belief::Unknown], "{what}");
            let reversal = rig.sent_after(step);
            assert_eq!(numbers(&reversal), [3, 4, 11, 22, 25, 39, 41, 42, 49, 60, 64], "{what}");
            let (original, copy) = (Draft::of(&sale), Draft::of(&reversal));
            for de in [3, 4, 11, 22, 25, 41, 42, 49, 60].map(|number| De::new(number).unwrap()) {
                assert_eq!(copy.text(de), original.text(de), "{what}: DE {de}");
            }
            assert_eq!((copy.mti, copy.text(De::RESPONSE_CODE).as_deref()), (Mti::REVERSAL, Some(*reason)));
            assert_eq!(copy.mac(&rig.keys.mak).frame(), reversal, "{what}: the MAC is right");
            let step = rig.answer(rig.reply(&reversal));
            assert_eq!(step.beliefs(), [Belief::Reversed], "{what}");
            assert!(rig.terminal.is_idle() && !rig.terminal.has_pending_reversal(), "{what}");
            assert_eq!(rig.terminal.next_stan().number(), 3, "{what}: a reversal uses up no STAN");
        }
    }
}

#[test]
fn reversals_keep_what_their_entry_had() {
    for (entry, expected) in [
        (Entry::Keyed, &[2, 3, 4, 11, 14, 22, 25, 39, 41, 42, 49, 60, 64][..]),
        (Entry::Chip, &[2, 3, 4, 11, 14, 22, 23, 25, 39, 41, 42, 49, 55, 60, 64]),
    ] {
        let mut rig = Rig::signed_in(true);
        rig.ask(rig.sale(entry));
        let step = rig.time_out();
        assert_eq!(numbers(&rig.sent_after(step)), expected);
    }
}

#[test]
fn codes_that_settle_a_reversal_and_codes_that_do_not() {
    for (code, settles) in [(b"00", true), (b"12", true), (b"25", true), (b"96", false), (b"64", false)] {
        let mut rig = Rig::signed_in(true);
        rig.ask(rig.sale(Entry::Stripe));
        let step = rig.time_out();
        let reversal = rig.sent_after(step);
        let step = rig.answer(rig.reply(&reversal).with(De::RESPONSE_CODE, code));
        assert_eq!(rig.terminal.has_pending_reversal(), !settles, "{code:?}");
        assert_eq!(step.sent.len(), usize::from(!settles), "{code:?}: sent again");
    }
}

#[test]
fn a_reversal_refused_with_a0_signs_in_and_goes_again() {
    let mut rig = Rig::signed_in(true);
    rig.ask(rig.sale(Entry::Stripe));
    let step = rig.time_out();
    let reversal = rig.sent_after(step);
    let step = rig.answer(rig.reply(&reversal).with(De::RESPONSE_CODE, b"A0"));
    let sign_in = step.one_sent().to_vec();
    assert_eq!(Draft::of(&sign_in).mti, Mti::NETWORK);
    let step = rig.answer(rig.sign_in_reply(&sign_in));
    assert_eq!(Draft::of(step.one_sent()).mti, Mti::REVERSAL);
}

#[test]
fn an_unanswered_reversal_is_resent_then_kept_or_dropped() {
    for (resend, keep) in [(0, true), (3, true), (3, false)] {
        let mut rig = Rig::with(true, |profile| {
            profile.reversal.resend = resend;
            profile.reversal.keep = keep;
        });
        rig.sign_in();
        rig.ask(rig.sale(Entry::Stripe));
        let mut beliefs = rig.time_out().beliefs();
        let mut sends = 1;
        while !rig.terminal.is_idle() {
            let step = rig.time_out();
            sends += step.sent.len();
            beliefs.extend(step.beliefs());
        }
        assert_eq!(sends, resend as usize + 1);
        assert_eq!(rig.terminal.has_pending_reversal(), keep);
        let expected: &[Belief] =
            if keep { &[Belief::Unknown] } else { &[Belief::Unknown, Belief::ReversalAbandoned] };
        assert_eq!(beliefs, expected);
        let next = rig.ask(rig.sale(Entry::Stripe));
        assert_eq!(Draft::of(&next).mti == Mti::REVERSAL, keep, "what is kept goes before the next sale");
    }
}

#[test]
fn a_kept_reversal_that_stays_unanswered_fails_the_next_sale() {
    let mut rig = Rig::with(true, |profile| profile.reversal.resend = 0);
    rig.sign_in();
    rig.ask(rig.sale(Entry::Stripe));
    rig.time_out();
    rig.time_out();
    rig.ask(rig.sale(Entry::Stripe));
    let step = rig.time_out();
    assert_eq!(step.outcome().end, End::Failed(Failure::ReversalPending));
    assert!(rig.terminal.is_idle() && rig.terminal.has_pending_reversal());
}

#[test]
fn a_refused_connection_neither_uses_up_nor_drops_a_reversal() {
    let mut rig = Rig::with(false, |profile| {
        profile.reversal.keep = false;
        profile.reversal.resend = 0;
    });
    rig.sign_in();
    rig.ask(rig.sale(Entry::Stripe));
    let step = rig.time_out();
    assert_eq!((step.closes, step.connects), (1, 1));
    let step = rig.input(Input::Closed);
    assert!(rig.terminal.is_idle() && rig.terminal.has_pending_reversal());
    assert!(step.beliefs().is_empty());
}

#[test]
fn a_reversal_waits_for_the_next_sale_where_the_policy_says_so() {
    let mut rig = Rig::with(true, |profile| profile.reversal.at_once = false);
    rig.sign_in();
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.time_out();
    assert!(step.sent.is_empty() && rig.terminal.has_pending_reversal());
    let late = rig.answer(rig.reply(&sale));
    assert_eq!(late.events, [Event::Stray(Stray::Late)], "what comes late changes nothing");
    let echo = rig.ask(Operation::management(Kind::Echo));
    assert_eq!(rig.answer(Draft::reply_to(&echo)).sent.len(), 0, "an echo does not ask for it");
    let reversal = rig.ask(rig.sale(Entry::Stripe));
    assert_eq!(Draft::of(&reversal).mti, Mti::REVERSAL);
    let step = rig.answer(rig.reply(&reversal));
    assert_eq!(Draft::of(step.one_sent()).text(De::STAN).as_deref(), Some("000003"));
}

#[test]
fn a_late_approval_does_not_answer_the_reversal_of_it() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.time_out();
    let reversal = rig.sent_after(step);
    assert_eq!(rig.answer(rig.reply(&sale)).events, [Event::Stray(Stray::Late)]);
    assert_eq!(rig.answer(rig.reply(&reversal)).beliefs(), [Belief::Reversed]);
}

#[test]
fn a_power_cut_leaves_a_reversal_for_the_next_sale() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.input(Input::PowerCut);
    assert_eq!((step.beliefs(), step.closes), (vec![Belief::Unknown], 1));
    assert!(rig.terminal.is_idle());
    let reversal = Draft::of(&rig.ask(rig.sale(Entry::Stripe)));
    assert_eq!((reversal.mti, reversal.text(De::STAN)), (Mti::REVERSAL, Draft::of(&sale).text(De::STAN)));
    assert_eq!(reversal.text(De::RESPONSE_CODE).as_deref(), Some("06"));
}

#[test]
fn an_interrupted_sale_is_owed_a_reversal_and_an_unsent_one_is_not() {
    let mut rig = Rig::signed_in(false);
    rig.input(Input::Operation(rig.sale(Entry::Stripe)));
    let step = rig.input(Input::Interrupt);
    assert_eq!(step.outcome().end, End::Failed(Failure::Interrupted));
    assert!(!rig.terminal.has_pending_reversal(), "still connecting");
    rig.ask(rig.sale(Entry::Stripe));
    let step = rig.input(Input::Interrupt);
    assert_eq!((step.beliefs(), step.closes), (vec![Belief::Unknown], 1));
    assert!(rig.terminal.has_pending_reversal() && rig.terminal.is_idle());
}

#[test]
fn a_balance_of_unknown_fate_is_not_reversed() {
    let mut rig = Rig::signed_in(true);
    rig.ask(Operation { kind: Kind::Balance, ..rig.sale(Entry::Stripe) });
    let step = rig.time_out();
    assert_eq!(step.outcome().end, End::TimedOut);
    assert!(step.sent.is_empty() && rig.terminal.is_idle() && !rig.terminal.has_pending_reversal());
}

#[test]
fn asking_for_a_reversal_that_is_not_owed_is_done_at_once() {
    let mut rig = Rig::new(true);
    let step = rig.input(Input::Operation(Operation::management(Kind::Reversal)));
    assert_eq!(step.outcome().end, End::Approved);
    assert!(step.sent.is_empty() && step.connects == 0);
}

#[test]
fn a_sign_out_with_a_reversal_pending_does_not_sign_in_again() {
    let mut rig = Rig::with(true, |profile| profile.reversal.resend = 0);
    rig.sign_in();
    rig.ask(rig.sale(Entry::Stripe));
    rig.time_out();
    rig.time_out();
    assert!(rig.terminal.is_idle() && rig.terminal.has_pending_reversal());
    let sign_out = rig.ask(Operation::management(Kind::SignOut));
    assert!(rig.answer(Draft::reply_to(&sign_out)).sent.is_empty());
    assert!(rig.terminal.is_idle() && !rig.terminal.is_signed_in());
}

// Connections.

#[test]
fn a_refused_connection_fails_the_operation_and_uses_no_stan() {
    for trouble in [Input::Closed, Input::Timeout] {
        let mut rig = Rig::new(false);
        let step = rig.input(Input::Operation(Operation::management(Kind::SignIn)));
        rig.now = step.wait.unwrap();
        let step = rig.input(trouble);
        assert_eq!(step.outcome().end, End::Failed(Failure::NotConnected));
        assert_eq!(rig.terminal.next_stan().number(), 1);
        assert!(rig.terminal.is_idle() && !rig.terminal.is_connected());
    }
}

#[test]
fn a_connection_that_opens_too_late_is_closed_and_sends_nothing() {
    let mut rig = Rig::new(false);
    let step = rig.input(Input::Operation(Operation::management(Kind::SignIn)));
    rig.now = step.wait.unwrap();
    rig.input(Input::Timeout);
    let step = rig.input(Input::Connected);
    assert_eq!((step.sent.len(), step.closes), (0, 1));
}

#[test]
fn a_second_connected_does_not_send_twice() {
    let mut rig = Rig::signed_in(true);
    rig.ask(rig.sale(Entry::Stripe));
    assert!(rig.input(Input::Connected).sent.is_empty());
}

#[test]
fn a_kept_connection_is_used_again_and_reopened_when_it_is_gone() {
    let mut rig = Rig::signed_in(true);
    let step = rig.input(Input::Operation(Operation::management(Kind::Echo)));
    assert_eq!((step.connects, step.sent.len()), (0, 1));
    rig.answer(Draft::reply_to(&step.sent[0]));
    rig.input(Input::Closed);
    assert!(!rig.terminal.is_connected());
    let step = rig.input(Input::Operation(Operation::management(Kind::Echo)));
    assert_eq!((step.connects, step.sent.len()), (1, 0));
}

#[test]
fn a_timeout_before_the_deadline_is_none() {
    let mut rig = Rig::signed_in(true);
    rig.ask(rig.sale(Entry::Stripe));
    let step = rig.input(Input::Timeout);
    assert!(step.events.is_empty() && step.wait.is_some());
}

#[test]
fn sleeping_terminals_are_small() {
    let (idle, keys) = (size_of::<Terminal>(), size_of::<WorkKeys>());
    println!("Terminal {idle} B, with its keys {} B", idle + keys);
    assert!(idle <= 320 && idle + keys <= 512);
}

proptest! {
    #[test]
    fn no_bytes_and_no_order_of_inputs_panic(
        inputs in prop::collection::vec((0..7_u8, prop::collection::vec(any::<u8>(), 0..40)), 0..60),
        keeps_connection: bool,
    ) {
        let mut rig = Rig::signed_in(keeps_connection);
        for (kind, bytes) in inputs {
            let operation = rig.sale(Entry::Chip);
            let step = match kind {
                0 if rig.terminal.is_idle() => rig.input(Input::Operation(operation)),
                1 => rig.input(Input::Connected),
                2 => rig.input(Input::Closed),
                3 => rig.time_out(),
                4 => rig.input(Input::PowerCut),
                5 => {
                    let mut frame = vec![0, bytes.len() as u8];
                    frame.extend(&bytes);
                    rig.input(Input::Received(&frame))
                }
                _ => rig.input(Input::Received(&bytes)),
            };
            prop_assert_eq!(step.wait.is_some(), !rig.terminal.is_idle(), "whoever is busy has a deadline");
        }
    }
}

const GARBAGE: [u8; 18] = [0, 16, 0xDE, 0xAD, 0xBE, 0xEF, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
