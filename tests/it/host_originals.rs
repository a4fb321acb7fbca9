//! What is about an earlier transaction: voids, refunds, the pre-authorization family, adjustments, loads.

use crate::till::{Till, code, twelve, with_card};
use posfleet::{
    iso8583::{BatchNo, De, TerminalId},
    ledger::{Account, Record, State},
    operation::{Kind, Variant},
};

#[test]
fn a_sale_pays_the_merchant_less_the_fee() {
    let mut till = Till::new();
    till.ask(Kind::Sale, 10_000);
    assert_eq!((till.spent(), till.merchant()), (10_000, 9_940));
    assert_eq!(till.host.ledger().balance(&Account::Fees), 60);
}

#[test]
fn a_void_gives_the_money_back_once() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 10_001);
    let void = till.ask_about(Kind::Void, 10_001, &sale);
    assert_eq!(code(&void), "00");
    assert_eq!((till.spent(), till.merchant()), (0, 0));
    assert_eq!(till.booking(&sale).state, State::Voided);
    assert_eq!((till.booking(&void).state, till.booking(&void).kind), (State::Captured, Kind::Void));
    assert_eq!(till.booking(&void).original, Some(till.booking(&sale).key));
    assert_eq!(till.code_about(Kind::Void, 10_001, &sale), "12", "again");
    assert_eq!(till.code_about(Kind::Void, 10_001, &void), "12", "of the void");
    assert_eq!((till.spent(), till.merchant()), (0, 0));
}

#[test]
fn a_void_must_fit_its_original() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 500);
    let void = |till: &mut Till| till.request_about(Kind::Void, 500, &sale);
    let other = till.cards[1].clone();
    let cases = [
        ("64", void(&mut till).with(De::AMOUNT, &twelve(499))),
        ("14", with_card(void(&mut till), &other)),
        ("25", void(&mut till).with(De::RRN, b"000000999999")),
        ("25", void(&mut till).with(De::APPROVAL_CODE, b"999999")),
        ("25", void(&mut till).with(De::ORIGINAL_DATA, b"000001009999")),
        ("25", void(&mut till).with(De::ORIGINAL_DATA, b"000009000002")),
        ("30", void(&mut till).without(De::ORIGINAL_DATA)),
        ("13", void(&mut till).without(De::AMOUNT)),
    ];
    for (index, (expected, request)) in cases.iter().enumerate() {
        assert_eq!(code(&till.send(request)), *expected, "case {index}");
        assert_eq!(till.spent(), 500, "case {index}");
    }
    let last = void(&mut till).without(De::RRN).without(De::APPROVAL_CODE);
    assert_eq!(code(&till.send(&last)), "00");
}

#[test]
fn a_void_of_another_day_is_refused_and_a_refund_is_not() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 500);
    let terminal = TerminalId::from_bytes(till.terminal.as_bytes()).unwrap();
    let (batch, next) = (BatchNo::FIRST, BatchNo::FIRST.next());
    till.host.restore(&Record::BatchClosed { terminal, batch, next });
    till.pass(24 * 3600);
    assert_eq!(till.code_about(Kind::Void, 500, &sale), "77", "in the old batch");
    till.batch = 2;
    assert_eq!(till.code_about(Kind::Void, 500, &sale), "25");
    assert_eq!(till.code_about(Kind::Refund, 500, &sale), "00");
    assert_eq!((till.spent(), till.merchant()), (0, 0));
}

#[test]
fn refunds_give_back_no_more_than_was_paid_and_all_of_the_fee() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 1_000);
    for (minor, expected, spent) in
        [(333, "00", 667), (333, "00", 334), (335, "61", 334), (334, "00", 0), (1, "61", 0)]
    {
        let refund = till.ask_about(Kind::Refund, minor, &sale);
        assert_eq!((code(&refund).as_str(), till.spent()), (expected, spent), "{minor}");
        assert_eq!(refund.text(De::APPROVAL_CODE), None);
    }
    assert_eq!((till.merchant(), till.host.ledger().balance(&Account::Fees)), (0, 0));
    assert_eq!(till.code_about(Kind::Void, 1_000, &sale), "12", "what was refunded cannot be voided");
}

#[test]
fn a_refund_must_fit_its_original() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 500);
    let declined = till.ask(Kind::Sale, 60_000);
    assert_eq!(code(&declined), "61");
    let refund = |till: &mut Till| till.request_about(Kind::Refund, 500, &sale);
    let other = till.cards[1].clone();
    let cases = [
        ("25", refund(&mut till).with(De::RRN, b"000000999999")),
        ("25", refund(&mut till).with(De::ORIGINAL_DATA, b"0000000000001231")),
        ("25", till.request_about(Kind::Refund, 500, &declined)),
        ("14", with_card(refund(&mut till), &other)),
        ("30", refund(&mut till).without(De::RRN)),
    ];
    for (index, (expected, request)) in cases.iter().enumerate() {
        assert_eq!(code(&till.send(request)), *expected, "case {index}");
    }
    assert_eq!(till.spent(), 500);
    till.terminal = "10000002";
    till.sign_in();
    assert_eq!(till.code_about(Kind::Refund, 500, &sale), "25", "of another merchant");
}

