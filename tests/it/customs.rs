//! What acquirers do differently in their messages, between a terminal and the host inside: MACs, and codes of DE 60.3.

use crate::{
    draft::{Draft, numbers},
    pair::Pair,
    program::{Finished, Folder, run_in},
};
use posfleet::{
    iso8583::{De, ResponseCode},
    operation::{End, Entry, Kind, Operation, Original},
    scenario::{Acquirer, parse_profile},
    terminal::KeyScheme,
};

#[test]
fn a_profile_without_macs_works_from_sign_in_to_settlement() {
    for keys in ["macMessages: none", "macElement: none", "macMessages: []"] {
        let mut pair = pair(keys);
        a_day(&mut pair);
        assert!(pair.wire.iter().all(|frame| !has_mac(frame)), "{keys}: {:?}", with_mac(&pair));
    }
}

#[test]
fn a_mac_stands_in_the_messages_that_the_profile_says_and_in_their_answers() {
    for (keys, expected) in [
        ("macMessages: financial", &["0200", "0210"][..]),
        ("macMessages: all", &["0200", "0210", "0320", "0330", "0500", "0510", "0820", "0830"]),
        ("macMessages: [ 0200, settlement ]", &["0200", "0210", "0500", "0510"]),
        ("macMessages: [ 0320 ]", &["0320", "0330"]),
        ("macMessages: [ sign-out ]", &["0820", "0830"]),
    ] {
        let mut pair = pair(keys);
        a_day(&mut pair);
        assert_eq!(with_mac(&pair), expected, "{keys}");
    }
}

#[test]
fn the_host_misses_a_mac_that_the_profile_wants() {
    let mut with = pair("macMessages: all");
    with.profile = pair("macMessages: none").profile;
    let sale = with.sale(Entry::Chip, true);
    assert_eq!(with.does(sale).code, Some(ResponseCode::MAC_FAILED));
    assert_eq!(with.does(Operation::management(Kind::SignOut)).code, Some(ResponseCode::MAC_FAILED));
}

#[test]
fn a_pin_under_derived_keys_needs_no_mac() {
    for (scheme, key) in [
        (KeyScheme::DukptTdes, "0123456789ABCDEFFEDCBA9876543210"),
        (KeyScheme::DukptAes, "aes:0123456789ABCDEFFEDCBA9876543210"),
    ] {
        let acquirer = acquirer("macMessages: none");
        let mut pair = Pair::new(key, |profile, config| {
            (profile.customs, profile.key_scheme) = (acquirer.profile().customs, scheme);
            config.customs = profile.customs;
        });
        for _ in 0..2 {
            let sale = pair.sale(Entry::Chip, true);
            assert_eq!(pair.does(sale).end, End::Approved, "{scheme:?}");
        }
        assert!(with_mac(&pair).is_empty());
        let mut wrong = pair.sale(Entry::Chip, true);
        wrong.card.as_mut().unwrap().card.pin = Some("000000".parse().unwrap());
        assert_eq!(pair.does(wrong).code, Some(ResponseCode::WRONG_PIN), "{scheme:?}");
    }
}

#[test]
fn codes_of_a_profile_are_said_by_the_terminal_and_understood_by_the_host() {
    let codes = "sign-in: 4, echo: 303, sign-out: 12, status-upload: 512, aid-download: 470, capk-download: 480, \
                 parameter-download: 490, bin-download: 580, key-download: 600, e-signature: 700";
    let mut pair = pair(&format!("keys: double-des\ncodes: {{ {codes} }}"));
    for kind in [
        Kind::SignIn,
        Kind::Echo,
        Kind::StatusUpload,
        Kind::AidDownload,
        Kind::CapkDownload,
        Kind::ParameterDownload,
        Kind::BinDownload,
        Kind::KeyDownload,
    ] {
        assert_eq!(pair.does(Operation::management(kind)).end, End::Approved, "{kind:?}");
    }
    let sale = pair.sale(Entry::Chip, true);
    assert_eq!(pair.does(sale).end, End::Approved, "the new master key counts");
    let signature = Operation { original: Original::Newest, ..Operation::management(Kind::ESignature) };
    assert_eq!(pair.does(signature).end, End::Approved);
    assert_eq!(pair.does(Operation::management(Kind::SignOut)).end, End::Approved);
    let said: Vec<String> = pair
        .wire
        .iter()
        .map(|frame| Draft::of(frame).text(De::PRIVATE_60).unwrap()[8..11].to_owned())
        .collect();
    for code in ["004", "303", "512", "472", "470", "471", "482", "490", "491", "580", "581", "600", "012"] {
        assert!(said.iter().any(|said| said == code), "nobody said {code}: {said:?}");
    }
    assert!(said.iter().any(|said| said.starts_with("70")), "{said:?}");
    for usual in ["003", "301", "382", "372", "360", "396", "401", "002"] {
        assert!(!said.iter().any(|said| said == usual), "somebody said {usual}: {said:?}");
    }
}

#[test]
fn a_run_without_macs_passes_and_reconciles() {
    let folder = Folder::new("no-mac");
    folder.file(
        "no-mac.yaml",
        "schema: 1\nname: no-mac\nextends: unionpay\nmacElement: none\ncodes: { sign-in: 9 }\n",
    );
    let scenario = folder.file(
        "run.yaml",
        "schema: 1\nname: no-macs\nterminals: { shop: { count: 3, profile: no-mac.yaml } }\nscenarios:\n  \
         day: { executor: per-terminal-iterations, flow: day }\nflows:\n  \
         day: { steps: [ { sale: { amount: 10.00 } }, settlement ] }\n",
    );
    let summary = Finished::of(&mut run_in(&folder, &scenario, &[])).exits_with(0).summary();
    assert_eq!(summary["steps"]["sale"]["approved"], 3, "{summary:#}");
    assert_eq!(summary["reconciliation"]["mismatches"], 0);
}

/// Sales by chip and stripe, a settlement with its upload, a sign-out.
fn a_day(pair: &mut Pair) {
    for entry in [Entry::Chip, Entry::Stripe] {
        let sale = pair.sale(entry, true);
        assert_eq!(pair.does(sale).end, End::Approved);
    }
    for kind in [Kind::Echo, Kind::Settlement, Kind::SignOut] {
        assert_eq!(pair.does(Operation::management(kind)).end, End::Approved, "{kind:?}");
    }
}

/// The types of the messages that carry a MAC.
fn with_mac(pair: &Pair) -> Vec<String> {
    let with_mac = pair.wire.iter().filter(|frame| has_mac(frame));
    let mut types: Vec<String> = with_mac.map(|frame| Draft::of(frame).mti.to_string()).collect();
    types.sort();
    types.dedup();
    types
}

fn has_mac(frame: &[u8]) -> bool {
    numbers(frame).contains(&64)
}

fn pair(keys: &str) -> Pair {
    let acquirer = acquirer(keys);
    Pair::new("0123456789ABCDEFFEDCBA9876543210", |profile, config| {
        *profile = acquirer.profile();
        (config.spec, config.customs, config.sign_in) = (acquirer.spec, profile.customs, profile.sign_in);
    })
}

fn acquirer(keys: &str) -> Acquirer {
    let text = format!("schema: 1\nname: test\nextends: unionpay\n{keys}\n");
    parse_profile(&text, "test.yaml").unwrap_or_else(|errors| panic!("{errors}"))
}
