//! The devices: what each case came to on each of them, with its attempts.

use super::run::Run;
use crate::{
    metrics::{CaseAttempt, CaseRow, CaseWord},
    report::cases::{class, counts_line, shown, why, why_attempt},
};
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let cases = run.archive.summary.as_ref()?.cases.as_ref()?;
    let body = html! {
        p { (counts_line(cases)) "." }
        div.wide { table {
            thead { tr {
                th { "device" } th { "scenario" } th { "case" } th { "" } th { "class" } th.n { "attempts" }
                th.n { "seconds" } th { "why" }
            } }
            tbody { @for case in shown(cases, ROWS_MAX) { (row(case)) } }
        } }
        @if cases.rows.len() > ROWS_MAX { p.says { "Cases that passed at once are left out." } }
    };
    let says = "A device failure is the terminal's; an infrastructure failure is the lab's, and says nothing about the \
                terminal; flaky is what passed at a further attempt.";
    super::section("devices", "Devices", says, &body)
}

fn row(row: &CaseRow) -> Markup {
    let (sign, style) = match row.result {
        CaseWord::Passed => ("✓", "good"),
        CaseWord::Flaky => ("↻", "warn"),
        CaseWord::Failed => ("✗", "bad"),
        CaseWord::Skipped => ("–", "warn"),
    };
    html! {
        tr {
            td { (row.device) }
            td { (row.scenario) }
            td { (row.case) }
            td.(style) { (sign) " " (row.result.name()) }
            td { (class(row)) }
            td.n title=(attempts(&row.attempts)) { (row.attempts.len()) }
            td.n { (format!("{:.2}", row.seconds())) }
            td.wrap { (why(row)) }
        }
    }
}

/// Every attempt in a line, as a tooltip.
fn attempts(attempts: &[CaseAttempt]) -> String {
    let told = |(number, attempt): (usize, &CaseAttempt)| {
        let came = attempt.class.map_or_else(|| "passed".to_owned(), |_| why_attempt(attempt));
        format!("{}: {came} ({:.2} s)", number + 1, attempt.seconds)
    };
    attempts.iter().enumerate().map(told).collect::<Vec<_>>().join("\n")
}

const ROWS_MAX: usize = 1000;
