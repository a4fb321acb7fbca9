//! The merchant portal over HTTP: every route in the stories of the merchants, and every refusal with its status.

use crate::{
    browser::{Answer, Browser},
    portal_site::{PortalSite, check_fault, check_refusal, merchant, serial},
};
use posfleet::{
    driver::HttpLimits,
    portal::{Decision, Delay, Refusal, Rules, Settlement},
    web::{Fault, WebLimits, status},
};
use serde_json::{Value, json};
use std::{net::TcpStream, time::Duration};

#[test]
fn a_card_is_changed_from_the_login_to_the_effective_card_from_both_pages() {
    let mut site = PortalSite::with(|setup| setup.rules.change_pause = Duration::ZERO);
    site.log_in(1);
    let first = site.get("/cards").is(200).number("/cards/0/card");
    for (change, spare) in [0, 1].into_iter().enumerate() {
        let begin = match change {
            0 => json!({ "page": "account", "newCard": site.spare(1, spare) }),
            _ => {
                let cards = site.get("/cards").is(200);
                let effective =
                    cards.body["cards"].as_array().unwrap().iter().find(|card| card["state"] == "effective");
                json!({ "page": "card", "card": effective.unwrap()["card"], "newCard": site.spare(1, spare) })
            }
        };
        let (old, new) = (masked(&site, change), masked(&site, change + 1));
        site.ask("POST", "/card-changes", begin).is(204);
        let until = site.ask("POST", "/card-changes/current/code", Value::Null).is(202).text("/validUntil");
        assert!(until.starts_with("2026-03-02T10:") && until.ends_with('Z'), "{until}");
        let code = json!({ "code": site.code(1) });
        let page = site.ask("POST", "/card-changes/current/verification", code).is(200);
        assert_eq!(page.body, json!({ "old": old, "new": new }));
        assert_eq!(site.get("/card-changes/current").is(200).body, page.body);
        let applied = site.ask("POST", "/card-changes/current/confirmation", Value::Null).is(201);
        assert_eq!(applied.text("/stage"), "pending");
        let path = format!("/applications/{}", applied.text("/application"));
        let cards = site.get("/cards").is(200);
        assert_eq!(states(&cards), ["effective", "pending"]);
        site.approve(&applied.text("/application"));
        let done = site.get(&path).is(200);
        assert_eq!(
            (done.text("/stage"), &done.body["submissions"][0]["decision"]["approved"]),
            ("done".to_owned(), &json!(true))
        );
        let cards = site.get("/cards").is(200);
        assert_eq!((states(&cards), cards.text("/cards/0/pan")), (vec!["effective".to_owned()], new));
    }
    let history = site.get("/cards/history").is(200);
    assert_eq!(states(&history), ["replaced", "replaced", "effective"]);
    assert_eq!(history.number("/cards/0/card"), first);
    let topics = site.get("/messages").is(200);
    let topics: Vec<&str> = topics.body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["topic"].as_str().unwrap())
        .collect();
    let change = ["cardPending", "cardApproved", "cardEffective"];
    assert_eq!(topics, [&["cardEffective"][..], &change, &change].concat());
    let text = format!("{}{}", history.body, site.get("/merchant").body);
    assert!(!text.contains(site.entry(1).card.as_str()), "numbers are masked");
}

#[test]
fn a_further_card_is_bound_and_a_rejected_one_says_why() {
    let mut site = PortalSite::open();
    site.log_in(1);
    let begin = json!({ "page": "binding", "newCard": site.spare(1, 0) });
    site.begin_verified(1, begin.clone());
    assert_eq!(site.get("/card-changes/current").is(200).body, json!({ "new": masked(&site, 1) }));
    let applied =
        site.ask("POST", "/card-changes/current/confirmation", Value::Null).is(201).text("/application");
    site.decide(&applied, Decision::Reject("photo unreadable".to_owned())).unwrap();
    let rejected = site.get(&format!("/applications/{applied}")).is(200);
    assert_eq!(
        (rejected.text("/stage"), rejected.text("/reason")),
        ("rejected".to_owned(), "photo unreadable".to_owned())
    );
    assert_eq!(rejected.text("/submissions/0/decision/reason"), "photo unreadable");
    let again = site.change_card(1, begin).text("/application");
    site.approve(&again);
    let cards = site.get("/cards").is(200);
    assert_eq!(states(&cards), ["effective", "bound"]);
    let bound = cards.number("/cards/1/card");
    let begin = json!({ "page": "card", "card": bound, "newCard": site.spare(1, 1) });
    site.refuse("POST", "/card-changes", begin, Refusal::CardNotEffective);
}

