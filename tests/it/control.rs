//! Live control of the real binary over its socket, and ends that nothing can hold up.

use crate::program::{Finished, Folder, Running, posfleet, run_in};
use posfleet::metrics::Snapshot;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
};

#[test]
fn orders_over_the_socket_change_the_load_and_are_written_down() {
    let folder = Folder::new("live");
    let scenario = folder.file("live.yaml", LIVE);
    let running = Running::start(&mut run_in(&folder, &scenario, &[]));
    running.wait_for("running");
    let results = folder.results();
    let mode = fs::metadata(results.join("control.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may connect");
    assert_eq!(ctl(&results, &["pause"], 0)["done"]["order"], "pause");
    assert_eq!(ctl(&results, &["status"], 0)["status"]["paused"], true);
    let faster = ctl(&results, &["rate", "+25%", "--scenario", "day"], 0);
    assert_eq!((&faster["done"]["old"], &faster["done"]["new"]), (&"40.0/s".into(), &"50.0/s".into()));
    assert_eq!(ctl(&results, &["rate", "20"], 0)["done"]["new"], "20.0/s");
    let unknown = ctl(&results, &["scenario", "night", "off"], 99);
    assert!(unknown["error"].as_str().unwrap().contains("opening, day"), "{unknown}");
    ctl(&results, &["mark", "failover\nbegins"], 0);
    ctl(&results, &["resume"], 0);
    ctl(&results, &["scenario", "day", "off"], 0);
    ctl(&results, &["stop"], 0);
    let summary = running.finish().exits_with(0).summary();
    let orders: Vec<&str> = summary["control"]["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["order"].as_str().unwrap())
        .collect();
    assert_eq!(orders, ["pause", "rate", "rate", "mark", "resume", "scenario", "stop"]);
    assert!(summary["control"]["paused_seconds"].as_f64() > Some(0.0), "{summary:#}");
    let events = fs::read_to_string(results.join("events.ndjson")).unwrap();
    let mark = events.lines().find(|line| line.contains("failover")).unwrap();
    let mark: Value = serde_json::from_str(mark).unwrap();
    assert_eq!((&mark["order"]["by"], &mark["order"]["new"]), (&"socket".into(), &"failoverbegins".into()));
    assert!(!results.join("control.sock").exists(), "the socket goes with the run");
    let report = posfleet(["report"]).arg(&results).output().unwrap();
    assert!(report.status.success());
    let page = fs::read_to_string(results.join("report.html")).unwrap();
    assert!(page.contains("⚑") && page.contains("failoverbegins"), "marks are on the time axis");
}

#[test]
fn a_hostile_peer_gets_an_error_or_nothing_and_the_run_goes_on() {
    let folder = Folder::new("hostile");
    let scenario = folder.file("live.yaml", LIVE);
    let running = Running::start(&mut run_in(&folder, &scenario, &[]));
    running.wait_for("running");
    let socket = folder.results().join("control.sock");
    for line in
        ["", "{", "[[[[[[", "\u{0}\u{1}", "{\"order\":\"rate\",\"change\":\"1e999\"}", "{\"order\":17}"]
    {
        assert_eq!(say(&socket, line)["ok"], false, "{line}");
    }
    assert_eq!(say(&socket, &"x".repeat(100_000))["ok"], false, "too long");
    let half: Vec<UnixStream> = (0..8).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    half.iter().for_each(|mut peer| peer.write_all(b"{\"order\":").unwrap());
    let mut subscriber = UnixStream::connect(&socket).unwrap();
    subscriber.write_all(b"{\"subscribe\":\"snapshots\"}\n").unwrap();
    let lines = BufReader::new(subscriber).lines().take(2);
    for line in lines {
        let snapshot: Snapshot = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(snapshot.name, "live");
    }
    drop(half);
    ctl(&folder.results(), &["abort"], 0);
    assert_eq!(running.finish().exits_with(105).summary()["verdict"], "invalid");
}

#[test]
fn a_network_that_hangs_cannot_hold_the_end() {
    // It takes as many connections as its queue holds and answers none; the others hang while they connect.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::new("hangs");
    let scenario = folder.file("hangs.yaml", HANGS);
    let target = format!("acquirer={}", silent.local_addr().unwrap());
    let running = Running::start(&mut run_in(&folder, &scenario, &["--target", &target]));
    running.wait_for("in flight 400");
    running.signal("INT");
    running.wait_for("stopping");
    let summary = running.finish().exits_with(105).summary();
    let counters = &summary["counters"];
    assert_eq!((&counters["started"], &counters["finished"]), (&400.into(), &0.into()), "{summary:#}");
    // The end of the hour, of connecting and of waiting for an answer are all further away.
    assert!(summary["duration_seconds"].as_f64() < Some(600.0), "{summary:#}");
}

#[test]
fn a_threshold_ends_the_run_before_its_time() {
    let folder = Folder::new("ends");
    let scenario = folder.file("live.yaml", LIVE);
    let arguments = ["--threshold", "iterations{scenario:day}: count < 30 abort"];
    let finished = Finished::of(&mut run_in(&folder, &scenario, &arguments)).exits_with(108);
    let summary = finished.summary();
    assert_eq!((&summary["verdict"], &summary["thresholds"][0]["pass"]), (&"fail".into(), &false.into()));
    let events = fs::read_to_string(folder.results().join("events.ndjson")).unwrap();
    assert!(events.contains("a threshold ends the run: iterations{scenario:day}"), "{events}");
}

#[test]
fn prometheus_can_scrape_a_run_and_a_collector_that_hangs_does_not_hold_it() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let otlp = format!("http://{}", silent.local_addr().unwrap());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let folder = Folder::new("scraped");
    let scenario = folder.file("live.yaml", LIVE);
    let arguments = ["--prometheus", &free, "--otlp", &otlp];
    let running = Running::start(&mut run_in(&folder, &scenario, &arguments));
    running.wait_for("running");
    let mut scrape = std::net::TcpStream::connect(&free).unwrap();
    scrape.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    scrape.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("text/plain; version=0.0.4"), "{page}");
    assert!(page.contains("# TYPE posfleet_iterations_total counter"), "{page}");
    ctl(&folder.results(), &["stop"], 0);
    let finished = running.finish().exits_with(0);
    assert!(finished.stderr.contains("pushes were not taken"), "{}", finished.stderr);
}

