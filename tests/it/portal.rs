//! The merchant portal: every flow as published, and every refusal with nothing changed.

use super::portal_rig::*;
use posfleet::{iso8583::ResponseCode, money::Amount, portal::*};
use std::time::Duration;

#[test]
fn a_card_is_changed_from_either_page_and_payouts_follow_at_its_effective_instant() {
    for is_account_page in [true, false] {
        let mut rig = Rig::new();
        let page = if is_account_page { Page::Account } else { Page::Card(CardId(1)) };
        rig.begin_verified(page, new_card(1, 1));
        let confirmation = rig.ask(Request::Card(CardRequest::Confirmation)).unwrap();
        let shown = format!("{confirmation:?}");
        assert!(!shown.contains(pan(1, 0).as_str()) && !shown.contains(pan(1, 1).as_str()), "{shown}");
        let Response::Confirmation { old, new } = confirmation else { panic!("{confirmation:?}") };
        assert_eq!((old, new), (Some((&pan(1, 0)).into()), (&pan(1, 1)).into()));

        let no = rig.application(Request::Card(CardRequest::Confirm));
        assert_eq!((rig.stage(no), &rig.cards()[1].state), (Stage::Pending, &CardState::Pending));
        rig.wait(5 * MINUTE);
        let effective = rig.now + 30 * MINUTE;
        assert_eq!(
            (rig.stage(no), &rig.cards()[1].state),
            (Stage::Approved, &CardState::Approved(effective))
        );
        rig.wait(30 * MINUTE - Duration::from_millis(1));
        assert_eq!(rig.cards()[0].state, CardState::Effective);
        rig.wait(Duration::from_millis(1));
        assert_eq!(rig.cards()[0].state, CardState::Replaced(effective));
        assert_eq!((rig.stage(no), &rig.cards()[1].state), (Stage::Done, &CardState::Effective));
        let told = Event::CardChanged { at: effective, merchant: merchant(1), card: Some(CardId(3)) };
        assert!(rig.events.contains(&told));
        assert_eq!(rig.findings(), []);
    }
}

#[test]
fn a_payout_goes_to_the_card_of_its_instant_and_not_of_the_sale() {
    let mut rig = Rig::new();
    enable_instant(&mut rig);
    rig.change(Page::Account, new_card(1, 1));
    rig.wait(35 * MINUTE - Duration::from_secs(6));
    rig.sell(&device(1), Method::Debit, 10_000).unwrap();
    rig.wait(Duration::from_secs(2));
    rig.sell(&device(1), Method::Debit, 20_000).unwrap();
    rig.wait(MINUTE);
    let to = |payout: &Payout| match payout.state {
        PayoutState::Paid { card, amount, .. } => Some((card, amount.minor())),
        _ => None,
    };
    let paid: Vec<_> = rig.payouts().iter().map(to).collect();
    assert_eq!(paid, [Some((CardId(1), 9_950)), Some((CardId(3), 19_900))]);
    assert_eq!(rig.findings(), []);
}

#[test]
fn three_wrong_passwords_lock_the_account_for_a_time() {
    let mut rig = Rig::new();
    let wrong = || login(merchant(2), "wrong");
    rig.refuse(login("898999999999999".parse().unwrap(), PASSWORD), Refusal::LoginFailed);
    rig.refuse(wrong(), Refusal::LoginFailed);
    rig.refuse(wrong(), Refusal::LoginFailed);
    rig.login(merchant(2));
    rig.refuse(wrong(), Refusal::LoginFailed);
    rig.refuse(wrong(), Refusal::LoginFailed);
    rig.refuse(wrong(), Refusal::AccountLocked);
    rig.refuse(login(merchant(2), PASSWORD), Refusal::AccountLocked);
    rig.wait(30 * MINUTE - Duration::from_nanos(1));
    rig.refuse(login(merchant(2), PASSWORD), Refusal::AccountLocked);
    rig.wait(Duration::from_nanos(1));
    rig.login(merchant(2));
}

#[test]
fn a_session_ends_by_idleness_by_logout_and_by_a_newer_one() {
    let mut rules = quick_rules();
    rules.session.idle = 15 * MINUTE;
    let mut rig = Rig::with(rules, 1, 2);
    let show = || Request::Merchant(MerchantRequest::Show);
    rig.refuse(show(), Refusal::SessionUnknown);
    rig.login(merchant(1));
    rig.wait(15 * MINUTE);
    rig.ask(show()).unwrap();
    rig.wait(15 * MINUTE + Duration::from_nanos(1));
    rig.refuse(show(), Refusal::SessionExpired);
    rig.refuse(show(), Refusal::SessionUnknown);
    rig.login(merchant(1));
    let older = rig.session;
    rig.login(merchant(1));
    assert_eq!(rig.call(older, None, show()), Err(Refusal::SessionUnknown));
    rig.ask(Request::Logout).unwrap();
    rig.refuse(show(), Refusal::SessionUnknown);
}

