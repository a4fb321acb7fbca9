//! Faults that networks were told to have, on the time axis: a band along the foot of a chart, and strips by kind.

use super::{
    chart::{Axis, unit},
    run::Run,
};
use crate::{
    metrics::Fault,
    report::{archive::SeriesRow, figures::count},
};
use maud::{Markup, html};
use std::{collections::BTreeMap, fmt::Write};

/// Every kind that was injected, with its number.
pub(super) fn totals(run: &Run<'_>) -> BTreeMap<String, u64> {
    let told = run.archive.summary.as_ref().and_then(|summary| summary.connections.as_ref());
    let mut totals = told.map(|found| found.faults.clone()).unwrap_or_default();
    if totals.is_empty() {
        let of_rows =
            |fault: Fault| run.archive.series.iter().map(move |row| row.connections.faults[fault as usize]);
        let recorded = Fault::ALL.map(|fault| (fault.name().to_owned(), of_rows(fault).sum()));
        totals = recorded.into_iter().filter(|(_, number)| *number > 0).collect();
    }
    totals
}

/// A band along the foot of a chart where any fault was injected; nothing where none was.
pub(super) fn band(run: &Run<'_>, x: &Axis) -> Option<Markup> {
    let path = path(run, x, has_any, (975.0, 1000.0));
    (!path.is_empty()).then(|| html! { path.fault d=(path) { title { "faults were injected" } } })
}

/// What the band stands for.
pub(super) fn legend(run: &Run<'_>) -> Markup {
    if !run.archive.series.iter().any(has_any) {
        return html! {};
    }
    html! {
        p.says { svg.swatch viewBox="0 0 30 10" aria-hidden="true" { path.fault d="M1 3h28v4H1z" {} } " at the foot: faults were injected" }
    }
}

/// Each kind with when it was injected.
pub(super) fn table(run: &Run<'_>, totals: &BTreeMap<String, u64>) -> Markup {
    let x = Axis::seconds(run.seconds);
    html! {
        h3 { "Faults that were injected" }
        div.wide { table {
            thead { tr { th { "fault" } th.n { "times" } th { "over the time of the run" } } }
            tbody { @for (kind, number) in totals {
                @let path = path(run, &x, |row| has(row, kind), (0.0, 1000.0));
                tr {
                    th { (kind) } td.n { (count(*number)) }
                    td.strip { @if !path.is_empty() {
                        svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label=(format!("when {kind} was injected")) {
                            path.fault d=(path) {}
                        }
                    } }
                }
            } }
        } }
    }
}

fn has_any(row: &SeriesRow) -> bool {
    row.connections.faults.iter().any(|number| *number > 0)
}

fn has(row: &SeriesRow, kind: &str) -> bool {
    Fault::ALL.into_iter().any(|fault| fault.name() == kind && row.connections.faults[fault as usize] > 0)
}

/// The seconds that `has` holds of, those beside each other in one piece.
fn path(run: &Run<'_>, x: &Axis, has: impl Fn(&SeriesRow) -> bool, (top, bottom): (f64, f64)) -> String {
    let mut spans: Vec<(f64, f64)> = Vec::new();
    for row in run.archive.series.iter().filter(|row| has(row)) {
        let (from, to) = (x.place((row.at - row.length).max(0.0)), x.place(row.at));
        match spans.last_mut() {
            Some((_, end)) if from - *end < GAP => *end = to.max(*end),
            _ => spans.push((from, to)),
        }
    }
    let mut path = String::new();
    for (from, to) in spans {
        let (from, to) = (unit(from), unit(to.max(from + WIDTH_MIN)));
        let _ = write!(path, "M{from} {top}H{to}V{bottom}H{from}z");
    }
    path
}

/// What is closer than this is drawn in one piece, as a share of the axis.
const GAP: f64 = 0.001;
/// Less could not be seen.
const WIDTH_MIN: f64 = 0.003;
