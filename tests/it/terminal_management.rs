//! Management of a terminal, and what the headers of answers make it do.

use crate::{
    draft::{Draft, numbers},
    terminal_rig::Rig,
};
use posfleet::{
    iso8583::{De, Mti},
    operation::{End, Entry, Failure, Kind, Operation},
    terminal::{Event, SignInForm},
};

#[test]
fn every_kind_of_sign_in_asks_in_its_own_code() {
    for (form, _) in SignInForm::ALL {
        let mut rig = Rig::with(true, |profile| profile.sign_in = form);
        let request = Draft::of(&rig.ask(Operation::management(Kind::SignIn)));
        let code = format!("00000001{:03}", form.network_management());
        assert_eq!(request.text(De::PRIVATE_60), Some(code));
    }
}

#[test]
fn a_cashier_signs_in_when_the_terminal_is_signed_in() {
    let mut rig = Rig::signed_in(true);
    let request = rig.ask(Operation::management(Kind::CashierSignIn));
    assert_eq!(numbers(&request), [11, 41, 42, 60, 63]);
    let draft = Draft::of(&request);
    assert_eq!(
        (draft.mti, draft.text(De::PRIVATE_60).as_deref()),
        (Mti::NETWORK_ADVICE, Some("00000001401"))
    );
    assert!(rig.answer(Draft::reply_to(&request)).is_approved() && rig.terminal.is_signed_in());
}

#[test]
fn a_status_upload_says_how_the_terminal_is() {
    let mut rig = Rig::new(true);
    let request = rig.ask(Operation::management(Kind::StatusUpload));
    assert_eq!(numbers(&request), [41, 42, 60, 62]);
    let draft = Draft::of(&request);
    assert_eq!(draft.text(De::PRIVATE_60).as_deref(), Some("00000001362"));
    assert_eq!(draft.text(De::PRIVATE_62).as_deref(), Some("01002003004005051000000000000"));
    assert!(rig.answer(Draft::reply_to(&request)).is_approved());
}

#[test]
fn a_status_that_the_header_asks_for_goes_after_the_operation() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.answer(rig.approval(&sale).asking_for(2));
    assert!(step.is_approved());
    let status = step.one_sent().to_vec();
    assert_eq!(Draft::of(&status).text(De::PRIVATE_60).as_deref(), Some("00000001362"));
    let step = rig.answer(Draft::reply_to(&status).asking_for(2));
    assert!(matches!(&step.events[..], [Event::Automatic(outcome)] if outcome.kind == Kind::StatusUpload));
    assert!(step.sent.is_empty() && rig.terminal.is_idle(), "who asks again is not obeyed for ever");
}

#[test]
fn a_request_of_a_sign_in_that_came_first_does_not_interrupt_the_sale() {
    let mut rig = Rig::new(true);
    let sign_in = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.answer(rig.sign_in_reply(&sign_in).asking_for(2));
    let sale = step.one_sent().to_vec();
    assert_eq!(Draft::of(&sale).mti, Mti::FINANCIAL);
    let step = rig.answer(rig.approval(&sale));
    assert_eq!(Draft::of(step.one_sent()).text(De::PRIVATE_60).as_deref(), Some("00000001362"));
}

#[test]
fn a_sign_in_asked_for_in_the_answer_to_a_sign_in_is_none() {
    let mut rig = Rig::new(true);
    let request = rig.ask(Operation::management(Kind::SignIn));
    assert!(rig.answer(rig.sign_in_reply(&request).asking_for(3)).is_approved());
    assert!(rig.terminal.is_signed_in());
}

#[test]
fn a_request_that_stays_unanswered_changes_nothing() {
    let mut rig = Rig::signed_in(true);
    let sale = rig.ask(rig.sale(Entry::Stripe));
    rig.answer(rig.approval(&sale).asking_for(2));
    let step = rig.time_out();
    assert!(rig.terminal.is_idle() && step.sent.is_empty() && step.lines().is_empty());
}

#[test]
fn what_the_digits_mean_is_the_profiles_choice() {
    let mut rig = Rig::with(true, |profile| profile.processing_requests = [None; 10]);
    rig.sign_in();
    let sale = rig.ask(rig.sale(Entry::Stripe));
    assert!(rig.answer(rig.approval(&sale).asking_for(2)).sent.is_empty());
}

#[test]
fn every_kind_with_a_mac_signs_in_again_when_it_is_out_of_step() {
    for kind in [Kind::Balance, Kind::PreAuth, Kind::Load, Kind::CashLoad, Kind::TransferLoad] {
        for code in [b"77", b"99", b"A0"] {
            let mut rig = Rig::signed_in(true);
            let request = rig.ask(Operation { kind, ..rig.sale(Entry::Stripe) });
            let step = rig.answer(rig.reply(&request).with(De::RESPONSE_CODE, code));
            assert_eq!(step.outcome().end, End::Declined);
            let next = rig.ask(Operation { kind, ..rig.sale(Entry::Stripe) });
            assert_eq!(Draft::of(&next).mti, Mti::NETWORK, "{} {code:?}", kind.name());
        }
    }
}

#[test]
fn a_settlement_that_is_owed_an_earlier_answer_is_not_begun() {
    let mut rig = Rig::with(true, |profile| profile.reversal.resend = 0);
    rig.sign_in();
    rig.ask(rig.sale(Entry::Stripe));
    rig.time_out();
    rig.time_out();
    let first = rig.ask(Operation::management(Kind::Settlement));
    assert_eq!(Draft::of(&first).mti, Mti::REVERSAL);
    assert_eq!(rig.time_out().outcome().end, End::Failed(Failure::ReversalPending));
}
