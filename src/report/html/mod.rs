//! The report of a run: one HTML file that needs nothing else, drawn from the histograms and series of its folder.
//!
//! Nothing of it is a script, and its policy forbids any; every value is escaped by the template. Labels of charts are
//! text of the page and not of the pictures, so that they stay readable on a phone. Colour never tells anything alone:
//! lines differ in their dashes, signs stand beside colours, and every mark has its figures as a tooltip.

mod cases;
mod chart;
mod codes;
mod connections;
mod course;
mod curve;
mod devices;
mod environment;
mod events;
mod faults;
mod generator;
mod head;
mod heatmap;
mod iterations;
mod latency;
mod load;
mod reconciliation;
mod run;
mod steps;
mod strip;
mod thresholds;

use super::archive::{Archive, ArchiveError};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use run::Run;

/// The report of the run in `archive`.
///
/// # Errors
/// When the histograms are there and cannot be read.
pub fn html_report(archive: &Archive) -> Result<String, ArchiveError> {
    let run = Run::read(archive)?;
    Ok(page(&run).into_string())
}

fn page(run: &Run<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("posfleet ", env!("CARGO_PKG_VERSION")));
                title { (run.name) " – " (run.verdict().word) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head::head(run))
                main {
                    @for section in sections(run) {
                        (section)
                    }
                }
                footer {
                    p { "Drawn from histograms and series, without samples. Percentiles are exact to three digits." }
                }
            }
        }
    }
}

/// The sections in their order; what a run has nothing of is left out.
fn sections(run: &Run<'_>) -> Vec<Markup> {
    let all: [fn(&Run<'_>) -> Option<Markup>; 14] = [
        thresholds::section,
        devices::section,
        iterations::section,
        load::section,
        latency::section,
        heatmap::section,
        curve::section,
        steps::section,
        codes::section,
        connections::section,
        reconciliation::section,
        generator::section,
        events::section,
        environment::section,
    ];
    all.into_iter().filter_map(|section| section(run)).collect()
}

/// A section with its heading, and a sentence that says how to read it.
fn section(id: &str, heading: &str, says: &str, body: &Markup) -> Option<Markup> {
    Some(html! {
        section id=(id) {
            h2 { (heading) }
            @if !says.is_empty() { p.says { (says) } }
            (body)
        }
    })
}

/// Nothing may be loaded, sent, embedded or run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("style.css");
