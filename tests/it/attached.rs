//! `posfleet attach` and `posfleet watch` in a pseudo-terminal: the dashboard on runs that are elsewhere, or over.

use crate::{
    program::{Finished, Folder, Running, posfleet, run_in},
    recorded::{Recorded, Scratch},
    screen::{SCREENS, Screen},
};
use posfleet::{
    metrics::{Fault, Phase, Snapshot},
    report::Recording,
};
use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    time::Duration,
};

#[test]
fn a_headless_run_is_seen_steered_and_left_alone() {
    let folder = Folder::new("attach");
    let run = start(&folder, LIVE);
    let mut screen = on(&folder, "attach", &[folder.results()]);
    screen.wait_for("▶ running");
    for (key, shows) in SCREENS {
        screen.press(key);
        screen.wait_for(shows);
    }
    // Rows and messages are those of the run: it hears what is looked at.
    screen.press("4");
    screen.wait_for("▸   0 00000001");
    screen.press("\r");
    screen.wait_for("→ 0200");
    assert!(screen.contents().contains("****"), "the card is hidden: {}", screen.contents());
    screen.press("1py");
    screen.wait_for("‖ paused");
    screen.press("mseen from afar\r");
    screen.wait_for("mark: seen from afar (by socket)");
    screen.press("p");
    screen.wait_for("▶ running");
    screen.press("w");
    screen.wait_for("screens/screen-");
    screen.press("?");
    screen.wait_for("leave; the run goes on");
    screen.press("?q");
    let (status, printed) = screen.finish();
    assert!(status.success() && printed.contains("the run goes on: posfleet attach"), "{printed}");
    assert_eq!(fs::read_dir(folder.results().join("screens")).unwrap().count(), 2);
    stop(&folder);
    let summary = run.finish().exits_with(0).summary();
    assert_eq!(summary["verdict"], "pass", "{summary:#}");
}

#[test]
fn the_last_screen_stays_with_the_verdict() {
    let folder = Folder::new("verdict");
    let run = start(&folder, LIVE);
    let mut screen = on(&folder, "attach", &[folder.results().join("control.sock")]);
    screen.wait_for("▶ running");
    stop(&folder);
    run.finish().exits_with(0);
    screen.wait_for("✔ done");
    screen.wait_for("✔ PASS");
    // All screens are there still, and nothing is lost by looking at them.
    screen.press("3");
    screen.wait_for("╭ Steps: response time");
    screen.press("q");
    let (status, printed) = screen.finish();
    assert!(status.success() && printed.contains("the run is over: its results are in"), "{printed}");
}

#[test]
fn a_run_that_dies_is_told_apart_from_one_that_ends() {
    let folder = Folder::new("killed");
    let run = start(&folder, LIVE);
    let mut screen = on(&folder, "attach", &[folder.results()]);
    screen.wait_for("▶ running");
    run.signal("KILL");
    screen.wait_for("✘ connection lost");
    screen.press("p");
    screen.wait_for("pause the load?");
    screen.press("y");
    screen.wait_for("✘ nobody answers");
    screen.press("q");
    let (status, printed) = screen.finish();
    assert!(status.success() && printed.contains("the run went away without a verdict"), "{printed}");
}

/// A terminal of any size, one that is closed, one without UTF-8: none of them is the run's business.
#[test]
fn no_terminal_harms_the_run_that_is_looked_at() {
    let folder = Folder::new("sizes-attached");
    let run = start(&folder, LIVE);
    let arguments = [folder.results()];
    let mut ascii = on_in(&folder, "attach", &arguments, &[("LC_ALL", "C"), ("NO_COLOR", "1")]);
    ascii.wait_for("+ Load");
    assert!(ascii.contents().is_ascii(), "{}", ascii.contents());
    ascii.press("q");
    assert!(ascii.finish().0.success());
    let mut screen = on(&folder, "attach", &arguments);
    screen.wait_for("╭ Load");
    for (columns, rows) in [(20, 5), (1, 1), (200, 3)] {
        screen.resize(columns, rows);
    }
    // It is known that it came this far before the next size comes.
    screen.resize(59, 30);
    screen.wait_for("posfleet needs 60×16");
    screen.resize(100, 30);
    screen.wait_for("╭ Load");
    screen.hang_up();
    screen.wait();
    let status = ctl(&folder, &["status"]);
    assert!(status.stdout.contains("live: running"), "{}", status.stdout);
    stop(&folder);
    run.finish().exits_with(0);
}

