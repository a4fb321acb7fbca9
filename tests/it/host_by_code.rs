//! Payments by code: the payer's code, orders that wait for their payer, vouchers.

use crate::till::{Till, code};
use posfleet::{
    host::OrderDrill,
    iso8583::{De, Private59},
    ledger::{Account, State},
    operation::Kind,
};
use std::time::Duration;

#[test]
fn a_code_pays_from_outside_and_is_voided_and_refunded_by_its_voucher() {
    let mut till = Till::new();
    for (kind, minor) in [(Kind::QrVoid, 1_000), (Kind::QrRefund, 400)] {
        let sale = till.ask(Kind::QrSale, 1_000);
        assert_eq!(code(&sale), "00");
        let voucher = tag(&sale, Private59::VOUCHER).unwrap();
        let tags = format!("A4020{voucher}");
        let request = till.request_about(kind, minor, &sale).with(De::PRIVATE_59, tags.as_bytes());
        let request = if kind == Kind::QrRefund { request.without(De::RRN) } else { request };
        let answer = till.send(&request);
        assert_eq!((code(&answer).as_str(), till.booking(&answer).kind), ("00", kind));
        assert_eq!(till.booking(&answer).original, Some(till.booking(&sale).key));
    }
    assert_eq!(till.host.ledger().balance(&Account::Outside), -600);
    assert_eq!(till.spent(), 0);
}

#[test]
fn a_payment_by_code_needs_one() {
    let mut till = Till::new();
    let request = till.request(Kind::QrSale, 1_000);
    for broken in [&b"A3005abcde"[..], b"A3999", b"A40051234512"] {
        assert_eq!(code(&till.send(&request.clone().with(De::PRIVATE_59, broken))), "14");
    }
    assert_eq!(code(&till.send(&request.without(De::PRIVATE_59))), "14");
}

#[test]
fn an_order_is_booked_when_it_was_paid_and_once() {
    let pays_after = Duration::from_secs(10)..=Duration::from_secs(10);
    let mut till = Till::with(|config| config.orders = OrderDrill { pays_after, ..OrderDrill::default() });
    let order = till.ask(Kind::QrOrder, 1_000);
    assert_eq!(code(&order), "00");
    assert!(tag(&order, Private59::ORDER_ADDRESS).unwrap().starts_with("https://"));
    till.pass(9);
    assert_eq!(asked(&mut till, &order), ("09".to_owned(), Some("WAITING".to_owned())));
    assert_eq!((till.merchant(), till.booking(&order).state), (0, State::Waiting));
    assert_eq!(till.code_about(Kind::QrVoid, 1_000, &order), "12", "nobody has paid");
    till.pass(1);
    for _ in 0..3 {
        assert_eq!(asked(&mut till, &order), ("00".to_owned(), Some("PAID".to_owned())));
        assert_eq!((till.merchant(), till.booking(&order).state), (994, State::Captured));
    }
    let answer = till.ask_about(Kind::QrQuery, 0, &order);
    assert!(tag(&answer, Private59::VOUCHER).is_some());
    assert_eq!(answer.text(De::RRN), order.text(De::RRN));
    assert_eq!(till.code_about(Kind::QrVoid, 1_000, &order), "00");
    assert_eq!(till.merchant(), 0);
}

#[test]
fn an_order_that_nobody_asks_about_is_not_captured() {
    let mut till = Till::new();
    till.ask(Kind::QrOrder, 1_000);
    till.pass(1_000);
    till.ask(Kind::QrOrder, 1_000);
    assert_eq!((till.merchant(), till.host.ledger().captured().count()), (0, 0));
}

#[test]
fn orders_are_closed_and_expire() {
    for (closed, expired, told, after) in [(1.0, 0.0, "CLOSED", 6), (0.0, 1.0, "EXPIRED", 120)] {
        let mut till =
            Till::with(|config| config.orders = OrderDrill { closed, expired, ..OrderDrill::default() });
        let order = till.ask(Kind::QrOrder, 1_000);
        if told == "EXPIRED" {
            till.pass(after - 1);
            assert_eq!(asked(&mut till, &order).0, "09");
        }
        till.pass(after);
        for _ in 0..2 {
            assert_eq!(asked(&mut till, &order), ("12".to_owned(), Some(told.to_owned())));
        }
        assert_eq!((till.merchant(), till.booking(&order).state), (0, State::Closed));
    }
}

#[test]
fn orders_end_alike_on_a_host_that_was_restarted() {
    let change = |config: &mut posfleet::host::Config| {
        config.orders = OrderDrill { closed: 0.3, expired: 0.3, ..OrderDrill::default() };
    };
    let mut till = Till::with(change);
    let orders: Vec<_> = (0..20).map(|_| till.ask(Kind::QrOrder, 100)).collect();
    let mut other = Till::before_sign_in(change);
    till.records.iter().for_each(|record| other.host.restore(record));
    other.sign_in();
    let mut codes = Vec::new();
    for order in &orders {
        for till in [&mut till, &mut other] {
            till.now = posfleet::time::Instant::START + Duration::from_secs(200);
        }
        let told = asked(&mut till, order);
        assert_eq!(told, asked_as(&mut other, order));
        codes.push(told.1.unwrap());
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes, ["CLOSED", "EXPIRED", "PAID"]);
}

#[test]
fn a_query_about_nothing_finds_nothing() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 100);
    assert_eq!(till.code_about(Kind::QrQuery, 0, &sale), "25", "not a payment by code");
    let paid = till.ask(Kind::QrSale, 100);
    assert_eq!(asked(&mut till, &paid).0, "00");
    let query = till.request_about(Kind::QrQuery, 0, &paid);
    let unknown = query.clone().with(De::ORIGINAL_DATA, b"0000010099990101");
    assert_eq!(code(&till.send(&unknown)), "25");
    assert_eq!(code(&till.send(&query.without(De::ORIGINAL_DATA))), "30");
}

/// The code and the state of the order that a query is answered with.
fn asked(till: &mut Till, order: &crate::draft::Draft) -> (String, Option<String>) {
    let answer = till.ask_about(Kind::QrQuery, 0, order);
    (code(&answer), tag(&answer, Private59::ORDER_STATE))
}

/// The same with a STAN that the restored host has not seen.
fn asked_as(till: &mut Till, order: &crate::draft::Draft) -> (String, Option<String>) {
    let query = till.request_about(Kind::QrQuery, 0, order);
    let stan: u32 = query.text(De::STAN).unwrap().parse().unwrap();
    let answer = till.send(&query.with(De::STAN, format!("{:06}", stan + 1_000).as_bytes()));
    (code(&answer), tag(&answer, Private59::ORDER_STATE))
}

fn tag(answer: &crate::draft::Draft, tag: [u8; 2]) -> Option<String> {
    answer.text(De::PRIVATE_59)?;
    Private59::new(answer.raw(De::PRIVATE_59))
        .find(tag)
        .map(|text| String::from_utf8_lossy(text).into_owned())
}
