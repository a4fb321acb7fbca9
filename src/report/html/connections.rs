//! What became of connections, and of HTTP requests, and which faults networks were told to have.

use super::{
    course::{self, Course},
    faults,
    run::Run,
};
use crate::{
    metrics::{ConnectionSummary, LatencySummary},
    report::figures::{bytes, count, time},
};
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let found = run.archive.summary.as_ref().and_then(|summary| summary.connections.as_ref());
    let faults = faults::totals(run);
    if found.is_none() && faults.is_empty() {
        return None;
    }
    let open = course::chart(run, "Connections that were open, over the time of the run", &OPEN);
    let body = html! {
        @if let Some(found) = found { (counts(found)) (times(found)) }
        @if let Some(open) = open {
            h3 { "Connections that were open" }
            (open.draw())
        }
        @if !faults.is_empty() { (faults::table(run, &faults)) }
    };
    super::section("connections", "Connections", "", &body)
}

fn counts(found: &ConnectionSummary) -> Markup {
    let handshakes = found.full_handshakes.saturating_add(found.resumed_handshakes);
    let pairs = [
        ("opened", count(found.opened)),
        ("could not be made", count(found.refused)),
        ("ended by the host", count(found.ended)),
        ("reset", count(found.resets)),
        (
            "TLS handshakes",
            format!("{}, {} of them resumed", count(handshakes), count(found.resumed_handshakes)),
        ),
        ("sent", bytes(found.bytes_out)),
        ("received", bytes(found.bytes_in)),
        ("answers that nobody waited for", count(found.strays)),
    ];
    html! { dl.pairs { @for (name, figure) in pairs { dt { (name) } dd { (figure) } } } }
}

fn times(found: &ConnectionSummary) -> Markup {
    let rows: [(&str, Option<LatencySummary>); 3] =
        [("wait", found.wait_ms), ("connect", found.connect_ms), ("TLS handshake", found.handshake_ms)];
    if rows.iter().all(|(_, times)| times.is_none()) {
        return html! {};
    }
    html! {
        div.wide { table {
            thead { tr { th { "how long it took" } @for name in ["p50", "p90", "p99", "max"] { th.n { (name) } } } }
            tbody { @for (name, times) in rows { @if let Some(of) = times {
                tr { th { (name) } @for figure in [of.p50, of.p90, of.p99, of.max] { td.n { (time(figure)) } } }
            } } }
        } }
    }
}

const OPEN: [Course; 1] =
    [("open", 1, |column| column.rows.last().map_or(0.0, |row| row.vitals.connections as f64))];