#[test]
fn whoever_cannot_be_attached_to_is_refused_clearly() {
    let folder = Folder::new("refused");
    let empty = folder.results();
    fs::create_dir_all(&empty).unwrap();
    assert!(refused(&folder, &empty).contains("no run is under way there"));
    fs::write(empty.join("summary.json"), "{}").unwrap();
    assert!(refused(&folder, &empty).contains("it is over, see `posfleet watch`"));
    assert!(refused(&folder, &empty.join("nowhere")).contains("there is no such folder or socket"));
    let dead = empty.join("dead.sock");
    drop(UnixListener::bind(&dead).unwrap());
    assert!(refused(&folder, &dead).contains("nobody answers"));
    for answer in
        [r#"{"ok":false,"error":"expected `order`"}"#, r#"{"ok":true,"frames":2,"results":"/"}"#, "\u{1b}[2J"]
    {
        let other = empty.join("other.sock");
        let listener = UnixListener::bind(&other).unwrap();
        std::thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            BufReader::new(peer.try_clone().unwrap()).read_line(&mut String::new()).unwrap();
            peer.write_all(format!("{answer}\n").as_bytes()).unwrap();
        });
        assert!(refused(&folder, &other).contains("no run of this version of posfleet"), "{answer}");
        fs::remove_file(other).unwrap();
    }
    for command in ["attach", "watch"] {
        let told = Finished::of(posfleet([command]).arg(example())).exits_with(2);
        assert!(told.stderr.contains("no terminal"), "{}", told.stderr);
    }
}

/// The line of a device is heard as the messages of a terminal are, and what it asks for is answered with keys.
#[test]
fn a_device_is_listened_to_and_its_operator_answers_with_keys() {
    let folder = Folder::new("bench");
    folder.file("rack.yaml", RACK);
    let run = start(&folder, BENCH);
    let mut screen = on(&folder, "attach", &[folder.results()]);
    screen.wait_for("a (slot 4): insert card 1  [A answer]");
    screen.press("4");
    screen.wait_for("╭ Devices: 1");
    screen.press("d");
    screen.wait_for("▸ ● a");
    screen.press("\r");
    screen.wait_for("╭ Device 0: a");
    screen.wait_for("port sim:a");
    screen.press("A");
    screen.wait_for("insert card 1  Enter: done, refused WHY, skip:");
    screen.press("perhaps\r");
    screen.wait_for("✘ expected `done`");
    screen.press("A");
    screen.wait_for("insert card 1  Enter: done, refused WHY, skip:");
    screen.press("\r");
    screen.wait_for("· asks: Sale 10.00");
    screen.wait_for("· answered: Approved 10.00");
    assert!(screen.contents().contains(" ← "), "{}", screen.contents());
    screen.wait_for("insert card 2");
    screen.press("A");
    screen.wait_for("insert card 2  Enter: done, refused WHY, skip:");
    screen.press("refused no card is left\r");
    screen.wait_for("2: refused no card is left");
    screen.wait_for("✔ done");
    screen.press("q");
    assert!(screen.finish().0.success());
    run.finish();
}

#[test]
fn a_finished_run_is_played_from_its_folder() {
    let folder = Folder::new("watch");
    let mut screen = on(&folder, "watch", &[example()]);
    screen.wait_for("recording ×1");
    screen.press("$");
    screen.wait_for("✔ done");
    screen.wait_for("✔ PASS");
    for (key, shows) in WATCHED {
        screen.press(key);
        screen.wait_for(shows);
    }
    screen.press("p");
    screen.wait_for("✘ this is a recording");
    screen.press("\u{1b}[D\u{1b}[D1");
    screen.wait_for("‖ paused  0:00");
    screen.press(">>");
    screen.wait_for("recording ×4");
    screen.press(" ");
    screen.wait_for("✔ done");
    screen.press("?");
    screen.wait_for("10 s back, on");
    screen.press("?");
    for (columns, rows) in [(1, 1), (200, 3)] {
        screen.resize(columns, rows);
    }
    screen.resize(59, 30);
    screen.wait_for("posfleet needs 60×16");
    screen.resize(100, 30);
    screen.wait_for("quickstart");
    screen.press("q");
    let (status, printed) = screen.finish();
    assert!(status.success(), "{printed}");
    let mut ascii = on_in(&folder, "watch", &[example()], &[("LC_ALL", "C")]);
    ascii.wait_for("+ Load");
    assert!(ascii.contents().is_ascii(), "{}", ascii.contents());
    ascii.hang_up();
    ascii.wait();
}