#[test]
fn a_key_stands_for_one_request_and_one_answer() {
    let mut rig = Rig::new();
    let edit = |number| Request::Merchant(MerchantRequest::Edit(data(number)));
    assert_eq!(rig.call(rig.session, None, edit(3)), Err(Refusal::KeyMissing));
    let first = rig.call(rig.session, Some("k"), edit(3));
    let (lines, events) = (rig.portal.history().len(), rig.events.len());
    assert_eq!(rig.call(rig.session, Some("k"), edit(3)), first);
    assert_eq!((rig.portal.history().len(), rig.events.len()), (lines, events));
    assert_eq!(rig.call(rig.session, Some("k"), edit(4)), Err(Refusal::KeyConflict));
    assert_eq!(rig.ask(Request::Merchant(MerchantRequest::Show)), Ok(Response::Merchant(data(3))));
    rig.wait(DAY + Duration::from_nanos(1));
    assert_eq!(rig.call(rig.session, Some("k"), edit(4)), Ok(Response::Merchant(data(4))));
    rig.login(merchant(2));
    assert_eq!(rig.call(rig.session, Some("k"), edit(5)), Ok(Response::Merchant(data(5))), "another's key");
}

#[test]
fn a_confirmation_that_arrives_twice_makes_one_application() {
    let mut rig = Rig::new();
    rig.begin_verified(Page::Account, new_card(1, 1));
    let confirm = || Request::Card(CardRequest::Confirm);
    let first = rig.call(rig.session, Some("same"), confirm());
    assert!(first.is_ok());
    assert_eq!(rig.call(rig.session, Some("same"), confirm()), first);
    rig.refuse(confirm(), Refusal::ChangeOpen);
    rig.refuse(begin(Page::Account, new_card(1, 2)), Refusal::ChangeOpen);
    rig.wait(5 * MINUTE);
    rig.refuse(begin(Page::Binding, new_card(1, 2)), Refusal::ChangeOpen);
    assert_eq!(rig.cards().len(), 2);
}

#[test]
fn a_card_that_may_not_be_a_settlement_card_is_refused() {
    let mut rig = Rig::new();
    let with = |change: &dyn Fn(&mut BankAccount)| {
        let mut account = account(1, 20);
        change(&mut account);
        account
    };
    let mut refuse = |account: Option<BankAccount>, card: NewCard, refusal| {
        if let Some(account) = account {
            rig.portal.open_account(account);
        }
        rig.refuse(begin(Page::Account, card), refusal);
    };
    let wrong = pan(1, 1).as_str().replace("621000", "621001").parse().unwrap();
    refuse(None, NewCard { pan: wrong, ..new_card(1, 1) }, Refusal::CardLuhn);
    refuse(None, new_card(1, 0), Refusal::CardSame);
    refuse(None, new_card(1, 99), Refusal::CardNotActivated);
    refuse(None, new_card(2, 1), Refusal::CardOtherHolder);
    refuse(None, NewCard { holder: holder(1).name, ..new_card(2, 1) }, Refusal::CardOtherHolder);
    refuse(None, NewCard { bank: String::new(), ..new_card(1, 1) }, Refusal::NameInvalid);
    refuse(None, NewCard { phone: Phone::new("1"), ..new_card(1, 1) }, Refusal::PhoneInvalid);
    let card = || new_card(1, 20);
    refuse(Some(with(&|account| account.is_activated = false)), card(), Refusal::CardNotActivated);
    refuse(Some(with(&|account| account.identity = holder(2).identity)), card(), Refusal::CardIdentity);
    refuse(Some(with(&|account| account.class = AccountClass::Second)), card(), Refusal::CardClass);
    refuse(Some(with(&|account| account.class = AccountClass::Third)), card(), Refusal::CardClass);
    rig.portal.open_account(account(1, 20));
    rig.ask(begin(Page::Account, card())).unwrap();
}

#[test]
fn the_card_to_replace_must_be_the_merchants_and_the_effective_one() {
    let mut rig = Rig::new();
    rig.refuse(begin(Page::Card(CardId(2)), new_card(1, 1)), Refusal::CardForeign);
    rig.refuse(begin(Page::Card(CardId(9)), new_card(1, 1)), Refusal::CardUnknown);
    rig.change(Page::Card(CardId(1)), new_card(1, 1));
    rig.wait(HOUR);
    rig.refuse(begin(Page::Card(CardId(1)), new_card(1, 2)), Refusal::CardNotEffective);
    rig.refuse(begin(Page::Account, new_card(1, 2)), Refusal::ChangeTooSoon);
    rig.wait(30 * DAY - 25 * MINUTE - Duration::from_nanos(1));
    rig.refuse(begin(Page::Account, new_card(1, 2)), Refusal::ChangeTooSoon);
    rig.wait(Duration::from_nanos(1));
    rig.ask(begin(Page::Account, new_card(1, 2))).unwrap();
}

#[test]
fn a_change_from_the_session_of_another_merchant_is_refused() {
    let mut rig = Rig::new();
    rig.begin_verified(Page::Account, new_card(1, 1));
    rig.login(merchant(2));
    rig.refuse(Request::Card(CardRequest::Confirm), Refusal::ChangeNotBegun);
    rig.refuse(begin(Page::Card(CardId(1)), new_card(2, 1)), Refusal::CardForeign);
    rig.login(merchant(1));
    let no = rig.application(Request::Card(CardRequest::Confirm));
    rig.login(merchant(2));
    rig.refuse(Request::Account(AccountRequest::Application(no)), Refusal::ApplicationForeign);
    let unknown = ApplicationNo(99);
    rig.refuse(Request::Account(AccountRequest::Application(unknown)), Refusal::ApplicationUnknown);
}

