//! The host's books: money only moves, a restart changes nothing, and the mistakes on request can be seen.

use crate::{
    draft::{Draft, numbers},
    till::{TERMINALS, Till, code},
};
use posfleet::{
    card::Pan,
    host::{Bug, Host, Signature, UnknownCards},
    iso8583::{BatchNo, De, MerchantId, Mti, Rrn, TerminalId},
    ledger::{Account, Booking, Charge, Ledger, Payer, Record, State, fee},
    money::Amount,
    operation::{Kind, Variant},
    reconcile::Key,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn whatever_terminals_do_the_books_balance_and_come_back(
        steps in prop::collection::vec((0..KINDS.len(), 1..3_000u64, 0..8usize, 0..4u8, 0..9u64), 1..40),
    ) {
        let mut till = Till::new();
        let mut done: Vec<(Draft, Draft)> = Vec::new();
        for (kind, minor, back, what, seconds) in steps {
            till.pass(seconds);
            let kind = KINDS[kind];
            let original = done.iter().rev().nth(back).cloned();
            match (what, original) {
                (0, Some((request, _))) => drop(till.reverse(&request)),
                (1, Some((request, _))) => drop(till.send(&request)),
                (_, Some((_, answer))) if !kind.originals().is_empty() => {
                    let answer = done.iter().rev().map(|(_, answer)| answer).find(|answer| {
                        kind.originals().contains(&till.booking(answer).kind)
                    }).unwrap_or(&answer).clone();
                    let amount = till.booking(&answer).amount.minor();
                    let amount = if minor % 2 == 0 { amount } else { minor };
                    let request = till.request_about(kind, amount, &answer);
                    let answer = till.send(&request);
                    if kind.takes_amount() {
                        done.push((request, answer));
                    }
                }
                (_, None) if !kind.originals().is_empty() => {}
                _ => {
                    let request = till.request(kind, minor);
                    let answer = till.send(&request);
                    if kind.takes_amount() {
                        done.push((request, answer));
                    }
                }
            }
            check(till.host.ledger(), till.pan());
        }
        let mut copy = Ledger::default();
        till.records.iter().for_each(|record| copy.apply(record));
        prop_assert!(copy.bookings().eq(till.host.ledger().bookings()));
        let sorted = |ledger: &Ledger| {
            let mut balances: Vec<_> = ledger.balances().collect();
            balances.sort_unstable();
            balances
        };
        prop_assert_eq!(sorted(&copy), sorted(till.host.ledger()));
    }

    #[test]
    fn every_posting_rule_only_moves_money(
        amount in -1_000_000..1_000_000i64, fee in -1_000..1_000i64, held in 0..1_000_000i64, payer in 0..3usize,
    ) {
        let payer = [Payer::Card, Payer::Outside, Payer::Suspense][payer];
        for (kind, name) in Kind::ALL {
            let postings = Charge { amount, fee, held, payer }.postings(kind);
            prop_assert_eq!(postings.sum(), 0, "{}", name);
            prop_assert!(postings.plus(postings.negated()).is_none());
        }
    }
}

/// What must hold of any books.
fn check(ledger: &Ledger, card: Pan) {
    assert_eq!(ledger.balances().map(|(_, amount)| amount).sum::<i64>(), 0);
    let held: u64 = ledger.bookings().filter(|b| b.state == State::Held).map(|b| b.amount.minor()).sum();
    assert_eq!(ledger.balance(&Account::Hold(card)), held as i64);
    let terminal = TerminalId::from_bytes(TERMINALS[0].0.as_bytes()).unwrap();
    assert_eq!(ledger.of_batch(terminal, BatchNo::FIRST).count(), ledger.len());
    for booking in ledger.bookings() {
        assert_eq!(ledger.by_rrn(&booking.rrn).map(|found| found.key), Some(booking.key));
        assert_eq!(booking.postings.sum(), 0);
        let is_nothing = matches!(booking.state, State::Declined(_) | State::Reversed | State::Waiting);
        assert!(!is_nothing || booking.postings.is_none(), "{booking:?}");
    }
}

#[test]
fn fees_are_rounded_half_up() {
    for (minor, rate, kept) in [(83, 60, 0), (84, 60, 1), (1_000, 60, 6), (250, 60, 2), (10_000, 0, 0)] {
        assert_eq!(fee(Amount::from_minor(minor), rate), Amount::from_minor(kept), "{minor} at {rate}");
    }
}

