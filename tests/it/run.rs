//! Whole runs of the real binary against the host inside it: what they print, what they leave, and what repeats.

use crate::program::{
    ANY_MACHINE, Finished, Folder, Line, Running, events, journal, patient_quickstart, run_in,
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn a_short_quickstart_passes_and_tells_everything_that_scripts_rely_on() {
    let folder = Folder::new("quickstart");
    let arguments = ["--terminals", "60", "--duration", "2s", "--seed", "7"];
    let finished = Finished::of(&mut run_in(&folder, &patient_quickstart(&folder), &arguments)).exits_with(0);
    let summary = finished.summary();
    for path in SUMMARY_KEYS {
        let value = summary.pointer(&format!("/{path}"));
        assert!(value.is_some_and(|value| !value.is_null()), "no {path} in {summary:#}");
    }
    let counters = |key: &str| summary["counters"][key].as_u64().unwrap();
    assert_eq!(counters("planned"), counters("started") + counters("dropped"));
    assert_eq!(counters("started"), counters("finished"), "nothing was cut off");
    assert_eq!((&summary["verdict"], &summary["seed"]), (&"pass".into(), &7.into()));
    assert_eq!(summary["steps"]["sign-in"]["count"], 60);
    let sales = &summary["steps"]["sale"];
    assert!(sales["count"].as_u64() > Some(10), "{sales:#}");
    assert_eq!(sales["codes"]["00"], sales["approved"]);
    assert_eq!(summary["reconciliation"]["mismatches"], 0);
    let kept: Value = serde_json::from_str(&file(&folder, "summary.json")).unwrap();
    assert_eq!(kept, summary, "what is printed is what is kept");
}

#[test]
fn the_results_folder_agrees_with_the_summary() {
    let folder = Folder::new("agrees");
    let arguments = ["--terminals", "40", "--duration", "2s"];
    let finished = Finished::of(&mut run_in(&folder, &patient_quickstart(&folder), &arguments)).exits_with(0);
    let summary = finished.summary();
    let series = file(&folder, "series.csv");
    let total = |name: &str| -> u64 { column(&series, name).map(|cell| cell.parse::<u64>().unwrap()).sum() };
    for counter in ["planned", "started", "late", "dropped", "finished", "failed"] {
        assert_eq!(Value::from(total(counter)), summary["counters"][counter], "{counter}");
    }
    for (name, told) in
        [("connections_opened", "opened"), ("bytes_in", "bytes_in"), ("bytes_out", "bytes_out")]
    {
        assert_eq!(Value::from(total(name)), summary["connections"][told], "{name}");
    }
    let largest = column(&series, "rss_bytes").map(|cell| cell.parse::<u64>().unwrap()).max();
    assert!(
        (Some(1)..=summary["generator"]["max_rss_bytes"].as_u64()).contains(&largest),
        "{largest:?} bytes"
    );
    assert!(column(&series, "cpu_cores").any(|cell| cell.parse::<f64>().unwrap() > 0.0), "{series}");
    let believed = journal(&folder.results());
    let approved = believed.iter().filter(|line| line.belief == "approved").count();
    assert_eq!(summary["steps"]["sale"]["approved"], approved);
    assert_eq!(summary["reconciliation"]["transactions"], approved);
    assert!(believed.iter().all(|line| line.card.contains("******")), "cards are masked");
    let log = file(&folder, "intervals.hlog");
    assert!(log.contains("Tag=sale:approved,") && log.contains("Tag=sign-in:approved,"), "{log}");
    assert!(file(&folder, "scenario.yaml").contains("name: quickstart"));
}

#[test]
fn the_same_seed_makes_the_same_transactions_with_any_number_of_shards() {
    let sold = |seed: &str, shards: &str| -> BTreeSet<Transaction> {
        let folder = Folder::new("repeat");
        let scenario = folder.file("repeat.yaml", REPEATABLE);
        let arguments = ["--seed", seed, "--shards", shards];
        Finished::of(&mut run_in(&folder, &scenario, &arguments)).exits_with(0);
        journal(&folder.results()).into_iter().map(Transaction::from).collect()
    };
    let first = sold("11", "1");
    assert!(first.len() > 50, "{} transactions", first.len());
    assert_eq!(first, sold("11", "1"), "the same seed again");
    assert_eq!(first, sold("11", "3"), "the same seed on three shards");
    let other = sold("12", "1");
    let shared = first.intersection(&other).count();
    assert!(shared < first.len() / 10, "{shared} of {} are the same with another seed", first.len());
}

#[test]
fn a_killed_run_leaves_a_folder_that_is_readable_up_to_its_last_interval() {
    let folder = Folder::new("killed");
    let arguments = ["--terminals", "40", "--duration", "60s", "--rate", "100"];
    let running = Running::start(&mut run_in(&folder, &patient_quickstart(&folder), &arguments));
    // A busy machine may leave out the fifth second.
    while second(&running.wait_for("/1:")) < 5 {}
    running.signal("KILL");
    let finished = running.finish();
    assert_eq!(finished.status.code(), None, "{}", finished.stderr);
    assert!(!folder.results().join("summary.json").exists(), "a run that did not end has no summary");
    let series = file(&folder, "series.csv");
    let whole = &series[..=series.rfind('\n').unwrap()];
    let seconds: Vec<f64> = column(whole, "at_s").map(|cell| cell.parse().unwrap()).collect();
    assert!(seconds.len() >= 4 && seconds.is_sorted(), "{seconds:?}");
    let finished: u64 = column(whole, "finished").map(|cell| cell.parse::<u64>().unwrap()).sum();
    assert!(finished > 0);
    // Every interval of the histograms ends with its schedule lag.
    let log = file(&folder, "intervals.hlog");
    let complete = log.lines().filter(|line| line.starts_with("Tag=schedule_lag,")).count();
    assert!(complete.abs_diff(seconds.len()) <= 1, "{complete} intervals, {} rows", seconds.len());
    events(&folder.results());
    assert!(posfleet::report::read_journal(&folder.results()).all(|line| line.is_ok()));
}

#[test]
fn a_threshold_that_does_not_hold_fails_the_run() {
    let folder = Folder::new("threshold");
    let scenario = folder.file("impossible.yaml", &format!("{REPEATABLE}{IMPOSSIBLE}"));
    let finished = Finished::of(&mut run_in(&folder, &scenario, &[])).exits_with(99);
    let summary = finished.summary();
    assert_eq!(summary["verdict"], "fail");
    let judged: Vec<&Value> = summary["thresholds"].as_array().unwrap().iter().collect();
    let passes: Vec<bool> = judged.iter().map(|threshold| threshold["pass"].as_bool().unwrap()).collect();
    assert_eq!(passes, [true, false], "{judged:?}");
}

#[test]
fn a_results_folder_that_holds_something_is_left_alone() {
    let folder = Folder::new("taken");
    let scenario = folder.file("repeat.yaml", REPEATABLE);
    fs::create_dir(folder.results()).unwrap();
    fs::write(folder.results().join("precious"), "data").unwrap();
    let finished = Finished::of(&mut run_in(&folder, &scenario, &[])).exits_with(107);
    assert!(finished.stderr.contains("not empty"), "{}", finished.stderr);
    assert_eq!(fs::read_dir(folder.results()).unwrap().count(), 1);
}

/// What must repeat of a line of a journal: all but the times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Transaction(String, String, String, u64, String, String);

impl From<Line> for Transaction {
    fn from(line: Line) -> Self {
        Self(line.terminal, line.batch, line.stan, line.amount, line.card, line.belief)
    }
}

/// The second of the run that a status line tells, of its first minute.
fn second(line: &str) -> u32 {
    let (before, _) = line.split_once("/1:").unwrap();
    before.rsplit(':').next().unwrap().parse().unwrap()
}

fn file(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.results().join(Path::new(name))).unwrap()
}

