//! A short day under each kind of keys, with PINs and a settlement, and the books on disk: nothing is refused, and the
//! books agree at its end.

use crate::program::{Finished, Folder, run_in};

#[test]
fn a_day_under_keys_derived_with_triple_des() {
    a_day("keyScheme: dukpt-tdes, encryptTracks: true, mac: x919");
}

#[test]
fn a_day_under_keys_derived_with_aes() {
    a_day("keyScheme: dukpt-aes, bdk: 00112233445566778899AABBCCDDEEFF");
}

#[test]
fn a_day_under_sm4() {
    a_day("keys: sm4, mac: sm4-cbc, encryptTracks: true");
}

/// Runs the day with terminals of these keys.
fn a_day(keys: &str) {
    let folder = Folder::new("keys");
    let scenario = folder.file("keys.yaml", &DAY.replace("KEYS", keys));
    let finished = Finished::of(&mut run_in(&folder, &scenario, &[])).exits_with(0);
    let summary = finished.summary();
    for step in ["sale", "stripe-sale", "void", "balance", "settlement"] {
        let counts = &summary["steps"][step];
        let (all, approved) = (counts["count"].as_u64(), counts["approved"].as_u64());
        assert_eq!((all, approved), (Some(12), Some(12)), "{keys}: {step}\n{}", finished.stderr);
    }
    assert_eq!(summary["reconciliation"]["mismatches"].as_u64(), Some(0), "{}", finished.stderr);
    assert_eq!(summary["reconciliation"]["transactions"].as_u64(), Some(36), "two sales and a void each");
    assert!(folder.results().join("ledger").is_dir(), "the scenario says where the books are");
}

const DAY: &str = "
schema: 1
name: keys
seed: 7
terminals: { shop: { count: 12, responseTimeout: 20s, KEYS } }
feeders: { cards: { generate: { count: 50 } } }
flows:
  day:
    steps:
      - sign-in
      - sale: { amount: 12.00, pin: true }
      - sale: { amount: 34.00, entry: stripe, pin: true }
        name: stripe-sale
      - void
      - balance: { pin: true }
      - settlement
scenarios:
  day: { flow: day, executor: per-terminal-iterations, within: 300ms, maxDuration: 1m }
host: { ledger: durable }
";
