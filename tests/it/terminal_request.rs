//! What the requests of every financial kind look like, and how they name the transaction that they are about.

use crate::{
    draft::{Draft, numbers},
    terminal_rig::Rig,
};
use posfleet::{
    iso8583::{BatchNo, De, Mti, Private59, Rrn, Stan},
    money::Amount,
    operation::{
        CardUse, End, Entry, Failure, Kind, KindSet, Operation, Original, PaymentCode, TransactionRef,
        Variant,
    },
    reconcile::Belief,
    terminal::{Event, Input, Standing},
};

#[test]
fn every_kind_about_an_original_names_it_as_its_reference_says() {
    let cases: [(Kind, Kind, &[u8], Option<&str>); 8] = [
        (
            Kind::Sale,
            Kind::Void,
            &[2, 3, 4, 11, 14, 22, 25, 37, 38, 41, 42, 49, 60, 61, 64],
            Some("000001000002"),
        ),
        (
            Kind::Sale,
            Kind::Refund,
            &[2, 3, 4, 11, 14, 22, 25, 37, 38, 41, 42, 49, 60, 61, 63, 64],
            Some("0000000000000731"),
        ),
        (
            Kind::PreAuth,
            Kind::PreAuthAdd,
            &[2, 3, 4, 11, 14, 22, 25, 38, 41, 42, 49, 60, 61, 64],
            Some("0000000000000000"),
        ),
        (
            Kind::PreAuth,
            Kind::PreAuthVoid,
            &[2, 3, 4, 11, 14, 22, 25, 38, 41, 42, 49, 60, 61, 64],
            Some("0000000000000731"),
        ),
        (
            Kind::PreAuth,
            Kind::Completion,
            &[2, 3, 4, 11, 14, 22, 25, 38, 41, 42, 49, 60, 61, 64],
            Some("0000000000000731"),
        ),
        (
            Kind::PreAuth,
            Kind::CompletionNotice,
            &[2, 3, 4, 11, 14, 22, 25, 38, 41, 42, 49, 60, 61, 63, 64],
            Some("0000000000000731"),
        ),
        (
            Kind::CashLoad,
            Kind::CashLoadVoid,
            &[2, 3, 4, 11, 14, 22, 25, 37, 38, 41, 42, 49, 60, 61, 64],
            Some("0000010000020731"),
        ),
        (Kind::Sale, Kind::Balance, &[3, 11, 22, 25, 35, 41, 42, 49, 60, 64], None),
    ];
    for (first, second, elements, original) in cases {
        let mut rig = Rig::signed_in(true);
        rig.approve(Operation { kind: first, ..rig.sale(Entry::Stripe) });
        let card = rig.sale(Entry::Stripe).card.filter(|_| original.is_none());
        let request = rig.ask(Operation { card, ..Operation::of(second) });
        assert_eq!(numbers(&request), elements, "{}", second.name());
        let draft = Draft::of(&request);
        let form = second.form();
        assert_eq!(draft.mti, form.mti);
        assert_eq!(draft.text(De::ORIGINAL_DATA).as_deref(), original, "{}", second.name());
        assert_eq!(
            draft.text(De::PRIVATE_60),
            Some(
                format!("{:02}0000010006{}", form.message_kind, if original.is_some() { "0" } else { "01" })
                    .chars()
                    .take(12)
                    .collect::<String>()
                    + if original.is_some() { "0" } else { "1" }
            )
        );
        if original.is_some() {
            assert_eq!(draft.text(De::ENTRY_MODE).as_deref(), Some("012"), "the card comes from the log");
            assert_eq!(draft.text(De::AMOUNT).as_deref(), Some("000000001234"), "so does the amount");
            assert_eq!(draft.text(De::APPROVAL_CODE).as_deref(), Some("654321"));
        }
        assert_eq!(draft.mac(&rig.keys.mak).frame(), request, "the MAC is right and every byte canonical");
    }
}

#[test]
fn a_completion_is_voided_with_batch_number_and_date() {
    let mut rig = Rig::signed_in(true);
    rig.approve(Operation { kind: Kind::PreAuth, ..rig.sale(Entry::Stripe) });
    rig.approve(Operation { amount: Amount::from_minor(1_000), ..Operation::of(Kind::Completion) });
    let void = Draft::of(&rig.ask(Operation::of(Kind::CompletionVoid)));
    assert_eq!(void.text(De::ORIGINAL_DATA).as_deref(), Some("0000010000030731"));
    assert_eq!(
        (void.text(De::AMOUNT).as_deref(), void.text(De::RRN).as_deref()),
        (Some("000000001000"), Some("123456789012"))
    );
}

