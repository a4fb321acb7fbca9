//! Hands in runs: devices that are switched off and on between attempts, and cards that somebody puts in.

use crate::program::{Finished, Folder, Running, posfleet, run_in};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// The first attempt fails, the plug is pulled and put in again, and the second attempt passes.
#[test]
fn a_case_is_tried_again_behind_a_power_cycle() {
    let folder = Folder::new("powered");
    let power =
        format!("{{ off: {}, on: {}, within: 20s }}", lever(&folder, "unplug"), lever(&folder, "plug"));
    let (row, told) = powered_run(&folder, &power, 0);
    assert_eq!((&row["result"], row["attempts"].as_array().unwrap().len()), (&json!("flaky"), 2), "{row:#}");
    assert_eq!(row["attempts"][0]["class"], "device", "{row:#}");
    assert!(told.contains("device a: power-cycled: its port vanished after "), "{told}");
}

/// What cannot be proven is the lab's failure, and no further attempt.
#[test]
fn a_port_that_does_not_vanish_is_told() {
    let folder = Folder::new("unproven");
    let (row, told) = powered_run(&folder, "{ off: [ \"true\" ], on: [ \"true\" ], within: 300ms }", 99);
    let last = &row["attempts"][1];
    assert_eq!((&last["class"], &last["step"]), (&json!("infrastructure"), &json!("power-cycle")), "{row:#}");
    let reason = last["reason"].as_str().unwrap();
    assert!(reason.contains("sim:a did not vanish within 300ms after it was switched off"), "{reason}");
    assert_eq!(row["class"], "device", "what the device did wrong before is not undone by a bad hub");
    assert!(!told.contains("power-cycled:"), "{told}");
}

/// The customer thinks for longer than the case may take: the case is cut, and says why.
#[test]
fn a_case_that_takes_too_long_names_its_time_out() {
    let folder = Folder::new("too-long");
    folder.file("rack.yaml", &rack("simulate: { think: 12s..12s },"));
    let path = folder.file("scenario.yaml", &scenario("10.00", &[CASES, "caseTimeout: 5s"]));
    let row =
        Finished::of(&mut run_in(&folder, &path, &[])).exits_with(99).summary()["cases"]["rows"][0].clone();
    assert_eq!((&row["class"], &row["step"]), (&json!("device"), &json!("sale")), "{row:#}");
    assert_eq!(row["reason"], "the case took longer than its caseTimeout of 5 s", "{row:#}");
}

#[test]
fn devices_without_power_are_named_before_the_run() {
    let folder = Folder::new("no-plug");
    folder.file("rack.yaml", &rack(""));
    let path = folder.file("scenario.yaml", &scenario("10.00", &[CASES, POWER_CYCLES]));
    let told = Finished::of(posfleet(["validate"]).arg(path)).exits_with(104).stderr;
    assert!(told.contains("the rack does not say how the device `a` is switched off and on"), "{told}");
    assert!(told.contains("scenario.yaml:14:27"), "{told}");
}

/// A person is asked over live control; what he says counts, and his time is not the device's.
#[test]
fn an_operator_answers_over_live_control() {
    let folder = Folder::new("operator");
    folder.file("rack.yaml", &rack("cards: { operator: true }, labels: { slot: \"4\" },"));
    let path = folder.file(
        "scenario.yaml",
        &scenario("10.00", &["executor: cases", "cases: [ pay, { flow: pay, name: again } ]"]),
    );
    let running = Running::start(&mut run_in(&folder, &path, &[]));
    running.wait_for("a (slot 4): insert card 1  [posfleet ctl answer 1]");
    assert_eq!(
        ctl(&folder, &["prompts"])["done"],
        json!([{ "number": 1, "text": "a (slot 4): insert card 1" }])
    );
    let unclear = ctl(&folder, &["answer", "1", "perhaps"]);
    assert_eq!(unclear["error"], "expected `done`, `refused` with a reason, or `skip`");
    assert_eq!(ctl(&folder, &["answer", "1"])["ok"], true);
    running.wait_for("insert card 2");
    assert_eq!(ctl(&folder, &["answer", "2", "refused", "the card is broken"])["ok"], true);
    let rows = running.finish().exits_with(107).summary()["cases"]["rows"].clone();
    assert_eq!(
        (&rows[0]["result"], &rows[1]["class"]),
        (&json!("passed"), &json!("infrastructure")),
        "{rows:#}"
    );
    assert_eq!(rows[1]["reason"], "the card was refused: the card is broken");
}

