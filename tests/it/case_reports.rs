//! Rows of cases in everything that tells of a run: texts, JUnit, HTML, exit codes, and statistics over runs.

use crate::program::Folder;
use posfleet::{
    metrics::{CaseAttempt, CaseClass, CaseRow, CaseWord, CasesSummary, Summary},
    report::{Archive, Flakes, Look, flakes_text, html_report, junit_xml, summary_markdown, summary_text},
};
use serde_json::json;
use std::fs;

#[test]
fn junit_has_a_suite_for_each_device() {
    let junit = junit_xml(&summary());
    for words in [
        r#"<testsuite name="lab-1" tests="3" skipped="1" errors="0" failures="1""#,
        r#"<testsuite name="lab-2" tests="2" skipped="0" errors="1" failures="0""#,
        r#"classname="regression""#,
        r#"<failure message="sale: the check `code` &lt; 1 does not hold" type="device""#,
        r#"<error message="line: the port hung up" type="infrastructure""#,
        r#"<rerunError time="0.250" message="line: the port hung up" type="infrastructure""#,
        r#"<flakyError time="0.250" message="line: the port hung up" type="infrastructure""#,
        r#"<skipped message="no operator: insert card 7""#,
    ] {
        assert!(junit.contains(words), "{words}\n{junit}");
    }
}

#[test]
fn texts_list_device_case_attempts_class_and_reason() {
    let summary = summary();
    let text = summary_text(&summary, None, Look::default());
    for words in [
        "5 cases = 1 passed + 1 flaky + 2 failed (1 device, 1 infrastructure) + 1 skipped",
        "lab-2  sale",
        "at first line: the port hung up",
        "2 attempts",
        "no operator: insert card 7",
        "2 cases of 5 failed",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let markdown = summary_markdown(&summary);
    assert!(markdown.contains("| ❌ failed | lab-1 | regression | sale | device |"), "{markdown}");
    assert!(markdown.contains("| 🔁 flaky | lab-2 | regression | sale | infrastructure |"), "{markdown}");
}

#[test]
fn the_html_report_has_a_row_for_each_and_escapes_it() {
    let folder = results(&summary());
    let page = html_report(&Archive::open(&folder.results()).unwrap()).unwrap();
    for words in [r#"<section id="devices">"#, "lab-1", "`code` &lt; 1", "↻ flaky"] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn flakes_are_counted_by_device_and_by_case() {
    let folder = results(&summary());
    let mut flakes = Flakes::default();
    for _ in 0..4 {
        assert!(flakes.add(&Archive::open(&folder.results()).unwrap()));
    }
    let shaky = flakes.devices["lab-2"];
    assert_eq!((flakes.runs, shaky.results, shaky.flaky, shaky.failed_infrastructure), (4, 8, 4, 4));
    assert_eq!((shaky.flake_rate(), flakes.devices["lab-1"].flake_rate()), (0.5, 0.0));
    assert_eq!(flakes.cases["regression/sale"].failed_device, 4);
    let text = flakes_text(&flakes, 100);
    let (first, second) = (text.find("lab-2").unwrap(), text.find("lab-1").unwrap());
    assert!(first < second, "those that flake most come first\n{text}");
    let empty = Summary { cases: None, ..summary() };
    assert!(!flakes.add(&Archive::open(&results(&empty).results()).unwrap()));
}

/// A folder of somebody else's making must not make sums overflow, or rows that no run has.
#[test]
fn hostile_counts_are_not_shown() {
    let mut hostile = summary();
    hostile.cases.as_mut().unwrap().passed = u64::MAX;
    let folder = results(&hostile);
    let archive = Archive::open(&folder.results()).unwrap();
    assert!(archive.summary.is_none() && archive.notes.iter().any(|note| note.contains("no run has")));
}

#[test]
fn counts_go_on_where_rows_end() {
    let mut cases = CasesSummary::default();
    let row = row("lab-1", "sale", CaseWord::Passed, None, vec![attempt(None)]);
    (0..CasesSummary::ROWS_MAX + 5).for_each(|_| cases.add(row.clone()));
    assert_eq!((cases.rows.len(), cases.passed), (CasesSummary::ROWS_MAX, CasesSummary::ROWS_MAX as u64 + 5));
    assert_eq!(cases.gravest(), None);
}

fn summary() -> Summary {
    let hung_up = ("line", "the port hung up", CaseClass::Infrastructure);
    let wrong = ("sale", "the check `code` < 1 does not hold", CaseClass::Device);
    let mut cases = CasesSummary::default();
    for row in [
        row(
            "lab-1",
            "sale",
            CaseWord::Failed,
            Some(wrong),
            vec![attempt(Some(wrong)), attempt(Some(hung_up))],
        ),
        row("lab-1", "void", CaseWord::Passed, None, vec![attempt(None)]),
        CaseRow {
            reason: Some("no operator: insert card 7".to_owned()),
            ..row("lab-1", "chip", CaseWord::Skipped, None, Vec::new())
        },
        row("lab-2", "sale", CaseWord::Flaky, None, vec![attempt(Some(hung_up)), attempt(None)]),
        row("lab-2", "void", CaseWord::Failed, Some(hung_up), vec![attempt(Some(hung_up))]),
    ] {
        cases.add(row);
    }
    let bare = json!({
        "schema": 1, "scenario": "bench", "seed": 1, "verdict": "fail", "exit_code": 99,
        "started_at": "2026-11-22T01:45:00Z", "duration_seconds": 1.0,
        "counters": { "planned": 5, "started": 5, "late": 0, "dropped": 0, "finished": 5, "failed": 3 },
        "steps": {}, "causes": {}, "thresholds": [],
        "generator": {
            "schedule_lag_ms": { "p50": 0.0, "p99": 0.0, "p999": 0.0, "max": 0.0 },
            "cpu_seconds": 0.1, "max_rss_bytes": 1, "terminals": 2, "shards": 1,
        },
    });
    Summary { cases: Some(cases), ..serde_json::from_value(bare).unwrap() }
}

type Why = (&'static str, &'static str, CaseClass);

fn row(device: &str, case: &str, result: CaseWord, why: Option<Why>, attempts: Vec<CaseAttempt>) -> CaseRow {
    CaseRow {
        device: device.to_owned(),
        scenario: "regression".to_owned(),
        case: case.to_owned(),
        result,
        class: why.map(|(.., class)| class),
        step: why.map(|(step, ..)| step.to_owned()),
        reason: why.map(|(_, reason, _)| reason.to_owned()),
        attempts,
    }
}

fn attempt(why: Option<Why>) -> CaseAttempt {
    CaseAttempt {
        seconds: 0.25,
        class: why.map(|(.., class)| class),
        step: why.map(|(step, ..)| step.to_owned()),
        reason: why.map(|(_, reason, _)| reason.to_owned()),
    }
}

fn results(summary: &Summary) -> Folder {
    let folder = Folder::new("cases");
    fs::create_dir_all(folder.results()).unwrap();
    fs::write(folder.results().join("summary.json"), serde_json::to_vec(summary).unwrap()).unwrap();
    folder
}