#[test]
fn the_merchant_edits_its_data_and_reads_it_back_as_it_was_typed() {
    let mut site = PortalSite::open();
    site.log_in(1);
    assert_eq!(site.get("/merchant").is(200).text("/name"), site.entry(1).name);
    for name in INJECTIONS {
        let data = json!({ "name": name, "address": name, "contact": name, "phone": "13900000001" });
        assert_eq!(site.ask("PUT", "/merchant", data.clone()).is(200).body, data);
        assert_eq!(site.get("/merchant").is(200).body, data);
    }
    let good = json!({ "name": "a", "address": "b", "contact": "c", "phone": "13900000001" });
    let with = |member: &str, value: &str| {
        let mut data = good.clone();
        data[member] = value.into();
        data
    };
    site.refuse("PUT", "/merchant", with("name", " "), Refusal::NameInvalid);
    site.refuse("PUT", "/merchant", with("name", &"字".repeat(101)), Refusal::NameInvalid);
    site.refuse("PUT", "/merchant", with("contact", ""), Refusal::NameInvalid);
    site.refuse("PUT", "/merchant", with("address", ""), Refusal::AddressInvalid);
    for phone in ["", "12", "23900000001", "1390000000a"] {
        site.refuse("PUT", "/merchant", with("phone", phone), Refusal::PhoneInvalid);
    }
    for (member, value) in [("name", "a\u{0}b"), ("address", "a\r\nSet-Cookie: x"), ("contact", "\u{1b}[2J")]
    {
        check_fault(&site.ask("PUT", "/merchant", with(member, value)), Fault::Shape, Some(member));
    }
    check_fault(&site.ask("PUT", "/merchant", with("name", &"x".repeat(257))), Fault::Shape, Some("name"));
}

#[test]
fn a_device_changes_its_merchant_after_a_rejection_and_a_resubmission() {
    let mut site = PortalSite::open();
    site.log_in(1);
    let devices = site.get("/devices").is(200);
    assert_eq!(devices.text("/devices/0/serial"), serial(1));
    let device = format!("/devices/{}", serial(1));
    assert_eq!(site.get(&device).is(200).text("/merchant"), merchant(1));
    let form = change_form();
    let applied = site.ask("POST", "/merchant-changes", form.clone()).is(201).text("/application");
    let path = format!("/applications/{applied}");
    site.refuse("POST", "/merchant-changes", form.clone(), Refusal::MerchantChangeOpen);
    let resubmission = format!("/merchant-changes/{applied}/resubmission");
    site.refuse("POST", &resubmission, form.clone(), Refusal::NotRejected);
    site.decide(&applied, Decision::Reject("licence expired".to_owned())).unwrap();
    assert_eq!(site.get(&path).text("/reason"), "licence expired");
    assert_eq!(site.ask("POST", &resubmission, form).is(200).text("/stage"), "pending");
    site.approve(&applied);
    let done = site.get(&path).is(200);
    assert_eq!(
        (done.text("/stage"), done.body["submissions"].as_array().unwrap().len()),
        ("done".to_owned(), 2)
    );
    let (account, terminal) = (done.text("/assigned/merchant"), done.text("/assigned/terminal"));
    check_key(&site, &done.body["assigned"]);
    site.refuse("GET", &device, Value::Null, Refusal::DeviceForeign);
    let password = site.newest_code("13700000000", "welcome");
    site.token = Some(
        site.ask("POST", "/sessions", json!({ "account": account, "password": password }))
            .is(201)
            .text("/token"),
    );
    assert_eq!(site.get(&device).is(200).text("/terminal"), terminal);
    assert_eq!(site.get("/merchant").is(200).text("/name"), "新店");
    site.refuse("GET", &path, Value::Null, Refusal::ApplicationForeign);
}

#[test]
fn forms_for_a_change_of_merchant_are_checked() {
    let mut site = PortalSite::open();
    site.log_in(1);
    let with = |pointer: &str, value: Value| {
        let mut form = change_form();
        *form.pointer_mut(pointer).unwrap() = value;
        form
    };
    for (pointer, value, refusal) in [
        ("/device", json!("SN99999999"), Refusal::DeviceUnknown),
        ("/device", json!(serial(2)), Refusal::DeviceForeign),
        ("/oldMerchant", json!(merchant(2)), Refusal::MerchantMismatch),
        ("/merchant/name", json!(""), Refusal::NameInvalid),
        ("/merchant/address", json!(" "), Refusal::AddressInvalid),
        ("/merchant/phone", json!("1"), Refusal::PhoneInvalid),
        ("/holder/identity", json!("110105194912310021"), Refusal::IdentityInvalid),
        ("/reason", json!(""), Refusal::ReasonMissing),
        ("/licence", json!(""), Refusal::DocumentsMissing),
        ("/documents", json!([]), Refusal::DocumentsMissing),
    ] {
        site.refuse("POST", "/merchant-changes", with(pointer, value), refusal);
    }
}

