//! Targets that misbehave: whatever they do is counted and told with who is to blame, and no run hangs on it.

use crate::program::{Finished, Folder, PATIENCE, Running, events, posfleet, run_in};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
};

#[test]
fn a_target_that_refuses_is_told_and_the_run_ends() {
    let (summary, events) = against(refusing(), 0);
    assert_eq!(counts(&summary, "sign-in"), Counts { errors: 6, ..Counts::default() }, "{summary:#}");
    assert!(tells(&events, "the target refused the connection"), "{events:#?}");
    assert!(tells(&events, "refused (os error"), "{events:#?}");
}

#[test]
fn a_target_that_accepts_and_never_answers_costs_timeouts_and_nothing_hangs() {
    let address = serve(|mut stream| drop(std::io::copy(&mut stream, &mut std::io::sink())));
    let (summary, events) = of(&impatient(&scenario(address)), 0);
    assert!(tells(&events, "sign-in: the target did not answer in time"), "{events:#?}");
    assert_eq!(counts(&summary, "sign-in"), Counts { timeouts: 6, ..Counts::default() }, "{summary:#}");
    assert!(summary["duration_seconds"].as_f64() < Some(20.0), "{summary:#}");
    assert_eq!(summary["counters"]["started"], summary["counters"]["finished"]);
}

#[test]
fn a_target_that_never_answers_is_given_up_at_the_end_of_graceful_stop() {
    let address = serve(|mut stream| drop(std::io::copy(&mut stream, &mut std::io::sink())));
    let folder = Folder::new("patient");
    let text = scenario(address).replace("responseTimeout: 30s", "responseTimeout: 10m");
    let finished = Finished::of(&mut run_in(&folder, &folder.file("hostile.yaml", &text), &[])).exits_with(0);
    let summary = finished.summary();
    assert!(summary["duration_seconds"].as_f64() < Some(600.0), "{summary:#}");
    let counters = |key: &str| summary["counters"][key].as_u64().unwrap();
    assert_eq!(counters("started") - counters("finished"), 6, "what is cut off does not finish");
    assert_eq!(counts(&summary, "sign-in"), Counts { errors: 6, ..Counts::default() });
}

#[test]
fn a_target_that_closes_at_once_is_told() {
    let (summary, events) = against(serve(|stream| drop(stream.shutdown(Shutdown::Both))), 0);
    assert_eq!(counts(&summary, "sign-in"), Counts { errors: 6, ..Counts::default() }, "{summary:#}");
    assert!(tells(&events, "the target closed the connection before it answered"), "{events:#?}");
}

/// What a raw socket can send that no host of ours would, and what must be told about it.
#[test]
fn a_target_that_answers_with_nonsense_is_told_and_counted() {
    let frame = |body| framed("6000000003603100310001", body);
    let cases = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "frame of 18516 bytes is too long"),
        (vec![0, 0], "frame of 0 bytes is too short"),
        (vec![0, 3, 0x60, 0, 0], "frame of 3 bytes is too short"),
        (vec![0xFF, 0xFF, 0x60], "frame of 65535 bytes is too long"),
        (frame("0810"), "bitmap at byte 2"),
        (frame("0810FFFFFFFFFFFFFFFF"), "bit 1 is set but the spec has no second bitmap"),
        (frame("08100020000000000000ABCDEF"), "DE 11 at byte 10"),
        (frame("0800002000000000000000000100"), "1 bytes follow the last element"),
        (frame("08100020000000000000999999"), "the target sent an answer to nobody"),
        (frame("08100020000000000000999999")[..9].to_vec(), "the target closed the connection"),
        (b"\0".to_vec(), "the target closed the connection"),
    ];
    for (answer, blame) in cases {
        let address = serve(move |mut stream| {
            let mut request = [0; 512];
            let read = stream.read(&mut request);
            if read.is_ok_and(|count| count > 0) {
                let _ = stream.write_all(&answer);
                let _ = stream.shutdown(Shutdown::Write);
            }
            drop(std::io::copy(&mut stream, &mut std::io::sink()));
        });
        let (summary, events) = against(address, 0);
        assert!(tells(&events, blame), "{blame}: {events:#?}");
        let Counts { approved, errors, timeouts, declined } = counts(&summary, "sign-in");
        assert_eq!((approved, errors + timeouts + declined), (0, 6), "{blame}: {summary:#}");
    }
}

#[test]
fn a_host_in_a_mood_is_told_and_counted_when_terminals_connect_for_each_sale() {
    MOODS.iter().for_each(|mood| check_mood(mood, "per-transaction"));
}

#[test]
fn a_host_in_a_mood_is_told_and_counted_when_terminals_stay_connected() {
    MOODS.iter().for_each(|mood| check_mood(mood, "long-lived"));
    check_mood(&("fault: duplicate", true, "the target answered too late, or twice"), "long-lived");
}