#[test]
fn a_merchant_on_next_day_settlement_settles_before_a_change() {
    let mut rig = Rig::new();
    rig.sell(&device(1), Method::Debit, 100).unwrap();
    rig.refuse(begin(Page::Account, new_card(1, 1)), Refusal::ChangeUnsettled);
    rig.settle(terminal(1));
    rig.begin_verified(Page::Account, new_card(1, 1));
    rig.sell(&device(1), Method::Debit, 100).unwrap();
    rig.refuse(Request::Card(CardRequest::Confirm), Refusal::ChangeUnsettled);
    rig.settle(terminal(1));
    rig.application(Request::Card(CardRequest::Confirm));
}

#[test]
fn a_code_is_valid_for_a_minute_and_five_tries_and_comes_once_a_minute() {
    let mut rig = Rig::new();
    let (send, confirm) = (|| Request::Card(CardRequest::SendCode), || Request::Card(CardRequest::Confirm));
    let verify = |code: &Password| Request::Card(CardRequest::Verify(code.clone()));
    let wrong = Password::new("not digits");
    rig.refuse(send(), Refusal::ChangeNotBegun);
    rig.refuse(verify(&wrong), Refusal::ChangeNotBegun);
    rig.ask(begin(Page::Account, new_card(1, 1))).unwrap();
    rig.refuse(verify(&wrong), Refusal::CodeMissing);
    rig.refuse(confirm(), Refusal::CodeNotVerified);
    rig.refuse(Request::Card(CardRequest::Confirmation), Refusal::CodeNotVerified);
    rig.ask(send()).unwrap();
    rig.wait(MINUTE - Duration::from_nanos(1));
    rig.refuse(send(), Refusal::CodeTooSoon);
    rig.wait(Duration::from_nanos(2));
    let code = rig.code(1);
    rig.refuse(verify(&code), Refusal::CodeExpired);
    rig.ask(send()).unwrap();
    let code = rig.code(1);
    for _ in 0..4 {
        rig.refuse(verify(&wrong), Refusal::CodeWrong);
    }
    rig.refuse(verify(&wrong), Refusal::CodeSpent);
    rig.refuse(verify(&code), Refusal::CodeSpent);
    rig.wait(MINUTE);
    rig.ask(send()).unwrap();
    let code = rig.code(1);
    rig.ask(verify(&code)).unwrap();
    rig.refuse(verify(&code), Refusal::CodeMissing);
    rig.wait(10 * MINUTE);
    rig.refuse(confirm(), Refusal::ChangeNotBegun);
}

#[test]
fn an_sms_that_is_late_is_not_in_the_inbox_yet() {
    let mut rules = quick_rules();
    rules.sms.arrives_after = Delay::fixed(Duration::from_secs(61));
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    rig.ask(begin(Page::Account, new_card(1, 1))).unwrap();
    rig.ask(Request::Card(CardRequest::SendCode)).unwrap();
    rig.wait(MINUTE);
    assert_eq!(rig.secret(&phone(1), Topic::Code), None);
    rig.wait(Duration::from_secs(1));
    let code = rig.code(1);
    rig.refuse(Request::Card(CardRequest::Verify(code)), Refusal::CodeExpired);
}

#[test]
fn a_review_by_hand_rejects_with_a_reason_and_the_old_card_stays() {
    let mut rules = quick_rules();
    rules.card_review = Review::ByHand;
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    let no = rig.change(Page::Account, new_card(1, 1));
    rig.wait(10 * DAY);
    assert_eq!(rig.portal.pending_reviews().collect::<Vec<_>>(), [(no, &Matter::Card(merchant(1)))]);
    let reject = || Decision::Reject("blurred photo".to_owned());
    assert_eq!(rig.decide(ApplicationNo(99), reject()), Err(Refusal::ApplicationUnknown));
    rig.decide(no, reject()).unwrap();
    assert_eq!(rig.decide(no, Decision::Approve), Err(Refusal::NotPending));
    assert_eq!(rig.stage(no), Stage::Rejected("blurred photo".to_owned()));
    let states: Vec<CardState> = rig.cards().into_iter().map(|card| card.state).collect();
    assert_eq!(states, [CardState::Effective, CardState::Rejected("blurred photo".to_owned())]);
    rig.change(Page::Account, new_card(1, 2));
}

#[test]
fn a_machine_rejects_its_share() {
    let mut rules = quick_rules();
    rules.card_review = Review::ByMachine { after: Delay::fixed(MINUTE), rejects: 1.0 };
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    let no = rig.change(Page::Account, new_card(1, 1));
    rig.wait(MINUTE);
    assert!(matches!(rig.stage(no), Stage::Rejected(_)));
}