#[test]
fn instant_settlement_is_applied_for_once() {
    let mut site = PortalSite::open();
    site.log_in(1);
    let name = site.entry(1).name;
    let form = json!({ "name": name, "merchant": merchant(1) });
    let foreign = json!({ "name": name, "merchant": merchant(2) });
    site.refuse("POST", "/instant-settlement", foreign, Refusal::MerchantMismatch);
    let applied = site.ask("POST", "/instant-settlement", form.clone()).is(201).text("/application");
    site.refuse("POST", "/instant-settlement", form.clone(), Refusal::InstantOpen);
    site.approve(&applied);
    assert_eq!(site.get(&format!("/applications/{applied}")).is(200).text("/stage"), "done");
    site.refuse("POST", "/instant-settlement", form, Refusal::InstantAlready);
    let zero = json!({ "unsettled": 0, "onItsWay": 0, "held": 0, "paid": 0, "owed": 0 });
    assert_eq!(site.get("/balance").is(200).body, zero);
    assert_eq!(site.get("/payouts").is(200).body, json!({ "payouts": [] }));
    assert_eq!(site.get("/transactions").is(200).body, json!({ "transactions": [] }));
}

#[test]
fn a_balance_may_be_unavailable() {
    let mut site = PortalSite::with(|setup| setup.rules.balance_unavailable = 1.0);
    site.log_in(1);
    site.refuse("GET", "/balance", Value::Null, Refusal::BalanceUnavailable);
}

#[test]
fn a_terminal_is_ordered_delivered_and_activated() {
    let mut site = PortalSite::open();
    let form = order_form(&site);
    let applied = site.ask("POST", "/terminal-orders", form.clone()).is(201);
    assert_eq!(
        (applied.text("/stage"), applied.text("/order/step")),
        ("received".to_owned(), "applied".to_owned())
    );
    let applied = applied.text("/application");
    let path = format!("/terminal-orders/{applied}?phone=13700000000");
    assert_eq!(site.get(&path).is(200).text("/order/step"), "contacted");
    site.refuse("POST", "/terminal-orders", form, Refusal::OrderOpen);
    site.refuse(
        "GET",
        &format!("/terminal-orders/{applied}?phone=13700000001"),
        Value::Null,
        Refusal::ApplicationForeign,
    );
    site.approve(&applied);
    let delivered = site.get(&path).is(200);
    assert_eq!(delivered.text("/order/step"), "delivered");
    let device = delivered.text("/order/tracking").strip_prefix("SF").unwrap().to_owned();
    let code = site.newest_code("13700000000", "code");
    let wrong = json!({ "serial": device, "code": "x" });
    site.refuse("POST", "/activations", wrong, Refusal::ActivationUnknown);
    let unknown = json!({ "serial": "N99999999999", "code": code });
    site.refuse("POST", "/activations", unknown, Refusal::ActivationUnknown);
    let right = json!({ "serial": device, "code": code });
    let numbers = site.ask_with_key("activate", "POST", "/activations", right.clone()).is(201);
    check_key(&site, &numbers.body);
    assert_eq!(
        site.ask_with_key("activate", "POST", "/activations", right.clone()).is(201).body,
        numbers.body
    );
    site.refuse("POST", "/activations", right, Refusal::ActivatedAlready);
    let password = site.newest_code("13700000000", "welcome");
    let login = json!({ "account": numbers.text("/merchant"), "password": password });
    site.token = Some(site.ask("POST", "/sessions", login).is(201).text("/token"));
    let devices = site.get("/devices").is(200);
    assert_eq!(devices.text("/devices/0/terminal"), numbers.text("/terminal"));
}

