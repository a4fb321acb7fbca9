//! The shipped settlement night closes every batch, the unbalanced ones too, and the books agree at its end.

use crate::program::{Finished, Folder, run_in, shipped};
use std::fs;

#[test]
fn every_batch_of_the_settlement_night_is_closed() {
    let folder = Folder::new("settlement-night");
    let text = fs::read_to_string(shipped("settlement-night.yaml")).unwrap();
    let scenario = folder.file("settlement-night.yaml", &text.replace("p(99) < 20s", "p(99) < 5m"));
    let finished = Finished::of(&mut run_in(&folder, &scenario, &SHORT_AND_PATIENT));
    let summary = finished.summary();
    let settled = |count: &str| summary["settlements"][count].as_u64().unwrap();
    assert_eq!((settled("closed"), settled("open")), (200, 0), "{}", finished.stderr);
    assert_eq!(settled("balanced") + settled("unbalanced"), 200);
    assert!(settled("unbalanced") > 0 && settled("uploaded") > 0 && settled("differences") == 0);
    assert_eq!(summary["steps"]["reversal"]["approved"].as_u64(), Some(20), "each unlucky terminal owes one");
    assert_eq!(summary["reconciliation"]["mismatches"].as_u64(), Some(0), "{}", finished.stderr);
    assert!(!folder.results().join("receipts.txt").exists(), "no group asks for receipts");
    finished.exits_with(0);
}

/// Fewer terminals and less time, and answers that may take what a busy machine takes for them.
const SHORT_AND_PATIENT: [&str; 8] = [
    "--duration",
    "7s",
    "--terminals",
    "200",
    "--set",
    "terminals.street.responseTimeout=2m",
    "--set",
    "terminals.unlucky.responseTimeout=10s",
];