#[test]
fn a_refund_that_comes_again_is_answered_again_and_not_booked_again() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 500);
    let refund = till.request_about(Kind::Refund, 500, &sale);
    let answers = [till.send(&refund), till.send(&refund)];
    assert_eq!(answers.each_ref().map(code), ["00", "00"]);
    assert_eq!(answers[0].text(De::RRN), answers[1].text(De::RRN));
    assert_eq!(till.spent(), 0);
    assert_eq!(code(&till.send(&refund.with(De::AMOUNT, &twelve(499)))), "94");
}

#[test]
fn notices_that_come_again_are_booked_once_and_their_refusals_stay() {
    let mut till = Till::new();
    let sale = till.request(Kind::OfflineSale, 500);
    assert_eq!([(); 2].map(|()| code(&till.send(&sale))), ["00", "94"]);
    assert_eq!(till.spent(), 500);
    let wrong = till.request(Kind::OfflineSale, 500).with(De::PAN, b"6212345099999990");
    assert_eq!([(); 2].map(|()| code(&till.send(&wrong))), ["14", "14"]);
}

#[test]
fn what_was_approved_offline_is_honoured_without_money_on_the_card() {
    let mut till = Till::with(|config| config.opening_balance = posfleet::money::Amount::from_minor(100));
    assert_eq!(code(&till.ask(Kind::Sale, 101)), "51");
    assert_eq!(code(&till.ask(Kind::OfflineSale, 1_000)), "00");
    assert_eq!((till.spent(), till.merchant()), (0, 994));
    assert_eq!(till.host.ledger().balance(&Account::Suspense), -1_000);
}

#[test]
fn money_is_set_aside_added_to_and_completed() {
    let mut till = Till::new();
    let auth = till.ask(Kind::PreAuth, 1_000);
    assert_eq!((till.spent(), till.held(), till.merchant()), (1_000, 1_000, 0));
    let add = till.ask_about(Kind::PreAuthAdd, 200, &auth);
    assert_eq!(code(&add), "00");
    assert_eq!(add.text(De::APPROVAL_CODE), auth.text(De::APPROVAL_CODE));
    assert_eq!(till.held(), 1_200);
    assert_eq!(till.code_about(Kind::Completion, 1_381, &auth), "61", "more than 115 %");
    let completion = till.ask_about(Kind::Completion, 1_380, &auth);
    assert_eq!(code(&completion), "00");
    assert_eq!((till.spent(), till.held(), till.merchant()), (1_380, 0, 1_372));
    assert_eq!([&auth, &add].map(|answer| till.booking(answer).state), [State::Closed; 2]);
    for kind in [Kind::Completion, Kind::CompletionNotice, Kind::PreAuthAdd, Kind::PreAuthVoid] {
        assert_eq!(till.code_about(kind, 1_000, &auth), "12", "{}", kind.name());
    }
    assert_eq!(till.code_about(Kind::CompletionVoid, 1_380, &completion), "00");
    assert_eq!((till.spent(), till.held(), till.merchant()), (0, 0, 0));
    assert_eq!(till.booking(&auth).state, State::Closed, "a voided completion opens nothing again");
}

#[test]
fn a_completion_frees_what_it_does_not_take() {
    for kind in [Kind::Completion, Kind::CompletionNotice] {
        let mut till = Till::new();
        let auth = till.ask(Kind::PreAuth, 1_000);
        let completion = till.request_about(kind, 400, &auth);
        assert_eq!(code(&till.send(&completion)), "00");
        assert_eq!((till.spent(), till.held()), (400, 0), "{}", kind.name());
        let again = code(&till.send(&completion));
        assert_eq!(again, if kind == Kind::Completion { "94" } else { "00" });
        assert_eq!((till.spent(), till.held()), (400, 0), "{}", kind.name());
    }
}

#[test]
fn a_pre_authorization_is_voided_with_its_additions() {
    for minor in [1_000, 1_200] {
        let mut till = Till::new();
        let auth = till.ask(Kind::PreAuth, 1_000);
        till.ask_about(Kind::PreAuthAdd, 200, &auth);
        assert_eq!(till.code_about(Kind::PreAuthVoid, 999, &auth), "64");
        assert_eq!(till.code_about(Kind::PreAuthVoid, minor, &auth), "00");
        assert_eq!((till.spent(), till.held()), (0, 0));
    }
}