#[test]
fn a_terminal_is_not_activated_before_it_has_arrived() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let mut site = PortalSite::with(|setup| setup.rules.terminal_step = Delay::fixed(HOUR));
    let form = order_form(&site);
    let mut bad = form.clone();
    bad["holder"]["identity"] = json!("1");
    site.refuse("POST", "/terminal-orders", bad, Refusal::IdentityInvalid);
    let applied = site.ask("POST", "/terminal-orders", form.clone()).is(201).text("/application");
    site.refuse("POST", "/terminal-orders", form, Refusal::OrderOpen);
    let path = format!("/terminal-orders/{applied}?phone=13700000000");
    let unknown = "/terminal-orders/A99999999999?phone=13700000000";
    site.refuse("GET", unknown, Value::Null, Refusal::ApplicationUnknown);
    check_fault(&site.get(&format!("/terminal-orders/{applied}")), Fault::Parameter, Some("query"));
    site.pass(HOUR);
    assert_eq!(site.get(&path).is(200).text("/order/step"), "contacted");
    site.approve(&applied);
    site.pass(HOUR);
    let shipped = site.get(&path).is(200);
    assert_eq!(shipped.text("/order/step"), "shipped");
    let device = shipped.text("/order/tracking").strip_prefix("SF").unwrap().to_owned();
    let code = site.newest_secret("13700000000");
    let right = json!({ "serial": device, "code": code });
    site.refuse("POST", "/activations", right.clone(), Refusal::ActivationTooEarly);
    site.pass(HOUR);
    site.ask("POST", "/activations", right).is(201);
}

#[test]
fn every_step_of_a_card_change_refuses_what_its_rules_forbid() {
    let mut site = PortalSite::open();
    let foreign = {
        site.log_in(2);
        site.get("/cards").number("/cards/0/card")
    };
    site.log_in(1);
    let (entry, other) = (site.entry(1), site.entry(2));
    let account = |new: Value| json!({ "page": "account", "newCard": new });
    let mut luhn = entry.spare(0).as_str().to_owned();
    luhn.replace_range(15.., if luhn.ends_with('0') { "1" } else { "0" });
    let mut renamed = site.spare(1, 0);
    renamed["holder"] = json!("somebody else");
    for (begin, refusal) in [
        (account(site.card(1, luhn)), Refusal::CardLuhn),
        (account(site.card(1, entry.inactive.as_str())), Refusal::CardNotActivated),
        (account(site.card(1, "6222020000000000")), Refusal::CardLuhn),
        (account(renamed), Refusal::CardOtherHolder),
        (account(site.card(1, other.spare(0).as_str())), Refusal::CardOtherHolder),
        (account(site.card(1, entry.second_class.as_str())), Refusal::CardClass),
        (account(site.card(1, entry.card.as_str())), Refusal::CardSame),
        (json!({ "page": "card", "card": foreign, "newCard": site.spare(1, 0) }), Refusal::CardForeign),
        (
            json!({ "page": "card", "card": 4_000_000_000_u64, "newCard": site.spare(1, 0) }),
            Refusal::CardUnknown,
        ),
    ] {
        site.refuse("POST", "/card-changes", begin, refusal);
    }
    for path in ["code", "confirmation"] {
        site.refuse("POST", &format!("/card-changes/current/{path}"), Value::Null, Refusal::ChangeNotBegun);
    }
    site.refuse("GET", "/card-changes/current", Value::Null, Refusal::ChangeNotBegun);
    verify_refused(&mut site, "123456", Refusal::ChangeNotBegun);

    let begin = account(site.spare(1, 0));
    site.ask("POST", "/card-changes", begin.clone()).is(204);
    verify_refused(&mut site, "123456", Refusal::CodeMissing);
    site.refuse("GET", "/card-changes/current", Value::Null, Refusal::CodeNotVerified);
    site.refuse("POST", "/card-changes/current/confirmation", Value::Null, Refusal::CodeNotVerified);
    site.ask("POST", "/card-changes/current/code", Value::Null).is(202);
    let code = site.code(1);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 1..5 {
        verify_refused(&mut site, wrong, Refusal::CodeWrong);
    }
    verify_refused(&mut site, wrong, Refusal::CodeSpent);
    verify_refused(&mut site, &code, Refusal::CodeSpent);

    site.begin_verified(1, begin.clone());
    let used = site.code(1);
    verify_refused(&mut site, &used, Refusal::CodeMissing);
    let applied = site.ask("POST", "/card-changes/current/confirmation", Value::Null).is(201);
    site.refuse("POST", "/card-changes", begin.clone(), Refusal::ChangeOpen);
    site.refuse("POST", "/card-changes/current/confirmation", Value::Null, Refusal::ChangeOpen);
    site.approve(&applied.text("/application"));
    assert_eq!(states(&site.get("/cards")), ["effective"]);
    let next = account(site.spare(1, 1));
    site.refuse("POST", "/card-changes", next, Refusal::ChangeTooSoon);
}