#[test]
fn at_its_end_a_recording_says_what_the_summary_says() {
    let mut recording = Recording::open(&example()).unwrap();
    let summary: posfleet::metrics::Summary =
        serde_json::from_str(&fs::read_to_string(example().join("summary.json")).unwrap()).unwrap();
    let length = recording.length();
    let end = recording.at(length);
    assert_eq!(
        (end.phase, end.outcome, end.counters),
        (Phase::Done, Some(summary.verdict), summary.counters)
    );
    for step in &end.steps {
        let told = &summary.steps[&step.name];
        assert_eq!((step.count, step.approved), (told.count, told.approved), "{}", step.name);
        let told = &told.response_time_ms;
        let apart = [step.response.p50 - told.p50, step.response.p99 - told.p99];
        assert!(apart.iter().all(|apart| apart.abs() < 0.001), "{}: {apart:?}", step.name);
    }
    let count: u64 = end.series.iter().map(|point| point.steps).sum();
    assert_eq!(count, end.steps.iter().map(|step| step.count).sum::<u64>());
    // Going back is the same as never having been there.
    let middle = recording.at(length / 2);
    let fresh = Recording::open(&example()).unwrap().at(length / 2);
    assert_eq!(format!("{middle:?}"), format!("{fresh:?}"));
    let mut played = Recording::open(&example()).unwrap();
    (1..8).for_each(|part| drop(played.at(length * part / 16)));
    assert_eq!(format!("{:?}", played.at(length / 2)), format!("{fresh:?}"));
    assert!(middle.phase == Phase::Running && middle.outcome.is_none());
    let passes: Vec<Option<bool>> = middle.thresholds.iter().map(|threshold| threshold.pass).collect();
    assert_eq!(
        passes,
        [Some(true), Some(true), None, None],
        "checks and the reconciliation are told at the end"
    );
    assert_eq!((middle.thresholds[0].limit, middle.thresholds[3].limit), (800.0, 0.0));
    assert!(middle.counters.finished > 0 && middle.counters.finished < end.counters.finished);
    assert!(end.terminals.rows.is_empty() && end.samples.is_empty());
    assert_eq!(recording.at(Duration::ZERO).counters.finished, 0);
}

#[test]
fn connections_thresholds_and_the_process_are_played_as_they_were() {
    let scratch = Scratch::new("watch-moments");
    let run = Recorded {
        has_lab: true,
        thresholds: vec![
            ("failed", "count < 5"),
            ("connections.opened", "count <= 9"),
            ("connections.connect", "max < 5ms"),
            ("answers{code:00}", "count > 1"),
            ("iterations{scenario:day}", "count > 1"),
            ("iterations", "count >= 600 over 2s"),
        ],
        ..Recorded::default()
    };
    let mut recording = Recording::open(&run.write(&scratch.0)).unwrap();
    let moment = recording.at(Duration::from_secs(3));
    let counts = moment.connecting.counts;
    assert_eq!((counts.opened, counts.faults[Fault::Reset as usize], moment.connections), (9, 1, 100));
    assert_eq!(moment.generator.max_rss_bytes, 40_000_002);
    let [agent] = &moment.agents[..] else { panic!("{:?}", moment.agents) };
    assert_eq!((agent.started, agent.terminals, agent.rss_bytes), (603, 100, Some(40_000_002)));
    assert!((moment.generator.cpu_seconds - 0.75).abs() < 1e-9);
    let passes = |moment: &Snapshot| moment.thresholds.iter().map(|one| one.pass).collect::<Vec<_>>();
    // Two steps fail once a second; connecting took 2, 3 and 4 ms. What has a selector or a window is told at the end.
    assert_eq!(passes(&moment), [Some(false), Some(true), Some(true), None, None, None]);
    assert_eq!(passes(&recording.at(Duration::from_secs(2)))[..2], [Some(true), Some(true)]);
    assert_eq!(passes(&recording.at(Duration::from_secs(4)))[1..3], [Some(false), Some(false)]);
    let end = recording.at(recording.length());
    assert!(end.thresholds.iter().all(|threshold| threshold.pass.is_some()), "{:?}", end.thresholds);
}

/// The series of earlier versions ended with the codes.
#[test]
fn a_folder_of_an_earlier_version_is_played_without_what_it_lacks() {
    let scratch = Scratch::new("watch-earlier");
    let path = Recorded { has_lab: true, ..Recorded::default() }.write(&scratch.0);
    let series = fs::read_to_string(path.join("series.csv")).unwrap();
    let earlier = series.lines().map(|line| line.split(',').take(19).collect::<Vec<_>>().join(",") + "\n");
    fs::write(path.join("series.csv"), earlier.collect::<String>()).unwrap();
    let mut recording = Recording::open(&path).unwrap();
    assert_eq!(recording.notes().count(), 0, "nothing is odd about it");
    let end = recording.at(recording.length());
    assert_eq!((end.series.len(), end.connecting.counts.opened, end.generator.max_rss_bytes), (5, 0, 0));
    assert!(end.agents.is_empty() && end.connecting.connect.max > 0.0);
    let mut screen = Screen::of(&Folder::new("watch-earlier"), ["watch".as_ref(), path.as_os_str()], &[]);
    screen.press("$6");
    screen.wait_for("results folders do not hold this");
    screen.press("q");
    assert!(screen.finish().0.success());
}

