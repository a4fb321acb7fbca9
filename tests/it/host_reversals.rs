//! Reversals of everything that is reversible: the money is where it was, and so is the original.

use crate::till::{Till, code, twelve};
use posfleet::{
    iso8583::{BatchNo, De, TerminalId},
    ledger::{Record, State},
    operation::Kind,
};

#[test]
fn a_reversal_of_every_reversible_kind_puts_things_back() {
    for (kind, name) in Kind::ALL.into_iter().filter(|(kind, _)| kind.form().reversible) {
        let mut till = Till::new();
        let original = kind.originals().first().map(|original| {
            let auth = till.ask(Kind::PreAuth, 1_000);
            match original {
                Kind::Completion => till.ask_about(Kind::Completion, 1_000, &auth),
                Kind::PreAuth => auth,
                other => till.ask(*other, 1_000),
            }
        });
        let figures = |till: &Till| (till.spent(), till.held(), till.merchant());
        let before = figures(&till);
        let request = match &original {
            Some(original) => till.request_about(kind, 1_000, original),
            None => till.request(kind, 1_000),
        };
        let state = original.as_ref().map(|original| till.booking(original).state);
        assert_eq!(code(&till.send(&request)), "00", "{name}");
        for _ in 0..2 {
            assert_eq!(till.reverse(&request), "00", "{name}");
            assert_eq!(figures(&till), before, "{name}");
            assert_eq!(till.booking(&request).state, State::Reversed, "{name}");
        }
        let now = original.as_ref().map(|original| till.booking(original).state);
        assert_eq!(now, state, "{name}: the original stands where it stood");
        assert_eq!(code(&till.send(&request)), "94", "{name}");
        if let Some(original) = &original {
            assert_eq!(till.code_about(kind, 1_000, original), "00", "{name}: it can be done anew");
        }
    }
}

#[test]
fn what_is_never_reversed_is_refused_with_12() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 1_000);
    let refund = till.request_about(Kind::Refund, 400, &sale);
    till.send(&refund);
    assert_eq!(till.reverse(&refund), "12");
    assert_eq!(till.spent(), 600);
}

#[test]
fn what_was_voided_completed_or_refunded_is_not_reversed() {
    let mut till = Till::new();
    for (kind, after) in [
        (Kind::Sale, Kind::Void),
        (Kind::Sale, Kind::Refund),
        (Kind::PreAuth, Kind::Completion),
        (Kind::PreAuth, Kind::PreAuthVoid),
    ] {
        let request = till.request(kind, 1_000);
        let answer = till.send(&request);
        assert_eq!(till.code_about(after, 1_000, &answer), "00");
        let spent = till.spent();
        assert_eq!((till.reverse(&request).as_str(), till.spent()), ("12", spent), "{}", after.name());
    }
}

#[test]
fn a_reversal_finds_its_transaction_in_a_batch_that_was_settled() {
    let mut till = Till::new();
    let sale = till.request(Kind::Sale, 1_000);
    till.send(&sale);
    let terminal = TerminalId::from_bytes(till.terminal.as_bytes()).unwrap();
    let (batch, next) = (BatchNo::FIRST, BatchNo::FIRST.next());
    till.host.restore(&Record::BatchClosed { terminal, batch, next });
    assert_eq!(till.reverse(&sale), "00");
    assert_eq!((till.spent(), till.merchant()), (0, 0));
}

#[test]
fn a_reversal_that_overtakes_refuses_every_kind_of_request() {
    for kind in [Kind::Sale, Kind::PreAuth, Kind::QrSale, Kind::Load] {
        let mut till = Till::new();
        let request = till.request(kind, 1_000);
        assert_eq!(till.reverse(&request), "25");
        assert_eq!(code(&till.send(&request)), "94");
        assert_eq!(till.reverse(&request), "00");
        assert_eq!((till.spent(), till.merchant()), (0, 0));
    }
}

#[test]
fn a_reversal_of_another_amount_is_refused_for_voids_too() {
    let mut till = Till::new();
    let sale = till.ask(Kind::Sale, 1_000);
    let void = till.request_about(Kind::Void, 1_000, &sale);
    till.send(&void);
    assert_eq!(till.reverse(&void.with(De::AMOUNT, &twelve(999))), "64");
    assert_eq!(till.spent(), 0);
}
