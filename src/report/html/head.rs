//! The head of a report: verdict, name, when and how long, what is odd about the folder, and the counters.

use super::run::Run;
use crate::report::figures::{clock, count, share};
use maud::{Markup, html};
use std::time::Duration;

pub(super) fn head(run: &Run<'_>) -> Markup {
    let told = run.verdict();
    html! {
        header {
            div.title {
                span.verdict.(told.class) { span aria-hidden="true" { (told.sign) } " " (told.word) }
                h1 { (run.name) }
            }
            p.reason { (told.reason) }
            p.facts { @for fact in facts(run) { span { (fact) } " " } }
            @if !run.notes.is_empty() {
                ul.notes { @for note in &run.notes { li { "⚠ " (note) } } }
            }
            (counters(run))
        }
    }
}

fn facts(run: &Run<'_>) -> Vec<String> {
    let length = clock(Duration::try_from_secs_f64(run.seconds).unwrap_or_default());
    let mut facts = vec![format!("took {length}")];
    if let Some(summary) = &run.archive.summary {
        facts.insert(0, format!("started {}", summary.started_at));
        facts.push(format!("{} terminals", count(summary.generator.terminals)));
        facts.push(format!("seed {}", summary.seed));
        facts.push(format!("exit code {}", summary.exit_code));
    }
    facts
}

/// The five counters, and those that failed.
fn counters(run: &Run<'_>) -> Markup {
    let of = run.archive.counters();
    let tiles = [
        ("planned", of.planned, "came due", ""),
        ("started", of.started, "began", ""),
        ("late", of.late, "began noticeably after they were due", "warn"),
        ("dropped", of.dropped, "came due while no terminal was free", "bad"),
        ("finished", of.finished, "ran to their end", ""),
        ("failed", of.failed, "ended in an error or a failed check", "bad"),
    ];
    html! {
        dl.tiles {
            @for (name, number, meaning, class) in tiles {
                div.tile.(if number > 0 { class } else { "" }) title=(format!("iterations that {meaning}")) {
                    dt { (name) }
                    dd { (count(number)) }
                    dd.share { @if name != "planned" { (share(number, of.planned)) " of planned" } @else { "iterations" } }
                }
            }
        }
    }
}
