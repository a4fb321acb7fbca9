//! What shapes of load add to a run: the rate that a search found, the flows of mixes, the warm-up, pauses.

use super::run::Run;
use crate::report::load_text::load_text;
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let summary = run.archive.summary.as_ref()?;
    let parts = load_text(summary);
    let paused =
        summary.control.as_ref().map(|control| control.paused_seconds).filter(|paused| *paused > 0.0);
    if parts.is_empty() && paused.is_none() {
        return None;
    }
    let body = html! {
        @for (heading, lines) in parts {
            h3 { (heading) }
            pre { @for line in lines { (line.trim_start()) "\n" } }
        }
        @if let Some(seconds) = paused { p { (format!("Paused for {seconds:.1} s, which no threshold counts.")) } }
    };
    super::section("load", "The load", "", &body)
}
