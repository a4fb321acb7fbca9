//! The portal on the command line: it listens on this machine unless it was told otherwise.

use crate::program::{Finished, Folder, Running, posfleet};

#[test]
fn a_host_without_a_portal_in_its_scenario_serves_none() {
    let folder = Folder::new("no-portal");
    let scenario = folder.file("plain.yaml", SCENARIO);
    let mut command = posfleet(["host", "--listen", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--scenario"]);
    let host = Running::start(command.arg(scenario));
    host.wait_for("listening on");
    host.signal("TERM");
    let told = host.finish().exits_with(0);
    assert!(!told.stderr.contains("portal"), "{}", told.stderr);
}

#[test]
fn an_address_that_others_reach_needs_a_word() {
    let folder = Folder::new("public-portal");
    let scenario = folder.file("plain.yaml", SCENARIO);
    for command in ["host", "run"] {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8580"] {
            let mut program = posfleet([command]);
            let scenario = if command == "host" {
                vec!["--scenario".into(), scenario.clone()]
            } else {
                vec![scenario.clone()]
            };
            let told = Finished::of(program.args(scenario).args(["--portal", address])).exits_with(104);
            assert!(told.stderr.contains("--portal-public"), "{}", told.stderr);
        }
    }
}

const SCENARIO: &str = "\
schema: 1
name: plain
seed: 1
terminals: { shop: { count: 1 } }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations, iterations: 1 }
";