/// What `posfleet ctl` prints as JSON.
fn ctl(results: &Path, arguments: &[&str], code: i32) -> Value {
    let output =
        posfleet(["ctl", "--format", "json", "--run"]).arg(results).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&told).unwrap()
}

/// What the socket answers to one line.
fn say(socket: &Path, line: &str) -> Value {
    let mut stream = UnixStream::connect(socket).unwrap();
    // The other side may hang up before it has read all of it.
    let _ = stream.write_all(format!("{line}\n").as_bytes());
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// A run that would take an hour.
const LIVE: &str = "\
schema: 1
name: live
seed: 5
terminals:
  shop: { count: 20 }
flows:
  sell:
    steps: [ sale: { amount: 1.00, card: \"${ cards.next }\" } ]
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations }
  day: { flow: sell, executor: constant-arrival-rate, rate: 40, duration: 1h }
";

/// Terminals that all wait for a host, some of them for a connection to it.
const HANGS: &str = "\
schema: 1
name: hangs
targets:
  acquirer: { address: \"127.0.0.1:1\" }
terminals:
  shop: { count: 400, responseTimeout: 10m, connectTimeout: 10m }
flows:
  sell:
    steps: [ sale: { amount: 1.00, card: \"${ cards.next }\" } ]
scenarios:
  day: { flow: sell, executor: constant-terminals, duration: 1h, gracefulStop: 1s }
";