#[test]
fn a_card_is_unbound_payouts_are_held_and_released_once_to_the_next() {
    let mut rig = Rig::new();
    rig.ask(unbind(CardId(1))).unwrap();
    assert_eq!(rig.ask(prove("778899")), Ok(Response::Unbind(UnbindStep::Unbound)));
    assert_eq!(rig.cards()[0].state, CardState::Unbound(rig.now));
    let messages = rig.ask(Request::Account(AccountRequest::Messages)).unwrap();
    let Response::Messages(messages) = messages else { panic!("{messages:?}") };
    let told = messages.last().unwrap();
    assert_eq!((told.topic, told.card), (Topic::CardUnbound, Some((&pan(1, 0)).into())));
    assert_eq!(rig.portal.sms(rig.now, &phone(1)).last().unwrap().topic, Topic::CardUnbound);

    rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.settle(terminal(1));
    rig.wait(DAY);
    assert_eq!(rig.payouts()[0].state, PayoutState::Held);
    rig.change(Page::Binding, new_card(1, 1));
    rig.wait(35 * MINUTE);
    let (at, card) = (rig.now, CardId(3));
    let (amount, recovered) = (Amount::from_minor(9_940), Amount::ZERO);
    assert_eq!(rig.payouts()[0].state, PayoutState::Paid { at, card, amount, recovered });
    let releases = rig.portal.history().iter().filter(|line| matches!(line.fact, Fact::Released { .. }));
    assert_eq!(releases.count(), 1);
    assert_eq!(rig.findings(), []);
}

#[test]
fn an_unbinding_is_refused_while_a_precondition_fails() {
    let mut rig = Rig::new();
    let request = || unbind(CardId(1));
    rig.refuse(unbind(CardId(2)), Refusal::CardForeign);
    rig.refuse(unbind(CardId(7)), Refusal::CardUnknown);
    rig.sell(&device(1), Method::Debit, 100).unwrap();
    rig.refuse(request(), Refusal::UnbindUnsettled);
    rig.settle(terminal(1));
    rig.refuse(request(), Refusal::UnbindUnsettled);
    rig.wait(DAY);
    rig.till.offline.insert(terminal(1));
    rig.refuse(request(), Refusal::TerminalOffline);
    rig.till.offline.clear();
    rig.till.unknown.insert(terminal(1));
    rig.refuse(request(), Refusal::TerminalOffline);
    rig.till.unknown.clear();
    for charge in [Some(19), None] {
        rig.till.battery.insert(terminal(1), charge);
        rig.refuse(request(), Refusal::BatteryLow);
    }
    rig.till.battery.insert(terminal(1), Some(20));
    rig.wait(12 * HOUR - Duration::from_nanos(1));
    rig.ask(request()).unwrap();
    rig.wait(Duration::from_nanos(1));
    rig.refuse(request(), Refusal::OutsideHours);
    rig.refuse(prove("778899"), Refusal::OutsideHours);
    rig.wait(10 * HOUR);
    rig.change(Page::Account, new_card(1, 1));
    rig.refuse(request(), Refusal::ChangeOpen);
    rig.wait(HOUR);
    rig.refuse(request(), Refusal::CardNotBound);
}

#[test]
fn instant_settlement_keeps_its_only_card() {
    let mut rig = Rig::new();
    enable_instant(&mut rig);
    rig.refuse(unbind(CardId(1)), Refusal::UnbindOnlyCard);
    rig.change(Page::Binding, new_card(1, 1));
    rig.wait(HOUR);
    assert_eq!(rig.cards()[1].state, CardState::Bound);
    rig.ask(unbind(CardId(1))).unwrap();
    rig.ask(prove("778899")).unwrap();
    assert_eq!(rig.cards()[1].state, CardState::Effective, "the card that is left takes over");
    rig.wait(DAY);
    rig.refuse(unbind(CardId(3)), Refusal::UnbindOnlyCard);
}

#[test]
fn open_payouts_may_go_to_the_old_card_first() {
    let mut rules = quick_rules();
    rules.unbind.open_payouts = OpenPayouts::PayFirst;
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    rig.sell(&device(1), Method::Qr, 10_000).unwrap();
    rig.settle(terminal(1));
    rig.ask(unbind(CardId(1))).unwrap();
    rig.ask(prove("778899")).unwrap();
    assert!(matches!(rig.payouts()[0].state, PayoutState::Paid { card: CardId(1), .. }));
    rig.wait(2 * DAY);
    assert_eq!(rig.findings(), []);
}

#[test]
fn three_attempts_a_day_and_then_the_next_day() {
    let mut rig = Rig::new();
    rig.refuse(prove("778899"), Refusal::UnbindNotBegun);
    rig.ask(unbind(CardId(1))).unwrap();
    let by_code = |code: Password| Request::Unbind(UnbindRequest::Verify(Proof::Code(code)));
    rig.refuse(prove("wrong"), Refusal::VerificationFailed);
    rig.refuse(by_code(Password::new("wrong")), Refusal::CodeMissing);
    rig.ask(Request::Unbind(UnbindRequest::SendCode)).unwrap();
    rig.refuse(by_code(Password::new("wrong")), Refusal::CodeWrong);
    let code = rig.code(1);
    rig.refuse(by_code(code), Refusal::AttemptsSpent);
    rig.refuse(unbind(CardId(1)), Refusal::AttemptsSpent);
    rig.wait(22 * HOUR);
    rig.ask(unbind(CardId(1))).unwrap();
    rig.ask(Request::Unbind(UnbindRequest::SendCode)).unwrap();
    let code = rig.code(1);
    assert_eq!(rig.ask(by_code(code)), Ok(Response::Unbind(UnbindStep::Unbound)));
    rig.change(Page::Binding, new_card(1, 1));
    rig.wait(HOUR);
    rig.refuse(unbind(CardId(3)), Refusal::CoolingOff);
    rig.wait(23 * HOUR);
    rig.ask(unbind(CardId(3))).unwrap();
    rig.wait(10 * MINUTE + Duration::from_nanos(1));
    rig.refuse(prove("778899"), Refusal::UnbindNotBegun);
    assert_eq!(rig.cards()[1].state, CardState::Effective, "what stops in the middle has not begun");
}

