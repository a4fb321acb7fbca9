//! What happened: marks above the charts, and the list.

use super::{chart::Mark, run::Run};
use crate::report::{archive::EventRecord, figures::clock};
use maud::{Markup, html};
use std::time::Duration;

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let events = &run.archive.events;
    if events.is_empty() {
        return None;
    }
    let body = html! {
        div.wide { table.events {
            thead { tr { th.n { "at" } th { "" } th { "what" } } }
            tbody {
                @for event in events.iter().take(SHOWN) {
                    @let (sign, class) = look(event);
                    tr { td.n { (clock(Duration::from_millis(event.at_ms))) } td.(class) { (sign) " " (event.severity) } td.text { (event.text) } }
                }
            }
        } }
        @if events.len() > SHOWN { p { "and " (events.len() - SHOWN) " more in events.ndjson" } }
    };
    super::section("events", "Events", "", &body)
}

/// One mark for the events of each place above a chart; the gravest decides how it looks.
pub(super) fn marks(run: &Run<'_>) -> Vec<Mark> {
    let mut marks: Vec<(usize, Mark, usize)> = Vec::new();
    for event in &run.archive.events {
        let at = event.at_ms as f64 / 1000.0;
        let place = (at / run.seconds * PLACES).clamp(0.0, PLACES) as usize;
        let (sign, class) = look(event);
        let text = format!("{} {}", clock(Duration::from_millis(event.at_ms)), event.text);
        match marks.iter_mut().find(|(known, ..)| *known == place) {
            None => marks.push((place, Mark { at, sign, class, text }, 1)),
            Some((_, mark, number)) => {
                *number += 1;
                if *number <= TOLD {
                    mark.text.push('\n');
                    mark.text.push_str(&text);
                }
                if grade(class) > grade(mark.class) {
                    (mark.sign, mark.class) = (sign, class);
                }
            }
        }
    }
    marks.into_iter().map(|(_, mark, _)| mark).collect()
}

fn look(event: &EventRecord) -> (&'static str, &'static str) {
    match event.severity.as_str() {
        _ if event.order.is_some() => ("⚑", "warn"),
        "error" => ("✗", "bad"),
        "warning" => ("▲", "warn"),
        _ => ("◆", "info"),
    }
}

fn grade(class: &str) -> usize {
    ["info", "warn", "bad"].iter().position(|known| *known == class).unwrap_or(0)
}

const SHOWN: usize = 500;
/// Places above a chart that can hold a mark.
const PLACES: f64 = 40.0;
/// Events that the tooltip of one mark tells.
const TOLD: usize = 10;