#[test]
fn codes_are_one_a_minute_and_expire_and_drafts_lapse() {
    let minute = |rules: &mut Rules| rules.sms.pause = Duration::from_secs(60);
    let expired = |rules: &mut Rules| rules.sms.valid_for = Duration::ZERO;
    let lapsed = |rules: &mut Rules| rules.draft_valid_for = Duration::ZERO;
    let begun = |change: fn(&mut Rules)| {
        let mut site = PortalSite::with(|setup| change(&mut setup.rules));
        site.log_in(1);
        let begin = json!({ "page": "account", "newCard": site.spare(1, 0) });
        site.ask("POST", "/card-changes", begin).is(204);
        site
    };
    let mut site = begun(minute);
    site.ask("POST", "/card-changes/current/code", Value::Null).is(202);
    site.refuse("POST", "/card-changes/current/code", Value::Null, Refusal::CodeTooSoon);
    let mut site = begun(expired);
    site.ask("POST", "/card-changes/current/code", Value::Null).is(202);
    let code = site.code(1);
    verify_refused(&mut site, &code, Refusal::CodeExpired);
    let mut site = begun(lapsed);
    site.refuse("POST", "/card-changes/current/code", Value::Null, Refusal::ChangeNotBegun);
}

#[test]
fn an_unbinding_needs_a_card_of_its_own_and_a_terminal_that_was_heard_of() {
    let mut site = PortalSite::open();
    let foreign = {
        site.log_in(2);
        site.get("/cards").number("/cards/0/card")
    };
    site.log_in(1);
    let own = site.get("/cards").number("/cards/0/card");
    for (card, refusal) in
        [(foreign, Refusal::CardForeign), (0, Refusal::CardUnknown), (own, Refusal::TerminalOffline)]
    {
        site.refuse("POST", "/unbindings", json!({ "card": card }), refusal);
    }
    let proof = json!({ "queryPassword": site.entry(1).query_password });
    site.refuse("POST", "/unbindings/current/code", Value::Null, Refusal::UnbindNotBegun);
    site.refuse("POST", "/unbindings/current/verification", proof, Refusal::UnbindNotBegun);
    site.refuse(
        "POST",
        "/unbindings/current/face-check",
        json!({ "hasPassed": true }),
        Refusal::UnbindNotBegun,
    );
    let two = json!({ "code": "1", "queryPassword": "2" });
    check_fault(
        &site.ask("POST", "/unbindings/current/verification", two),
        Fault::Shape,
        Some("queryPassword"),
    );
}

#[test]
fn unbinding_has_hours_and_instant_settlement_keeps_its_only_card() {
    let mut site = PortalSite::with(|setup| setup.rules.unbind.hours = 0..1);
    site.log_in(1);
    let card = json!({ "card": site.get("/cards").number("/cards/0/card") });
    site.refuse("POST", "/unbindings", card, Refusal::OutsideHours);
    let mut site = PortalSite::with(|setup| setup.settlement = Settlement::Instant);
    site.log_in(1);
    let card = json!({ "card": site.get("/cards").number("/cards/0/card") });
    site.refuse("POST", "/unbindings", card, Refusal::UnbindOnlyCard);
}

