//! The portal over HTTP with terminals that sell: unbinding, held payouts, and payouts that name their card.

use crate::{
    portal_site::{PortalSite, check_fault},
    tcp_till::Till,
};
use posfleet::{
    operation::{End, Kind, Operation},
    portal::{Refusal, Rules, Settlement},
    web::Fault,
};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_card_is_unbound_and_what_is_sold_then_is_held_for_the_next_card() {
    let (mut site, mut till) = opened(|_| {});
    let card = json!({ "card": site.get("/cards").number("/cards/0/card") });
    assert_eq!(site.ask("POST", "/unbindings", card.clone()).is(201).text("/next"), "verification");
    let until = site.ask("POST", "/unbindings/current/code", Value::Null).is(202);
    assert!(until.text("/validUntil").starts_with("2026-03-02T10:"));
    let code = json!({ "code": site.code(1) });
    assert_eq!(site.ask("POST", "/unbindings/current/verification", code).is(200).text("/next"), "nothing");
    assert_eq!(site.get("/cards").is(200).body, json!({ "cards": [] }));
    assert_eq!(site.get("/cards/history").is(200).text("/cards/0/state"), "unbound");
    site.refuse("POST", "/unbindings", card, Refusal::CoolingOff);
    let last = site.get("/messages").is(200).body["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["topic"], "cardUnbound");

    assert_eq!(till.sell(10_000), End::Approved);
    assert_eq!(till.carry_out(Operation::management(Kind::Settlement)), End::Approved);
    site.pass(2 * DAY);
    let held = site.get("/payouts").is(200);
    assert_eq!((held.text("/payouts/0/state"), held.number("/payouts/0/gross")), ("held".to_owned(), 10_000));
    let net = 10_000 - held.number("/payouts/0/fee");
    assert_eq!(site.get("/balance").is(200).number("/held"), net);
    let begin = json!({ "page": "binding", "newCard": site.spare(1, 0) });
    let bound = site.change_card(1, begin).text("/application");
    site.approve(&bound);
    let paid = site.get("/payouts").is(200);
    assert_eq!(paid.text("/payouts/0/state"), "paid");
    assert_eq!(paid.number("/payouts/0/paid/amount"), net);
    assert_eq!(paid.text("/payouts/0/paid/pan"), site.get("/cards").text("/cards/0/pan"));
}

#[test]
fn a_test_sale_after_a_change_is_paid_to_the_new_card() {
    let (mut site, mut till) = opened_as(Settlement::Instant, |_| {});
    let old = site.get("/cards").text("/cards/0/pan");
    assert_eq!(till.sell(2_000), End::Approved);
    let begin = json!({ "page": "account", "newCard": site.spare(1, 0) });
    let applied = site.change_card(1, begin).text("/application");
    site.approve(&applied);
    assert_eq!(till.sell(100), End::Approved);
    let sold = site.get("/transactions").is(200);
    let payouts = site.get("/payouts").is(200);
    for (number, (amount, card)) in
        [(2_000, old), (100, site.get("/cards").text("/cards/0/pan"))].into_iter().enumerate()
    {
        let at = |rest: &str| format!("/{number}/{rest}");
        assert_eq!(sold.number(&format!("/transactions{}", at("amount"))), amount);
        assert_eq!(payouts.number(&format!("/payouts{}", at("gross"))), amount);
        assert_eq!(payouts.text(&format!("/payouts{}", at("paid/pan"))), card);
        let stan = sold.text(&format!("/transactions{}", at("stan")));
        assert_eq!(payouts.text(&format!("/payouts{}", at("transactions/0/stan"))), stan);
    }
}

#[test]
fn what_is_not_settled_stands_in_the_way_of_a_change_and_of_an_unbinding() {
    let (mut site, mut till) = opened(|_| {});
    let card = site.get("/cards").number("/cards/0/card");
    assert_eq!(till.sell(100), End::Approved);
    assert_eq!(site.get("/balance").is(200).number("/unsettled"), 100);
    let begin = json!({ "page": "account", "newCard": site.spare(1, 0) });
    site.refuse("POST", "/card-changes", begin, Refusal::ChangeUnsettled);
    site.refuse("POST", "/unbindings", json!({ "card": card }), Refusal::UnbindUnsettled);
}

#[test]
fn an_unbinding_counts_attempts_and_wants_the_right_proof() {
    let (mut site, _till) = opened(|_| {});
    begin(&mut site);
    let wrong = json!({ "queryPassword": "x" });
    for _ in 0..3 {
        site.refuse("POST", VERIFICATION, wrong.clone(), Refusal::VerificationFailed);
    }
    let right = json!({ "queryPassword": site.entry(1).query_password });
    site.refuse("POST", VERIFICATION, right, Refusal::AttemptsSpent);
    let neither = site.ask("POST", VERIFICATION, json!({}));
    check_fault(&neither, Fault::Shape, Some("queryPassword"));
}

#[test]
fn a_medium_risk_needs_a_face_and_a_high_one_freezes() {
    let (mut site, _till) = opened(|rules| rules.unbind.medium_risk = 1.0);
    begin(&mut site);
    let passed = |has_passed: bool| json!({ "hasPassed": has_passed });
    site.refuse("POST", FACE, passed(true), Refusal::SecondFactorNeeded);
    let right = json!({ "queryPassword": site.entry(1).query_password });
    assert_eq!(site.ask("POST", VERIFICATION, right.clone()).is(200).text("/next"), "faceCheck");
    site.refuse("POST", FACE, passed(false), Refusal::SecondFactorFailed);
    assert_eq!(site.ask("POST", FACE, passed(true)).is(200).text("/next"), "nothing");
    let (mut site, _till) = opened(|rules| rules.unbind.high_risk = 1.0);
    let card = begin(&mut site);
    site.refuse("POST", VERIFICATION, right, Refusal::RiskTooHigh);
    site.refuse("POST", "/unbindings", card, Refusal::UnbindFrozen);
}

/// A site whose first merchant is logged in, and whose terminal has signed in and told its state.
fn opened(change: impl FnOnce(&mut Rules)) -> (PortalSite, Till) {
    opened_as(Settlement::NextDay, change)
}

fn opened_as(settlement: Settlement, change: impl FnOnce(&mut Rules)) -> (PortalSite, Till) {
    let mut site = PortalSite::with(|setup| {
        setup.settlement = settlement;
        setup.rules.session.idle = 10 * DAY;
        setup.rules.unbind.cooling_off = DAY;
        change(&mut setup.rules);
    });
    site.log_in(1);
    let mut till = site.tills().swap_remove(0);
    till.sign_in();
    assert_eq!(till.carry_out(Operation::management(Kind::StatusUpload)), End::Approved);
    (site, till)
}

fn begin(site: &mut PortalSite) -> Value {
    let card = json!({ "card": site.get("/cards").number("/cards/0/card") });
    site.ask("POST", "/unbindings", card.clone()).is(201);
    card
}

const VERIFICATION: &str = "/unbindings/current/verification";
const FACE: &str = "/unbindings/current/face-check";
