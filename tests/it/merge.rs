//! Folders put together: nothing is lost, everything is judged anew, and what does not fit is refused.

use crate::{
    program::{Finished, posfleet},
    recorded::{ON_DEVICES, Recorded, Scratch},
};
use posfleet::{
    control::{OrderRecord, Source},
    engine::{Moment, Observer},
    iso8583::{BatchNo, MerchantId, Stan},
    metrics::{
        Class, ControlSummary, DeviceSummary, Interval, Point, ResponseCodeText, Selections, Summary, Verdict,
    },
    money::Amount,
    operation::Kind,
    reconcile::{Belief, Entry},
    report::{Archive, Folder, MergeError, compare, html_report, merge, read_journal},
};
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

#[test]
fn merged_runs_are_what_one_run_would_have_recorded() {
    let scratch = Scratch::new("merge-lossless");
    let (one, other) = (Recorded::default(), Recorded { slower: 50, seconds: 8, ..Recorded::default() });
    let out = scratch.0.join("merged");
    let summary = merge(&out, &open(&[one.write(&scratch.0), other.write(&scratch.0)])).unwrap();
    let mut expected = one.total();
    expected.merge(&other.total());
    assert_eq!(summary.counters, expected.counters());
    assert_eq!(summary.duration_seconds, 8.0);
    for (name, step) in one.names().iter().zip(&expected.steps) {
        let found = &summary.steps[name];
        assert_eq!(found.count, 13 * 201);
        assert_eq!(found.response_time_ms, step.all().response.percentiles());
        assert_eq!(found.service_time_ms, step.all().service.percentiles());
        assert_eq!((found.checks_passed, found.checks_failed), (13 * 199, 13));
        assert_eq!(found.codes["00"], 13 * 200);
        assert_eq!(found.timeouts, step.count(Class::TimedOut));
    }
    assert_eq!(summary.generator.schedule_lag_ms.p99, expected.lag.percentiles().p99);
    let merged = Archive::open(&out).unwrap();
    assert_eq!((merged.notes.len(), merged.series.len()), (0, 8), "{:?}", merged.notes);
    assert_eq!(merged.series[0].counters.planned, 2 * 203);
    assert_eq!(merged.series[7].counters.planned, 203);
    assert_eq!(merged.series[0].codes, [("00".to_owned(), 800)]);
    assert_eq!(
        serde_json::to_value(merged.summary.as_ref().unwrap()).unwrap(),
        serde_json::to_value(&summary).unwrap()
    );
    assert!(merged.events.iter().any(|event| event.text == "run 2: scenario day begins"));
    assert!(html_report(&merged).unwrap().contains("2,639"));
    // The same again from the merged folder alone: its histograms hold all.
    let again = merge(&scratch.0.join("again"), &[merged]).unwrap();
    assert_eq!(again.steps["sale"].response_time_ms, summary.steps["sale"].response_time_ms);
}

/// Where the time of steps on devices went is in the log, so that nothing of it is lost, and thresholds are judged anew.
#[test]
fn times_on_devices_come_together() {
    let scratch = Scratch::new("merge-devices");
    let one = Recorded {
        steps: vec![ON_DEVICES],
        thresholds: vec![("counter.device_time", "p(90) < 40ms"), ("line_time", "count == 2600")],
        ..Recorded::default()
    };
    let other = Recorded { slower: 50, seconds: 8, ..one.clone() };
    let merged =
        merge(&scratch.0.join("merged"), &open(&[one.write(&scratch.0), other.write(&scratch.0)])).unwrap();
    let mut expected = one.total();
    expected.merge(&other.total());
    let expected = expected.steps[0].devices.as_deref().unwrap();
    let found = merged.steps[ON_DEVICES].devices.as_ref().unwrap();
    assert_eq!(found.count, 13 * 200);
    assert_eq!(found.device_ms, expected.device.percentiles());
    assert_eq!(found.line_ms, expected.line.percentiles());
    assert_eq!(found.host_ms, expected.host.percentiles());
    let [device, count] = [0, 1].map(|number: usize| merged.thresholds[number].clone());
    assert_eq!((device.value, device.pass), (Some(expected.device.percentile_ms(90.0)), false));
    assert_eq!((count.value, count.pass), (Some(2_600.0), true));
    // The same again from the merged folder alone, whose log nobody finds odd.
    let archive = Archive::open(&scratch.0.join("merged")).unwrap();
    assert!(html_report(&archive).is_ok() && archive.notes.is_empty(), "{:?}", archive.notes);
    let again = merge(&scratch.0.join("again"), &[archive]).unwrap();
    assert_eq!(again.steps[ON_DEVICES].devices.as_ref().unwrap().host_ms, found.host_ms);
}

