//! The fleet against a host that shares no code with it: `tests/data/host.py`, on pyiso8583 and pycryptodome.
//!
//! `.ci/run` installs both packages; where they are missing the test says so and does nothing.

use crate::program::{Finished, Folder, Line, Running, journal, run_in};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

#[test]
fn a_host_of_others_understands_the_fleet_and_both_books_agree() {
    if !packages_are_there() {
        eprintln!("skipped: needs python3 with the packages pyiso8583 and pycryptodome");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/host.py");
    let mut command = Command::new("python3");
    let mut host = Running::start(command.arg(script).arg(TMK).stdin(Stdio::piped()));
    let line = host.wait_for("listening on");
    let address = line.split_whitespace().last().unwrap();
    let folder = Folder::new("foreign");
    let scenario = folder.file("foreign.yaml", &SCENARIO.replace("ADDRESS", address));
    let summary = Finished::of(&mut run_in(&folder, &scenario, &[])).exits_with(0).summary();
    host.close_input();
    let told = host.finish().exits_with(0);
    assert_eq!(told.stderr, "");
    let report: Value = serde_json::from_str(told.stdout.lines().last().unwrap()).unwrap();

    let beliefs = beliefs(journal(&folder.results()));
    let with =
        |belief: &str| -> Vec<&Line> { beliefs.values().filter(|line| line.belief == belief).collect() };
    let captured: Vec<Value> = with("approved")
        .iter()
        .map(|line| json!([line.terminal, line.batch, line.stan, line.amount]))
        .collect();
    assert_eq!(report["captured"], Value::from(captured), "the host's books are the fleet's\n{summary:#}");
    let reversed: Vec<Value> =
        with("reversed").iter().map(|line| json!([line.terminal, line.batch, line.stan])).collect();
    assert_eq!(report["reversed"], Value::from(reversed));

    let sales = TERMINALS * SALES_PER_TERMINAL;
    let seen = |key: &str| report[key].as_u64().unwrap();
    assert_eq!(seen("sign_ins"), TERMINALS);
    assert_eq!(seen("sales"), sales);
    assert_eq!(seen("reversals"), TERMINALS, "one answer was swallowed per terminal");
    assert_eq!(report["captured"].as_array().unwrap().len() as u64, sales - TERMINALS);
    assert_eq!((seen("macs_ok"), seen("macs_bad")), (sales + TERMINALS, 0));
    assert_eq!((seen("pins_ok"), seen("pins_bad")), (sales / 3, 0), "every third sale has a PIN");
    assert_eq!((seen("cards_bad"), seen("unknown")), (0, 0));
    assert_eq!(summary["steps"]["chip"]["timeouts"], TERMINALS);
    assert_eq!(summary["steps"]["reversal"]["approved"], TERMINALS);
    assert_eq!(summary["steps"]["stripe"]["approved"], sales / 3);
}

fn packages_are_there() -> bool {
    let mut python = Command::new("python3");
    let imported = python.args(["-c", "import iso8583, Crypto.Cipher"]).stderr(Stdio::null()).status();
    imported.is_ok_and(|status| status.success())
}

/// What the terminals believe in the end, by terminal, batch and STAN.
fn beliefs(journal: Vec<Line>) -> BTreeMap<(String, String, String), Line> {
    let key = |line: &Line| (line.terminal.clone(), line.batch.clone(), line.stan.clone());
    journal.into_iter().map(|line| (key(&line), line)).collect()
}

const TMK: &str = "0123456789ABCDEFFEDCBA9876543210";
const TERMINALS: u64 = 8;
const SALES_PER_TERMINAL: u64 = 6;

const SCENARIO: &str = "\
schema: 1
name: foreign
seed: 8
targets: { host: { address: \"ADDRESS\" } }
terminals:
  shop: { count: 5, terminalId: \"SH######\", tmk: 0123456789ABCDEFFEDCBA9876543210, responseTimeout: 700ms }
  kiosk:
    count: 3
    terminalId: \"KI######\"
    tmk: 0123456789ABCDEFFEDCBA9876543210
    responseTimeout: 700ms
    connection: long-lived
flows:
  sell:
    steps:
      - sale: { amount: \"${ amount(1.00, 500.00) }\", card: \"${ cards.next }\", entry: chip, pin: true }
        name: chip
        onError: continue
      - sale: { amount: \"${ amount(1.00, 500.00) }\", card: \"${ cards.next }\", entry: stripe }
        name: stripe
      - sale: { amount: \"${ amount(1.00, 500.00) }\", card: \"${ cards.next }\", entry: keyed }
        name: keyed
scenarios:
  shops: { flow: sell, group: shop, executor: per-terminal-iterations, iterations: 2, within: 200ms }
  kiosks: { flow: sell, group: kiosk, executor: per-terminal-iterations, iterations: 2 }
";
