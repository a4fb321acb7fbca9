//! The steps: how they ended, how long they took, and each over time.

use super::{latency, run::Run};
use crate::{
    metrics::{Percentiles, StepSummary},
    report::figures::{NOTHING, count, share, time},
};
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    if run.steps.is_empty() {
        return None;
    }
    let body = html! {
        (times(run))
        (ends(run))
        @if run.timeline.is_some() {
            h3 { "Each step over time" }
            div.grid { @for (name, step) in &run.steps { (over_time(run, name, step)) } }
        }
    };
    let says = "Response time: from the scheduled start to the end. Service time: from the send to the answer. \
                Only the first step of an iteration has a schedule; those after it start when the one before ended.";
    super::section("steps", "Steps", says, &body)
}

fn times(run: &Run<'_>) -> Markup {
    let response = |name: &str, of: &Percentiles, is_service: bool| {
        let figures = [of.mean, of.p50, of.p90, of.p95, of.p99, of.p999, of.max];
        html! {
            tr.second[is_service] {
                th { @if is_service { "service" } @else { (name) } }
                @for figure in figures { td.n { (if of.max > 0.0 { time(figure) } else { NOTHING.to_owned() }) } }
            }
        }
    };
    html! {
        div.wide { table {
            thead { tr {
                th { "response time" }
                @for name in ["mean", "p50", "p90", "p95", "p99", "p99.9", "max"] { th.n { (name) } }
            } }
            tbody {
                @for (name, step) in &run.steps {
                    (response(name, &step.response_time_ms, false))
                    (response(name, &step.service_time_ms, true))
                }
            }
        } }
    }
}

fn ends(run: &Run<'_>) -> Markup {
    html! {
        div.wide { table {
            thead { tr {
                th { "how they ended" }
                @for name in ["count", "approved", "declined", "timeouts", "errors", "failed", "checks"] { th.n { (name) } }
            } }
            tbody { @for (name, step) in &run.steps { (end(name, step)) } }
        } }
    }
}

fn end(name: &str, step: &StepSummary) -> Markup {
    let failed = step.timeouts.saturating_add(step.errors);
    let checks = step.checks_passed.saturating_add(step.checks_failed);
    html! {
        tr {
            th { (name) }
            td.n { (count(step.count)) }
            td.n { (count(step.approved)) }
            td.n { (count(step.declined)) }
            td.n.bad[step.timeouts > 0] { (count(step.timeouts)) }
            td.n.bad[step.errors > 0] { (count(step.errors)) }
            td.n { (share(failed, step.count)) }
            td.n.bad[step.checks_failed > 0] {
                @if checks == 0 { (NOTHING) } @else { (share(step.checks_passed, checks)) " held" }
            }
        }
    }
}

fn over_time(run: &Run<'_>, name: &str, step: &StepSummary) -> Markup {
    html! {
        div.card {
            h4 { (name) " " small { (count(step.count)) " × · p99 " (time(step.response_time_ms.p99)) } }
            @if let Some(timeline) = &run.timeline { (latency::of_step(run, timeline, name)) }
        }
    }
}
