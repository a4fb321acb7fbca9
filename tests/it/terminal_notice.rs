//! What terminals tell later or again: offline sales, adjustments, refunds without an answer, and results of scripts.

use crate::{
    draft::{Draft, numbers},
    terminal_rig::Rig,
};
use posfleet::{
    iso8583::{De, Mti},
    money::Amount,
    operation::{End, Entry, Failure, Kind, Operation},
    reconcile::Belief,
    terminal::{Event, Input, NoticePolicy, Standing},
};

#[test]
fn an_offline_sale_is_stored_and_told_before_the_next_online_transaction() {
    for (code, belief, standing) in [
        (b"00", Belief::Approved, Standing::Done),
        (b"94", Belief::Approved, Standing::Done),
        (b"14", Belief::Refused, Standing::Refused),
    ] {
        let mut rig = Rig::signed_in(true);
        let step =
            rig.input(Input::Operation(Operation { kind: Kind::OfflineSale, ..rig.sale(Entry::Stripe) }));
        assert!(step.is_approved() && step.sent.is_empty());
        assert_eq!(step.lines(), [(2, Kind::OfflineSale, Belief::Stored)]);
        assert!(rig.terminal.owes() && rig.terminal.next_stan().number() == 3);
        let notice = rig.ask(rig.sale(Entry::Stripe));
        assert_eq!(numbers(&notice), [2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60, 63, 64]);
        assert_eq!(
            (Draft::of(&notice).mti, Draft::of(&notice).text(De::STAN).as_deref()),
            (Mti::ADVICE, Some("000002"))
        );
        let step = rig.answer(rig.approval(&notice).with(De::RESPONSE_CODE, code));
        assert_eq!(step.lines(), [(2, Kind::OfflineSale, belief)]);
        assert_eq!(rig.terminal.log().at(0).unwrap().standing, standing);
        let sale = step.one_sent().to_vec();
        assert_eq!(Draft::of(&sale).text(De::STAN).as_deref(), Some("000003"));
        assert!(rig.answer(rig.approval(&sale)).is_approved() && !rig.terminal.owes());
    }
}

#[test]
fn an_unanswered_notice_is_kept_and_the_sale_goes_on() {
    let mut rig = Rig::signed_in(true);
    for _ in 0..2 {
        rig.input(Input::Operation(Operation { kind: Kind::OfflineSale, ..rig.sale(Entry::Stripe) }));
    }
    rig.ask(rig.sale(Entry::Stripe));
    let step = rig.time_out();
    let sale = step.one_sent().to_vec();
    assert_eq!(Draft::of(&sale).mti, Mti::FINANCIAL, "the other notice waits too");
    rig.answer(rig.approval(&sale));
    assert!(rig.terminal.owes());
    let again = rig.ask(rig.sale(Entry::Stripe));
    assert_eq!(Draft::of(&again).text(De::STAN).as_deref(), Some("000002"), "the same number");
}

#[test]
fn a_notice_that_finds_the_host_out_of_step_signs_in_once() {
    for code in [b"77", b"99", b"A0"] {
        let mut rig = Rig::signed_in(true);
        rig.input(Input::Operation(Operation { kind: Kind::OfflineSale, ..rig.sale(Entry::Stripe) }));
        let notice = rig.ask(rig.sale(Entry::Stripe));
        let step = rig.answer(rig.reply(&notice).with(De::RESPONSE_CODE, code));
        let sign_in = step.one_sent().to_vec();
        assert_eq!(Draft::of(&sign_in).mti, Mti::NETWORK);
        let step = rig.answer(rig.sign_in_reply(&sign_in));
        let again = step.one_sent().to_vec();
        let step = rig.answer(rig.reply(&again).with(De::RESPONSE_CODE, code));
        assert_eq!(step.beliefs(), [], "the host has not decided");
        assert_eq!(step.outcome().end, End::Failed(Failure::NotSignedIn));
        assert!(rig.terminal.owes() && rig.terminal.is_idle());
    }
}

#[test]
fn notices_wait_for_the_settlement_where_the_policy_says_so() {
    let mut rig = Rig::with(true, |profile| profile.notices = NoticePolicy::AtSettlement);
    rig.sign_in();
    rig.input(Input::Operation(Operation { kind: Kind::OfflineSale, ..rig.sale(Entry::Stripe) }));
    let sale = rig.ask(rig.sale(Entry::Stripe));
    assert_eq!(Draft::of(&sale).mti, Mti::FINANCIAL);
    rig.answer(rig.approval(&sale));
    let void = rig.ask(Operation::of(Kind::Void));
    assert_eq!(Draft::of(&void).mti, Mti::ADVICE, "a notice may have changed what is voided");
}