#[test]
fn a_host_that_was_restarted_goes_on_where_it_was() {
    let mut till = Till::new();
    let sale = till.request(Kind::Sale, 1_000);
    let answer = till.send(&sale);
    let auth = till.ask(Kind::PreAuth, 500);
    let terminal = TerminalId::from_bytes(till.terminal.as_bytes()).unwrap();
    let (batch, next) = (BatchNo::FIRST, BatchNo::FIRST.next());
    till.records.push(Record::BatchClosed { terminal, batch, next });
    let mut other = Till::before_sign_in(|_| {});
    till.records.iter().for_each(|record| other.host.restore(record));
    assert_eq!((other.spent(), other.held()), (1_500, 500));
    other.sign_in();
    assert_eq!(other.code_about(Kind::Completion, 500, &auth), "77", "the old batch");
    other.batch = 2;
    assert_eq!(other.code_about(Kind::Completion, 500, &auth), "00");
    assert_eq!(other.code_about(Kind::Refund, 1_000, &answer), "00");
    let newest = |host: &Host| host.ledger().bookings().last().map(|booking| booking.rrn);
    assert!(newest(&other.host) > newest(&till.host), "references go on");
}

#[test]
fn two_bookings_under_one_key_are_both_there() {
    let mut till = Till::with(|config| config.bug = Some(Bug::BooksTwice));
    let sale = till.ask(Kind::Sale, 1_000);
    let key = till.booking(&sale).key;
    let rows: Vec<&Booking> = till.host.ledger().bookings().filter(|row| row.key == key).collect();
    assert_eq!(rows.len(), 2);
    assert_ne!(rows[0].rrn, rows[1].rrn);
    assert_eq!(till.spent(), 2_000);
}

#[test]
fn every_mistake_on_request_looks_right_and_is_in_the_books() {
    let sides = |till: &Till| -> Vec<(TerminalId, MerchantId, u64, State)> {
        till.host
            .ledger()
            .bookings()
            .map(|row| (row.key.terminal, row.merchant, row.amount.minor(), row.state))
            .collect()
    };
    let own = |minor, state| (TERMINALS[0].0.parse().unwrap(), TERMINALS[0].1.parse().unwrap(), minor, state);
    let next =
        |minor, state| (TERMINALS[1].0.parse().unwrap(), TERMINALS[1].1.parse().unwrap(), minor, state);
    for (bug, name) in Bug::ALL {
        let mut till = Till::with(|config| config.bug = Some(bug));
        let request = till.request(Kind::Sale, 1_000);
        let sale = till.send(&request);
        assert_eq!(code(&sale), "00", "{name}");
        let booked = match bug {
            Bug::ForgetsReversal => {
                assert_eq!(till.reverse(&request), "00", "{name}");
                vec![own(1_000, State::Captured)]
            }
            Bug::IgnoresVoid => {
                assert_eq!(till.code_about(Kind::Void, 1_000, &sale), "00", "{name}");
                vec![own(1_000, State::Captured)]
            }
            Bug::BooksTwice => vec![own(1_000, State::Captured); 2],
            Bug::SettlesToNeighbour => vec![next(1_000, State::Captured)],
            Bug::WrongAmount => vec![own(1_001, State::Captured)],
        };
        assert_eq!(sides(&till), booked, "{name}");
    }
}

#[test]
fn answers_have_the_elements_of_their_kind() {
    const SALE: &[u8] = &[2, 3, 4, 11, 12, 13, 14, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 60, 63, 64];
    let without =
        |missing: &[u8]| -> Vec<u8> { SALE.iter().copied().filter(|de| !missing.contains(de)).collect() };
    let elements = |draft: &Draft| numbers(&draft.frame());
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 1_000);
    let mac = |mut expected: Vec<u8>| {
        expected.retain(|de| *de != 64);
        expected
    };
    assert_eq!(elements(&sale), mac(without(&[])));
    let refund = till.ask_about(Kind::Refund, 100, &sale);
    assert_eq!(elements(&refund), mac(without(&[38])));
    let offline = till.ask(Kind::OfflineSale, 100);
    assert_eq!(elements(&offline), mac(without(&[38])));
    let auth = till.ask(Kind::PreAuth, 100);
    let completion = till.ask_about(Kind::Completion, 100, &auth);
    for answer in [&auth, &completion] {
        assert_eq!(elements(answer), mac(without(&[])));
    }
    let mut by_code = without(&[2, 14]);
    by_code.push(59);
    by_code.sort_unstable();
    assert_eq!(elements(&till.ask(Kind::QrSale, 100)), mac(by_code));
    let script = script_result(&mut till, &sale);
    assert_eq!(elements(&script), [3, 4, 11, 12, 13, 15, 25, 32, 37, 39, 41, 42, 49, 60]);
}