#[test]
fn sessions_are_opened_with_the_right_password_and_end() {
    let mut site = PortalSite::open();
    let login = |account: &str, password: &str| json!({ "account": account, "password": password });
    for path in ["/merchant", "/cards", "/devices", "/payouts", "/applications/A00000000001"] {
        let answer = site.refuse("GET", path, Value::Null, Refusal::SessionUnknown);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    site.refuse("POST", "/sessions", login("898999999999999", "x"), Refusal::LoginFailed);
    for _ in 1..3 {
        site.refuse("POST", "/sessions", login(&merchant(1), "x"), Refusal::LoginFailed);
    }
    site.refuse("POST", "/sessions", login(&merchant(1), "x"), Refusal::AccountLocked);
    let right = site.entry(1).password;
    site.refuse("POST", "/sessions", login(&merchant(1), &right), Refusal::AccountLocked);
    site.log_in(2);
    let older = site.token.clone();
    site.log_in(2);
    let newer = std::mem::replace(&mut site.token, older);
    site.refuse("GET", "/cards", Value::Null, Refusal::SessionUnknown);
    site.token = newer;
    site.ask("DELETE", "/sessions/current", Value::Null).is(204);
    site.refuse("GET", "/cards", Value::Null, Refusal::SessionUnknown);
    for token in ["", "x", "00112233445566778899aabbccddeeff", "' OR 1=1 --"] {
        site.token = Some(token.to_owned());
        site.refuse("GET", "/cards", Value::Null, Refusal::SessionUnknown);
    }
    let mut site = PortalSite::with(|setup| setup.rules.session.idle = Duration::ZERO);
    site.log_in(1);
    site.refuse("GET", "/cards", Value::Null, Refusal::SessionExpired);
}

#[test]
fn a_repeated_request_is_answered_and_not_done_again() {
    let mut site = PortalSite::open();
    site.log_in(1);
    let begin = json!({ "page": "account", "newCard": site.spare(1, 0) });
    site.begin_verified(1, begin);
    let first = site.ask_with_key("once", "POST", "/card-changes/current/confirmation", Value::Null).is(201);
    let books = site.books();
    for _ in 0..3 {
        let again = site.ask_with_key("once", "POST", "/card-changes/current/confirmation", Value::Null);
        assert_eq!((again.status, &again.body), (first.status, &first.body));
    }
    let other = site.ask_with_key("once", "POST", "/card-changes/current/code", Value::Null);
    check_refusal(&other, Refusal::KeyConflict);
    let other = site.ask_with_key("once", "POST", "/unbindings", json!({ "card": 1 }));
    check_refusal(&other, Refusal::KeyConflict);
    let token = format!("Bearer {}", site.token.clone().unwrap());
    let without = site.send("POST", "/card-changes/current/code", &[("Authorization", &token)], b"");
    check_refusal(&without, Refusal::KeyMissing);
    for key in ["", &"k".repeat(129), "schlüssel"] {
        let headers = [("Authorization", token.as_str()), ("Idempotency-Key", key)];
        let answer = site.send("POST", "/card-changes/current/code", &headers, b"");
        check_fault(&answer, Fault::Header, Some("Idempotency-Key"));
    }
    let twice = [("Idempotency-Key", "a"), ("Authorization", token.as_str()), ("Idempotency-Key", "b")];
    let answer = site.send("POST", "/card-changes/current/code", &twice, b"");
    check_fault(&answer, Fault::Header, Some("Idempotency-Key"));
    assert!(site.books() == books, "nothing was done");
}

#[test]
fn bodies_that_are_not_what_they_should_be_are_refused_by_their_place() {
    let mut site = PortalSite::open();
    site.log_in(1);
    let books = site.books();
    let token = format!("Bearer {}", site.token.clone().unwrap());
    let json =
        [("Authorization", token.as_str()), ("Idempotency-Key", "k"), ("Content-Type", "application/json")];
    let good = serde_json::to_string(&json!({ "page": "account", "newCard": site.spare(1, 0) })).unwrap();
    let pan = site.entry(1).spare(0).as_str().to_owned();
    for (body, fault, place) in [
        (String::new(), Fault::Malformed, "line 1 column 0"),
        ("{".to_owned(), Fault::Malformed, "line 1 column 1"),
        ("\u{feff}{}".to_owned(), Fault::Malformed, "line 1 column 1"),
        (format!("{good}{good}"), Fault::Malformed, ""),
        ("[".repeat(60_000), Fault::Shape, "."),
        ("[]".to_owned(), Fault::Shape, "."),
        ("null".to_owned(), Fault::Shape, "."),
        ("{}".to_owned(), Fault::Shape, "page"),
        (r#"{"page":"account"}"#.to_owned(), Fault::Shape, "newCard"),
        (r#"{"page":"back"}"#.to_owned(), Fault::Shape, "page"),
        (good.replace("\"page\"", "\"x\":1,\"page\""), Fault::Shape, "x"),
        (good.replace("\"bank\"", "\"bonk\""), Fault::Shape, "newCard.bonk"),
        (good.replace(&format!("\"{pan}\""), &pan), Fault::Shape, "newCard.pan"),
        (good.replace(&pan, "12345678a"), Fault::Shape, "newCard.pan"),
        (good.replace(&pan, &"1".repeat(20)), Fault::Shape, "newCard.pan"),
        (good.replace("account", "card"), Fault::Shape, "card"),
        (good.replace("\"page\"", "\"card\":1,\"page\""), Fault::Shape, "card"),
        (good.replace("\"page\"", "\"card\":-1,\"page\""), Fault::Shape, "card"),
    ] {
        let answer = site.send("POST", "/card-changes", &json, body.as_bytes());
        if place.is_empty() {
            assert_eq!(answer.text("/code"), fault.code(), "{body}");
        } else {
            check_fault(&answer, fault, Some(place));
        }
        assert!(!answer.body.to_string().contains(&pan), "no value comes back");
    }
    let bytes = site.send("POST", "/card-changes", &json, b"{\"page\":\"\xff\"}");
    assert_eq!((bytes.status, bytes.text("/code")), (400, Fault::Malformed.code().to_owned()));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let headers = [json[0], json[1], ("Content-Type", kind)];
        check_fault(&site.send("POST", "/card-changes", &headers, good.as_bytes()), Fault::MediaType, None);
    }
    check_fault(&site.send("POST", "/card-changes", &json[..2], good.as_bytes()), Fault::MediaType, None);
    let charset = [json[0], json[1], ("Content-Type", "Application/JSON; charset=utf-8")];
    assert_eq!(site.send("POST", "/card-changes", &charset, b"{}").text("/place"), "page");
    let large = format!("{{\"page\":\"{}\"}}", "x".repeat(64 * 1024));
    check_fault(&site.send("POST", "/card-changes", &json, large.as_bytes()), Fault::TooLarge, None);
    assert!(site.books() == books);
}

#[test]
fn paths_methods_and_ids_that_do_not_exist_are_told_apart() {
    let mut site = PortalSite::open();
    site.log_in(1);
    for path in ["/", "/cards/", "/cards/1", "//cards", "/Cards", "/console", "/merchant/../cards", "/%00"] {
        check_fault(&site.get(path), Fault::RouteUnknown, None);
    }
    for (method, path, allowed) in [
        ("DELETE", "/cards", "GET,HEAD"),
        ("POST", "/merchant", "GET,HEAD,PUT"),
        ("PATCH", "/merchant", "GET,HEAD,PUT"),
        ("GET", "/card-changes", "POST"),
        ("TRACE", "/sessions", "POST"),
        ("MERGE", "/sessions/current", "DELETE"),
    ] {
        let answer = site.send(method, path, &[], b"");
        check_fault(&answer, Fault::MethodUnknown, None);
        let mut given: Vec<&str> = answer.header("allow").unwrap().split(',').collect();
        given.sort_unstable();
        assert_eq!(given.join(","), allowed);
    }
    for id in ["A00000000099", "A0", "99", "x", "A-1", "%F0%9F%A6%80", "A1%27%20OR%201"] {
        site.refuse("GET", &format!("/applications/{id}"), Value::Null, Refusal::ApplicationUnknown);
        site.refuse(
            "POST",
            &format!("/merchant-changes/{id}/resubmission"),
            change_form(),
            Refusal::ApplicationUnknown,
        );
    }
    for id in ["%FF", "%00", "%0d%0aX:1", &"x".repeat(257)] {
        check_fault(&site.get(&format!("/applications/{id}")), Fault::Parameter, Some("path"));
        check_fault(&site.get(&format!("/devices/{id}")), Fault::Parameter, Some("path"));
    }
    for serial in ["SN99999999", "%27%3B%20DROP%20TABLE", "..", "%E5%97%A8"] {
        site.refuse("GET", &format!("/devices/{serial}"), Value::Null, Refusal::DeviceUnknown);
    }
    site.refuse("GET", &format!("/devices/{}", serial(2)), Value::Null, Refusal::DeviceForeign);
    site.refuse("GET", "/simulator/inbox/12", Value::Null, Refusal::PhoneInvalid);
    assert_eq!(site.get("/simulator/inbox/13000000000").is(200).body, json!({ "messages": [] }));
    assert!(site.get("/simulator/clock").is(200).text("/now").starts_with("2026-03-02T10:"));
}

#[test]
fn a_failure_is_told_in_the_language_that_is_preferred() {
    let mut site = PortalSite::open();
    for (preferred, message, tag) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", Refusal::SessionUnknown.chinese(), "zh"),
        ("en-GB, zh;q=0.5", Refusal::SessionUnknown.english(), "en"),
        ("de", Refusal::SessionUnknown.english(), "en"),
    ] {
        let answer = site.send("GET", "/cards", &[("Accept-Language", preferred)], b"");
        assert_eq!(
            (answer.text("/message").as_str(), answer.header("content-language")),
            (message, Some(tag))
        );
    }
    let answer = site.send("GET", "/nothing", &[("Accept-Language", "zh")], b"");
    assert_eq!(answer.text("/message"), Fault::RouteUnknown.chinese());
}

#[test]
fn every_refusal_has_a_status_of_its_own_area() {
    for refusal in Refusal::ALL {
        assert!(
            matches!(status(*refusal), 400 | 401 | 403 | 404 | 409 | 422 | 423 | 429 | 503),
            "{refusal:?}"
        );
    }
    let codes: Vec<&str> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
    for fault in Fault::ALL {
        assert!(fault.code().starts_with('9') && !codes.contains(&fault.code()));
        assert!(fault.english().is_ascii() && !fault.chinese().is_ascii());
    }
}

#[test]
fn slow_clients_are_cut_off_and_others_served() {
    let limits = WebLimits {
        http: HttpLimits { connections: 3, header: Duration::from_millis(200) },
        request: Duration::from_millis(200),
        ..WebLimits::default()
    };
    let site = PortalSite::within(limits, |_| {});
    let mut slow: Vec<Browser> = (0..2).map(|_| Browser::connect(site.address())).collect();
    slow.iter_mut().for_each(|slow| slow.send(b"GET /merchant HTTP/1.1\r\nHost: x\r\n"));
    let mut waiting = Browser::connect(site.address());
    assert_eq!(waiting.ask("GET", "/simulator/clock", &[], b"").status, 200, "a place became free");
    slow.iter_mut().for_each(|slow| assert_eq!(slow.answer(), None));
    let mut slow = Browser::connect(site.address());
    slow.send(
        b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    check_fault(&slow.answer().unwrap(), Fault::TooSlow, None);
    let mut large = Browser::connect(site.address());
    large.send(format!("GET /merchant HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000)).as_bytes());
    assert_eq!(large.answer().unwrap().status, 431);
    assert_eq!(Browser::connect(site.address()).ask("GET", "/simulator/clock", &[], b"").status, 200);
}

#[test]
fn bytes_that_are_no_request_close_the_connection_and_nothing_else() {
    let mut site = PortalSite::open();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET /cards HTTP/1.1\r\nX-Y: a\x01b\r\n\r\n",
        b"GET /ca\x00rds HTTP/1.1\r\n\r\n",
        b"POST /sessions HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /sessions HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"\r\n\r\nGET / HTTP/9.9\r\n\r\n",
    ] {
        let mut browser = Browser::connect(site.address());
        browser.send(bytes);
        assert!(browser.answer().is_none_or(|answer| answer.status == 400), "{bytes:?}");
    }
    site.log_in(1);
}

#[test]
fn it_stops_within_a_second_whoever_is_connected() {
    let site = PortalSite::open();
    let mut idle: Vec<Browser> = (0..8).map(|_| Browser::connect(site.address())).collect();
    idle.iter_mut().take(4).for_each(|idle| drop(idle.ask("GET", "/simulator/clock", &[], b"")));
    idle[5].send(b"GET /merchant HTTP/1.1\r\n");
    idle[6].send(b"POST /sessions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
    let address = site.address();
    let took = site.close();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_host_that_has_stopped_is_not_available() {
    let (web, mut browser) = PortalSite::open().host_stops();
    let answer = browser.ask("GET", "/merchant", &[], b"");
    check_fault(&answer, Fault::HostStopped, None);
    web.stop();
}

fn verify_refused(site: &mut PortalSite, code: &str, refusal: Refusal) {
    site.refuse("POST", "/card-changes/current/verification", json!({ "code": code }), refusal);
}

fn states(cards: &Answer) -> Vec<String> {
    let cards = cards.body["cards"].as_array().unwrap();
    cards.iter().map(|card| card["state"].as_str().unwrap().to_owned()).collect()
}

/// The first card of merchant 1, or a spare one counted from 1, masked.
fn masked(site: &PortalSite, number: usize) -> String {
    let entry = site.entry(1);
    let pan = number.checked_sub(1).map_or(entry.card, |spare| entry.spare(spare as u64));
    let digits = pan.as_str();
    format!("{}******{}", &digits[..6], &digits[12..])
}

/// The master key that is handed out is the one that the host has, 16 bytes in hexadecimal.
fn check_key(site: &PortalSite, numbers: &Value) {
    let terminal = numbers["terminal"].as_str().unwrap().parse().unwrap();
    let known = site.at_host(move |host, _, _| host.master_key(terminal).cloned());
    let told = numbers["masterKey"].as_str().unwrap();
    assert_eq!((told.parse().ok(), told.len()), (known, 32));
}

fn change_form() -> Value {
    json!({
        "device": serial(1),
        "oldMerchant": merchant(1),
        "merchant": { "name": "新店", "address": "北街1号", "contact": "李伟", "phone": "13700000000" },
        "holder": { "name": "李伟", "identity": "11010519491231002X" },
        "licence": "licence.pdf",
        "documents": ["front.jpg", "back.jpg"],
        "reason": "shop sold",
    })
}

fn order_form(site: &PortalSite) -> Value {
    let entry = site.entry(1);
    json!({
        "merchant": { "name": "新店", "address": "北街1号", "contact": "李伟", "phone": "13700000000" },
        "holder": { "name": entry.holder, "identity": entry.identity },
        "card": site.spare(1, 0),
        "kind": "smart",
    })
}

const INJECTIONS: [&str; 6] = [
    "Robert'); DROP TABLE merchants;--",
    "<script>alert(1)</script>",
    "${7*7} {{7*7}} %n%s %00 \\u0000",
    "../../etc/passwd",
    "\u{202e}gnirts \u{1f980} 🏪",
    "a\"b\\c/d?e=f&g#h",
];