#[test]
fn a_folder_of_a_crash_is_shown_and_one_of_a_newer_version_refused() {
    let folder = Folder::new("crash");
    let copy = copied(&folder);
    fs::remove_file(copy.join("summary.json")).unwrap();
    let series = fs::read_to_string(copy.join("series.csv")).unwrap();
    fs::write(copy.join("series.csv"), &series[..series.len() - 7]).unwrap();
    let log = fs::read(copy.join("intervals.hlog")).unwrap();
    fs::write(copy.join("intervals.hlog"), &log[..log.len() / 2]).unwrap();
    let bad = "a\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}";
    let event = serde_json::json!({ "at_ms": 1, "severity": "info", "text": bad });
    fs::write(copy.join("events.ndjson"), format!("{event}\n")).unwrap();
    fs::write(copy.join("scenario.yaml"), format!("name: {bad}\n")).unwrap();
    let mut recording = Recording::open(&copy).unwrap();
    let length = recording.length();
    let end = recording.at(length);
    assert!(end.outcome.is_none() && !end.steps.is_empty() && !end.series.is_empty());
    let told: Vec<&str> = end.events.iter().map(|event| &*event.text).collect();
    assert!(told.iter().any(|text| text.contains("the run was cut short")), "{told:?}");
    assert!(told.iter().chain([&&*end.name]).all(|text| !text.chars().any(char::is_control)), "{told:?}");
    let mut screen = on(&folder, "watch", std::slice::from_ref(&copy));
    screen.press("$");
    screen.wait_for("✔ done");
    screen.press("9");
    screen.wait_for("the recording ends here, without a verdict");
    screen.press("q");
    screen.finish();
    fs::write(copy.join("summary.json"), r#"{"schema":99}"#).unwrap();
    let told = Finished::of(posfleet(["watch"]).arg(&copy)).exits_with(104);
    assert!(told.stderr.contains("newer than this program"), "{}", told.stderr);
    let told = Finished::of(posfleet(["watch"]).arg(copy.join("journal"))).exits_with(104);
    assert!(told.stderr.contains("is not a results folder"), "{}", told.stderr);
}

/// Starts a run without a screen.
fn start(folder: &Folder, scenario: &str) -> Running {
    let scenario = folder.file("scenario.yaml", scenario);
    let run = Running::start(&mut run_in(folder, &scenario, &["--operator", "10m"]));
    run.wait_for("in flight");
    run
}

fn stop(folder: &Folder) {
    ctl(folder, &["stop"]);
}

fn ctl(folder: &Folder, words: &[&str]) -> Finished {
    Finished::of(posfleet(["ctl", "--run"]).arg(folder.results()).args(words)).exits_with(0)
}

fn on(folder: &Folder, command: &str, arguments: &[PathBuf]) -> Screen {
    on_in(folder, command, arguments, &[])
}

fn on_in(folder: &Folder, command: &str, arguments: &[PathBuf], variables: &[(&str, &str)]) -> Screen {
    let arguments = [OsStr::new(command)].into_iter().chain(arguments.iter().map(|path| path.as_os_str()));
    Screen::of(folder, arguments, variables)
}

/// What `attach` says of a folder or a socket to which it cannot be attached.
fn refused(folder: &Folder, path: &Path) -> String {
    let (status, printed) = on(folder, "attach", &[path.to_owned()]).finish();
    assert_eq!(status.exit_code(), 107, "{printed}");
    printed
}

/// A copy of the example, to be spoilt.
fn copied(folder: &Folder) -> PathBuf {
    let copy = folder.results();
    fs::create_dir_all(copy.join("journal")).unwrap();
    for name in ["summary.json", "series.csv", "intervals.hlog", "environment.json"] {
        fs::copy(example().join(name), copy.join(name)).unwrap();
    }
    copy
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples/quickstart-1")
}

/// What each screen shows of the example at its end.
const WATCHED: [(&str, &str); 9] = [
    ("1", "╭ Load"),
    ("2", "distribution of the response time"),
    ("3", "╭ Steps: response time"),
    ("4", "results folders do not hold this"),
    ("5", "╭ Response codes over time"),
    ("6", "╭ Connections"),
    ("7", "╭ Agents"),
    ("8", "reconciliation.mismatches"),
    ("9", "scenario day ends"),
];

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
thresholds:
  reconciliation.mismatches: [ \"count == 0\" ]
";

const RACK: &str = "\
schema: 1
name: bench
simulation: { folder: sim, seed: 3 }
devices:
  - { id: a, driver: allinpay, cards: { operator: true }, labels: { slot: \"4\" }, port: sim:a, line: { baud: 115200 } }
";

const BENCH: &str = "\
schema: 1
name: bench
seed: 7
terminals:
  bench: { devices: rack.yaml }
flows:
  pay:
    steps: [ sale: { amount: 10.00 } ]
scenarios:
  work: { flow: pay, executor: per-terminal-iterations, iterations: 2 }
";
