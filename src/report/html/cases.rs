//! Cases on devices: what each came to on each of them, with its attempts.

use crate::{
    metrics::{CaseAttempt, CaseRow, CaseWord, CasesSummary},
    report::cases::{class, counts_line, shown, why, why_attempt},
};
use maud::{Markup, html};

/// Every case on every device, as far as a page has room.
pub(super) fn table(cases: &CasesSummary) -> Markup {
    html! {
        h3 { "Cases" }
        p { (counts_line(cases)) "." }
        div.wide { table {
            thead { tr {
                th { "device" } th { "scenario" } th { "case" } th { "" } th { "class" } th.n { "attempts" }
                th.n { "seconds" } th { "why" }
            } }
            tbody { @for case in shown(cases, ROWS_MAX) { (row(case)) } }
        } }
        @if cases.rows.len() > ROWS_MAX { p.says { "Cases that passed at once are left out." } }
        @if cases.total() > cases.rows.len() as u64 {
            p.says { (cases.total() - cases.rows.len() as u64) " of them are counted and not listed." }
        }
    }
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