#[test]
fn a_void_with_the_card_reads_it() {
    let mut rig = Rig::signed_in(true);
    rig.approve(rig.sale(Entry::Chip));
    let card = rig.sale_with(Entry::Chip, true).card;
    let request = rig.ask(Operation { card, ..Operation::of(Kind::Void) });
    assert_eq!(
        numbers(&request),
        [2, 3, 4, 11, 14, 22, 23, 25, 26, 35, 37, 38, 41, 42, 49, 52, 53, 55, 60, 61, 64]
    );
}

#[test]
fn an_approved_void_settles_the_fate_of_both() {
    let mut rig = Rig::signed_in(true);
    rig.approve(rig.sale(Entry::Stripe));
    let void = rig.ask(Operation::of(Kind::Void));
    let step = rig.answer(rig.approval(&void));
    let expected = [(3, Kind::Void, Belief::Approved), (2, Kind::Sale, Belief::Voided)];
    assert_eq!(step.lines(), expected);
    assert!(step.entries().iter().all(|entry| entry.rrn.is_some() && entry.amount.minor() == 1234));
    let again = rig.input(Input::Operation(Operation::of(Kind::Void)));
    assert_eq!(again.outcome().end, End::Failed(Failure::NoOriginal), "nothing is voided twice");
}

#[test]
fn the_original_is_the_newest_the_number_or_the_receipt() {
    let mut rig = Rig::signed_in(true);
    (0..3).for_each(|_| drop(rig.approve(rig.sale(Entry::Stripe))));
    let number = |rig: &mut Rig, original| {
        let request = rig.ask(Operation { original, ..Operation::of(Kind::Void) });
        rig.answer(rig.reply(&request).with(De::RESPONSE_CODE, b"05"));
        Draft::of(&request).text(De::ORIGINAL_DATA).unwrap()
    };
    assert_eq!(number(&mut rig, Original::Newest), "000001000004");
    assert_eq!(number(&mut rig, Original::Stan(Stan::new(3).unwrap())), "000001000003");
    let receipt = TransactionRef {
        batch: BatchNo::new(7).unwrap(),
        stan: Stan::new(99),
        rrn: Rrn::from_bytes(b"999999999999").ok(),
        approval_code: None,
        date: None,
    };
    let operation =
        Operation { original: Original::Receipt(receipt), kind: Kind::Void, ..rig.sale(Entry::Stripe) };
    let request = Draft::of(&rig.ask(operation));
    assert_eq!(request.text(De::ORIGINAL_DATA).as_deref(), Some("000007000099"));
    assert_eq!(request.text(De::RRN).as_deref(), Some("999999999999"));
}

#[test]
fn an_operation_without_its_original_or_its_card_is_not_sent() {
    let mut rig = Rig::signed_in(true);
    let stan = Original::Stan(Stan::new(77).unwrap());
    let cases = [
        (Operation::of(Kind::Void), Failure::NoOriginal),
        (Operation { original: stan, ..Operation::of(Kind::Refund) }, Failure::NoOriginal),
        (Operation::of(Kind::ESignature), Failure::NoOriginal),
        (Operation { amount: Amount::from_minor(5), ..Operation::of(Kind::Sale) }, Failure::MissingData),
    ];
    for (operation, failure) in cases {
        let step = rig.input(Input::Operation(operation));
        assert_eq!(step.outcome().end, End::Failed(failure));
        assert!(step.sent.is_empty() && rig.terminal.is_idle());
    }
    assert_eq!(rig.terminal.next_stan().number(), 2);
}

#[test]
fn what_the_profile_does_not_allow_is_not_tried() {
    let mut rig = Rig::with(true, |profile| profile.abilities = KindSet::of(&[Kind::SignIn, Kind::Sale]));
    rig.sign_in();
    let instalments = Variant::Instalments(12);
    let cases = [
        Operation { kind: Kind::PreAuth, ..rig.sale(Entry::Stripe) },
        Operation { variant: instalments, kind: Kind::Refund, ..rig.sale(Entry::Stripe) },
        Operation::management(Kind::ScriptResult),
    ];
    for operation in cases {
        let step = rig.input(Input::Operation(operation));
        assert_eq!(step.outcome().end, End::Failed(Failure::NotAble));
        assert!(step.sent.is_empty());
    }
    rig.approve(rig.sale(Entry::Stripe));
}