/// Nobody is there: the case says nothing about the device, and the run ends by itself.
#[test]
fn nobody_at_the_desk_skips_the_case() {
    for patience in ["0s", "200ms"] {
        let folder = Folder::new("nobody");
        folder.file("rack.yaml", &rack("cards: { operator: true },"));
        let path = folder.file("scenario.yaml", &scenario("10.00", &[CASES, "retry: { attempts: 2 }"]));
        let run = Finished::of(&mut run_in(&folder, &path, &["--operator", patience])).exits_with(0);
        let row = &run.summary()["cases"]["rows"][0];
        assert_eq!(row["result"], "skipped", "{row:#}");
        assert_eq!(row["reason"], "no operator: skipped, no operator", "{row:#}");
        let junit = fs::read_to_string(folder.results().join("junit.xml")).unwrap();
        assert!(junit.contains("<skipped") && junit.contains("no operator"), "{junit}");
    }
}

/// Outside of cases a step without its card has failed, and says why.
#[test]
fn a_step_without_its_card_fails_outside_of_cases() {
    let folder = Folder::new("cardless");
    folder.file("rack.yaml", &rack("cards: { operator: true },"));
    let once = ["flow: pay", "executor: per-terminal-iterations", "iterations: 1"];
    let text = scenario("10.00", &once);
    let path = folder.file("scenario.yaml", &text);
    let run = Finished::of(&mut run_in(&folder, &path, &["--operator", "0s"]));
    let sale = run.summary()["steps"]["sale"].clone();
    assert_eq!(sale["errors"], 1, "{sale:#}");
    let events = fs::read_to_string(folder.results().join("events.ndjson")).unwrap();
    assert!(events.contains("device a: sale: skipped, no operator"), "{events}");
}

/// A program brings the card by its number and takes it away; its time is neither the step's nor the case's.
#[test]
fn a_program_brings_the_card_and_takes_it_away() {
    let folder = Folder::new("mux");
    let log = folder.results().with_file_name("cards");
    let program = format!("[ sh, -c, 'sleep 2.5; echo \"$0 $1\" >> {}' ]", log.display());
    folder.file("rack.yaml", &rack(&format!("cards: {{ command: {program} }},")));
    let path = folder.file("scenario.yaml", &scenario("10.00", &[CASES, "caseTimeout: 2s"]));
    let run = Finished::of(&mut run_in(&folder, &path, &[])).exits_with(0);
    let summary = run.summary();
    assert_eq!(summary["cases"]["rows"][0]["result"], "passed", "{summary:#}");
    assert_eq!(fs::read_to_string(log).unwrap(), "1 a\n a\n");
    let sale = &summary["steps"]["sale"]["response_time_ms"];
    assert!(sale["max"].as_f64().unwrap() < 2_000.0, "{sale:#}");
}

/// A case whose first attempt alone asks for what is refused, on a device with this power; its row, and the events.
fn powered_run(folder: &Folder, power: &str, exit: i32) -> (Value, String) {
    let refuse = "simulate: { refuse: [ { amount: 51.00, code: \"51\" } ] },";
    folder.file("rack.yaml", &rack(&format!("{refuse} power: {power},")));
    let first_is_refused = "\"${ amount(if(iteration == 1, 51.00, 10.00)) }\"";
    let text = scenario(first_is_refused, &[CASES, POWER_CYCLES]);
    let path = folder.file("scenario.yaml", &text);
    let run = Finished::of(&mut run_in(folder, &path, &[])).exits_with(exit);
    let events = fs::read_to_string(folder.results().join("events.ndjson")).unwrap();
    (run.summary()["cases"]["rows"][0].clone(), events)
}

/// A rack with one pretended device and what else is said about it.
fn rack(more: &str) -> String {
    format!(
        "schema: 1\nname: hands\nsimulation: {{ folder: sim, seed: 3 }}\ndevices:\n  \
         - {{ id: a, driver: allinpay, {more} port: sim:a, line: {{ baud: 115200 }} }}\n"
    )
}

/// A scenario with the sale of an amount, and what is said of how it runs.
fn scenario(amount: &str, work: &[&str]) -> String {
    format!(
        "schema: 1\nname: hands\nseed: 7\nterminals:\n  bench: {{ devices: rack.yaml }}\nflows:\n  pay:\n    steps:\n      \
         - {{ sale: {{ amount: {amount} }}, checks: [ \"code == '00'\" ] }}\nscenarios:\n  work:\n    {}\n",
        work.join("\n    ")
    )
}

/// The command that pulls the plug of the device, or puts it in again.
fn lever(folder: &Folder, word: &str) -> String {
    let rack = folder.results().with_file_name("rack.yaml");
    let posfleet = Path::new(env!("CARGO_BIN_EXE_posfleet")).display();
    format!("[ {posfleet}, devices, {word}, {}, a ]", rack.display())
}

/// What the run says to a command of an operator.
fn ctl(folder: &Folder, words: &[&str]) -> Value {
    let mut command = posfleet(["ctl", "--format", "json", "--run"]);
    let told = Finished::of(command.arg(folder.results()).args(words));
    serde_json::from_str(&told.stdout).unwrap()
}

const CASES: &str = "executor: cases\n    cases: [ pay ]";
const POWER_CYCLES: &str = "retry: { attempts: 2, powerCycle: true }";