#[test]
fn adjustments_change_their_original_once_the_host_has_them() {
    let mut rig = Rig::signed_in(true);
    rig.approve(rig.sale(Entry::Stripe));
    let step = rig.input(Input::Operation(Operation {
        tip: Amount::from_minor(200),
        ..Operation::of(Kind::TipAdjust)
    }));
    assert_eq!(step.lines(), [(3, Kind::TipAdjust, Belief::Stored)]);
    assert_eq!(rig.terminal.log().at(0).unwrap().amount, Amount::from_minor(1234));
    let notice = rig.ask(rig.sale(Entry::Stripe));
    let draft = Draft::of(&notice);
    assert_eq!(numbers(&notice), [2, 3, 4, 11, 14, 22, 25, 37, 38, 41, 42, 48, 49, 60, 61, 63, 64]);
    assert_eq!(draft.text(De::AMOUNT).as_deref(), Some("000000001434"));
    assert_eq!(draft.text(De::PRIVATE_48).as_deref(), Some("000000000200"));
    assert_eq!(draft.text(De::ORIGINAL_DATA).as_deref(), Some("000001000002"));
    assert_eq!(draft.text(De::PRIVATE_63).as_deref(), Some("CUP"));
    let step = rig.answer(rig.approval(&notice));
    assert_eq!(step.lines(), [(3, Kind::TipAdjust, Belief::Approved), (2, Kind::Sale, Belief::Adjusted)]);
    assert!(step.entries().iter().all(|entry| entry.amount == Amount::from_minor(1434)));
    let sale = &rig.terminal.log().at(0).unwrap();
    assert!(sale.is_adjusted && sale.tip == Amount::from_minor(200));
    let sale = step.one_sent().to_vec();
    rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, b"51"));
    let void = Draft::of(&rig.ask(Operation::of(Kind::Void)));
    assert_eq!(void.text(De::AMOUNT).as_deref(), Some("000000001434"), "the void is of the whole");
}

#[test]
fn a_refund_without_an_answer_is_told_again_and_never_reversed() {
    for (kind, first) in [(Kind::Refund, Kind::Sale), (Kind::CompletionNotice, Kind::PreAuth)] {
        for (code, belief) in [(b"00", Belief::Approved), (b"94", Belief::Approved), (b"64", Belief::Refused)]
        {
            let mut rig = Rig::signed_in(true);
            rig.approve(Operation { kind: first, ..rig.sale(Entry::Keyed) });
            let request = Draft::of(&rig.ask(Operation::of(kind)));
            let step = rig.time_out();
            assert_eq!((step.outcome().end, step.beliefs()), (End::TimedOut, vec![Belief::Unknown]));
            assert!(step.sent.is_empty() && rig.terminal.is_idle() && rig.terminal.owes());
            assert!(!rig.terminal.has_pending_reversal());
            let again = rig.ask(Operation::management(Kind::Reversal));
            let draft = Draft::of(&again);
            for de in [2, 3, 4, 11, 14, 22, 25, 37, 38, 60, 61, 63].map(|number| De::new(number).unwrap()) {
                assert_eq!(draft.text(de), request.text(de), "{}: DE {de}", kind.name());
            }
            let step = rig.answer(rig.reply(&again).with(De::RESPONSE_CODE, code));
            assert_eq!(step.lines(), [(3, kind, belief)]);
            assert!(step.is_approved() && !rig.terminal.owes());
        }
    }
}

#[test]
fn a_refused_refund_is_over() {
    let mut rig = Rig::signed_in(true);
    rig.approve(rig.sale(Entry::Keyed));
    let request = rig.ask(Operation::of(Kind::Refund));
    let step = rig.answer(rig.reply(&request).with(De::RESPONSE_CODE, b"64"));
    assert_eq!((step.outcome().end, step.beliefs().len()), (End::Declined, 0));
    assert!(!rig.terminal.owes() && rig.terminal.log().len() == 1);
}

