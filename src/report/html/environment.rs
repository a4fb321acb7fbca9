//! What the run ran on, and the effective scenario.

use super::run::Run;
use crate::report::{Environment, figures::bytes};
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let body = html! {
        @match &run.archive.environment {
            None => p { "This folder does not say what the run ran on." },
            Some(environment) => (machine(environment)),
        }
        @if let Some(scenario) = &run.archive.scenario {
            details.scenario {
                summary { "The effective scenario: everything resolved, secrets and card numbers masked" }
                pre { (scenario) }
            }
        }
    };
    super::section("environment", "Environment", "", &body)
}

fn machine(environment: &Environment) -> Markup {
    let pairs = [
        ("posfleet", environment.version.clone()),
        ("system", environment.system.clone()),
        ("processors", format!("{} × {}", environment.processors, environment.processor)),
        ("memory", bytes(environment.memory_bytes)),
    ];
    html! {
        dl.pairs { @for (name, text) in pairs { dt { (name) } dd { (text) } } }
        @if environment.debug_build {
            p.warn { "▲ This was a build without optimization: its times say little." }
        }
    }
}
