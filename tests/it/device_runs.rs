//! Runs of the real engine whose terminals are devices: pretended ones on pseudo-terminals, at the host of the run.

use crate::program::{Folder, shipped};
use posfleet::{
    engine::{self, NullObserver, Settings},
    metrics::{DeviceRow, Summary, Verdict},
    scenario::{Overrides, Plan, load_file},
};
use std::{fs, num::NonZero};

/// The same flow on every protocol: what the register was told and what the host got agree, step by step.
#[test]
fn a_flow_runs_on_every_protocol_and_both_ends_agree() {
    let (summary, rows) = run("flow", RACK_8, &scenario("{ devices: rack.yaml }", SALE_AND_VOID));
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(summary.verdict, Verdict::Pass, "{json:#}");
    assert_eq!((summary.counters.finished, summary.counters.failed), (8, 0), "{json:#}");
    for (step, checks) in [("sale", 8 * 6), ("void", 8 * 3)] {
        let figures = &summary.steps[step];
        assert_eq!((figures.approved, figures.count), (8, 8), "{step}: {json:#}");
        assert_eq!((figures.checks_passed, figures.checks_failed), (checks, 0), "{step}: {json:#}");
        let times = figures.devices.as_ref().unwrap();
        assert_eq!(times.count, 8);
        let whole = figures.response_time_ms.max;
        assert!(times.line_ms.min > 0.0 && times.host_ms.min > 0.0, "{json:#}");
        assert!(times.line_ms.max + times.host_ms.min <= whole * 1.01, "{json:#}");
    }
    let found = summary.reconciliation.unwrap();
    assert_eq!((found.transactions, found.mismatches), (16, 0), "{json:#}");
    assert_eq!(rows.len(), 8);
    for row in rows {
        assert_eq!((row.exchanges, row.errors, row.opened), (2, 0, (1, 0)), "{row:?}");
        assert_eq!((row.last_exchange.as_str(), row.quarantined), ("void approved", false), "{row:?}");
    }
}

