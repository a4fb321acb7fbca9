//! The HTML report: complete, alone, and harmless whatever its folder holds.

use crate::recorded::{Recorded, Scratch};
use posfleet::{
    metrics::Verdict,
    report::{Archive, ArchiveError, compare, html_report, merge},
};
use std::{fs, path::Path};

#[test]
fn a_report_has_every_section_and_every_chart_has_marks() {
    let scratch = Scratch::new("html-whole");
    let page = page(&Recorded::default().write(&scratch.0));
    for id in [
        "thresholds",
        "iterations",
        "latency",
        "heatmap",
        "percentiles",
        "steps",
        "codes",
        "reconciliation",
        "generator",
        "events",
        "environment",
    ] {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    for text in ["FAIL", "1 of 2 thresholds broken", "planned", "1,015", "sign in", "p99.9", "approved"] {
        assert!(page.contains(text), "{text}");
    }
    // Four large charts with a time axis, the curve, lag and cores of the generator, and one for each of two steps.
    assert_eq!(page.matches("<figure class=\"chart").count(), 8);
    let lines: Vec<&str> = attributes(&page, "<path class=\"line l", " d=\"");
    assert!(lines.len() >= 18, "{}", lines.len());
    assert!(lines.iter().all(|path| path.starts_with('M') && path.len() > 5), "each line has points");
    assert!(page.contains("<path class=\"heat h8\" d=\"M"), "the heatmap has its strongest shade");
    assert!(page.contains("◆") && page.contains("▲"), "events stand above the charts");
}

#[test]
fn devices_faults_and_orders_stand_where_they_belong() {
    let scratch = Scratch::new("html-lab");
    let folder = Recorded { has_lab: true, ..Recorded::default() }.write(&scratch.0);
    let order = r#"{"at_ms":2000,"severity":"info","text":"mark: failover (by keys)","order":{"at_ms":2000,"order":"mark","by":"keys","new":"failover"}}"#;
    let events = fs::read_to_string(folder.join("events.ndjson")).unwrap();
    fs::write(folder.join("events.ndjson"), format!("{events}{order}\n")).unwrap();
    let page = page(&folder);
    for words in [
        "<section id=\"devices\">",
        "✗ quarantined",
        "1 infrastructure",
        "aria-label=\"time of lab-2\"",
        "aria-label=\"cases of lab-1\"",
        "Where the time of each step on devices went",
        "<section id=\"connections\">",
        "aria-label=\"when reset was injected\"",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(
        page.matches("faults were injected</title>").count(),
        2,
        "a band below both charts of the run"
    );
    // Above iterations, latencies and the heatmap, and in the list.
    assert_eq!(page.matches("⚑").count(), 4);
    assert_balanced(&page);
}

#[test]
fn mismatches_that_are_not_listed_are_counted() {
    let scratch = Scratch::new("html-mismatches");
    let folder = Recorded::default().write(&scratch.0);
    let mut summary: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    let mut found = serde_json::to_value(posfleet::metrics::ReconciliationSummary::default()).unwrap();
    (found["mismatches"], found["lost"]) = (70.into(), 70.into());
    let side = serde_json::json!({ "terminal": "10000001", "amount_minor": 100, "state": "approved" });
    let lost =
        serde_json::json!({ "fault": "lost", "meaning": "the host does not have it", "terminal": side });
    summary["reconciliation"] = found;
    summary["mismatches"] = vec![lost; 50].into();
    fs::write(folder.join("summary.json"), summary.to_string()).unwrap();
    let page = page(&folder);
    assert_eq!(page.matches("says nothing of it").count(), 50);
    assert!(page.contains("These are the first 50 of 70; all are in journal/mismatches.csv."));
}

#[test]
fn a_report_needs_nothing_else_and_runs_nothing() {
    let scratch = Scratch::new("html-alone");
    let page = page(&Recorded::default().write(&scratch.0));
    for forbidden in
        ["<script", "src=", "href=", "url(", "@import", "http:", "https:", "javascript:", " onload"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let policy =
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'";
    assert!(page.contains(policy));
    assert_balanced(&page);
}

#[test]
fn what_a_folder_says_is_text_and_never_markup() {
    let scratch = Scratch::new("html-hostile");
    let evil = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let run = Recorded {
        name: evil,
        steps: vec![evil, "]]></style><script>"],
        has_lab: true,
        scenario: format!("name: day\ndescription: {evil}\n"),
        ..Recorded::default()
    };
    let folder = run.write(&scratch.0);
    fs::write(folder.join("environment.json"), format!(
        "{{\"version\":{evil:?},\"debug_build\":true,\"system\":{evil:?},\"processors\":1,\"processor\":{evil:?},\"memory_bytes\":1}}"
    )).unwrap();
    fs::create_dir_all(folder.join("journal")).unwrap();
    let head = "fault,meaning,believed_amount_minor,believed_state,believed_terminal\n";
    fs::write(
        folder.join("journal/mismatches.csv"),
        format!("{head}<script>,<script>,1,<script>,<script>\n"),
    )
    .unwrap();
    let summary = fs::read_to_string(folder.join("summary.json")).unwrap();
    for hostile in ["lab-1", "/dev/ttyUSB2", "no answer", "the port hung up"] {
        assert!(summary.contains(hostile), "{hostile}");
    }
    let summary = summary.replace("lab-1", "<script>").replace("/dev/ttyUSB2", "'\\\"><img src=x>");
    let summary = summary.replace("no answer", "\\\"><script>").replace("the port hung up", "<img src=x>");
    fs::write(folder.join("summary.json"), summary).unwrap();
    let page = page(&folder);
    assert!(page.contains("aria-label=\"time of &lt;script&gt;\""), "devices are shown");
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is shown as what it is");
    assert_balanced(&page);
}

#[test]
fn a_run_that_crashed_is_shown_as_far_as_it_came() {
    let scratch = Scratch::new("html-crashed");
    let folder = Recorded::default().write_crashed(&scratch.0);
    let log = fs::read(folder.join("intervals.hlog")).unwrap();
    fs::write(folder.join("intervals.hlog"), &log[..log.len() - 20]).unwrap();
    let page = page(&folder);
    for text in ["NO VERDICT", "the run was cut short", "1,015", "sale", "1,005"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("id=\"thresholds\""));
    assert_balanced(&page);
}

#[test]
fn files_that_are_missing_or_damaged_are_told_and_the_rest_is_shown() {
    let scratch = Scratch::new("html-damaged");
    let run = Recorded::default();
    let damage: [(&str, Option<&[u8]>, &str); 8] = [
        ("intervals.hlog", None, "there is no intervals.hlog"),
        ("intervals.hlog", Some(b"Tag=sale:approved,0,1,1,HISTFAAAA\n"), "intervals.hlog: 1 line damaged"),
        ("series.csv", None, "series.csv cannot be read"),
        ("series.csv", Some(b"at_s,length_s\n1,2\n"), "series.csv: 2 lines are damaged"),
        ("events.ndjson", Some(b"{}\nnonsense\n"), "events.ndjson: 2 lines are damaged"),
        ("summary.json", Some(b"{\"schema\": 1, "), "summary.json is damaged"),
        ("summary.json", Some(b"{\"schema\": 1}"), "summary.json is not one of ours"),
        ("scenario.yaml", Some(b"\xff\xfe"), "scenario.yaml cannot be read"),
    ];
    for (file, content, told) in damage {
        let folder = run.write(&scratch.0);
        match content {
            Some(content) => fs::write(folder.join(file), content).unwrap(),
            None => fs::remove_file(folder.join(file)).unwrap(),
        }
        let page = page(&folder);
        assert!(page.contains(told), "{file}: {told}");
        assert!(page.contains("id=\"steps\"") && page.contains("id=\"environment\""), "{file}");
        assert_balanced(&page);
    }
}

#[test]
fn figures_that_no_run_has_are_refused() {
    let scratch = Scratch::new("html-figures");
    let folder = Recorded::default().write(&scratch.0);
    let summary = fs::read_to_string(folder.join("summary.json")).unwrap();
    let absurd = summary.replacen("\"planned\": 1015", "\"planned\": 18446744073709551615", 1);
    assert_ne!(absurd, summary);
    fs::write(folder.join("summary.json"), absurd).unwrap();
    assert!(page(&folder).contains("summary.json has figures that no run has"));
}

/// The two runs in the repository, which the documents name, are read by all that reads folders.
#[test]
fn the_examples_are_whole() {
    let examples = ["quickstart-1", "quickstart-2"].map(|name| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples").join(name);
        Archive::open(&folder).unwrap()
    });
    for archive in &examples {
        assert_eq!(archive.notes, [""; 0]);
        assert_balanced(&html_report(archive).unwrap());
    }
    let found = compare(&[&examples[0]], &[&examples[1]]).unwrap();
    assert_eq!(found.plan_differences, [""; 0]);
    let counts = |name: &str| examples.each_ref().map(|one| one.summary.as_ref().unwrap().steps[name].count);
    for step in &found.steps {
        assert_eq!(step.count, counts(&step.step), "{}: histograms hold what the summary says", step.step);
    }
    let scratch = Scratch::new("html-examples");
    let merged = merge(&scratch.0.join("both"), &examples).unwrap();
    assert_eq!(merged.steps["sale"].count, counts("sale").iter().sum::<u64>());
    assert_eq!(merged.verdict, Verdict::Pass);
}

#[test]
fn what_is_no_results_folder_or_newer_is_refused() {
    let scratch = Scratch::new("html-refused");
    let missing = Archive::open(&scratch.0.join("missing")).unwrap_err();
    assert!(matches!(missing, ArchiveError::NotADirectory(_)), "{missing}");
    let empty = Archive::open(&scratch.0).unwrap_err();
    assert!(matches!(empty, ArchiveError::NotResults(_)), "{empty}");
    let folder = Recorded::default().write(&scratch.0);
    fs::write(folder.join("summary.json"), "{\"schema\": 99, \"verdict\": \"maybe\"}").unwrap();
    let newer = Archive::open(&folder).unwrap_err().to_string();
    assert!(
        newer.ends_with("schema 99 is newer than this program, which knows up to 1; use a newer posfleet"),
        "{newer}"
    );
}

fn page(folder: &Path) -> String {
    html_report(&Archive::open(folder).unwrap()).unwrap()
}

/// The values of an attribute of all elements that begin so.
fn attributes<'p>(page: &'p str, element: &str, attribute: &str) -> Vec<&'p str> {
    let elements = page.split(element).skip(1).filter_map(|rest| rest.split('>').next());
    elements.filter_map(|element| element.split(attribute).nth(1)?.split('"').next()).collect()
}

/// Every element that is opened is closed in its order.
fn assert_balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !["!DOCTYPE", "meta"].contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
}