#[test]
fn a_medium_risk_asks_for_a_face_and_a_high_one_freezes() {
    let mut rules = quick_rules();
    rules.unbind.medium_risk = 1.0;
    let mut rig = Rig::with(rules.clone(), 1, 1);
    rig.login(merchant(1));
    let face = |has_passed| Request::Unbind(UnbindRequest::FaceCheck { has_passed });
    rig.ask(unbind(CardId(1))).unwrap();
    rig.refuse(face(true), Refusal::SecondFactorNeeded);
    assert_eq!(rig.ask(prove("778899")), Ok(Response::Unbind(UnbindStep::FaceCheck)));
    rig.refuse(face(false), Refusal::SecondFactorFailed);
    assert_eq!(rig.cards()[0].state, CardState::Effective);
    assert_eq!(rig.ask(face(true)), Ok(Response::Unbind(UnbindStep::Unbound)));

    (rules.unbind.medium_risk, rules.unbind.high_risk) = (0.0, 1.0);
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    rig.ask(unbind(CardId(1))).unwrap();
    rig.refuse(prove("778899"), Refusal::RiskTooHigh);
    rig.refuse(prove("778899"), Refusal::UnbindFrozen);
    rig.wait(DAY - Duration::from_nanos(1));
    rig.refuse(unbind(CardId(1)), Refusal::UnbindFrozen);
    rig.wait(Duration::from_nanos(1));
    rig.ask(unbind(CardId(1))).unwrap();
}

#[test]
fn face_checks_are_attempts_too() {
    let mut rules = quick_rules();
    rules.unbind.medium_risk = 1.0;
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    let face = |has_passed| Request::Unbind(UnbindRequest::FaceCheck { has_passed });
    rig.ask(unbind(CardId(1))).unwrap();
    rig.ask(prove("778899")).unwrap();
    for _ in 0..3 {
        rig.refuse(face(false), Refusal::SecondFactorFailed);
    }
    rig.refuse(face(true), Refusal::AttemptsSpent);
}

#[test]
fn a_device_changes_its_merchant_at_one_instant() {
    let mut rig = Rig::new();
    let old = rig.portal.pair(&device(1)).unwrap();
    let view = rig.ask(Request::MerchantChange(MerchantChangeRequest::Device(device(1)))).unwrap();
    assert!(matches!(view, Response::Device(DeviceView { pair, status: Some(_), .. }) if pair == old));
    rig.sell(&device(1), Method::Debit, 10_000).unwrap();
    let no = rig.application(apply(form(1)));
    rig.decide(no, Decision::Approve).unwrap();
    assert_eq!((rig.stage(no), rig.portal.pair(&device(1))), (Stage::Approved, Some(old)), "a batch is open");
    rig.settle(terminal(1));
    let new = rig.portal.pair(&device(1)).unwrap();
    assert!(new.merchant != old.merchant && new.terminal != old.terminal);
    let told = Event::BindingChanged { at: rig.now, device: device(1), from: Some(old), to: new };
    assert!(rig.events.contains(&told));

    let refused = rig.sell_as(Some(&device(1)), old, Method::Debit, 100);
    assert_eq!(refused, Err(ResponseCode::UNKNOWN_TERMINAL));
    assert_eq!(rig.portal.alarms().last().unwrap().fault, CodeFault::EndedCode);
    let devices = rig.ask(Request::Account(AccountRequest::Devices));
    assert_eq!(devices, Ok(Response::Devices(vec![])), "the old merchant has no device left");
    rig.sell(&device(1), Method::Debit, 100).unwrap();
    let password = rig.secret(&phone(7), Topic::Welcome).unwrap();
    let session = rig.call(None, None, login(new.merchant, password.as_str()));
    let Ok(Response::Session(session)) = session else { panic!("{session:?}") };
    let shown = rig.call(Some(session), None, Request::Merchant(MerchantRequest::Show));
    assert_eq!(shown, Ok(Response::Merchant(data(7))));
    assert_eq!(rig.findings(), []);
}

#[test]
fn a_rejected_change_of_merchant_is_submitted_again_and_both_attempts_stay() {
    let mut rig = Rig::new();
    let no = rig.application(apply(form(1)));
    let again = |no, form| Request::MerchantChange(MerchantChangeRequest::Resubmit(no, Box::new(form)));
    rig.refuse(again(no, form(1)), Refusal::NotRejected);
    rig.refuse(apply(form(1)), Refusal::MerchantChangeOpen);
    rig.decide(no, Decision::Reject("licence has expired".to_owned())).unwrap();
    rig.refuse(again(ApplicationNo(9), form(1)), Refusal::ApplicationUnknown);
    rig.refuse(again(no, form(2)), Refusal::NotRejected);
    assert_eq!(rig.application(again(no, form(1))), no);
    rig.refuse(apply(form(1)), Refusal::MerchantChangeOpen);
    rig.decide(no, Decision::Approve).unwrap();
    let answer = rig.ask(Request::Account(AccountRequest::Application(no)));
    let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
    assert_eq!((view.stage, view.submissions.len()), (Stage::Done, 2));
    assert_eq!(view.assigned, rig.portal.pair(&device(1)));
    assert_eq!(rig.findings(), []);
}