/// The cells of one column of a table without quoted cells.
fn column<'a>(table: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mut lines = table.lines();
    let heading = lines.next().unwrap();
    let number = heading.split(',').position(|cell| cell == name).unwrap();
    lines.map(move |line| line.split(',').nth(number).unwrap())
}

/// An open model in which no terminal has a second turn, so that none is busy when it comes: nothing depends on speed.
#[test]
fn a_host_that_goes_down_is_told_at_its_moment() {
    let folder = Folder::new("outage");
    let scenario = folder.file("outage.yaml", OUTAGE);
    Finished::of(&mut run_in(&folder, &scenario, &ANY_MACHINE)).exits_with(0);
    let told = events(&folder.results());
    let outages = told.iter().filter(|event| *event == "host: down for 200ms, all connections are closed");
    assert_eq!(outages.count(), 1, "{told:#?}");
}

const OUTAGE: &str = "\
schema: 1
name: outage
seed: 1
terminals:
  shop: { count: 20, connection: long-lived }
host:
  rules: [ { when: { kind: sale, after: 500ms, first: 1 }, restart: 200ms } ]
flows:
  sell: { steps: [ sale: { amount: 5.00 } ] }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations }
  day: { flow: sell, executor: constant-arrival-rate, rate: 40, duration: 2s, startAfter: opening }
