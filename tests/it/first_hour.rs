//! The first hour of a newcomer: what `init` writes is valid, runs against the simulated host, and overwrites nothing.

use crate::program::{ANY_MACHINE, Finished, Folder, Running, posfleet};
use std::{fs, path::PathBuf};

#[test]
fn what_init_writes_is_valid_and_nothing_is_overwritten() {
    let (folder, start) = started("init-valid", &[]);
    let yaml = ["my-host.yaml", "my-bank.yaml", "my-rack.yaml", "my-terminal.yaml"];
    let paths = yaml.map(|name| start.join(name));
    Finished::of(posfleet(["validate"]).args(&paths)).exits_with(0);
    fs::write(start.join("my-cards.csv"), "mine").unwrap();
    let again = Finished::of(posfleet(["init"]).arg(&start)).exits_with(107);
    assert!(again.stderr.contains("is there already; nothing was written"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(start.join("my-cards.csv")).unwrap(), "mine");
    drop(folder);
}

#[test]
fn what_init_writes_runs_against_the_simulated_host() {
    let (_folder, start) = started("init-run", &[]);
    let scenario = start.join("my-host.yaml");
    // How quick this machine is decides nothing.
    let text = fs::read_to_string(&scenario).unwrap();
    fs::write(&scenario, text.replace("p(99) < 1s", "p(99) < 5m")).unwrap();
    let mut host = posfleet(["host", "--listen", "127.0.0.1:0", "--scenario"]);
    let host = Running::start(host.arg(&scenario));
    let listening = host.wait_for("listening on");
    let address = listening.split([' ', ',']).find(|word| word.starts_with("127.0.0.1:")).unwrap();
    let mut run = posfleet(["run"]);
    run.arg(&scenario).args(["--headless", "--duration", "2s", "--target", &format!("acquirer={address}")]);
    run.args(ANY_MACHINE);
    let run = Finished::of(run.arg("--out").arg(start.join("results"))).exits_with(0);
    assert!(run.stdout.contains("my-host: PASS"), "{}", run.stdout);
    host.signal("INT");
    host.finish().exits_with(0);
}

#[test]
fn an_address_goes_into_the_scenario_and_a_wrong_one_is_refused() {
    let (_folder, start) = started("init-address", &["--address", "bank.example:7001"]);
    let text = fs::read_to_string(start.join("my-host.yaml")).unwrap();
    assert!(text.contains("acquirer: { address: \"bank.example:7001\" }"), "{text}");
    let folder = Folder::new("init-wrong");
    let path = folder.results();
    let wrong = Finished::of(posfleet(["init", "--address", "x\" }"]).arg(&path)).exits_with(107);
    assert!(wrong.stderr.contains("write host:port"), "{}", wrong.stderr);
    assert!(!path.exists());
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let folder = Folder::new("man");
    let page = Finished::of(&mut posfleet(["man"])).exits_with(0).stdout;
    assert!(page.contains(".TH posfleet 1") && page.contains("posfleet\\-run(1)"), "{page}");
    fs::create_dir(folder.results()).unwrap();
    Finished::of(posfleet(["man", "--out"]).arg(folder.results())).exits_with(0);
    for command in ["run", "host", "report", "devices", "init"] {
        let page = fs::read_to_string(folder.results().join(format!("posfleet-{command}.1"))).unwrap();
        assert!(page.contains(&format!("posfleet\\-{command}")), "{command}: {page}");
    }
}

/// A folder in which `posfleet init` has written.
fn started(name: &str, arguments: &[&str]) -> (Folder, PathBuf) {
    let folder = Folder::new(name);
    let start = folder.results();
    let done = Finished::of(posfleet(["init"]).arg(&start).args(arguments)).exits_with(0);
    assert!(done.stdout.contains("my-host.yaml"), "{}", done.stdout);
    (folder, start)
}
