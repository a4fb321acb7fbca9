//! `posfleet devices` as users start it.

use crate::program::{Finished, Folder, Running, posfleet};
use serde_json::Value;
use std::{fs, path::PathBuf};

#[test]
fn a_rack_is_pretended_listed_checked_and_identified() {
    let (folder, rack) = lab("rack");
    let simulator = simulate(&rack);
    let listed = Finished::of(devices("list", &rack).args(["--format", "json"])).exits_with(0);
    let rows: Value = listed.summary();
    assert_eq!(rows.as_array().unwrap().len(), 8);
    assert_eq!((&rows[0]["state"], &rows[0]["lease"]), (&link(&rack, "allinpay-1"), &Value::Null));
    Finished::of(&mut devices("check", &rack)).exits_with(0);
    let traces = folder.results();
    let mut identify = devices("identify", &rack);
    identify.args(["--format", "json", "--trace"]).arg(&traces);
    let told = Finished::of(&mut identify).exits_with(0).summary();
    let terminals: Vec<&str> =
        told.as_array().unwrap().iter().filter_map(|one| one["terminal"].as_str()).collect();
    assert_eq!(terminals, ["10000001", "10000002", "10000003", "10000004", "52523535", "52523536"]);
    assert!(fs::read_to_string(traces.join("zvt-1.trace")).unwrap().contains(" > 10 02 06 00 "));
    simulator.signal("TERM");
    let finished = simulator.finish().exits_with(0);
    assert!(
        finished.stderr.contains("allinpay-1: 0 requests, 0 booked, 0 reversed, 0 faults"),
        "{}",
        finished.stderr
    );
}

/// A simulator that is killed leaves links that lead nowhere; the next one takes its place.
#[test]
fn a_killed_simulator_leaves_nothing_in_the_way() {
    let (_folder, rack) = lab("killed");
    let first = simulate(&rack);
    let second = Finished::of(&mut devices("simulate", &rack)).exits_with(107);
    assert!(second.stderr.contains("is held by a simulator (process "), "{}", second.stderr);
    first.signal("KILL");
    drop(first);
    let gone = Finished::of(devices("check", &rack).args(["--device", "zvt-1"])).exits_with(107);
    assert!(
        gone.stdout.contains("FAILED (infrastructure): ")
            && gone.stdout.contains("nothing is plugged in at sim:zvt-1"),
        "{}",
        gone.stdout
    );
    let again = simulate(&rack);
    Finished::of(&mut devices("identify", &rack)).exits_with(0);
    again.signal("TERM");
    again.finish().exits_with(0);
}

#[test]
fn a_bad_rack_is_refused_before_a_port_is_opened() {
    let folder = Folder::new("bad-rack");
    let text = "schema: 1\nname: lab\ndevices:\n  - { id: a, driver: zvtt, port: sim:a }\n  - { id: a, driver: zvt, port: sim:a }\n";
    let rack = folder.file("rack.yaml", text);
    let refused = Finished::of(&mut devices("check", &rack)).exits_with(104);
    for words in ["unknown driver `zvtt`", "the id `a` is there twice", "the port `sim:a` is there twice"] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    let (_folder, rack) = lab("unknown-id");
    let refused = Finished::of(devices("check", &rack).args(["--device", "no-such"])).exits_with(2);
    assert!(refused.stderr.contains("the rack has no device `no-such`"), "{}", refused.stderr);
}

fn lab(name: &str) -> (Folder, PathBuf) {
    let folder = Folder::new(name);
    let rack = folder.file("rack.yaml", include_str!("../data/rack-8.yaml"));
    (folder, rack)
}

fn devices(command: &str, rack: &PathBuf) -> std::process::Command {
    let mut posfleet = posfleet(["devices", command]);
    posfleet.arg(rack);
    posfleet
}

fn simulate(rack: &PathBuf) -> Running {
    let simulator = Running::start(&mut devices("simulate", rack));
    simulator.wait_for("8 terminals pretended in");
    simulator
}

fn link(rack: &std::path::Path, name: &str) -> Value {
    rack.parent().unwrap().join("sim").join(name).display().to_string().into()
}
