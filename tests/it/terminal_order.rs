//! Payments by a code that the terminal shows: polling until the payer has paid, nobody has, or nobody knows.

use crate::{
    draft::{Draft, numbers},
    terminal_rig::{Rig, Step},
};
use posfleet::{
    iso8583::{De, Private59},
    money::Amount,
    operation::{End, Failure, Kind, Operation},
    reconcile::Belief,
    terminal::{Event, Input, Standing},
};
use std::time::Duration;

#[test]
fn an_order_is_asked_about_until_it_is_paid() {
    let mut rig = Rig::signed_in(false);
    let step = taken(&mut rig);
    assert_eq!(step.lines(), [(2, Kind::QrOrder, Belief::Unknown)]);
    assert_eq!(step.wait, Some(rig.now + Duration::from_secs(3)));
    let question = poll(&mut rig);
    assert_eq!(numbers(&question), [3, 11, 22, 25, 41, 42, 49, 60, 61, 64]);
    let draft = Draft::of(&question);
    assert_eq!(draft.text(De::PROCESSING_CODE).as_deref(), Some("000010"));
    assert_eq!(draft.text(De::PRIVATE_60).as_deref(), Some("6100000100060"));
    assert_eq!(draft.text(De::ORIGINAL_DATA).as_deref(), Some("0000010000020731"));
    assert_eq!(draft.text(De::STAN).as_deref(), Some("000003"));
    let step = rig.answer(rig.reply(&question).with(De::RESPONSE_CODE, b"09"));
    assert!(step.sent.is_empty() && step.wait.is_some() && step.lines().is_empty());
    let question = poll(&mut rig);
    let mut tags = Vec::new();
    assert!(Private59::append(&mut tags, Private59::VOUCHER, b"4711"));
    let step = rig.answer(rig.reply(&question).with(De::RRN, b"777777777777").with(De::PRIVATE_59, &tags));
    assert!(step.is_approved() && rig.terminal.is_idle() && !rig.terminal.owes());
    assert_eq!(step.lines(), [(2, Kind::QrOrder, Belief::Approved)]);
    assert_eq!((step.outcome().stan.unwrap().number(), step.outcome().amount), (2, Amount::from_minor(900)));
    let refund = Draft::of(&rig.ask(Operation::of(Kind::QrRefund)));
    assert_eq!(refund.text(De::PRIVATE_59).as_deref(), Some("A40044711"));
    assert_eq!(refund.text(De::RRN).as_deref(), Some("777777777777"));
}

#[test]
fn an_order_that_is_closed_or_never_paid_is_not_paid() {
    for code in [b"12", b"09"] {
        let mut rig = Rig::signed_in(true);
        taken(&mut rig);
        let end = loop {
            let question = poll(&mut rig);
            let step = rig.answer(rig.reply(&question).with(De::RESPONSE_CODE, code));
            if rig.terminal.is_idle() {
                break step;
            }
        };
        assert_eq!(end.outcome().end, End::Failed(Failure::NotPaid));
        // Whoever has not paid yet may do so later.
        let is_closed = code == b"12";
        let lines: &[_] = if is_closed { &[(2, Kind::QrOrder, Belief::Refused)] } else { &[] };
        assert_eq!(end.lines(), lines);
        let standing = if is_closed { Standing::Refused } else { Standing::Waiting };
        assert_eq!(rig.terminal.log().at(0).unwrap().standing, standing);
        let waited = if code == b"09" { 60 } else { 3 };
        assert_eq!(rig.now.as_secs_f64() as u64, waited, "the last question comes when the time is up");
    }
}

