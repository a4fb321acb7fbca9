//! Cases on devices as all reports tell of them: their counts in a line, and why one did not pass.

use super::{figures::count, text::plural};
use crate::metrics::{CaseAttempt, CaseRow, CaseWord, CasesSummary};

/// `16 cases = 12 passed + 1 flaky + 2 failed (1 device, 1 infrastructure) + 1 skipped`
pub(super) fn counts_line(cases: &CasesSummary) -> String {
    let mut line = format!("{} = {} passed", plural(cases.total(), "case"), count(cases.passed));
    if cases.flaky > 0 {
        line += &format!(" + {} flaky", count(cases.flaky));
    }
    if cases.failed() > 0 {
        line += &format!(" + {} failed ({})", count(cases.failed()), classes(cases));
    }
    if cases.skipped > 0 {
        line += &format!(" + {} skipped", count(cases.skipped));
    }
    line
}

/// What failed, for the sentence that tells the verdict; `None` when nothing did.
pub(super) fn failures(cases: Option<&CasesSummary>) -> Option<String> {
    let cases = cases.filter(|cases| cases.failed() > 0)?;
    let failed = plural(cases.failed(), "case");
    Some(format!("{failed} of {} failed ({})", count(cases.total()), classes(cases)))
}

fn classes(cases: &CasesSummary) -> String {
    let counts = [
        (cases.failed_device, "device"),
        (cases.failed_infrastructure, "infrastructure"),
        (cases.failed_scenario, "scenario"),
    ];
    let told = counts.into_iter().filter(|(number, _)| *number > 0);
    told.map(|(number, class)| format!("{} {class}", count(number))).collect::<Vec<_>>().join(", ")
}

/// Why a case did not pass, or not at once; empty when it did.
pub(super) fn why(row: &CaseRow) -> String {
    let first_failed = row.attempts.iter().find(|attempt| attempt.class.is_some());
    match (row.result, first_failed) {
        (CaseWord::Passed, _) => String::new(),
        (CaseWord::Flaky, Some(attempt)) => format!("at first {}", why_attempt(attempt)),
        _ => sentence(row.step.as_deref(), row.reason.as_deref()),
    }
}

/// The class of a case that failed, or that failed at first.
pub(super) fn class(row: &CaseRow) -> &'static str {
    let at_first = row.attempts.iter().find_map(|attempt| attempt.class);
    row.class.or(at_first).map_or("", |class| class.name())
}

/// Why an attempt failed.
pub(super) fn why_attempt(attempt: &CaseAttempt) -> String {
    sentence(attempt.step.as_deref(), attempt.reason.as_deref())
}

fn sentence(step: Option<&str>, reason: Option<&str>) -> String {
    match (step, reason) {
        (Some(step), Some(reason)) => format!("{step}: {reason}"),
        (one, other) => one.or(other).unwrap_or_default().to_owned(),
    }
}

/// The rows that a page with room for `most` shows: all, or else those that did not pass at once.
pub(super) fn shown(cases: &CasesSummary, most: usize) -> impl Iterator<Item = &CaseRow> {
    let is_long = cases.rows.len() > most;
    cases.rows.iter().filter(move |row| !is_long || row.result != CaseWord::Passed).take(most)
}
