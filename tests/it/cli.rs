//! The command line of the real binary: what it says of itself, of good scenarios and of bad ones.

use crate::program::{Finished, Folder, posfleet, run_in};
use serde_json::Value;
use std::{fs, path::Path};

#[test]
fn every_shipped_scenario_is_valid_and_expands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let scenarios: Vec<_> = files.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    assert!(scenarios.len() >= 4, "{scenarios:?}");
    for path in scenarios {
        let valid = Finished::of(posfleet(["validate"]).arg(&path)).exits_with(0);
        assert!(valid.stdout.contains(": valid ("), "{}", valid.stdout);
        let expand = posfleet(["expand", "--format", "json"]).arg(&path).output().unwrap();
        let expansion: Value = serde_json::from_slice(&expand.stdout).unwrap();
        assert!(expansion["scenarios"].as_array().is_some_and(|all| !all.is_empty()), "{expansion:#}");
    }
}

#[test]
fn profiles_and_mappings_are_validated_by_themselves() {
    let folder = Folder::new("validate");
    let profile = folder.file("bank.yaml", "schema: 1\nname: bank\nextends: unionpay\nmac: x919\n");
    let mapping = folder.file("map.yaml", "schema: 1\ncolumns: { rrn: REF, amount: AMT }\n");
    let finished = Finished::of(posfleet(["validate"]).args([&profile, &mapping])).exits_with(0);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert!(lines[0].ends_with("bank.yaml: valid (profile bank)"), "{lines:?}");
    assert!(lines[1].ends_with("map.yaml: valid (mapping of a statement)"), "{lines:?}");
    let profile = folder.file("bank.yaml", "schema: 1\nname: bank\nextends: unionpay\nmac: x91\n");
    let mapping = folder.file("map.yaml", "schema: 1\ncolumns: { rnn: REF, amount: AMT }\n");
    let finished = Finished::of(posfleet(["validate"]).args([&profile, &mapping])).exits_with(104);
    for words in ["bank.yaml:4:6", "did you mean `x919` or `x99`?", "map.yaml:2:12", "did you mean `rrn`?"] {
        assert!(finished.stderr.contains(words), "{words}: {}", finished.stderr);
    }
    let json = Finished::of(posfleet(["validate", "--format", "json"]).arg(&profile)).exits_with(104).stdout;
    assert!(json.contains("\"line\": 4"), "{json}");
}

#[test]
fn an_invalid_scenario_is_refused_with_the_place_and_a_suggestion() {
    let folder = Folder::new("invalid");
    let path = folder.file("bad.yaml", "schema: 1\nname: bad\nterminals:\n  shop: { cuont: 10 }\n");
    let (mut run, mut validate) = (run_in(&folder, &path, &[]), posfleet(["validate"]));
    for command in [&mut run, validate.arg(&path)] {
        let finished = Finished::of(command).exits_with(104);
        assert!(finished.stderr.contains("bad.yaml:4:11"), "{}", finished.stderr);
        assert!(finished.stderr.contains("did you mean `count`?"), "{}", finished.stderr);
        assert_eq!(finished.stdout, "");
    }
    assert!(!folder.results().exists(), "what cannot run leaves no folder");
}

#[test]
fn a_scenario_that_is_not_there_is_bad_configuration() {
    let finished = Finished::of(&mut posfleet(["run", "no/such.yaml", "--headless"])).exits_with(104);
    assert!(finished.stderr.contains("no/such.yaml"), "{}", finished.stderr);
}

#[test]
fn a_host_whose_address_is_taken_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let finished = Finished::of(&mut posfleet(["host", "--listen", &address])).exits_with(107);
    assert!(finished.stderr.contains(&format!("cannot listen on {address}")), "{}", finished.stderr);
}

#[test]
fn wrong_arguments_are_a_matter_of_usage() {
    for arguments in [&["run"][..], &["fly"], &["run", "a.yaml", "--duration", "soon"], &["validate"]] {
        let finished = Finished::of(&mut posfleet(arguments)).exits_with(2);
        assert!(finished.stderr.contains("--help"), "{}", finished.stderr);
    }
}

#[test]
fn schema_and_completions_are_printed() {
    let schema = Finished::of(&mut posfleet(["schema"])).exits_with(0);
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(schema["properties"]["terminals"].is_object(), "{schema:#}");
    for shell in ["bash", "zsh", "fish"] {
        let script = Finished::of(&mut posfleet(["completions", shell])).exits_with(0).stdout;
        assert!(script.contains("posfleet"), "{shell}: {script}");
    }
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    let mut child = posfleet(["schema"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn help_of_every_command() {
    let mut all = String::new();
    let commands = [
        "",
        "init",
        "run",
        "validate",
        "expand",
        "reconcile",
        "report",
        "compare",
        "merge",
        "host",
        "devices",
        "devices list",
        "devices check",
        "devices identify",
        "devices flakes",
        "devices simulate",
        "devices unplug",
        "devices plug",
        "devices power-cycle",
        "devices card",
        "decode",
        "encode",
        "schema",
        "man",
        "completions",
    ];
    for command in commands {
        let arguments = command.split_whitespace().chain(["--help"]);
        let help = Finished::of(&mut posfleet(arguments)).exits_with(0).stdout;
        all.push_str(&format!(
            "$ posfleet {command}{}--help\n{help}\n",
            if command.is_empty() { "" } else { " " }
        ));
    }
    insta::assert_snapshot!(all);
}