#[test]
fn a_change_of_merchant_with_a_wrong_form_is_refused() {
    let mut rig = Rig::new();
    let with = |change: &dyn Fn(&mut MerchantChangeForm)| {
        let mut form = form(1);
        change(&mut form);
        apply(form)
    };
    type Edit = fn(&mut MerchantChangeForm);
    let cases: [(Edit, Refusal); 10] = [
        (|form| form.device = SerialNumber("none".to_owned()), Refusal::DeviceUnknown),
        (|form| form.device = device(2), Refusal::DeviceForeign),
        (|form| form.old_merchant = merchant(2), Refusal::MerchantMismatch),
        (|form| form.data.name = " ".to_owned(), Refusal::NameInvalid),
        (|form| form.data.address = "x".repeat(101), Refusal::AddressInvalid),
        (|form| form.data.phone = Phone::new("12"), Refusal::PhoneInvalid),
        (|form| form.holder.identity = Identity::new("1"), Refusal::IdentityInvalid),
        (|form| form.reason.clear(), Refusal::ReasonMissing),
        (|form| form.licence.clear(), Refusal::DocumentsMissing),
        (|form| form.documents.clear(), Refusal::DocumentsMissing),
    ];
    for (change, refusal) in cases {
        rig.refuse(with(&change), refusal);
    }
    let show = |device| Request::MerchantChange(MerchantChangeRequest::Device(device));
    rig.refuse(show(device(2)), Refusal::DeviceForeign);
    rig.refuse(show(SerialNumber("none".to_owned())), Refusal::DeviceUnknown);
    let edit = MerchantData { contact: String::new(), ..data(1) };
    rig.refuse(Request::Merchant(MerchantRequest::Edit(edit)), Refusal::NameInvalid);
}

#[test]
fn instant_settlement_is_applied_for_once_and_may_be_rejected() {
    let mut rig = Rig::new();
    let instant = |name: &str, number| {
        Request::Instant(InstantRequest::Apply { name: name.to_owned(), number: merchant(number) })
    };
    rig.refuse(instant("Shop 1", 2), Refusal::MerchantMismatch);
    rig.refuse(instant("Shop 2", 1), Refusal::MerchantMismatch);
    let no = rig.application(instant("Shop 1", 1));
    rig.refuse(instant("Shop 1", 1), Refusal::InstantOpen);
    rig.decide(no, Decision::Reject("turnover too low".to_owned())).unwrap();
    assert_eq!(rig.stage(no), Stage::Rejected("turnover too low".to_owned()));
    enable_instant(&mut rig);
    rig.refuse(instant("Shop 1", 1), Refusal::InstantAlready);
    rig.login(merchant(2));
    rig.ask(unbind(CardId(2))).unwrap();
    rig.ask(prove("778899")).unwrap();
    rig.refuse(instant("Shop 2", 2), Refusal::InstantWithoutCard);
}

#[test]
fn each_transaction_is_paid_at_once_less_the_fee_of_its_method() {
    let mut rig = Rig::new();
    enable_instant(&mut rig);
    for (method, minor) in [
        (Method::Debit, 1_000_000),
        (Method::Credit, 10_000),
        (Method::Qr, 10_000),
        (Method::SmallContactless, 1_000),
    ] {
        let sale = rig.sell(&device(1), method, minor).unwrap();
        rig.portal.approved(rig.now, &rig.till, &sale);
    }
    rig.settle(terminal(1));
    rig.wait(2 * DAY);
    let sums: Vec<(u64, u64)> =
        rig.payouts().iter().map(|payout| (payout.gross.minor(), payout.fee.minor())).collect();
    assert_eq!(sums, [(1_000_000, 2_000), (10_000, 60), (10_000, 38), (1_000, 4)]);
    let paid = rig.events.iter().filter(|event| matches!(event, Event::Payout { .. })).count();
    assert_eq!((paid, rig.findings()), (4, vec![]));
}

#[test]
fn batches_of_a_day_are_paid_the_next_day_in_one_sum() {
    let mut rig = Rig::new();
    rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.settle(terminal(1));
    rig.wait(HOUR);
    rig.sell(&device(1), Method::Credit, 20_000).unwrap();
    rig.settle(terminal(1));
    rig.wait(22 * HOUR - Duration::from_nanos(1));
    assert!(matches!(rig.payouts()[..], [Payout { state: PayoutState::Ordered(_), .. }]));
    rig.wait(Duration::from_nanos(1));
    let amount = Amount::from_minor(29_820);
    let payouts = rig.payouts();
    let paid = PayoutState::Paid { at: rig.now, card: CardId(1), amount, recovered: Amount::ZERO };
    assert_eq!((payouts.len(), &payouts[0].state, payouts[0].transactions.len()), (1, &paid, 2));
    rig.sell(&device(1), Method::Credit, 100).unwrap();
    rig.settle(terminal(1));
    assert_eq!(rig.payouts().len(), 2);
}

