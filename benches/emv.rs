//! What chip data and derived keys cost for one message, on the side of the terminal and on that of the host.
//!
//! `cargo bench --bench emv`. A chip request is `card_makes_arqc` more than one of the stripe, its answer
//! `card_checks_answer`; the host pays `issuer_verifies` and `issuer_answers`. Derived keys are for a counter of ten
//! one-bits, the most expensive one, and for the first.

use std::hint::black_box;

use divan::Bencher;
use posfleet::{
    card::Pan,
    crypto::Tmk,
    emv::{CryptogramKind, CryptogramVersion, Issuer, IssuerKey, Terms, TestCard},
    iso8583::{IccData, Tag, TerminalId},
    terminal::KeyScheme,
};

fn main() {
    divan::main();
}

const VERSIONS: [&str; 2] = ["union-pay", "common"];

#[divan::bench(args = VERSIONS)]
fn card_makes_arqc(bencher: Bencher, version: &str) {
    let (issuer, version, pan) = (IssuerKey::test(), version_of(version), pan());
    bencher.bench_local(|| {
        TestCard::new(black_box(&issuer), &pan, 1, version).generate(CryptogramKind::Online, &terms())
    });
}

#[divan::bench(args = VERSIONS)]
fn card_checks_answer(bencher: Bencher, version: &str) {
    let (issuer, version, pan) = (IssuerKey::test(), version_of(version), pan());
    bencher.bench_local(|| {
        TestCard::new(black_box(&issuer), &pan, 1, version).accepts([0, 7], [1; 8], black_box(&[0; 10]))
    });
}

#[divan::bench(args = VERSIONS)]
fn issuer_verifies(bencher: Bencher, version: &str) {
    let (issuer, data) = (Issuer::new(IssuerKey::test()), chip_data(version_of(version)));
    bencher.bench_local(|| issuer.verify(&pan(), 1, black_box(data.as_bytes())).is_ok());
}

#[divan::bench]
fn issuer_answers(bencher: Bencher) {
    let (issuer, data) = (Issuer::new(IssuerKey::test()), chip_data(CryptogramVersion::UnionPay));
    let verified = issuer.verify(&pan(), 1, data.as_bytes()).expect("the card is the issuer's");
    bencher.bench_local(|| black_box(&verified).authentication(*b"00"));
}

#[divan::bench(args = [1, 0x3FF])]
fn tdes_keys_of_a_message(bencher: Bencher, counter: u32) {
    keys_of_a_message(bencher, KeyScheme::DukptTdes, "0123456789ABCDEFFEDCBA9876543210", counter);
}

#[divan::bench(args = [1, 0x3FF])]
fn aes_keys_of_a_message(bencher: Bencher, counter: u32) {
    keys_of_a_message(bencher, KeyScheme::DukptAes, "aes:0123456789ABCDEFFEDCBA9876543210", counter);
}

fn keys_of_a_message(bencher: Bencher, scheme: KeyScheme, key: &str, counter: u32) {
    let initial: Tmk = key.parse().expect("a key");
    let terminal = TerminalId::from_bytes(b"10000001").expect("eight digits");
    bencher.bench_local(|| scheme.message_keys(black_box(&initial), terminal, counter));
}

fn version_of(name: &str) -> CryptogramVersion {
    let named = CryptogramVersion::ALL.into_iter().find(|(_, known)| *known == name);
    named.map(|(version, _)| version).expect("a version")
}

fn pan() -> Pan {
    "6212345000000000001".parse().expect("a PAN")
}

fn terms() -> Terms {
    Terms { amount: [0, 0, 0, 0, 0x12, 0x34], counter: [0, 7], ..Terms::default() }
}

fn chip_data(version: CryptogramVersion) -> IccData {
    let (terms, mut data) = (terms(), IccData::new());
    let made = TestCard::new(&IssuerKey::test(), &pan(), 1, version).generate(CryptogramKind::Online, &terms);
    let objects: [(Tag, &[u8]); 12] = [
        (Tag::CRYPTOGRAM, &made.cryptogram),
        (Tag::ISSUER_DATA, made.issuer_data.as_bytes()),
        (Tag::UNPREDICTABLE_NUMBER, &terms.unpredictable),
        (Tag::TRANSACTION_COUNTER, &terms.counter),
        (Tag::VERIFICATION_RESULTS, &terms.verification_results),
        (Tag::DATE, &terms.date),
        (Tag::TRANSACTION_TYPE, &terms.transaction_type),
        (Tag::AMOUNT, &terms.amount),
        (Tag::CURRENCY, &terms.currency),
        (Tag::INTERCHANGE_PROFILE, &terms.interchange_profile),
        (Tag::COUNTRY, &terms.country),
        (Tag::AMOUNT_OTHER, &terms.amount_other),
    ];
    assert!(objects.into_iter().all(|(tag, value)| data.push(tag, value)));
    data
}