";

const REPEATABLE: &str = "\
schema: 1
name: repeat
seed: 1
terminals:
  shop: { count: 150 }
flows:
  sell:
    steps: [ sale: { amount: \"${ amount(1.00, 500.00) }\", card: \"${ cards.next }\", entry: chip, pin: true } ]
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations }
  day: { flow: sell, executor: constant-arrival-rate, rate: 60, duration: 1500ms, startAfter: opening }
";

const IMPOSSIBLE: &str = "\
thresholds:
  \"sale.failed\": [ \"count == 0\" ]
  \"sale.response_time\": [ \"p(95) < 0.001ms\" ]
";

/// The keys of `summary.json` that `DESIGN.md` promises to scripts.
const SUMMARY_KEYS: &[&str] = &[
    "schema",
    "scenario",
    "seed",
    "verdict",
    "exit_code",
    "counters/planned",
    "counters/started",
    "counters/late",
    "counters/dropped",
    "counters/finished",
    "counters/failed",
    "steps/sale/count",
    "steps/sale/approved",
    "steps/sale/declined",
    "steps/sale/timeouts",
    "steps/sale/errors",
    "steps/sale/codes",
    "steps/sale/response_time_ms/min",
    "steps/sale/response_time_ms/mean",
    "steps/sale/response_time_ms/p50",
    "steps/sale/response_time_ms/p90",
    "steps/sale/response_time_ms/p95",
    "steps/sale/response_time_ms/p99",
    "steps/sale/response_time_ms/p999",
    "steps/sale/response_time_ms/max",
    "steps/sale/service_time_ms/min",
    "steps/sale/service_time_ms/mean",
    "steps/sale/service_time_ms/p50",
    "steps/sale/service_time_ms/p90",
    "steps/sale/service_time_ms/p95",
    "steps/sale/service_time_ms/p99",
    "steps/sale/service_time_ms/p999",
    "steps/sale/service_time_ms/max",
    "generator/schedule_lag_ms/p50",
    "generator/schedule_lag_ms/p99",
    "generator/schedule_lag_ms/p999",
    "generator/schedule_lag_ms/max",
    "generator/cpu_seconds",
    "generator/max_rss_bytes",
    "generator/terminals",
    "thresholds/0/expression",
    "thresholds/0/value",
    "thresholds/0/pass",
    "reconciliation/terminals",
    "reconciliation/transactions",
    "reconciliation/mismatches",
    "reconciliation/lost",
    "reconciliation/doubled",
    "reconciliation/amount",
    "reconciliation/not_reversed",
    "reconciliation/reversal_pending",
    "reconciliation/void_ignored",
    "reconciliation/wrong_terminal",
    "reconciliation/wrong_merchant",
    "reconciliation/wrong_number",
    "reconciliation/unknown",
    "reconciliation/kind",
    "reconciliation/contradictory",
];