#[test]
fn what_is_undone_after_it_was_paid_is_kept_from_the_next_payouts() {
    let mut rig = Rig::new();
    enable_instant(&mut rig);
    let sale = rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.wait(MINUTE);
    rig.portal.undone(rig.now, &rig.till, sale.key, sale.amount);
    rig.portal.undone(rig.now, &rig.till, sale.key, sale.amount);
    for minor in [5_000, 20_000] {
        rig.sell(&device(1), Method::Credit, minor).unwrap();
        rig.wait(MINUTE);
    }
    let sums = |payout: &Payout| match payout.state {
        PayoutState::Paid { amount, recovered, .. } => (amount.minor(), recovered.minor()),
        _ => (0, 0),
    };
    let paid: Vec<_> = rig.payouts().iter().map(sums).collect();
    assert_eq!(paid, [(9_940, 0), (0, 4_970), (14_910, 4_970)]);
    assert_eq!(rig.findings(), []);
}

#[test]
fn a_late_payout_comes_later_and_once() {
    let mut rules = quick_rules();
    rules.payout.late = 1.0;
    rules.payout.late_by = Delay::fixed(HOUR);
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    enable_instant(&mut rig);
    rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.wait(HOUR);
    assert!(matches!(rig.payouts()[0].state, PayoutState::Ordered(_)));
    rig.wait(Duration::from_secs(5));
    assert!(matches!(rig.payouts()[0].state, PayoutState::Paid { at, .. } if at == rig.now));
    assert_eq!(rig.findings(), []);
}

#[test]
fn limits_hold_per_transaction_and_per_day() {
    let mut rig = Rig::new();
    let over = Err(ResponseCode::OVER_LIMIT);
    assert_eq!(rig.sell(&device(1), Method::SmallContactless, 100_001), over);
    for _ in 0..10 {
        rig.sell(&device(1), Method::SmallContactless, 100_000).unwrap();
    }
    assert_eq!(rig.sell(&device(1), Method::SmallContactless, 1), over);
    rig.sell(&device(1), Method::Qr, 1).unwrap();
    rig.sell(&device(2), Method::SmallContactless, 1).unwrap();
    rig.wait(14 * HOUR);
    rig.sell(&device(1), Method::SmallContactless, 1).unwrap();
}

#[test]
fn a_device_that_does_not_keep_to_its_code_raises_an_alarm() {
    let mut rig = Rig::new();
    let pair =
        |terminal_of, merchant_of| Pair { terminal: terminal(terminal_of), merchant: merchant(merchant_of) };
    let mut show = |pair, device: Option<SerialNumber>| {
        let refused = rig.sell_as(device.as_ref(), pair, Method::Debit, 100).unwrap_err();
        let alarm = rig.portal.alarms().last().unwrap().clone();
        assert_eq!((alarm.shown, &alarm.device), (pair, &device));
        assert!(rig.events.contains(&Event::Alarm(alarm.clone())));
        (refused, alarm.fault)
    };
    let (unknown, invalid) = (ResponseCode::UNKNOWN_TERMINAL, ResponseCode::INVALID_MERCHANT);
    assert_eq!(show(pair(2, 2), Some(device(1))), (unknown, CodeFault::SeveralCodes));
    assert_eq!(show(pair(1, 2), Some(device(1))), (invalid, CodeFault::WrongCode));
    assert_eq!(show(pair(1, 2), None), (invalid, CodeFault::WrongCode));
    assert_eq!(show(pair(9, 1), None), (unknown, CodeFault::WrongCode));
}

#[test]
fn a_terminal_that_has_not_signed_in_today_is_told_so() {
    let mut rig = Rig::new();
    rig.till.not_signed_in.insert(terminal(1));
    assert_eq!(rig.sell(&device(1), Method::Debit, 100), Err(ResponseCode::BATCH_MISMATCH));
    rig.till.not_signed_in.clear();
    rig.sell(&device(1), Method::Debit, 100).unwrap();
}

#[test]
fn the_balance_shows_where_the_money_is() {
    let mut rig = Rig::new();
    rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.settle(terminal(1));
    let open = rig.sell(&device(1), Method::Credit, 700).unwrap();
    let (unsettled, on_its_way) = (Amount::from_minor(700), Amount::from_minor(9_940));
    let view = BalanceView { unsettled, on_its_way, ..BalanceView::default() };
    let balance = || Request::Account(AccountRequest::Balance);
    assert_eq!(rig.ask(balance()), Ok(Response::Balance(view)));
    rig.wait(DAY);
    let view = BalanceView { unsettled, paid: on_its_way, ..BalanceView::default() };
    assert_eq!(rig.ask(balance()), Ok(Response::Balance(view)));
    let answer = rig.ask(Request::Account(AccountRequest::Transactions));
    assert!(matches!(answer, Ok(Response::Transactions(sales)) if sales.len() == 2 && sales[1] == open));

    let rules = Rules { balance_unavailable: 1.0, ..quick_rules() };
    let mut rig = Rig::with(rules, 1, 1);
    rig.login(merchant(1));
    rig.refuse(balance(), Refusal::BalanceUnavailable);
}

