//! Cases on devices: the shipped scenario on the rack of eight, and a device that is unplugged in mid-case.

use crate::program::{ANY_MACHINE, Finished, Folder, Running, posfleet, run_in};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn eight_devices_pass_and_each_has_a_suite() {
    let folder = Folder::new("eight");
    let rack = folder.file("rack-8.yaml", include_str!("../data/rack-8.yaml"));
    let simulator = simulate(&rack, 8);
    let run = Finished::of(&mut run_in(&folder, &scenario(&folder), &[])).exits_with(0);
    let cases = run.summary()["cases"].clone();
    assert_eq!((&cases["passed"], cases["rows"].as_array().unwrap().len()), (&json!(24), 24), "{cases:#}");
    let junit = fs::read_to_string(folder.results().join("junit.xml")).unwrap();
    for device in ["allinpay-1", "df-tlv-2", "zvt-1", "concert-1", "caisse-1"] {
        assert!(junit.contains(&format!(r#"<testsuite name="{device}" tests="3""#)), "{junit}");
    }
    let flakes = Finished::of(posfleet(["devices", "flakes"]).arg(folder.results())).exits_with(0);
    assert!(flakes.stdout.contains("1 run with cases") && flakes.stdout.contains("regression/refused-sale"));
    drop(simulator);
}

/// The pulled plug fails one attempt of one device, as the lab's fault; the other device hears nothing of it.
#[test]
fn a_device_that_is_unplugged_in_mid_case_is_tried_again() {
    let folder = Folder::new("unplugged");
    // Each has a simulator of its own, which makes its port; the run knows both by their paths.
    let rack_of_both =
        device(&folder.port("sturdy"), "sturdy", "") + &device(&folder.port("shaky"), "shaky", "");
    folder.file("rack-8.yaml", &rack("none", &rack_of_both));
    let pretend = |id: &str, think: &str| {
        let simulate = format!("think: {think}, refuse: [ {{ amount: 51.00, code: \"51\" }} ]");
        let device = device(&format!("sim:{id}"), id, &format!(", simulate: {{ {simulate} }}"));
        folder.file(&format!("{id}.yaml"), &rack(id, &device))
    };
    let (sturdy, shaky) = (pretend("sturdy", "0s"), pretend("shaky", "2s..2s"));
    let (_sturdy, plugged) = (simulate(&sturdy, 1), simulate(&shaky, 1));
    let mut command = posfleet(["run"]);
    command.arg(scenario(&folder)).args(["--headless", "--format", "ndjson"]).args(ANY_MACHINE);
    let run = Running::start(command.arg("--out").arg(folder.results()));
    // The one has come through, the customer of the other still thinks.
    run.wait_for(r#""finished":3,"#);
    plugged.signal("KILL");
    drop(plugged);
    let _again = simulate(&shaky, 1);
    let finished = run.finish().exits_with(0);
    let last: Value = serde_json::from_str(finished.stdout.lines().last().unwrap()).unwrap();
    let rows = last["summary"]["cases"]["rows"].as_array().unwrap();
    let of = |device: &str| rows.iter().filter(|row| row["device"] == device).collect::<Vec<_>>();
    assert!(of("sturdy").iter().all(|row| row["result"] == "passed" && row["attempts"][1].is_null()));
    let flaky: Vec<_> = of("shaky").into_iter().filter(|row| row["result"] == "flaky").collect();
    assert_eq!((flaky.len(), of("shaky").len()), (1, 3), "{rows:#?}");
    let attempts = &flaky[0]["attempts"];
    assert_eq!(attempts[0]["class"], "infrastructure", "{attempts:#}");
    assert!(attempts[0]["reason"].as_str().unwrap().contains("hung up"), "{attempts:#}");
    let junit = fs::read_to_string(folder.results().join("junit.xml")).unwrap();
    assert_eq!(junit.matches("<flakyError").count(), 1, "{junit}");
}

/// The shipped scenario, beside a rack of the test's own.
fn scenario(folder: &Folder) -> PathBuf {
    let text = include_str!("../../scenarios/device-regression.yaml");
    folder.file("regression.yaml", &text.replace("../tests/data/", ""))
}

impl Folder {
    /// Where the simulator of a device alone makes its port.
    fn port(&self, id: &str) -> String {
        self.results().with_file_name(id).join(id).display().to_string()
    }
}

/// A rack whose simulated ports are in a folder of that name.
fn rack(folder: &str, devices: &str) -> String {
    format!("schema: 1\nname: {folder}\nsimulation: {{ folder: {folder}, seed: 1 }}\ndevices:\n{devices}")
}

fn device(port: &str, id: &str, more: &str) -> String {
    format!("  - {{ id: {id}, driver: allinpay, port: \"{port}\", line: {{ baud: 115200 }}{more} }}\n")
}

fn simulate(rack: &Path, count: usize) -> Running {
    let simulator = Running::start(posfleet(["devices", "simulate"]).arg(rack));
    simulator.wait_for(&format!("{count} terminals pretended in"));
    simulator
}
