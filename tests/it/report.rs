//! The results folder as those read it who come after the run, or after its crash; and the texts of a run.

use crate::dashboard_fixture::running;
use hdrhistogram::{
    Histogram,
    serialization::{
        Deserializer,
        interval_log::{IntervalLogIterator, LogEntry},
    },
};
use posfleet::{
    engine::{Moment, Observer},
    iso8583::{BatchNo, MerchantId, Stan, TerminalId},
    metrics::{
        Class, Counters, EventLine, GeneratorSummary, Interval, LagSummary, Percentiles, Phase, Point,
        ReconciliationSummary, ResponseCodeText, Selections, SettlementSummary, Severity, Snapshot,
        StepNames, StepSummary, Summary, ThresholdSummary, Verdict, Vitals,
    },
    money::Amount,
    operation::Kind,
    reconcile::{Belief, Entry, Fault, Findings, Line, Mismatch, Row, Transaction},
    report::{Folder, FolderError, Look, read_journal, status_line, summary_text},
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

#[test]
fn intervals_read_back_without_loss() {
    let directory = Scratch::new("lossless");
    let run = Recorded::of_seconds(3);
    let folder = run.write(&directory.0);
    let log = fs::read(folder.join("intervals.hlog")).unwrap();
    let lines = lines(&log);
    for (second, interval) in run.intervals.iter().enumerate() {
        let sale = interval.steps[0].class(Class::Approved).unwrap();
        assert_eq!(found(&lines, second, "sale:approved"), sale.response.histogram());
        assert_eq!(found(&lines, second, "sale:approved:service"), sale.service.histogram());
        let echo = interval.steps[1].class(Class::TimedOut).unwrap();
        assert_eq!(found(&lines, second, "sign%20in:timeout"), echo.response.histogram());
        assert_eq!(found(&lines, second, "schedule_lag"), interval.lag.histogram());
        let p99 = found(&lines, second, "sale:approved").value_at_percentile(99.0) as f64 / 1000.0;
        assert_eq!(p99, sale.response.percentile_ms(99.0));
    }
    assert_eq!(lines.len(), 3 * 4, "nothing is written of a class that did not occur");
    let head = String::from_utf8_lossy(&log).lines().take(5).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(head);
}

#[test]
fn a_log_cut_anywhere_in_its_last_line_gives_every_earlier_line() {
    let directory = Scratch::new("cut-log");
    let folder = Recorded::of_seconds(2).write(&directory.0);
    let log = fs::read(folder.join("intervals.hlog")).unwrap();
    let last_line = log[..log.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    let whole = lines(&log).len();
    for end in last_line..log.len() {
        assert_eq!(lines(&log[..end]).len(), whole - 1, "cut at {end}");
    }
    let last = lines(&log).pop().unwrap();
    assert_eq!(last.1, "schedule_lag", "the last line of an interval says that it is complete");
}

#[test]
fn series_and_events_are_tables_of_their_own() {
    let directory = Scratch::new("tables");
    let folder = Recorded::of_seconds(2).write(&directory.0);
    insta::assert_snapshot!(text(&folder, "series.csv"));
    let mut reader = csv::Reader::from_path(folder.join("series.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[0].len()), (2, reader.headers().unwrap().len()));
    let events = text(&folder, "events.ndjson");
    let events: Vec<serde_json::Value> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["text"], "3 dropped: \"no terminal\"\nwas free");
    assert_eq!((&events[0]["at_ms"], &events[0]["severity"]), (&1500.into(), &"warning".into()));
    assert_eq!(text(&folder, "scenario.yaml"), "name: day\n");
}

#[test]
fn summary_is_complete_json_and_leaves_no_draft() {
    let directory = Scratch::new("summary");
    let folder = Recorded::of_seconds(1).write(&directory.0);
    let json: serde_json::Value = serde_json::from_str(&text(&folder, "summary.json")).unwrap();
    assert_eq!(json["schema"], Summary::SCHEMA);
    assert_eq!(json["steps"]["sale"]["response_time_ms"]["p99"], 118.2);
    assert_eq!(json["verdict"], "fail");
    assert!(!folder.join("summary.json.tmp").exists());
    assert!(!folder.join("journal/mismatches.csv").exists(), "there was none");
}

#[test]
fn mismatches_are_listed() {
    let directory = Scratch::new("mismatches");
    let mut folder = Folder::create(&directory.0, "day", STARTED, "").unwrap();
    let believed = Line::from(&entry(0, "10000001", Belief::Approved));
    let host = Row { rrn: "123456789012".parse().ok(), ..Row::captured(believed.key, Amount::from_minor(1)) };
    let terminal = Some(Transaction::begin(&believed));
    let mismatches = vec![
        Mismatch { fault: Fault::Lost, terminal, host: None },
        Mismatch { fault: Fault::Amount, terminal, host: Some(host) },
        Mismatch { fault: Fault::UnknownToTerminals, terminal: None, host: Some(host) },
    ];
    let findings = Findings { mismatches, ..Findings::default() };
    folder.finish(&summary(), Some(&findings)).unwrap();
    insta::assert_snapshot!(text(folder.path(), "journal/mismatches.csv"), @r#"
    terminal,batch,stan,fault,meaning,believed_terminal,believed_merchant,believed_batch,believed_stan,believed_kind,believed_amount_minor,believed_rrn,believed_card,believed_state,host_terminal,host_merchant,host_batch,host_stan,host_kind,host_amount_minor,host_rrn,host_card,host_state
    10000001,000001,000001,lost,"the terminal believes in it, the host does not have it",10000001,898100012340001,000001,000001,sale,12345,,622202******7890,approved,,,,,,,,,
    10000001,000001,000001,amount,the amounts differ,10000001,898100012340001,000001,000001,sale,12345,,622202******7890,approved,10000001,,000001,000001,,1,123456789012,,captured
    10000001,000001,000001,unknown-to-terminals,"the host has captured it, no terminal knows it",,,,,,,,,,10000001,,000001,000001,,1,123456789012,,captured
    "#);
}

#[test]
fn journal_reads_back_and_shows_no_card() {
    let directory = Scratch::new("journal");
    let mut folder = Folder::create(&directory.0, "day", STARTED, "").unwrap();
    let entries = [
        Entry { rrn: "1,\"2\"".parse().ok(), ..entry(7, "10000001", Belief::Approved) },
        Entry { card: None, ..entry(1_001, "A,\"B\"", Belief::Unknown) },
        entry(1_002, "T 1", Belief::ReversalAbandoned),
    ];
    folder.journal(&entries[..1]).unwrap();
    folder.journal(&entries[1..]).unwrap();
    let written = text(folder.path(), "journal/terminals.csv");
    insta::assert_snapshot!(written, @r#"
    at_ms,terminal,batch,stan,kind,amount_minor,card,belief,merchant,rrn
    7,10000001,000001,000001,sale,12345,622202******7890,approved,898100012340001,"1,""2"""
    1001,"A,""B""",000001,000001,sale,12345,,unknown,898100012340001,
    1002,T 1,000001,000001,sale,12345,622202******7890,reversal-abandoned,898100012340001,
    "#);
    assert!(!written.contains("6222021234567890"));
    let lines: Vec<_> = read_journal(folder.path()).map(Result::unwrap).collect();
    assert_eq!(lines.len(), entries.len());
    for (line, entry) in lines.iter().zip(&entries) {
        assert_eq!(*line, Line::from(entry));
    }
}

#[test]
fn a_journal_cut_anywhere_in_its_last_line_gives_every_earlier_line() {
    let directory = Scratch::new("cut-journal");
    let mut folder = Folder::create(&directory.0, "day", STARTED, "").unwrap();
    let first = [entry(1, "10000001", Belief::Unknown)];
    folder.journal(&first).unwrap();
    let path = folder.path().join("journal/terminals.csv");
    let one_line = fs::read(&path).unwrap().len();
    folder.journal(&[entry(2, "10000001", Belief::ReversalAbandoned)]).unwrap();
    let both = fs::read(&path).unwrap();
    for end in (one_line..both.len()).rev() {
        fs::write(&path, &both[..end]).unwrap();
        let lines: Vec<_> = read_journal(folder.path()).map(Result::unwrap).collect();
        assert_eq!(lines.len(), 1, "cut at {end}");
    }
}

#[test]
fn what_is_no_journal_is_an_error_with_its_place() {
    let directory = Scratch::new("no-journal");
    let missing = read_journal(&directory.0).next().unwrap().unwrap_err().to_string();
    assert!(missing.starts_with("cannot read") && missing.contains("terminals.csv"), "{missing}");
    let mut folder = Folder::create(&directory.0, "day", STARTED, "").unwrap();
    folder.journal(&[entry(1, "10000001", Belief::Approved)]).unwrap();
    let path = folder.path().join("journal/terminals.csv");
    fs::write(&path, text(folder.path(), "journal/terminals.csv") + "1,2,3\n").unwrap();
    let items: Vec<_> = read_journal(folder.path()).collect();
    let error = items[1].as_ref().unwrap_err().to_string();
    assert!(error.ends_with("terminals.csv:3: not a line of a terminal's journal"), "{error}");
    assert_eq!(items.len(), 2, "an error is the last item");
}

#[test]
fn folders_of_the_same_second_get_numbers() {
    let directory = Scratch::new("collisions");
    let create = || Folder::create(&directory.0.join("results"), "day 1", STARTED, "").unwrap();
    let names: Vec<String> =
        (0..3).map(|_| create().path().file_name().unwrap().to_string_lossy().into_owned()).collect();
    let name = "20261122T014500Z-day-1";
    assert_eq!(names, [name.to_owned(), format!("{name}-2"), format!("{name}-3")]);
}

#[test]
fn a_named_directory_must_be_new_or_empty() {
    let directory = Scratch::new("named");
    let path = directory.0.join("a/b");
    Folder::create_at(&path, STARTED, "name: day\n").unwrap();
    let error = Folder::create_at(&path, STARTED, "other").unwrap_err();
    assert!(matches!(error, FolderError::NotEmpty(_)), "{error}");
    assert!(error.to_string().ends_with("a/b is not empty; name a new or an empty directory with --out"));
    assert_eq!(text(&path, "scenario.yaml"), "name: day\n", "nothing was touched");
    let empty = directory.0.join("empty");
    fs::create_dir(&empty).unwrap();
    Folder::create_at(&empty, STARTED, "").unwrap();
}

#[test]
fn where_no_folder_can_be_the_error_says_so() {
    let directory = Scratch::new("no-folder");
    let file = directory.0.join("file");
    fs::write(&file, "").unwrap();
    for made in [Folder::create(&file, "day", STARTED, ""), Folder::create_at(&file, STARTED, "")] {
        let error = made.unwrap_err();
        assert!(matches!(error, FolderError::NotADirectory(_)), "{error}");
    }
    let error = Folder::create(&file.join("below"), "day", STARTED, "").unwrap_err().to_string();
    assert!(error.starts_with("cannot create ") && error.contains("with --out"), "{error}");
}

#[test]
fn a_folder_that_vanished_is_told_by_its_path() {
    let directory = Scratch::new("vanished");
    let mut folder = Folder::create(&directory.0, "day", STARTED, "").unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    let error = folder.finish(&summary(), None).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.starts_with("cannot write ") && text.contains("summary.json.tmp"), "{text}");
}

#[test]
fn summary_of_a_run_that_failed() {
    let folder = Path::new("results/20261122T014500Z-trading-hour");
    insta::assert_snapshot!(summary_text(&summary(), Some(folder), Look::default()));
}

#[test]
fn summary_of_a_run_that_passed_without_thresholds() {
    let counters = Counters { planned: 1, started: 1, finished: 1, ..Counters::default() };
    let mut summary =
        Summary { verdict: Verdict::Pass, exit_code: 0, thresholds: Vec::new(), counters, ..summary() };
    summary.steps.clear();
    summary.reconciliation =
        Some(ReconciliationSummary { terminals: 1, transactions: 1, ..ReconciliationSummary::default() });
    insta::assert_snapshot!(summary_text(&summary, None, Look::default()));
}

#[test]
fn settlements_are_told_where_there_were_any() {
    let settled = SettlementSummary {
        balanced: 1_814,
        unbalanced: 186,
        closed: 1_999,
        open: 1,
        uploaded: 352,
        differences: 0,
    };
    let text = summary_text(&Summary { settlements: Some(settled), ..summary() }, None, Look::default());
    for line in [
        "  2,000 batches compared = 1,814 balanced + 186 unbalanced",
        "  ✗ 1,999 closed, 1 open still",
        "  352 transactions uploaded, 0 other than in the books",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(!summary_text(&summary(), None, Look::default()).contains("Settlement"));
}

#[test]
fn no_line_of_the_summary_is_wider_than_the_screen() {
    let mut summary = summary();
    let sale = summary.steps["sale"].clone();
    summary.steps.insert("a-step-with-a-name-that-nobody-should-have-to-read-on-a-screen".into(), sale);
    for width in [80, 120] {
        let text = summary_text(&summary, None, Look { width, colour: false });
        let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= width, "{} > {width}: {widest}", widest.chars().count());
    }
}

#[test]
fn colours_change_nothing_but_the_colour() {
    let plain = summary_text(&summary(), None, Look::default());
    let mut coloured = summary_text(&summary(), None, Look { width: 80, colour: true });
    assert!(coloured.contains("\x1b[1;31mFAIL\x1b[0m"));
    for code in ["\x1b[1m", "\x1b[1;31m", "\x1b[1;32m", "\x1b[33m", "\x1b[0m"] {
        coloured = coloured.replace(code, "");
    }
    assert_eq!(coloured, plain);
}

#[test]
fn a_verdict_that_does_not_come_from_thresholds_says_where_it_comes_from() {
    let cases = [
        (Verdict::Invalid, 105, "INVALID  the run was aborted"),
        (Verdict::Fail, 105, "FAIL  stopped by a signal; until then 1 of 4 thresholds broken"),
        (Verdict::Invalid, 107, "INVALID  a step could not be carried out, see events.ndjson"),
        (Verdict::Invalid, 110, "INVALID  the measurement is not valid, see events.ndjson"),
    ];
    for (verdict, exit_code, expected) in cases {
        let text = summary_text(&Summary { verdict, exit_code, ..summary() }, None, Look::default());
        assert_eq!(text.lines().next(), Some(format!("trading-hour: {expected}").as_str()));
    }
}

#[test]
fn status_of_a_run_under_way() {
    insta::assert_snapshot!(status_line(&running()), @"2:13/10:00 running  planned 200/s  started 200/s  done 198/s  in flight 105  dropped 3  errors 29  p99 122 ms  lag p99 –");
}

#[test]
fn status_of_a_run_that_has_just_started() {
    let snapshot = Snapshot { phase: Phase::Starting, ..Snapshot::default() };
    insta::assert_snapshot!(status_line(&snapshot), @"0:00 starting  planned –  started –  done –  in flight 0  dropped 0  errors 0  p99 –  lag p99 –");
}

/// A few seconds of two steps.
struct Recorded {
    steps: StepNames,
    intervals: Vec<Interval>,
}

impl Recorded {
    fn of_seconds(seconds: u64) -> Self {
        let mut steps = StepNames::default();
        steps.intern("sale");
        steps.intern("sign in");
        Self { intervals: (0..seconds).map(second).collect(), steps }
    }

    fn write(&self, parent: &Path) -> PathBuf {
        let mut folder = Folder::create(parent, "day", STARTED, "name: day\n").unwrap();
        for (second, interval) in self.intervals.iter().enumerate() {
            let begin = Duration::from_secs(second as u64);
            let point = point(begin, interval);
            folder
                .interval(&Moment {
                    begin,
                    interval,
                    steps: &self.steps,
                    selections: &Selections::NONE,
                    point: &point,
                })
                .unwrap();
        }
        let text = "3 dropped: \"no terminal\"\nwas free".to_owned();
        let event = EventLine { at: Duration::from_millis(1500), severity: Severity::Warning, text };
        folder.event(&event).unwrap();
        folder.finish(&summary(), Some(&Findings::default())).unwrap();
        folder.path().to_owned()
    }
}

fn second(second: u64) -> Interval {
    let mut interval = Interval::new(1, 2);
    for sample in 0..2_000 {
        let micros = 900 + second * 100 + (sample * 7_919) % 50_000;
        let response = Duration::from_micros(micros);
        interval.steps[0].record(Class::Approved, response, Some(response - Duration::from_micros(120)));
        interval.lag.record(Duration::from_micros(20 + sample % 90));
    }
    interval.steps[0].codes.add(ResponseCodeText::of(*b"00"), 1_996);
    interval.steps[0].codes.add(ResponseCodeText::of(*b"51"), 4);
    interval.steps[1].record(Class::TimedOut, Duration::from_secs(30), None);
    interval.scenarios[0] =
        Counters { planned: 2_003, started: 2_000, late: 1, dropped: 3, finished: 1_990 + second, failed: 1 };
    interval
}

fn point(begin: Duration, interval: &Interval) -> Point {
    let codes = interval.codes().sorted();
    Point {
        at: begin + Duration::from_secs(1),
        length: Duration::from_secs(1),
        counters: interval.counters(),
        in_flight: interval.counters().in_flight(),
        response: interval.response().percentiles(),
        steps: 2_001,
        errors: 1,
        lag: interval.lag.percentiles(),
        codes: codes.into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
        connections: interval.connections.counts,
        heat: interval.response().heat(),
        vitals: Vitals { connections: 10, cpu_cores: 0.5, rss_bytes: 40_000_000 },
    }
}

fn entry(at_ms: u64, terminal: &str, belief: Belief) -> Entry {
    Entry {
        at: Duration::from_millis(at_ms),
        terminal: terminal.parse::<TerminalId>().unwrap(),
        batch: BatchNo::FIRST,
        stan: Stan::FIRST,
        kind: Kind::Sale,
        merchant: MerchantId::from_bytes(b"898100012340001").expect("valid"),
        rrn: None,
        amount: Amount::from_minor(12_345),
        card: Some("6222021234567890".parse().unwrap()),
        belief,
    }
}

pub fn summary() -> Summary {
    let times = |slower: f64| Percentiles {
        min: 8.0 * slower,
        mean: 24.1 * slower,
        p50: 21.5 * slower,
        p90: 48.1 * slower,
        p95: 66.0 * slower,
        p99: 118.2 * slower,
        p999: 412.0 * slower,
        max: 1043.0 * slower,
    };
    let step = |count: u64, declined: u64, timeouts: u64, slower: f64| StepSummary {
        count,
        approved: count - declined - timeouts,
        declined,
        timeouts,
        errors: 0,
        codes: [("00".to_owned(), count - declined - timeouts), ("51".to_owned(), declined)].into(),
        checks_passed: count,
        checks_failed: 0,
        response_time_ms: times(slower),
        service_time_ms: if timeouts == count { Percentiles::default() } else { times(slower * 0.9) },
        attempts: None,
        devices: None,
    };
    let threshold = |expression: &str, value, pass| ThresholdSummary {
        expression: expression.to_owned(),
        value,
        pass,
        ..ThresholdSummary::default()
    };
    Summary {
        schema: Summary::SCHEMA,
        scenario: "trading-hour".into(),
        seed: 42,
        verdict: Verdict::Fail,
        exit_code: 99,
        started_at: "2026-11-22T01:45:00Z".into(),
        duration_seconds: 601.4,
        counters: Counters {
            planned: 119_980,
            started: 119_977,
            late: 41,
            dropped: 3,
            finished: 119_975,
            failed: 78,
        },
        steps: [
            ("sale".to_owned(), step(117_975, 2_402, 78, 1.0)),
            ("sign-in".to_owned(), step(2_000, 0, 0, 0.6)),
            ("void".to_owned(), step(2, 0, 2, 30.0)),
        ]
        .into(),
        causes: [
            ("sale: the target did not answer in time".to_owned(), 78),
            ("void: the target closed the connection before it answered".to_owned(), 2),
        ]
        .into(),
        generator: GeneratorSummary {
            schedule_lag_ms: LagSummary { p50: 0.081, p99: 1.24, p999: 3.9, max: 6.2 },
            cpu_seconds: 851.2,
            max_rss_bytes: 84_200_000,
            terminals: 2_000,
            health: Vec::new(),
            shards: 2,
        },
        connections: None,
        thresholds: vec![
            threshold("sale.response_time: p(99) < 800ms", Some(118.2), true),
            threshold("dropped_iterations: rate < 0.001%", Some(0.000_025), false),
            threshold("reconciliation.mismatches: count < 5", Some(3.0), true),
            threshold("settle.response_time: p(99) < 2s", None, true),
        ],
        control: None,
        flows: Default::default(),
        warmup: None,
        knee: None,
        settlements: None,
        reconciliation: Some(ReconciliationSummary {
            terminals: 2_000,
            transactions: 115_573,
            mismatches: 3,
            lost: 1,
            doubled: 2,
            ..ReconciliationSummary::default()
        }),
        mismatches: Vec::new(),
        portal: None,
        cases: None,
        devices: Vec::new(),
        portal_findings: Vec::new(),
    }
}

/// The lines of an interval log up to the first that is not whole: second, tag, histogram.
fn lines(log: &[u8]) -> Vec<(usize, String, Histogram<u64>)> {
    IntervalLogIterator::new(log)
        .map_while(Result::ok)
        .filter_map(|entry| match entry {
            LogEntry::Interval(line) => Some(line),
            _ => None,
        })
        .map(|line| {
            let second = line.start_timestamp().as_secs() as usize;
            assert_eq!(line.duration(), Duration::from_secs(1));
            let bytes = base64(line.encoded_histogram());
            let histogram = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            (second, line.tag().unwrap().to_string(), histogram)
        })
        .collect()
}

fn found<'a>(lines: &'a [(usize, String, Histogram<u64>)], second: usize, tag: &str) -> &'a Histogram<u64> {
    &lines.iter().find(|line| line.0 == second && line.1 == tag).unwrap().2
}

/// Decodes base 64 (RFC 4648, chapter 4).
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for c in text.trim_end_matches('=').chars() {
        bits = bits << 6 | ALPHABET.find(c).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

/// A directory of its own for a test, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("posfleet-report-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// 2026-11-22T01:45:00Z.
const STARTED: u64 = 1_795_311_900;