#[test]
fn a_terminal_is_applied_for_shipped_activated_and_in_use_after_its_first_sale() {
    let mut rig = Rig::new();
    rig.portal.open_account(account(7, 0));
    let no = rig.application(order(terminal_form()));
    rig.refuse(order(terminal_form()), Refusal::OrderOpen);
    let step = |rig: &mut Rig| {
        let answer = rig.ask(state(no, 7));
        let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
        view.order.unwrap()
    };
    assert_eq!(step(&mut rig).step, OrderStep::Applied);
    rig.refuse(state(no, 8), Refusal::ApplicationForeign);
    rig.refuse(state(ApplicationNo(9), 7), Refusal::ApplicationUnknown);
    assert_eq!(rig.decide(no, Decision::Approve), Err(Refusal::NotPending));
    rig.wait(DAY);
    assert_eq!(step(&mut rig).step, OrderStep::Contacted);
    rig.decide(no, Decision::Approve).unwrap();
    assert_eq!(step(&mut rig), OrderView { step: OrderStep::Approved, tracking: None, device: None });
    rig.wait(DAY);
    let OrderView { step: shipped, tracking: parcel, device } = step(&mut rig);
    assert_eq!(device, None, "nobody has seen it yet");
    assert_eq!((shipped, parcel.is_some()), (OrderStep::Shipped, true));

    let device = SerialNumber("N00000000001".to_owned());
    let code = rig.secret(&phone(7), Topic::Code).unwrap();
    let activate = |code: &Password| {
        Request::Terminal(TerminalRequest::Activate { device: device.clone(), code: code.clone() })
    };
    rig.refuse(activate(&Password::new("wrong")), Refusal::ActivationUnknown);
    rig.refuse(activate(&code), Refusal::ActivationTooEarly);
    rig.wait(DAY);
    assert_eq!(step(&mut rig).step, OrderStep::Delivered);
    let answer = rig.ask(activate(&code));
    let pair = rig.portal.pair(&device).unwrap();
    assert_eq!(answer, Ok(Response::Activated(pair)));
    rig.refuse(activate(&code), Refusal::ActivatedAlready);
    rig.sell(&device, Method::Qr, 10_000).unwrap();
    assert_eq!(step(&mut rig).step, OrderStep::InUse);
    rig.settle(pair.terminal);
    rig.wait(DAY);
    let paid = rig.events.iter().any(
        |event| matches!(event, Event::Payout { merchant, card, .. } if *merchant == pair.merchant && *card == (&pan(7, 0)).into()),
    );
    assert!(paid);
    assert_eq!(rig.findings(), []);
}

#[test]
fn an_application_for_a_terminal_is_checked() {
    let mut rig = Rig::new();
    rig.portal.open_account(account(7, 0));
    let with = |change: &dyn Fn(&mut TerminalForm)| {
        let mut form = terminal_form();
        change(&mut form);
        order(form)
    };
    rig.refuse(with(&|form| form.holder.identity = Identity::new("7")), Refusal::IdentityInvalid);
    rig.refuse(with(&|form| form.holder.name.clear()), Refusal::NameInvalid);
    rig.refuse(with(&|form| form.data.phone = Phone::default()), Refusal::PhoneInvalid);
    rig.refuse(with(&|form| form.card = new_card(1, 1)), Refusal::CardOtherHolder);
    let no = rig.application(order(terminal_form()));
    rig.wait(DAY);
    rig.decide(no, Decision::Reject("no shop there".to_owned())).unwrap();
    rig.application(order(terminal_form()));
}

#[test]
fn what_is_due_happens_at_its_own_instant_however_late_anybody_asks() {
    let run = |steps: u32| {
        let mut rig = Rig::new();
        rig.sell(&device(1), Method::Credit, 10_000).unwrap();
        rig.settle(terminal(1));
        rig.change(Page::Account, new_card(1, 1));
        for _ in 0..steps {
            rig.wait(2 * DAY / steps);
        }
        assert_eq!(rig.portal.next_deadline(), None);
        rig.portal.history().to_vec()
    };
    assert_eq!(run(1), run(1_000));
}

fn enable_instant(rig: &mut Rig) {
    let (name, number) = ("Shop 1".to_owned(), merchant(1));
    let no = rig.application(Request::Instant(InstantRequest::Apply { name, number }));
    rig.decide(no, Decision::Approve).unwrap();
}

fn begin(page: Page, new: NewCard) -> Request {
    Request::Card(CardRequest::Begin { page, new })
}

fn unbind(card: CardId) -> Request {
    Request::Unbind(UnbindRequest::Begin(card))
}

fn prove(password: &str) -> Request {
    Request::Unbind(UnbindRequest::Verify(Proof::QueryPassword(Password::new(password))))
}

fn form(number: u64) -> MerchantChangeForm {
    MerchantChangeForm {
        device: device(number),
        old_merchant: merchant(1),
        data: data(7),
        holder: holder(7),
        licence: "licence-7.jpg".to_owned(),
        documents: vec!["identity-7.jpg".to_owned()],
        reason: "sold the shop".to_owned(),
    }
}

fn apply(form: MerchantChangeForm) -> Request {
    Request::MerchantChange(MerchantChangeRequest::Apply(Box::new(form)))
}

fn terminal_form() -> TerminalForm {
    TerminalForm { data: data(7), holder: holder(7), card: new_card(7, 0), wanted: TerminalKind::Smart }
}

fn order(form: TerminalForm) -> Request {
    Request::Terminal(TerminalRequest::Apply(Box::new(form)))
}

fn state(no: ApplicationNo, number: u64) -> Request {
    Request::Terminal(TerminalRequest::State(no, phone(number)))
}
