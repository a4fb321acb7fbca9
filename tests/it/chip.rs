//! Chip cards between a terminal and a host: cryptograms that hold, answers that do not, scripts, and fallback.

use crate::{
    draft::Draft,
    pair::Pair,
    till::{Till, code},
};
use posfleet::{
    iso8583::{De, Mti, ResponseCode, Tag, Tlv},
    money::Amount,
    operation::{End, Entry, Failure, Kind, Operation},
    reconcile::Belief,
};

#[test]
fn a_chip_sale_carries_a_cryptogram_that_the_host_answers() {
    for entry in [Entry::Chip, Entry::Contactless] {
        let mut pair = Pair::new(TMK, |_, _| {});
        let sale = pair.sale(entry, true);
        assert_eq!(pair.does(sale).end, End::Approved);
        let [request, answer] = last_two(&pair);
        let de55 = request.raw(De::ICC_DATA);
        let tags: Vec<u32> = Tlv::new(de55).map(|object| object.unwrap().tag.number()).collect();
        assert_eq!(tags, REQUEST_TAGS);
        let de55 = answer.raw(De::ICC_DATA);
        let authentication = Tlv::new(de55).find(Tag::ISSUER_AUTHENTICATION).unwrap();
        assert_eq!(&authentication[8..], b"00");
    }
}

#[test]
fn a_changed_amount_does_not_pass_the_cryptogram() {
    let mut pair = Pair::new(TMK, |_, config| config.chip.refusal = ResponseCode::from_bytes(b"59").unwrap());
    // Another card key than the host's, as if the data had been changed on the way.
    pair.profile.chip.issuer =
        posfleet::emv::IssuerKey::new(&"11111111111111112222222222222222".parse().unwrap()).unwrap();
    let sale = pair.sale(Entry::Chip, false);
    let outcome = pair.does(sale);
    assert_eq!((outcome.end, outcome.code.unwrap().as_bytes()), (End::Declined, b"59"));
}

#[test]
fn a_card_refuses_a_wrong_answer_and_the_sale_is_reversed() {
    let mut pair = Pair::new(TMK, |_, config| config.chip.wrong_answers = 1.0);
    let sale = pair.sale(Entry::Chip, false);
    assert_eq!(pair.does(sale).end, End::Failed(Failure::CardRefused));
    let beliefs: Vec<Belief> = pair.journal.iter().map(|entry| entry.belief).collect();
    assert_eq!(beliefs, [Belief::Unknown, Belief::Reversed]);
    let [reversal, _] = last_two(&pair);
    assert_eq!(reversal.mti, Mti::REVERSAL);
    assert_eq!(reversal.text(De::RESPONSE_CODE).as_deref(), Some("06"));
    let de55 = reversal.raw(De::ICC_DATA);
    let tags: Vec<u32> = Tlv::new(de55).map(|object| object.unwrap().tag.number()).collect();
    assert_eq!(tags, [0x95, 0x9F1E, 0x9F10, 0x9F36]);
    let counter = Tlv::new(de55).find(Tag::TRANSACTION_COUNTER);
    let [_, reversed] = last_two(&pair);
    assert_eq!(Tlv::new(reversed.raw(De::ICC_DATA)).find(Tag::TRANSACTION_COUNTER), counter);
    assert_eq!(pair.host.balance(&pair.card.pan), Amount::from_minor(1_000_000));

    let mut pair = Pair::new(TMK, |profile, config| {
        (profile.chip.checks_issuer, config.chip.wrong_answers) = (false, 1.0);
    });
    let sale = pair.sale(Entry::Chip, false);
    assert_eq!(pair.does(sale).end, End::Approved, "a profile may leave the answer unchecked");
}

#[test]
fn a_script_is_carried_out_and_told() {
    let mut pair = Pair::new(TMK, |_, config| config.chip.scripts = 1.0);
    let sale = pair.sale(Entry::Chip, false);
    assert_eq!(pair.does(sale).end, End::Approved);
    assert!(pair.terminal.owes());
    pair.does(Operation::management(Kind::Reversal));
    assert!(pair.automatic.iter().any(|told| told.kind == Kind::ScriptResult && told.end == End::Approved));
    assert!(!pair.terminal.owes());
}

#[test]
fn no_two_transactions_share_counter_or_unpredictable_number() {
    let mut pair = Pair::new(TMK, |_, _| {});
    let (mut counters, mut numbers) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let sale = pair.sale(Entry::Chip, false);
        assert_eq!(pair.does(sale).end, End::Approved);
        let [request, _] = last_two(&pair);
        let de55 = request.raw(De::ICC_DATA);
        counters.push(Tlv::new(de55).find(Tag::TRANSACTION_COUNTER).unwrap().to_vec());
        numbers.push(Tlv::new(de55).find(Tag::UNPREDICTABLE_NUMBER).unwrap().to_vec());
    }
    assert!(counters.is_sorted());
    for mut drawn in [counters, numbers] {
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn.len(), 20);
    }
}

#[test]
fn the_stripe_of_a_chip_card_needs_a_reason() {
    let mut pair = Pair::new(TMK, |_, _| {});
    let sale = pair.sale(Entry::Stripe, false);
    assert_eq!(pair.does(sale).end, End::Approved, "the terminal says in DE 60.5 that the chip failed");
    let [request, _] = last_two(&pair);
    assert_eq!(request.text(De::PRIVATE_60).unwrap().as_bytes()[12], b'1');
    assert!(pair.card.service_code.has_chip());
}

#[test]
fn the_stripe_of_a_chip_card_without_a_reason_is_refused_with_45() {
    let swiped = |refuses: bool, condition: &[u8; 1]| {
        let mut till = Till::with(|config| config.chip.refuses_fallback = refuses);
        let card = till.cards[0].clone();
        assert!(card.service_code.has_chip());
        let sale = till.request(Kind::Sale, 1_000).with(De::ENTRY_MODE, b"022");
        let private60 = [&sale.raw(De::PRIVATE_60)[..12], condition].concat();
        let sale = sale.without(De::PAN).without(De::EXPIRY).with(De::PRIVATE_60, &private60);
        code(&till.send(&sale.with(De::TRACK2, card.track2().as_bytes())))
    };
    assert_eq!([b"0", b"1", b"2"].map(|condition| swiped(true, condition)), ["45", "00", "00"]);
    assert_eq!(swiped(false, b"0"), "00", "a host that lets it pass");
}

fn last_two(pair: &Pair) -> [Draft; 2] {
    let [.., request, answer] = &pair.wire[..] else { panic!("nothing was sent") };
    [Draft::of(request), Draft::of(answer)]
}

const TMK: &str = "0123456789ABCDEFFEDCBA9876543210";
const REQUEST_TAGS: [u32; 20] = [
    0x9F26, 0x9F27, 0x9F10, 0x9F37, 0x9F36, 0x95, 0x9A, 0x9C, 0x9F02, 0x5F2A, 0x82, 0x9F1A, 0x9F03, 0x9F33,
    0x9F34, 0x9F35, 0x9F1E, 0x84, 0x9F09, 0x9F41,
];
