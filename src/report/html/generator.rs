//! How the load generator did: a run whose generator lags says little of the system under test.

use super::{
    course::{self, Course},
    latency,
    run::Run,
};
use crate::{
    metrics::Summary,
    report::figures::{bytes, count, time},
};
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let told = run.archive.summary.as_ref().map(told);
    let lag = run.timeline.as_ref().map(|timeline| latency::lag(run, timeline));
    let cores = course::chart(run, "Cores that the load generator used, over the time of the run", &CORES);
    if told.is_none() && lag.is_none() && cores.is_none() {
        return None;
    }
    let says =
        "How late iterations began, because this program was not quick enough. Response times contain it.";
    let body = html! {
        @if let Some(told) = told { (told) }
        @if let Some(lag) = lag { (lag) }
        @if let Some(cores) = cores {
            h3 { "Cores used" }
            (cores.draw())
        }
    };
    super::section("generator", "Was the generator well?", says, &body)
}

fn told(summary: &Summary) -> Markup {
    let (generator, lag) = (&summary.generator, summary.generator.schedule_lag_ms);
    let cores = generator.cpu_seconds / summary.duration_seconds.max(0.001);
    html! {
        dl.pairs {
            dt { "lag p50" } dd { (time(lag.p50)) }
            dt { "lag p99" } dd { (time(lag.p99)) }
            dt { "lag p99.9" } dd { (time(lag.p999)) }
            dt { "lag max" } dd { (time(lag.max)) }
            dt { "CPU" } dd { (format!("{:.1} s, {cores:.2} cores on average", generator.cpu_seconds)) }
            dt { "memory at most" } dd { (bytes(generator.max_rss_bytes)) }
            dt { "terminals" } dd { (count(generator.terminals)) " on " (count(generator.shards as u64)) " shards" }
        }
    }
}

const CORES: [Course; 1] = [("cores", 1, |column| {
    column.rows.iter().map(|row| row.vitals.cpu_cores * row.length).sum::<f64>() / column.length()
})];
