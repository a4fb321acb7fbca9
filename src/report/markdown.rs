//! `summary.md`: the summary for a job's page or a comment on a change, as GitHub shows it.

use super::{
    cases,
    figures::{clock, count, share, time},
    text::{plural, reason, value},
};
use crate::{
    iso8583::ResponseCode,
    metrics::{CaseRow, CaseWord, CasesSummary, Summary, Verdict},
};
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// The summary of a run as Markdown.
pub fn summary_markdown(summary: &Summary) -> String {
    let mut page = String::new();
    let (sign, word) = match summary.verdict {
        Verdict::Pass => ("✅", "PASS"),
        Verdict::Fail => ("❌", "FAIL"),
        Verdict::Invalid => ("⚠️", "INVALID"),
    };
    let length = clock(Duration::try_from_secs_f64(summary.duration_seconds).unwrap_or_default());
    let _ = writeln!(page, "## {sign} {word}: {}\n", text(&summary.scenario));
    let _ = writeln!(page, "{}.", text(&reason(summary)));
    let _ = writeln!(page, "Started {}, took {length}, seed {}.\n", text(&summary.started_at), summary.seed);
    devices(&mut page, summary.cases.as_ref());
    counters(&mut page, summary);
    thresholds(&mut page, summary);
    steps(&mut page, summary);
    codes(&mut page, summary);
    reconciliation(&mut page, summary);
    page
}

fn devices(page: &mut String, found: Option<&CasesSummary>) {
    let Some(found) = found else { return };
    let _ = writeln!(page, "{}.\n", text(&cases::counts_line(found)));
    let row = |row: &CaseRow| {
        let sign = match row.result {
            CaseWord::Passed => "✅",
            CaseWord::Flaky => "🔁",
            CaseWord::Failed => "❌",
            CaseWord::Skipped => "–",
        };
        let result = format!("{sign} {}", row.result.name());
        let cells =
            [result, text(&row.device), text(&row.scenario), text(&row.case), cases::class(row).to_owned()];
        cells.into_iter().chain([text(&cases::why(row)), row.attempts.len().to_string()]).collect()
    };
    let rows: Vec<Vec<String>> = cases::shown(found, ROWS_MAX).map(row).collect();
    table(page, &["", "device", "scenario", "case", "class", "why", "attempts"], 6, &rows);
}

fn counters(page: &mut String, summary: &Summary) {
    let of = summary.counters;
    let cells = [of.planned, of.started, of.late, of.dropped, of.finished, of.failed].map(count);
    table(page, &["planned", "started", "late", "dropped", "finished", "failed"], 0, &[cells.to_vec()]);
}

fn thresholds(page: &mut String, summary: &Summary) {
    let row = |threshold: &crate::metrics::ThresholdSummary| {
        let sign = match (threshold.pass, threshold.value) {
            (false, _) => "❌ broken",
            (true, Some(_)) => "✅ held",
            (true, None) => "– no sample",
        };
        vec![sign.to_owned(), text(&threshold.expression), value(threshold)]
    };
    let rows: Vec<Vec<String>> = summary.thresholds.iter().map(row).collect();
    table(page, &["", "threshold", "value"], 2, &rows);
}

fn steps(page: &mut String, summary: &Summary) {
    let rows: Vec<Vec<String>> = summary
        .steps
        .iter()
        .map(|(name, step)| {
            let times = step.response_time_ms;
            let counts = [step.count, step.approved, step.declined, step.timeouts, step.errors].map(count);
            let times = [times.p50, times.p90, times.p99, times.p999, times.max].map(time);
            std::iter::once(text(name)).chain(counts).chain(times).collect()
        })
        .collect();
    let head =
        ["step", "count", "approved", "declined", "timeouts", "errors", "p50", "p90", "p99", "p99.9", "max"];
    table(page, &head, 1, &rows);
}

fn codes(page: &mut String, summary: &Summary) {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    for (code, number) in summary.steps.values().flat_map(|step| &step.codes) {
        *totals.entry(code).or_default() += number;
    }
    let all = totals.values().sum();
    let mut codes: Vec<(&str, u64)> = totals.into_iter().collect();
    codes.sort_by_key(|&(code, number)| (std::cmp::Reverse(number), code));
    let row = |(code, number): &(&str, u64)| {
        let meaning = ResponseCode::from_bytes(code.as_bytes()).map_or("", ResponseCode::meaning);
        vec![text(code), text(meaning), count(*number), share(*number, all)]
    };
    table(page, &["code", "meaning", "answers", "share"], 2, &codes.iter().map(row).collect::<Vec<_>>());
}

fn reconciliation(page: &mut String, summary: &Summary) {
    let told = match &summary.reconciliation {
        None => "Reconciliation was not done: this run had no ledger of a host to compare with.".to_owned(),
        Some(found) if found.mismatches == 0 => {
            format!("✅ {} reconciled: none lost, none doubled.", plural(found.transactions, "transaction"))
        }
        Some(found) => format!(
            "❌ The sides do not agree on {} of {}.",
            count(found.mismatches),
            plural(found.transactions, "transaction")
        ),
    };
    let _ = writeln!(page, "{told}");
}

/// A table whose first `texts` columns are from the left, the others from the right; nothing when it has no rows.
pub(super) fn table(page: &mut String, head: &[&str], texts: usize, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let rules: Vec<&str> = (0..head.len()).map(|column| if column < texts { "---" } else { "--:" }).collect();
    let _ = writeln!(page, "| {} |\n|{}|", head.join(" | "), rules.join("|"));
    for row in rows {
        let _ = writeln!(page, "| {} |", row.join(" | "));
    }
    page.push('\n');
}

/// Text that Markdown takes for nothing else.
pub(super) fn text(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '#' | '~' | '!' | '@' => {
                plain.extend(['\\', c])
            }
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// Rows of cases that a comment can bear.
const ROWS_MAX: usize = 200;
