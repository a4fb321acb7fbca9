//! Response codes (DE 39): how often each came, and when; and the causes of what went wrong.

use super::run::Run;
use crate::{
    iso8583::ResponseCode,
    report::{
        archive::SeriesRow,
        figures::{count, share},
    },
};
use maud::{Markup, html};
use std::{collections::BTreeMap, fmt::Write};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let totals = totals(run);
    let causes =
        run.archive.summary.as_ref().map(|summary| &summary.causes).filter(|causes| !causes.is_empty());
    if totals.is_empty() && causes.is_none() {
        return None;
    }
    let body = html! {
        @if !totals.is_empty() { (codes(run, &totals)) }
        @if let Some(causes) = causes { (table_of_causes(causes)) }
    };
    super::section("codes", "Response codes and causes", "", &body)
}

/// Codes and counts, the most frequent first.
fn totals(run: &Run<'_>) -> Vec<(String, u64)> {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    let told =
        run.steps.values().flat_map(|step| step.codes.iter().map(|(code, count)| (code.as_str(), *count)));
    told.for_each(|(code, count)| *totals.entry(code).or_default() += count);
    if totals.is_empty() {
        let recorded = run.archive.series.iter().flat_map(|row| &row.codes);
        recorded.for_each(|(code, count)| *totals.entry(code).or_default() += *count);
    }
    let mut totals: Vec<(String, u64)> =
        totals.into_iter().map(|(code, count)| (code.to_owned(), count)).collect();
    totals.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    totals
}

fn codes(run: &Run<'_>, totals: &[(String, u64)]) -> Markup {
    let all = totals.iter().map(|(_, count)| count).sum();
    html! {
        div.wide { table {
            thead { tr { th { "code" } th { "meaning" } th.n { "answers" } th.n { "share" } th { "over the time of the run" } } }
            tbody {
                @for (code, number) in totals.iter().take(CODES_MAX) {
                    tr {
                        th { code { (code) } }
                        td { (ResponseCode::from_bytes(code.as_bytes()).map_or("", ResponseCode::meaning)) }
                        td.n { (count(*number)) }
                        td.n { (share(*number, all)) }
                        td.strip { (strip(run, code)) }
                    }
                }
            }
        } }
        @if totals.len() > CODES_MAX { p { "and " (totals.len() - CODES_MAX) " further codes" } }
    }
}

/// How often a code came, as bars over the time of the run.
fn strip(run: &Run<'_>, code: &str) -> Markup {
    let rows = &run.archive.series;
    let chunks = rows.chunks(rows.len().div_ceil(BARS_MAX).max(1));
    let of_row = |row: &SeriesRow| {
        row.codes.iter().filter(|(known, _)| known == code).map(|(_, count)| count).sum::<u64>()
    };
    let bars: Vec<u64> = chunks.map(|rows| rows.iter().map(of_row).sum()).collect();
    let most = bars.iter().copied().max().unwrap_or(0).max(1) as f64;
    let mut path = String::new();
    for (number, bar) in bars.iter().enumerate().filter(|(_, bar)| **bar > 0) {
        let _ = write!(path, "M{number} 10v-{:.2}h1V10z", (*bar as f64 / most * 9.0).max(1.0));
    }
    let first = rows.iter().find(|row| of_row(row) > 0).map(|row| row.at - row.length);
    let last = rows.iter().rev().find(|row| of_row(row) > 0).map(|row| row.at);
    let seen = first.zip(last).map(|(first, last)| {
        format!("first seen at {first:.0} s, last at {last:.0} s, at most {most} in a column")
    });
    html! {
        svg viewBox=(format!("0 0 {} 10", bars.len().max(1))) preserveAspectRatio="none" role="img" aria-label=(format!("when code {code} came")) {
            title { (seen.unwrap_or_default()) }
            path.bar d=(path) {}
        }
    }
}

fn table_of_causes(causes: &BTreeMap<String, u64>) -> Markup {
    let mut causes: Vec<(&String, &u64)> = causes.iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    html! {
        h3 { "What went wrong" }
        div.wide { table {
            thead { tr { th.n { "times" } th { "cause" } } }
            tbody { @for (cause, number) in causes.iter().take(CODES_MAX) { tr { td.n { (count(**number)) } td.text { (cause) } } } }
        } }
    }
}

const CODES_MAX: usize = 100;
const BARS_MAX: usize = 120;