#[test]
fn a_pre_authorization_is_found_by_card_code_and_date() {
    let mut till = Till::new();
    let auth = till.ask(Kind::PreAuth, 1_000);
    let completion = |till: &mut Till| till.request_about(Kind::Completion, 1_000, &auth);
    let other = till.cards[1].clone();
    let cases = [
        ("25", completion(&mut till).with(De::APPROVAL_CODE, b"999999")),
        ("25", with_card(completion(&mut till), &other)),
        ("25", completion(&mut till).with(De::ORIGINAL_DATA, b"0000000000001231")),
        ("30", completion(&mut till).without(De::APPROVAL_CODE)),
        ("00", completion(&mut till).with(De::ORIGINAL_DATA, b"0000000000000000")),
    ];
    for (index, (expected, request)) in cases.iter().enumerate() {
        assert_eq!(code(&till.send(request)), *expected, "case {index}");
    }
}

#[test]
fn adjustments_change_the_amount_of_their_original() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 1_000);
    let tip = |till: &mut Till, total: u64, tip: u64| {
        let request = till.request_about(Kind::TipAdjust, total, &sale).with(De::PRIVATE_48, &twelve(tip));
        code(&till.send(&request))
    };
    assert_eq!(tip(&mut till, 1_201, 201), "61", "more than 20 %");
    assert_eq!(tip(&mut till, 1_200, 150), "64", "amount and tip do not agree");
    assert_eq!(tip(&mut till, 1_200, 200), "00");
    assert_eq!((till.spent(), till.booking(&sale).tip.minor()), (1_200, 200));
    assert_eq!(tip(&mut till, 1_100, 100), "00", "another tip, not another on top");
    assert_eq!((till.spent(), till.merchant()), (1_100, 1_093));
    assert_eq!(till.booking(&sale).amount.minor(), 1_100);
    assert_eq!(till.code_about(Kind::SettleAdjust, 900, &sale), "00");
    assert_eq!(till.spent(), 900);
    assert_eq!(till.code_about(Kind::Void, 1_000, &sale), "64", "its amount is another now");
    assert_eq!(till.code_about(Kind::Void, 900, &sale), "00");
    assert_eq!((till.spent(), till.merchant()), (0, 0));
    assert_eq!(till.code_about(Kind::SettleAdjust, 900, &sale), "12");
}

#[test]
fn an_adjustment_that_comes_again_is_done() {
    let mut till = Till::new();
    let sale = till.ask(Kind::OfflineSale, 1_000);
    let adjustment = till.request_about(Kind::SettleAdjust, 1_100, &sale);
    assert_eq!([(); 2].map(|()| code(&till.send(&adjustment))), ["00", "94"]);
    assert_eq!(till.spent(), 1_100);
}

#[test]
fn loads_move_money_into_the_chip() {
    let mut till = Till::new();
    let outside = |till: &Till| till.host.ledger().balance(&Account::Outside);
    assert_eq!(code(&till.ask(Kind::Load, 1_000)), "00");
    assert_eq!((till.spent(), outside(&till), till.merchant()), (1_000, 1_000, 0));
    let cash = till.ask(Kind::CashLoad, 500);
    assert_eq!((till.spent(), outside(&till), till.merchant()), (1_000, 1_500, -500));
    assert_eq!(till.code_about(Kind::CashLoadVoid, 500, &cash), "00");
    assert_eq!((outside(&till), till.merchant()), (1_000, 0));
    assert_eq!(code(&till.ask(Kind::TransferLoad, 300)), "00");
    assert_eq!((outside(&till), till.host.ledger().balance(&Account::Suspense)), (1_300, -300));
    let sale = till.ask(Kind::CashSale, 200);
    assert_eq!((outside(&till), till.merchant()), (1_100, 199));
    assert_eq!(till.code_about(Kind::CashRefund, 200, &sale), "00");
    assert_eq!((outside(&till), till.merchant(), till.spent()), (1_300, 0, 1_000));
}

#[test]
fn variants_are_booked_as_what_they_are() {
    let variants = [Variant::MailOrder, Variant::Instalments(12), Variant::Points, Variant::Reservation];
    for variant in variants {
        let mut till = Till::new();
        let mut sale = till.request_as(Kind::Sale, variant, 700);
        if variant == Variant::Instalments(12) {
            sale = sale.with(De::PRIVATE_62, b"12");
        }
        let answer = till.send(&sale);
        assert_eq!((code(&answer).as_str(), till.booking(&answer).variant), ("00", variant));
        assert_eq!(till.reverse(&sale), "00");
        assert_eq!(till.spent(), 0);
    }
}

#[test]
fn a_balance_of_points_is_told_too() {
    let mut till = Till::new();
    till.ask(Kind::Sale, 1_000);
    for variant in [Variant::Plain, Variant::Points] {
        let request = till.request_as(Kind::Balance, variant, 0);
        let answer = till.send(&request);
        assert_eq!(answer.text(De::BALANCE).as_deref(), Some("3002156C000000099000"));
    }
}
