//! Signals to the real binary: the first stops the run in good order, the second aborts it.

use crate::program::{Folder, Running, run_in};
use std::fs;

#[test]
fn the_first_signal_stops_the_run_and_the_summary_is_written() {
    let folder = Folder::new("stopped");
    let scenario = folder.file("endless.yaml", ENDLESS);
    let running = Running::start(&mut run_in(&folder, &scenario, &[]));
    running.wait_for("running");
    running.signal("TERM");
    let finished = running.finish().exits_with(105);
    let summary = finished.summary();
    assert_eq!(summary["exit_code"], 105);
    assert_eq!(summary["verdict"], "pass", "what was measured until then still counts");
    assert_eq!(summary["counters"]["started"], summary["counters"]["finished"], "nothing was cut off");
    assert_eq!(summary["reconciliation"]["mismatches"], 0);
    // The end of the hour is far away.
    assert!(summary["duration_seconds"].as_f64() < Some(600.0));
    let kept = fs::read_to_string(folder.results().join("summary.json")).unwrap();
    assert!(kept.contains("105"), "{kept}");
}

#[test]
fn the_second_signal_aborts_what_is_under_way() {
    let folder = Folder::new("aborted");
    let scenario = folder.file("stuck.yaml", &format!("{ENDLESS}{SILENT}"));
    let running = Running::start(&mut run_in(&folder, &scenario, &[]));
    running.wait_for("in flight 20");
    running.signal("INT");
    // It now waits for answers that do not come for ten minutes.
    running.wait_for("stopping");
    running.signal("INT");
    let finished = running.finish().exits_with(105);
    let summary = finished.summary();
    assert_eq!(summary["verdict"], "invalid", "an aborted run says nothing");
    // No answer is given up before ten minutes have passed, and no iteration before thirty.
    assert!(summary["duration_seconds"].as_f64() < Some(600.0), "{summary:#}");
    assert!(summary["counters"]["started"].as_u64() > summary["counters"]["finished"].as_u64());
}

#[test]
fn terminals_that_have_nothing_to_wait_for_hear_the_signal_too() {
    // Without keys a sale is over before it has begun, and a number is loaded at once: the next one begins.
    let text = ENDLESS
        .replace("responseTimeout: 10m", "autoSignIn: false")
        .replace("  opening: { flow: sign-in, executor: per-terminal-iterations }\n", "")
        .replace("constant-arrival-rate\n    startAfter: opening\n    rate: 20", "constant-terminals");
    let loading = text.replace("sale: { amount: 1.00, card: \"${ cards.next }\" }", LOAD);
    for (step, text) in [("sale", text), ("load-terminal", loading)] {
        let folder = Folder::new(&format!("restless-{step}"));
        let running = Running::start(&mut run_in(&folder, &folder.file("restless.yaml", &text), &[]));
        running.wait_for("running");
        running.signal("TERM");
        let summary = running.finish().exits_with(105).summary();
        let counters = &summary["counters"];
        assert_eq!(counters["started"], counters["finished"], "{summary:#}");
        assert_eq!(summary["steps"][step]["count"], counters["started"], "none is lost");
        assert!(counters["started"].as_u64() > Some(20), "they go on without a pause");
    }
}

/// A run that would take an hour.
const ENDLESS: &str = "\
schema: 1
name: endless
seed: 5
terminals:
  shop: { count: 20, responseTimeout: 10m }
flows:
  sell:
    steps: [ sale: { amount: 1.00, card: \"${ cards.next }\" } ]
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations }
  day:
    flow: sell
    executor: constant-arrival-rate
    startAfter: opening
    rate: 20
    duration: 1h
    gracefulStop: 30m
";

/// What an operator does at a terminal, without a word to the host.
const LOAD: &str = "load-terminal: { terminalId: \"${ terminal.id }\", merchantId: \"898100012340002\", \
    masterKey: 0123456789ABCDEFFEDCBA9876543210 }";

/// A host that answers no sale.
const SILENT: &str = "host: { rules: [ { when: { mti: 0200 }, drop: request } ] }\n";