#[test]
fn an_order_without_an_answer_is_asked_about_before_the_next_transaction() {
    let answers = [(b"00", Some(Belief::Approved)), (b"09", None), (b"25", Some(Belief::Refused))];
    for (code, belief) in answers {
        let mut rig = Rig::signed_in(true);
        rig.ask(order());
        let step = rig.time_out();
        assert_eq!((step.outcome().end, step.beliefs()), (End::TimedOut, vec![Belief::Unknown]));
        assert!(rig.terminal.is_idle() && rig.terminal.owes());
        let question = rig.ask(Operation::management(Kind::Reversal));
        assert_eq!(Draft::of(&question).text(De::ORIGINAL_DATA).as_deref(), Some("0000010000020000"));
        let step = rig.answer(rig.reply(&question).with(De::RESPONSE_CODE, code));
        let lines: Vec<_> = belief.map(|belief| (2, Kind::QrOrder, belief)).into_iter().collect();
        assert_eq!(step.lines(), lines);
        assert!(step.is_approved());
        assert_eq!(rig.terminal.owes(), belief.is_none(), "who has not paid yet may do so later");
    }
}

#[test]
fn unanswered_questions_are_asked_again_and_a_last_one_leaves_the_order_open() {
    let mut rig = Rig::signed_in(true);
    taken(&mut rig);
    poll(&mut rig);
    let step = rig.time_out();
    assert_eq!(
        Draft::of(step.one_sent()).text(De::STAN).as_deref(),
        Some("000004"),
        "the time is up: at once"
    );
    assert_eq!(rig.time_out().outcome().end, End::TimedOut);
    assert!(rig.terminal.owes(), "somebody may have paid");
}

#[test]
fn a_flow_may_ask_about_an_order_itself() {
    let mut rig = Rig::signed_in(true);
    rig.ask(order());
    rig.time_out();
    let question = rig.ask(Operation::of(Kind::QrQuery));
    let step = rig.answer(rig.reply(&question).with(De::RESPONSE_CODE, b"09"));
    assert_eq!((step.outcome().end, step.lines().len()), (End::Declined, 0));
    assert!(rig.terminal.owes());
    let question = rig.ask(Operation::of(Kind::QrQuery));
    let step = rig.answer(rig.reply(&question));
    assert!(step.is_approved() && !rig.terminal.owes());
    assert_eq!(step.lines(), [(2, Kind::QrOrder, Belief::Approved)]);
}

#[test]
fn a_connection_that_goes_between_two_questions_is_opened_again() {
    let mut rig = Rig::signed_in(true);
    taken(&mut rig);
    let step = rig.input(Input::Closed);
    assert!(step.events.is_empty() && step.wait.is_some());
    rig.now = step.wait.unwrap();
    let step = rig.input(Input::Timeout);
    assert_eq!(step.connects, 1);
    let question = rig.sent_after(step);
    assert!(rig.answer(rig.reply(&question)).is_approved());
}

#[test]
fn a_refused_order_is_declined_and_forgotten() {
    let mut rig = Rig::signed_in(true);
    let request = rig.ask(order());
    let step = rig.answer(rig.reply(&request).with(De::RESPONSE_CODE, b"40"));
    assert_eq!((step.outcome().end, step.lines().len()), (End::Declined, 0));
    assert!(rig.terminal.log().is_empty());
}

#[test]
fn every_question_is_told_as_automatic() {
    let mut rig = Rig::signed_in(true);
    taken(&mut rig);
    let question = poll(&mut rig);
    let step = rig.answer(rig.reply(&question).with(De::RESPONSE_CODE, b"09"));
    assert!(matches!(&step.events[..], [Event::Automatic(outcome)] if outcome.kind == Kind::QrQuery));
}

fn order() -> Operation {
    Operation { amount: Amount::from_minor(900), ..Operation::of(Kind::QrOrder) }
}

/// An order that the host has taken.
fn taken(rig: &mut Rig) -> Step {
    let request = rig.ask(order());
    let mut tags = Vec::new();
    assert!(Private59::append(&mut tags, Private59::ORDER_ADDRESS, b"https://pay.example/1"));
    rig.answer(rig.reply(&request).with(De::LOCAL_DATE, b"0731").with(De::PRIVATE_59, &tags))
}

/// Waits for the next question.
fn poll(rig: &mut Rig) -> Vec<u8> {
    rig.now = rig.deadline();
    let step = rig.input(Input::Timeout);
    rig.sent_after(step)
}