#[test]
fn an_electronic_cash_sale_is_told_with_its_chip_data() {
    let mut rig = Rig::signed_in(true);
    let step = rig.input(Input::Operation(Operation { kind: Kind::CashSale, ..rig.sale(Entry::Chip) }));
    assert_eq!(step.beliefs(), [Belief::Stored]);
    rig.input(Input::Operation(Operation::of(Kind::CashRefund)));
    let notice = rig.ask(rig.sale(Entry::Stripe));
    assert_eq!(numbers(&notice), [2, 3, 4, 11, 14, 22, 23, 25, 41, 42, 49, 55, 60, 63, 64]);
    assert_eq!(Draft::of(&notice).mti, Mti::FINANCIAL);
    let step = rig.answer(rig.approval(&notice));
    let refund = Draft::of(step.one_sent());
    assert_eq!(
        (refund.mti, refund.text(De::ORIGINAL_DATA).as_deref()),
        (Mti::ADVICE, Some("0000010000020000"))
    );
}

#[test]
fn the_result_of_a_script_is_told_once_whatever_the_answer() {
    for answers in [true, false] {
        let mut rig = Rig::signed_in(true);
        let sale = rig.ask(rig.sale(Entry::Chip));
        let script = [0x9F, 0x36, 2, 0, 1, 0x72, 3, 0x86, 1, 0];
        let step =
            rig.answer(rig.approval(&sale).with(De::ICC_DATA, &script).with(De::ACQUIRER_ID, b"00095840"));
        assert!(step.sent.is_empty() && rig.terminal.owes(), "it waits for the next online transaction");
        let notice = rig.ask(rig.sale(Entry::Chip));
        assert_eq!(numbers(&notice), [2, 3, 4, 11, 22, 23, 32, 37, 38, 41, 42, 49, 55, 60, 61, 64]);
        let draft = Draft::of(&notice);
        assert_eq!((draft.mti, draft.text(De::STAN).as_deref()), (Mti::SCRIPT_RESULT, Some("000003")));
        assert_eq!(draft.text(De::PRIVATE_60).as_deref(), Some("0000000195160"));
        assert_eq!(draft.text(De::ORIGINAL_DATA).as_deref(), Some("0000010000020731"));
        let step = if answers {
            rig.answer(rig.reply(&notice).with(De::RESPONSE_CODE, b"96"))
        } else {
            rig.time_out()
        };
        assert!(
            matches!(&step.events[..], [Event::Automatic(outcome)] if outcome.kind == Kind::ScriptResult)
        );
        let sale = Draft::of(step.one_sent());
        assert_eq!((sale.mti, sale.text(De::STAN).as_deref()), (Mti::FINANCIAL, Some("000004")));
        assert!(!rig.terminal.owes());
    }
}

#[test]
fn an_answer_without_a_script_or_with_broken_tags_leaves_nothing_to_tell() {
    for tags in [
        &[0x8A, 2, 0x30, 0x30][..],
        &[0x9F, 0x36, 2, 0, 1],
        &[0x91, 200, 1],
        &[0x72, 0],
        &[0x9F],
        &[0x9F, 0x72],
    ] {
        let mut rig = Rig::signed_in(true);
        let sale = rig.ask(rig.sale(Entry::Chip));
        rig.answer(rig.approval(&sale).with(De::ICC_DATA, tags));
        assert!(!rig.terminal.owes(), "{tags:?}");
    }
}

#[test]
fn script_reversal_and_notice_go_in_this_order() {
    let mut rig = Rig::with(true, |profile| profile.reversal.at_once = false);
    rig.sign_in();
    rig.input(Input::Operation(Operation { kind: Kind::OfflineSale, ..rig.sale(Entry::Stripe) }));
    let notice = rig.ask(rig.sale(Entry::Chip));
    rig.time_out();
    drop(notice);
    rig.time_out();
    assert!(rig.terminal.has_pending_reversal());
    let first = rig.ask(rig.sale(Entry::Chip));
    assert_eq!(Draft::of(&first).mti, Mti::REVERSAL);
    let step = rig.answer(rig.reply(&first));
    let second = step.one_sent().to_vec();
    assert_eq!(Draft::of(&second).mti, Mti::ADVICE);
    let step = rig.answer(rig.reply(&second));
    assert_eq!(Draft::of(step.one_sent()).mti, Mti::FINANCIAL);
}

#[test]
fn nobody_told_of_a_script_keeps_it() {
    let mut rig = Rig::signed_in(false);
    let sale = rig.ask(rig.sale(Entry::Chip));
    rig.answer(rig.approval(&sale).with(De::ICC_DATA, &[0x71, 1, 0]));
    let step = rig.input(Input::Operation(rig.sale(Entry::Chip)));
    assert_eq!(step.connects, 1);
    rig.input(Input::Closed);
    assert!(rig.terminal.owes() && rig.terminal.is_idle());
}