/// Runs the scenario against a host that does `rule` to every sale; the sales succeed all the same, or fail.
fn check_mood((rule, approved, blame): &(&str, bool, &str), connection: &str) {
    let folder = Folder::new("mood");
    let host = format!("host: {{ rules: [ {{ when: {{ mti: 0200 }}, {rule} }} ] }}\n");
    let text = SCENARIO.replace("per-transaction", connection) + &host;
    let text = if blame.contains("in time") { impatient(&text) } else { text };
    // The sign-ins are not what is looked at: a busy machine has time for them.
    let text = text.replace("gracefulStop: 1s, maxDuration: 1s", "gracefulStop: 30s, maxDuration: 30s");
    let path = folder.file("mood.yaml", &text);
    let summary = Finished::of(&mut run_in(&folder, &path, &[])).exits_with(0).summary();
    let events = events(&folder.results());
    let told = format!("{rule}, {connection}: {events:#?} {summary:#}");
    let sales = counts(&summary, "sale");
    assert_eq!(sales.approved > 0, *approved, "{told}");
    assert_eq!(sales.errors + sales.timeouts > 0, !approved, "{told}");
    assert!(tells(&events, blame), "{told}");
    // The money is right in the end, whatever the host did to its answers.
    assert_eq!(summary["reconciliation"]["mismatches"], 0, "{told}");
    assert_eq!(counts(&summary, "reversal").approved > 0, !approved, "{told}");
}

#[test]
fn the_host_command_serves_a_fleet_of_another_process() {
    let folder = Folder::new("host");
    let path = folder.file("host.yaml", SCENARIO);
    let mut command = posfleet(["host", "--listen", "127.0.0.1:0", "--scenario"]);
    let host = Running::start(command.arg(&path));
    let line = host.wait_for("listening on");
    let address = line.split_whitespace().find_map(|word| word.trim_end_matches(',').parse().ok()).unwrap();
    let text = scenario(address);
    let fleet = folder.file("fleet.yaml", &text);
    let summary = Finished::of(&mut run_in(&folder, &fleet, &[])).exits_with(0).summary();
    assert!(counts(&summary, "sale").approved > 0, "{summary:#}");
    assert_eq!(summary.get("reconciliation"), None, "the books of that host are not ours");
    host.signal("TERM");
    let told = host.finish().exits_with(0).stderr;
    let captured = format!("{} captured", counts(&summary, "sale").approved);
    assert!(told.contains(&captured), "{captured:?} in {told}");
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    approved: u64,
    declined: u64,
    timeouts: u64,
    errors: u64,
}

fn counts(summary: &Value, step: &str) -> Counts {
    let count = |class: &str| summary["steps"][step][class].as_u64().unwrap_or(0);
    let [approved, declined, timeouts, errors] = ["approved", "declined", "timeouts", "errors"].map(count);
    Counts { approved, declined, timeouts, errors }
}

fn tells(events: &[String], words: &str) -> bool {
    words.is_empty() || events.iter().any(|event| event.contains(words))
}

/// Runs the scenario against a target; returns its summary and the texts of its events.
fn against(target: SocketAddr, exit: i32) -> (Value, Vec<String>) {
    of(&scenario(target), exit)
}

/// The same of another scenario.
fn of(scenario: &str, exit: i32) -> (Value, Vec<String>) {
    let folder = Folder::new("hostile");
    let path = folder.file("hostile.yaml", scenario);
    let summary = Finished::of(&mut run_in(&folder, &path, &[])).exits_with(exit).summary();
    (summary, events(&folder.results()))
}

/// Its terminals do not wait for long.
fn impatient(scenario: &str) -> String {
    scenario.replace("responseTimeout: 30s", "responseTimeout: 300ms")
}

fn scenario(target: SocketAddr) -> String {
    format!("{SCENARIO}targets: {{ host: {{ address: \"{target}\" }} }}\n")
}

/// A server on this machine that treats every connection with `attend`, as long as the test lives.
fn serve(attend: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let attend = attend.clone();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            std::thread::spawn(move || attend(stream));
        }
    });
    address
}

/// An address at which nobody listens.
fn refusing() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// A frame of this head and body, given in hexadecimal digits.
fn framed(head: &str, body: &str) -> Vec<u8> {
    let digits = format!("{head}{body}");
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    let length = u16::try_from(bytes.len()).unwrap();
    length.to_be_bytes().into_iter().chain(bytes).collect()
}

/// Six terminals sign in, then sell for half a second.
const SCENARIO: &str = "\
schema: 1
name: hostile
seed: 9
terminals:
  shop: { count: 6, connection: per-transaction, responseTimeout: 30s, autoSignIn: false }
flows:
  sell:
    steps:
      - sale: { amount: \"${ amount(1.00, 9.99) }\", card: \"${ cards.next }\" }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations, gracefulStop: 1s, maxDuration: 1s }
  day: { flow: sell, executor: constant-arrival-rate, startAfter: opening, rate: 20, duration: 500ms, gracefulStop: 5s }
";

/// A mood of the host a row: its rule, whether sales succeed all the same, and what is told.
const MOODS: [(&str, bool, &str); 10] = [
    ("fault: close", false, "the target closed the connection"),
    ("fault: duplicate", true, ""),
    ("fault: wrong-mac", false, "the target's answer carries a wrong MAC"),
    ("fault: garbage", false, "the target sent what is no message"),
    ("fault: half-frame", false, "the target closed the connection"),
    ("fault: oversized", false, "the target sent what is no message"),
    ("fault: stray", true, "the target sent an answer to nobody"),
    ("drop: response", false, "sale: the target did not answer in time"),
    ("drop: request", false, "sale: the target did not answer in time"),
    ("delay: 500ms..600ms", false, "sale: the target did not answer in time"),
];
