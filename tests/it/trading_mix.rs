//! The shipped trading mix exercises every kind of transaction there is, and the books agree at its end.

use crate::program::{Finished, Folder, run_in, shipped};
use posfleet::operation::Kind;
use std::fs;

#[test]
fn the_trading_mix_runs_every_kind_and_the_books_agree() {
    let folder = Folder::new("trading-mix");
    let short = ["--duration", "8s", "--terminals", "120"];
    let finished = Finished::of(&mut run_in(&folder, &shipped("trading-mix.yaml"), &short));
    let summary = finished.summary();
    let ran = |kind: &str| summary["steps"][kind]["count"].as_u64() > Some(0);
    let never: Vec<&str> = Kind::ALL.iter().map(|(_, name)| *name).filter(|name| !ran(name)).collect();
    assert!(never.is_empty(), "never ran: {never:?}\n{}", finished.stderr);
    assert_eq!(summary["reconciliation"]["mismatches"].as_u64(), Some(0), "{}", finished.stderr);
    let receipts = fs::read_to_string(folder.results().join("receipts.txt")).unwrap();
    let printed = receipts.split("--------------------------------\n").collect::<Vec<_>>();
    assert!(printed.len() > 50 && printed.iter().all(|receipt| receipt.contains("TERMINAL NO: 2000")));
    finished.exits_with(0);
}