#[test]
fn foreign_cards_are_told_by_their_first_digits() {
    for (number, organisation) in [
        ("4111111111111111", "VIS"),
        ("5500000000000004", "MCC"),
        ("3530111333300000", "JCB"),
        ("378282246310005", "AMX"),
    ] {
        let mut till = Till::with(|config| config.unknown_cards = UnknownCards::Accept);
        let sale = till.request(Kind::Sale, 100).with(De::PAN, number.as_bytes());
        let answer = till.send(&sale);
        assert_eq!(answer.text(De::PRIVATE_63).as_deref(), Some(organisation));
        assert_eq!(answer.text(De::ADDITIONAL_RESPONSE).unwrap().len(), 22);
        assert_ne!(
            answer.text(De::ADDITIONAL_RESPONSE),
            till.ask(Kind::Sale, 100).text(De::ADDITIONAL_RESPONSE)
        );
    }
}

#[test]
fn the_parts_of_a_signature_come_without_a_gap() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 100);
    let rrn = Rrn::from_bytes(sale.raw(De::RRN)).unwrap();
    let part = |till: &mut Till, network, bytes: usize| {
        let request = till
            .management(Mti::NETWORK_ADVICE, network)
            .with(De::AMOUNT, sale.raw(De::AMOUNT))
            .with(De::RRN, sale.raw(De::RRN))
            .with(De::PRIVATE_62, &vec![7; bytes]);
        till.send_plain(&request)
    };
    for (network, bytes, expected, parts, total) in [
        (802, 10, "12", 0, 0),
        (801, 10, "00", 1, 10),
        (803, 10, "12", 1, 10),
        (802, 5, "00", 2, 15),
        (802, 5, "00", 2, 15),
        (800, 30, "00", 1, 30),
    ] {
        let answer = part(&mut till, network, bytes);
        assert_eq!(code(&answer), expected, "{network}");
        assert_eq!(till.host.signature(&rrn), Some(Signature { parts, bytes: total }), "{network}");
        assert_eq!(numbers(&answer.frame()), [11, 12, 13, 37, 39, 41, 42, 60]);
    }
    let stranger = till.management(Mti::NETWORK_ADVICE, 800);
    let stranger = stranger.with(De::RRN, b"000000999999").with(De::PRIVATE_62, &[1]);
    assert_eq!(code(&till.send_plain(&stranger)), "25");
}

#[test]
fn script_results_are_acknowledged_and_remembered() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 100);
    let key: Key = till.booking(&sale).key;
    assert!(!till.host.has_script_result(&key));
    let before = till.records.len();
    assert_eq!(code(&script_result(&mut till, &sale)), "00");
    assert!(till.host.has_script_result(&key));
    assert_eq!(till.records.len(), before, "no money moves");
}

#[test]
fn the_rest_of_the_management_is_acknowledged() {
    let mut till = Till::new();
    for network in [401, 362, 301, 2] {
        let request = till.management(Mti::NETWORK_ADVICE, network);
        assert_eq!(code(&till.send_plain(&request)), "00", "{network}");
    }
    let request = till.management(Mti::NETWORK_ADVICE, 999);
    assert_eq!(code(&till.send_plain(&request)), "40");
}

#[test]
fn a_condition_that_does_not_exist_is_not_supported() {
    let mut till = Till::new();
    let request = till.request_as(Kind::Sale, Variant::Plain, 100).with(De::CONDITION_CODE, b"77");
    assert_eq!(code(&till.send(&request)), "40");
}

/// 0620 about the transaction of an answer.
fn script_result(till: &mut Till, answer: &Draft) -> Draft {
    let named =
        [&answer.raw(De::PRIVATE_60)[2..8], answer.raw(De::STAN), answer.raw(De::LOCAL_DATE)].concat();
    let private60 = format!("00{:06}95160", till.batch);
    let request = till.request(Kind::Sale, 100).mti(Mti::SCRIPT_RESULT);
    let request = request.with(De::PRIVATE_60, private60.as_bytes()).with(De::ORIGINAL_DATA, &named);
    till.send(&request)
}

/// Every kind that moves money.
const KINDS: [Kind; 23] = [
    Kind::Sale,
    Kind::Void,
    Kind::Refund,
    Kind::PreAuth,
    Kind::PreAuthAdd,
    Kind::PreAuthVoid,
    Kind::Completion,
    Kind::CompletionNotice,
    Kind::CompletionVoid,
    Kind::OfflineSale,
    Kind::SettleAdjust,
    Kind::TipAdjust,
    Kind::CashSale,
    Kind::CashRefund,
    Kind::Load,
    Kind::CashLoad,
    Kind::TransferLoad,
    Kind::CashLoadVoid,
    Kind::QrSale,
    Kind::QrOrder,
    Kind::QrQuery,
    Kind::QrVoid,
    Kind::QrRefund,
];