#[test]
fn variants_change_condition_kind_and_private_elements() {
    let cases = [
        (Variant::MailOrder, Kind::Sale, "08", "2200000100060", Some("00")),
        (Variant::MailOrder, Kind::PreAuth, "18", "1000000100060", Some("00")),
        (Variant::Instalments(12), Kind::Sale, "64", "2200000100060", Some("12")),
        (Variant::Points, Kind::Sale, "65", "22000001000600048", None),
        (Variant::Points, Kind::Balance, "65", "03000001000600048", None),
        (Variant::Reservation, Kind::Sale, "67", "5400000100060", None),
    ];
    for (variant, kind, condition, private, plan) in cases {
        let mut rig = Rig::signed_in(true);
        let request = rig.ask(Operation { kind, variant, ..rig.sale(Entry::Keyed) });
        let draft = Draft::of(&request);
        assert_eq!(draft.text(De::CONDITION_CODE).as_deref(), Some(condition), "{variant:?}");
        assert_eq!(draft.text(De::PRIVATE_60).as_deref(), Some(private), "{variant:?}");
        assert_eq!(draft.text(De::PRIVATE_62).as_deref(), plan, "{variant:?}");
        let mode = if variant == Variant::Reservation { "922" } else { "012" };
        assert_eq!(draft.text(De::ENTRY_MODE).as_deref(), Some(mode), "{variant:?}");
        let step = rig.time_out();
        if kind.form().reversible {
            let reversal = Draft::of(&rig.sent_after(step));
            assert_eq!(reversal.text(De::PRIVATE_60).as_deref(), Some(private), "{variant:?}");
            assert_eq!(reversal.text(De::PRIVATE_62), None, "a reversal drops DE 62");
        }
    }
}

#[test]
fn a_contactless_card_needs_no_pin_up_to_the_limit() {
    for (amount, mode) in [(1_000, "072"), (1_001, "071")] {
        let mut rig = Rig::with(true, |profile| profile.contactless_limit = Amount::from_minor(1_000));
        rig.sign_in();
        let amount = Amount::from_minor(amount);
        let sale = Draft::of(&rig.ask(Operation { amount, ..rig.sale_with(Entry::Contactless, true) }));
        assert_eq!(sale.text(De::ENTRY_MODE).as_deref(), Some(mode));
        assert_eq!(sale.text(De::SECURITY_CONTROL).is_some(), mode == "071");
    }
}

#[test]
fn every_reversible_kind_is_reversed_with_its_own_number_in_de_61() {
    let cases = [
        (None, Kind::Sale, None),
        (Some(Kind::Sale), Kind::Void, Some("000001000003")),
        (None, Kind::PreAuth, None),
        (Some(Kind::PreAuth), Kind::PreAuthAdd, None),
        (Some(Kind::PreAuth), Kind::PreAuthVoid, Some("0000010000030000")),
        (Some(Kind::PreAuth), Kind::Completion, Some("0000010000030000")),
        (Some(Kind::Completion), Kind::CompletionVoid, Some("0000010000040000")),
        (None, Kind::Load, None),
        (Some(Kind::CashLoad), Kind::CashLoadVoid, Some("0000010000030000")),
        (Some(Kind::QrSale), Kind::QrVoid, Some("000001000003")),
    ];
    for (first, kind, original) in cases {
        let mut rig = Rig::signed_in(true);
        if first == Some(Kind::Completion) {
            rig.approve(Operation { kind: Kind::PreAuth, ..rig.sale(Entry::Keyed) });
        }
        if let Some(first) = first {
            let card = rig.sale(Entry::Keyed).card.filter(|_| first != Kind::QrSale);
            let amount = Amount::from_minor(1234);
            rig.approve(Operation { amount, card, payment_code: code(), ..Operation::of(first) });
        }
        let card = rig.sale(Entry::Keyed).card.filter(|_| first.is_none());
        let amount = Amount::from_minor(1234);
        let request = Draft::of(&rig.ask(Operation { amount, card, ..Operation::of(kind) }));
        let step = rig.time_out();
        assert_eq!(step.beliefs(), [Belief::Unknown], "{}", kind.name());
        let reversal = rig.sent_after(step);
        let draft = Draft::of(&reversal);
        assert_eq!(draft.mti, Mti::REVERSAL);
        assert_eq!(draft.text(De::ORIGINAL_DATA).as_deref(), original, "{}", kind.name());
        for de in [3, 4, 11, 22, 25, 38, 60].map(|number| De::new(number).unwrap()) {
            assert_eq!(draft.text(de), request.text(de), "{}: DE {de}", kind.name());
        }
        assert_eq!((draft.text(De::RRN), draft.text(De::PRIVATE_59)), (None, None), "{}", kind.name());
        let step = rig.answer(rig.reply(&reversal));
        assert_eq!(step.beliefs(), [Belief::Reversed], "{}", kind.name());
        let stand = rig.terminal.log().iter().all(|known| known.standing == Standing::Done);
        assert!(stand, "{}: the original stands", kind.name());
    }
}