/// What a threshold asks for beyond steps is in the log too.
#[test]
fn conditions_with_a_selector_are_judged_anew() {
    let scratch = Scratch::new("merge-selected");
    let one = Recorded {
        thresholds: vec![
            ("sale.response_time{scenario:day}", "max < 20ms"),
            ("sale.failed{scenario:day}", "count < 12"),
            ("failed{group:shop}", "rate <= 50%"),
            ("checks{group:shop}", "rate > 90%"),
            ("answers{code:00}", "count == 5200"),
        ],
        ..Recorded::default()
    };
    let other = Recorded { slower: 50, seconds: 8, ..one.clone() };
    let out = scratch.0.join("merged");
    let merged = merge(&out, &open(&[one.write(&scratch.0), other.write(&scratch.0)])).unwrap();
    let values: Vec<_> = merged.thresholds.iter().map(|judged| (judged.value, judged.pass)).collect();
    let [(Some(slowest), false), (Some(13.0), false), (Some(0.5), true), (None, true), (Some(5_200.0), true)] =
        values[..]
    else {
        panic!("{values:?}")
    };
    assert!((slowest - 25.5).abs() < 0.05, "{slowest} ms");
    // Nobody takes a selection for a step, and the merged folder holds all of them again.
    let archive = Archive::open(&out).unwrap();
    assert!(html_report(&archive).is_ok() && archive.notes.is_empty(), "{:?}", archive.notes);
    assert!(merged.steps.keys().eq(["sale", "sign in"]));
    let again = merge(&scratch.0.join("again"), &[archive]).unwrap();
    assert!(again.thresholds.iter().map(|judged| (judged.value, judged.pass)).eq(values));
}

#[test]
fn what_the_lab_came_to_is_put_together() {
    let scratch = Scratch::new("merge-lab");
    let run = Recorded { has_lab: true, ..Recorded::default() };
    let folders = [run.write(&scratch.0), run.write(&scratch.0)];
    let out = scratch.0.join("merged");
    let summary = merge(&out, &open(&folders)).unwrap();
    let mut expected = run.total();
    expected.merge(&run.total());
    let times = DeviceSummary::from(expected.steps[0].devices.as_deref().unwrap());
    let merged = summary.steps["sale"].devices.as_ref().unwrap();
    assert_eq!((merged.count, merged.device_ms, merged.line_ms), (10, times.device_ms, times.line_ms));
    assert_eq!(merged.host_ms, times.host_ms);
    let ids: Vec<_> =
        summary.devices.iter().map(|one| (one.id.as_str(), one.exchanges, one.quarantined)).collect();
    assert_eq!(ids, [("lab-1", 20, false), ("lab-2", 40, true)]);
    let cases = summary.cases.as_ref().unwrap();
    assert_eq!((cases.passed, cases.failed_infrastructure, cases.rows.len()), (2, 2, 4));
    let faults: u64 = Archive::open(&out).unwrap().series.iter().flat_map(|row| row.connections.faults).sum();
    let connections = summary.connections.unwrap();
    assert_eq!((faults, connections.faults["reset"], connections.opened), (4, 4, 30));
    let connect = expected.connections.times().unwrap().connect.percentiles();
    assert_eq!((connections.connect_ms, connections.handshake_ms), (Some(connect), None));
    let (requests, attempts) =
        (summary.steps["sale"].attempts.as_ref().unwrap(), expected.steps[0].attempts.as_deref().unwrap());
    assert_eq!((requests.attempts, requests.retries, requests.tls_ms), (2_000, 10, None));
    assert_eq!(requests.first_byte_ms, Some(attempts.first_byte.percentiles()));
}