/// Sign-in, several sales, and the settlement that closes their batch, where the protocol has them.
#[test]
fn a_day_of_a_terminal_is_settled_and_reconciles() {
    let flow = "- { sign-in: {}, checks: [\"host.messages == '0800'\"] }
      - { sale: { amount: 10.00 }, capture: { first: stan, reference: rrn } }
      - { sale: { amount: 20.00 }, capture: { second: stan } }
      - void: { of: \"${ second }\" }
      - refund: { amount: 3.00, of: { stan: \"${ first }\", rrn: \"${ reference }\" } }
      - settlement: {}";
    let group = "{ devices: rack.yaml, only: { id: df-tlv-1 } }";
    let (summary, _) = run("day", RACK_8, &scenario(group, flow));
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(summary.settlements.map(|found| found.closed), Some(1), "{json:#}");
    assert_eq!(summary.reconciliation.unwrap().mismatches, 0, "{json:#}");
}

/// Thresholds split the time of a step, of one device where they name it.
#[test]
fn thresholds_are_about_parts_of_the_time_and_about_devices() {
    let metrics = [
        ("sale.device_time", "count == 8"),
        ("sale.line_time{device:zvt-1}", "count == 1"),
        ("sale.line_time", "min > 0"),
        ("host_time{device:concert-1, step:sale}", "max > 0"),
        ("sale.approved{device:df-tlv-2}", "count == 1"),
        ("host_time{group:bench}", "count == 8"),
    ];
    let thresholds: String =
        metrics.iter().map(|(metric, text)| format!("  \"{metric}\": [ \"{text}\" ]\n")).collect();
    let text = scenario("{ devices: rack.yaml }", SALE) + "thresholds:\n" + &thresholds;
    let (summary, _) = run("split", RACK_8, &text);
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(summary.thresholds.len(), metrics.len());
    assert!(summary.thresholds.iter().all(|one| one.pass && one.value.is_some()), "{:#}", json["thresholds"]);
    let told = problems("nobody", RACK_8, &text.replace("device:zvt-1", "device:zvt-7"));
    assert!(told.contains("unknown device `zvt-7`") && told.contains("did you mean `zvt-1`"), "{told}");
}

#[test]
fn checks_on_the_hosts_side_fail_when_they_must() {
    let flow = "- sale: { amount: 12.50 }
        checks: [ \"host.messages == '0400'\", \"hostField(4) == '000000001251'\", \"host.mac == 'wrong'\",
                  \"hostField(4) == '000000001250'\" ]";
    let group = "{ devices: rack.yaml, only: { id: allinpay-1 } }";
    let (summary, _) = run("checks", RACK_8, &scenario(group, flow));
    let sale = &summary.steps["sale"];
    assert_eq!((sale.approved, sale.checks_passed, sale.checks_failed), (1, 1, 3));
    assert_eq!((summary.counters.finished, summary.counters.failed), (1, 1));
}

#[test]
fn what_a_protocol_cannot_do_is_told_before_the_run() {
    let text = scenario("{ devices: rack.yaml }", "- sign-in: {}\n      - sale: { amount: 1.00 }");
    let told = problems("abilities", RACK_8, &text);
    assert!(
        told.contains("the device `concert-1` speaks `concert`, which has no request for `sign-in`"),
        "{told}"
    );
    assert!(
        told.contains("the device `caisse-1` speaks `caisse-ap`, which has no request for `sign-in`"),
        "{told}"
    );
    assert!(!told.contains("zvt-1"), "{told}");
    let balance = problems("balance", RACK_8, &scenario("{ devices: rack.yaml }", "- balance: {}"));
    assert!(balance.contains("allinpay-1") && balance.contains("`balance`"), "{balance}");
}

#[test]
fn what_is_wrong_with_a_group_of_devices_is_told() {
    let told = |group: &str| problems("group", RACK_8, &scenario(group, SALE));
    assert!(told("{ devices: missing.yaml }").contains("cannot read `missing.yaml`"));
    assert!(
        told("{ devices: rack.yaml, only: { rack: \"7\" } }").contains("has no device that is switched on")
    );
    assert!(told("{ devices: rack.yaml, count: 3 }").contains("`count` and `devices` exclude each other"));
    assert!(told("{ count: 3, only: { rack: \"2\" } }").contains("`only` goes with `devices`"));
    let wrong = problems(
        "wrong",
        "schema: 1\nname: wrong\ndevices: [ { id: a, driver: telex, port: sim:a } ]",
        &scenario("{ devices: rack.yaml }", SALE),
    );
    assert!(wrong.contains("rack.yaml") && wrong.contains("unknown driver `telex`"), "{wrong}");
}

#[test]
fn a_group_takes_the_devices_that_it_names() {
    let names = |group: &str| {
        let (_folder, plan) = plan("only", RACK_8, &scenario(group, SALE));
        let rack = plan.groups[0].devices.clone().unwrap();
        let ids = rack.devices.iter().map(|device| device.id.clone());
        let terminals = plan.groups[0].identities.iter().map(|one| one.numbers.terminal.to_string());
        ids.zip(terminals).collect::<Vec<_>>()
    };
    assert_eq!(
        names("{ devices: rack.yaml, only: { rack: \"2\" } }"),
        [("allinpay-1".into(), "10000001".into())]
    );
    assert_eq!(names("{ devices: rack.yaml, only: { id: zvt-2 } }"), [("zvt-2".into(), "52523536".into())]);
    assert_eq!(names("{ devices: rack.yaml, only: { feature: printer, slot: \"1\" } }").len(), 1);
    let all = names("{ devices: rack.yaml }");
    assert_eq!(all.len(), 8);
    assert_eq!(all[6], ("concert-1".into(), "00000007".into()), "it tells no terminal id, and gets one");
}

/// The lab and the fleet in one run, at one host.
#[test]
fn virtual_and_serial_terminals_reconcile_together() {
    let text = fs::read_to_string(shipped("mixed-fleet.yaml")).unwrap();
    let (summary, rows) = run("mixed", RACK_8, &text.replace("../tests/data/rack-8.yaml", "rack.yaml"));
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(summary.verdict, Verdict::Pass, "{json:#}");
    let found = summary.reconciliation.unwrap();
    assert_eq!(found.mismatches, 0, "{json:#}");
    let on_devices = 2 * 8 * 2;
    assert_eq!(found.transactions, summary.steps["sale"].approved + summary.steps["void"].approved);
    assert_eq!(summary.steps["void"].approved * 2, on_devices);
    assert!(found.transactions > on_devices + 100, "{json:#}");
    assert_eq!(rows.iter().map(|row| row.exchanges).sum::<u64>(), on_devices);
}

/// The lines of one break in the middle of things; nobody else notices, and no money is lost.
#[test]
fn a_line_that_breaks_leaves_the_others_untouched() {
    let device = |id: &str, simulate: &str| {
        format!(
            "  - {{ id: {id}, driver: allinpay, port: sim:{id}, line: {{ baud: 115200 }}, {simulate} }}\n"
        )
    };
    let rack = format!(
        "schema: 1\nname: pair\nsimulation: {{ folder: sim, seed: 4 }}\ndevices:\n{}{}",
        device("good", "labels: { a: b }"),
        device("bad", "simulate: { faults: { hangUp: 35% } }")
    );
    let text = scenario("{ devices: rack.yaml }", SALE).replace("iterations: 1", "iterations: 6");
    let (summary, rows) = run("breaks", &rack, &text);
    let json = serde_json::to_value(&summary).unwrap();
    let [good, bad] = &rows[..] else { panic!("two devices: {rows:?}") };
    assert_eq!((good.id.as_str(), good.exchanges, good.errors, good.opened), ("good", 6, 0, (1, 0)));
    assert_eq!(bad.exchanges, 6, "it went on after each break");
    assert!(bad.opened.1 > 0, "{bad:?}");
    assert_eq!(summary.reconciliation.unwrap().mismatches, 0, "{json:#}");
}

/// Runs a scenario beside a rack file; the summary, and the devices as the last snapshot shows them.
fn run(name: &str, rack: &str, text: &str) -> (Summary, Vec<DeviceRow>) {
    let (_folder, plan) = plan(name, rack, text);
    let settings = Settings { shards: NonZero::new(2), ..Settings::default() };
    let run = engine::start(plan, &settings, Box::new(NullObserver)).unwrap();
    let snapshots = run.snapshots.clone();
    let summary = run.join();
    let rows = snapshots.borrow().devices.clone();
    (summary, rows)
}

fn plan(name: &str, rack: &str, text: &str) -> (Folder, Plan) {
    let folder = Folder::new(name);
    folder.file("rack.yaml", rack);
    let scenario = folder.file("scenario.yaml", text);
    let plan = load_file(&scenario, &Overrides::default(), 1);
    let plan = plan.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    (folder, plan)
}

fn problems(name: &str, rack: &str, text: &str) -> String {
    let folder = Folder::new(name);
    folder.file("rack.yaml", rack);
    let scenario = folder.file("scenario.yaml", text);
    load_file(&scenario, &Overrides::default(), 1).unwrap_err().render(false)
}

/// A scenario in which each terminal of a group walks once through these steps.
fn scenario(group: &str, steps: &str) -> String {
    format!(
        "schema: 1\nname: lab\nseed: 7\nterminals:\n  bench: {group}\nflows:\n  work:\n    steps:\n      {steps}\n\
         scenarios:\n  lab: {{ flow: work, executor: per-terminal-iterations, iterations: 1 }}\n"
    )
}

const RACK_8: &str = include_str!("../data/rack-8.yaml");

const SALE: &str = "- sale: { amount: \"${ amount(1.00, 40.00) }\" }";

const SALE_AND_VOID: &str = "- sale: { amount: 12.50 }
        checks:
          - amount == request.amount
          - contains(host.messages, '0200')
          - hostField(4) == '000000001250'
          - host.mac == 'ok'
          - host.code == '00'
          - hostField(41) == terminal.id
      - void: {}
        checks: [ \"host.amount == 12.50\", \"hostField(3) == '200000'\", \"line.time > 0 && host.time > 0\" ]";