#[test]
fn a_payment_by_code_says_the_code_and_its_void_the_voucher() {
    let mut rig = Rig::signed_in(true);
    let amount = Amount::from_minor(500);
    let sale = rig.ask(Operation { amount, payment_code: code(), ..Operation::of(Kind::QrSale) });
    assert_eq!(numbers(&sale), [3, 4, 11, 22, 25, 41, 42, 49, 59, 60, 64]);
    let draft = Draft::of(&sale);
    assert_eq!(draft.text(De::PRIVATE_59).as_deref(), Some("A30196222095947245984168"));
    assert_eq!(draft.text(De::ENTRY_MODE).as_deref(), Some("032"));
    let mut tags = Vec::new();
    assert!(Private59::append(&mut tags, Private59::VOUCHER, b"20260731000001"));
    rig.answer(rig.approval(&sale).with(De::PRIVATE_59, &tags));
    for kind in [Kind::QrVoid, Kind::QrRefund] {
        let request = rig.ask(Operation::of(kind));
        let draft = Draft::of(&request);
        assert_eq!(draft.text(De::PRIVATE_59), Some(String::from_utf8_lossy(&tags).into_owned()));
        assert_eq!(draft.text(De::PAN), None);
        rig.answer(rig.reply(&request).with(De::RESPONSE_CODE, b"05"));
    }
}

#[test]
fn terminals_that_print_print_what_was_approved_and_others_nothing() {
    for prints in [false, true] {
        let mut rig = Rig::with(true, |profile| profile.prints = prints);
        rig.sign_in();
        let sale = rig.ask(Operation { tip: Amount::from_minor(34), ..rig.sale(Entry::Chip) });
        let step = rig.answer(rig.approval(&sale));
        let receipts: Vec<&String> = step
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Receipt(text) => Some(text),
                _ => None,
            })
            .collect();
        assert_eq!(receipts.len(), usize::from(prints));
        for text in receipts {
            for part in [
                "消费 SALE",
                "898100012340001",
                "10000001",
                "000001",
                "000002",
                "123456789012",
                "654321",
                "12.34",
                "0.34",
            ] {
                assert!(text.contains(part), "{part} in {text}");
            }
            assert!(!text.contains(rig.card().pan.as_str()), "the card is masked");
        }
        let sale = rig.ask(rig.sale(Entry::Chip));
        let step = rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, b"51"));
        assert!(
            !step.events.iter().any(|event| matches!(event, Event::Receipt(_))),
            "a decline prints nothing"
        );
    }
}

#[test]
fn a_full_log_takes_no_more_and_a_log_of_declines_stays_empty() {
    let mut rig = Rig::with(true, |profile| profile.log_capacity = 2);
    rig.sign_in();
    let declined = rig.ask(rig.sale(Entry::Stripe));
    rig.answer(rig.reply(&declined).with(De::RESPONSE_CODE, b"51"));
    assert!(rig.terminal.log().is_empty());
    (0..2).for_each(|_| drop(rig.approve(rig.sale(Entry::Stripe))));
    assert_eq!(rig.terminal.log().len(), 2);
    let balance = rig.ask(Operation { kind: Kind::Balance, ..rig.sale(Entry::Stripe) });
    assert_eq!(
        Draft::of(&balance).text(De::PROCESSING_CODE).as_deref(),
        Some("310000"),
        "leaves nothing there"
    );
}

fn code() -> Option<PaymentCode> {
    PaymentCode::from_digits(b"6222095947245984168")
}

#[test]
fn a_card_use_with_another_card_is_no_original_of_the_newest() {
    let mut rig = Rig::signed_in(true);
    rig.approve(rig.sale(Entry::Stripe));
    let card = Some(CardUse { card: rig.other_card(), entry: Entry::Stripe, pin: false });
    let step = rig.input(Input::Operation(Operation { card, ..Operation::of(Kind::Void) }));
    assert_eq!(step.outcome().end, End::Failed(Failure::NoOriginal));
}