#[test]
fn orders_stay_orders_and_what_is_left_out_is_told() {
    let scratch = Scratch::new("merge-orders");
    let run = |at_ms| {
        let run = Recorded::default();
        let mut folder = Folder::create(&scratch.0, run.name, 0, &run.scenario).unwrap();
        let order = OrderRecord {
            at_ms,
            order: "mark".to_owned(),
            by: Source::Socket,
            new: Some("failover".to_owned()),
            ..OrderRecord::default()
        };
        folder.order(&order).unwrap();
        folder.receipts(&["a receipt".to_owned()]).unwrap();
        let control = ControlSummary { paused_seconds: at_ms as f64, orders: vec![order] };
        folder.finish(&Summary { control: Some(control), ..run.summary() }, None).unwrap();
        folder.path().to_owned()
    };
    let out = scratch.0.join("merged");
    let control = merge(&out, &open(&[run(20), run(10)])).unwrap().control.unwrap();
    let at: Vec<u64> = control.orders.iter().map(|order| order.at_ms).collect();
    assert_eq!((at, control.paused_seconds), (vec![10, 20], 20.0));
    let events = Archive::open(&out).unwrap().events;
    assert_eq!(events[0].text, "not merged: receipts");
    assert_eq!(events[1].text, "run 2: mark: failover (by socket)");
    assert_eq!(events[1].order.as_ref().unwrap().new.as_deref(), Some("failover"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    /// Whatever falls to which part, and in which second: the parts together are what one run would have recorded.
    #[test]
    fn parts_put_together_are_the_whole(samples in proptest::collection::vec(sample(), 1..300)) {
        let scratch = Scratch::new("merge-property");
        let whole = scratch.0.join("whole");
        let expected = record(&whole, &samples);
        let parts: Vec<PathBuf> = (0..PARTS).map(|part| {
            let path = scratch.0.join(format!("part-{part}"));
            let own: Vec<_> = samples.iter().filter(|sample| sample.part == part).copied().collect();
            record(&path, &own);
            path
        }).collect();
        let merged = scratch.0.join("merged");
        let summary = merge(&merged, &open(&parts)).unwrap();
        let figures = |summary: &Summary| serde_json::to_value((&summary.steps, &summary.counters)).unwrap();
        prop_assert_eq!(figures(&summary), figures(&expected));
        let seconds = |path: &Path| -> Vec<_> {
            let rows = Archive::open(path).unwrap().series;
            rows.into_iter().filter(|row| row.steps > 0).map(|row| (row.at as u64, row.steps, row.codes)).collect()
        };
        prop_assert_eq!(seconds(&merged), seconds(&whole));
        // The histograms themselves, and not only the summary.
        let (whole, merged) = (Archive::open(&whole).unwrap(), Archive::open(&merged).unwrap());
        let differs = compare(&[&whole], &[&merged]);
        for step in differs.unwrap().steps {
            prop_assert!(step.response_time_ms.iter().all(|one| one.difference.difference == 0.0));
        }
    }
}

/// One end of a step in a run, and the part of the run that recorded it.
#[derive(Clone, Copy, Debug)]
struct Sample {
    part: usize,
    second: u64,
    step: usize,
    class: usize,
    micros: u64,
}

fn sample() -> impl Strategy<Value = Sample> {
    (0..PARTS, 0..6_u64, 0..3_usize, 0..4_usize, 1..40_000_000_u64)
        .prop_map(|(part, second, step, class, micros)| Sample { part, second, step, class, micros })
}

/// Writes the folder of a run of six seconds in which these samples were taken.
fn record(path: &Path, samples: &[Sample]) -> Summary {
    let run = Recorded { steps: vec!["sale", "void", "a:b %"], ..Recorded::default() };
    let (names, mut total) = (run.names(), Interval::new(1, 3));
    let mut folder = Folder::create_at(path, 0, &run.scenario).unwrap();
    for second in 0..6 {
        let mut interval = Interval::new(1, 3);
        for sample in samples.iter().filter(|sample| sample.second == second) {
            let (step, time) = (&mut interval.steps[sample.step], Duration::from_micros(sample.micros));
            let class = Class::ALL[sample.class];
            step.record(class, time, (class == Class::Approved).then_some(time / 2));
            step.devices.get_or_insert_default().record(time / 2, time / 4, time / 4);
            step.codes.add(ResponseCodeText::of(*b"00"), 1);
            step.checks_passed += 1;
        }
        interval.scenarios[0].planned = interval.steps.iter().map(|step| step.total()).sum();
        let begin = Duration::from_secs(second);
        let codes = interval.codes().sorted();
        let point = Point {
            at: begin + Duration::from_secs(1),
            length: Duration::from_secs(1),
            counters: interval.counters(),
            steps: interval.steps.iter().map(|step| step.total()).sum(),
            codes: codes.into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
            ..Point::default()
        };
        folder
            .interval(&Moment {
                begin,
                interval: &interval,
                steps: &names,
                selections: &Selections::NONE,
                point: &point,
            })
            .unwrap();
        total.merge(&interval);
    }
    let used = names.iter().zip(&total.steps).filter(|(_, step)| step.total() > 0);
    let summary = Summary {
        steps: used.map(|(name, step)| (name.to_owned(), step.into())).collect(),
        counters: total.counters(),
        ..run.summary()
    };
    folder.finish(&summary, None).unwrap();
    summary
}

const PARTS: usize = 3;

#[test]
fn thresholds_are_judged_on_what_came_together() {
    let scratch = Scratch::new("merge-judged");
    let fast = Recorded { thresholds: vec![("sale.response_time", "p(90) < 60ms")], ..Recorded::default() };
    let slow = Recorded { slower: 100, seconds: 1, ..fast.clone() };
    assert_eq!((fast.summary().verdict, slow.summary().verdict), (Verdict::Pass, Verdict::Fail));
    let (fast, slow) = (fast.write(&scratch.0), slow.write(&scratch.0));
    let mostly_fast = merge(&scratch.0.join("a"), &open(&[fast.clone(), slow.clone()])).unwrap();
    assert_eq!(
        (mostly_fast.verdict, mostly_fast.exit_code),
        (Verdict::Pass, 0),
        "{:?}",
        mostly_fast.thresholds
    );
    let mostly_slow = merge(&scratch.0.join("b"), &open(&[slow.clone(), slow])).unwrap();
    assert_eq!((mostly_slow.verdict, mostly_slow.exit_code), (Verdict::Fail, 99));
}

#[test]
fn what_must_hold_of_generators_is_judged_anew_and_left_out_where_runs_differ() {
    let scratch = Scratch::new("merge-health");
    let strict = Recorded { health: vec![("schedule_lag", "p(99) < 1ms")], ..Recorded::default() };
    let lenient = Recorded { health: vec![("schedule_lag", "p(99) < 2ms")], ..strict.clone() };
    let [one, another, other] = [&strict, &strict, &lenient].map(|run| run.write(&scratch.0));
    let alike = merge(&scratch.0.join("alike"), &open(&[one.clone(), another])).unwrap();
    let [judged] = &alike.generator.health[..] else { panic!("{:?}", alike.generator.health) };
    assert_eq!((&*judged.expression, judged.pass), ("schedule_lag: p(99) < 1ms", true));
    assert_eq!(judged.value, Some(alike.generator.schedule_lag_ms.p99));
    let differing = merge(&scratch.0.join("differing"), &open(&[one, other])).unwrap();
    assert!(differing.generator.health.is_empty(), "{:?}", differing.generator.health);
}

/// Iterations are counted by scenario for the run itself, and no log tells them apart.
#[test]
fn iterations_of_one_scenario_hold_where_they_held_in_every_run() {
    let scratch = Scratch::new("merge-iterations");
    let run = Recorded {
        thresholds: vec![("dropped_iterations{scenario:day}", "count == 0")],
        ..Recorded::default()
    };
    let [kept, broken] = [true, false].map(|pass| {
        let path = run.write(&scratch.0);
        let file = path.join("summary.json");
        let mut summary: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        summary["thresholds"][0]["pass"] = pass.into();
        fs::write(file, summary.to_string()).unwrap();
        path
    });
    let merged = |name: &str, parts: &[PathBuf]| merge(&scratch.0.join(name), &open(parts)).unwrap();
    let both = merged("both", &[kept.clone(), broken]);
    assert_eq!((both.verdict, both.thresholds[0].value), (Verdict::Fail, None));
    assert_eq!(merged("kept", &[kept.clone(), kept]).verdict, Verdict::Pass);
}

#[test]
fn what_does_not_fit_is_refused() {
    let scratch = Scratch::new("merge-refused");
    let run = Recorded::default();
    let other_plan = Recorded { scenario: run.scenario.replace("200", "400"), ..run.clone() };
    let other_thresholds = Recorded { thresholds: Vec::new(), ..run.clone() };
    let refused = |other: PathBuf, words: &str| {
        let error =
            merge(&scratch.0.join("out"), &open(&[run.write(&scratch.0), other])).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!scratch.0.join("out").exists(), "nothing is written");
    };
    refused(other_plan.write(&scratch.0), "scenarios: `rate: 200` / `rate: 400`");
    refused(other_thresholds.write(&scratch.0), "thresholds: they are others");
    refused(run.write_crashed(&scratch.0), "the run did not end");
    let damaged = run.write(&scratch.0);
    let log = fs::read_to_string(damaged.join("intervals.hlog")).unwrap();
    fs::write(damaged.join("intervals.hlog"), log.replacen("HIST", "TSIH", 1)).unwrap();
    let error = merge(&scratch.0.join("c"), &open(&[damaged])).unwrap_err();
    assert!(matches!(error, MergeError::Write(_)) && error.to_string().contains("damaged"), "{error}");
}

#[test]
fn journals_are_joined_where_no_terminal_is_in_two_runs() {
    let scratch = Scratch::new("merge-journals");
    let run = |terminals: &[&str]| {
        let run = Recorded::default();
        let mut folder = Folder::create(&scratch.0, run.name, 0, &run.scenario).unwrap();
        terminals.iter().for_each(|terminal| folder.journal(&[entry(terminal)]).unwrap());
        folder.finish(&run.summary(), None).unwrap();
        folder.path().to_owned()
    };
    let (one, other, again) = (run(&["10000001", "10000002"]), run(&["10000003"]), run(&["10000002"]));
    let out = scratch.0.join("joined");
    merge(&out, &open(&[one.clone(), other])).unwrap();
    let terminals: Vec<String> =
        read_journal(&out).map(|line| line.unwrap().key.terminal.to_string()).collect();
    assert_eq!(terminals, ["10000001", "10000002", "10000003"]);
    let out = scratch.0.join("apart");
    merge(&out, &open(&[one, again])).unwrap();
    assert_eq!(read_journal(&out).count(), 0);
    let events = Archive::open(&out).unwrap().events;
    assert_eq!(events[0].text, "journals are not joined: terminal 10000002 is in more than one run");
}

#[test]
fn the_command_exits_with_the_verdict_of_all() {
    let scratch = Scratch::new("merge-cli");
    let folder = Recorded::default().write(&scratch.0);
    let out = scratch.0.join("out");
    let finished = Finished::of(posfleet(["merge"]).args([&out, &folder, &folder])).exits_with(99);
    assert!(finished.stdout.contains("2,030 planned"), "{}", finished.stdout);
    let finished = Finished::of(posfleet(["merge"]).args([&out, &folder])).exits_with(107);
    assert!(finished.stderr.contains("is not empty"), "{}", finished.stderr);
    let finished =
        Finished::of(posfleet(["merge"]).args([&scratch.0.join("x"), Path::new("/nowhere")])).exits_with(104);
    assert!(finished.stderr.contains("is not a directory"), "{}", finished.stderr);
}

fn open(folders: &[PathBuf]) -> Vec<Archive> {
    folders.iter().map(|folder| Archive::open(folder).unwrap()).collect()
}

fn entry(terminal: &str) -> Entry {
    Entry {
        at: Duration::from_millis(5),
        terminal: terminal.parse().unwrap(),
        batch: BatchNo::FIRST,
        stan: Stan::FIRST,
        kind: Kind::Sale,
        merchant: MerchantId::from_bytes(b"898100012340001").unwrap(),
        rrn: None,
        amount: Amount::from_minor(12_345),
        card: Some("6222021234567890".parse().unwrap()),
        belief: Belief::Approved,
    }
}
