//! The text exposition format of Prometheus, version 0.0.4.
//!
//! Times are histograms with bounds that never change, because those of several agents and of any span of time can be
//! added up; quantiles cannot. The exact quantiles of the run stand beside them as gauges.

use super::{Distribution, Metric, Series, bounds, metrics};
use crate::metrics::Snapshot;
use std::fmt::Write;

/// The media type of what [`prometheus`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a scrape gets.
pub fn prometheus(snapshot: &Snapshot) -> String {
    let mut page = String::new();
    for metric in metrics(snapshot) {
        write_metric(&mut page, &metric);
    }
    page
}

fn write_metric(page: &mut String, metric: &Metric) {
    let kind = match metric.series {
        Series::Counter(_) => "counter",
        Series::Gauge(_) => "gauge",
        Series::Histogram(_) => "histogram",
    };
    let name = metric.name;
    line(page, format_args!("# HELP {name} {}", metric.help));
    line(page, format_args!("# TYPE {name} {kind}"));
    match &metric.series {
        Series::Counter(series) | Series::Gauge(series) => {
            for (labels, value) in series {
                line(page, format_args!("{name}{} {value}", braces(labels, None)));
            }
        }
        Series::Histogram(series) => {
            series
                .iter()
                .for_each(|(labels, distribution)| write_histogram(page, name, labels, distribution));
        }
    }
}

fn write_histogram(page: &mut String, name: &str, labels: &[(&'static str, String)], of: &Distribution) {
    for (bound, count) in bounds().zip(&of.below) {
        let bound = format!("{bound:.6}");
        let bound = bound.trim_end_matches('0').trim_end_matches('.');
        line(page, format_args!("{name}_bucket{} {count}", braces(labels, Some(bound))));
    }
    line(page, format_args!("{name}_bucket{} {}", braces(labels, Some("+Inf")), of.count));
    line(page, format_args!("{name}_sum{} {}", braces(labels, None), of.sum_seconds));
    line(page, format_args!("{name}_count{} {}", braces(labels, None), of.count));
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(page, "{text}").expect("a string takes everything");
}

fn braces(labels: &[(&'static str, String)], bound: Option<&str>) -> String {
    let named = labels.iter().map(|(name, value)| (*name, value.as_str()));
    let all = named.chain(bound.map(|bound| ("le", bound)));
    let cells: Vec<String> = all.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    if cells.is_empty() { String::new() } else { format!("{{{}}}", cells.join(",")) }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::StepView;

    #[test]
    fn every_metric_has_its_help_its_type_and_escaped_labels() {
        let step = StepView { name: "a \"b\"\\\nc".to_owned(), approved: 3, ..StepView::default() };
        let snapshot = Snapshot { steps: vec![step], ..Snapshot::default() };
        let page = prometheus(&snapshot);
        assert!(
            page.contains("posfleet_steps_total{step=\"a \\\"b\\\"\\\\\\nc\",class=\"approved\"} 3\n"),
            "{page}"
        );
        assert!(
            page.contains(
                "posfleet_response_time_seconds_bucket{step=\"a \\\"b\\\"\\\\\\nc\",le=\"+Inf\"} 0\n"
            )
        );
        let mut described = "";
        for line in page.lines() {
            match line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
                Some((name, _)) => described = name,
                None if line.starts_with("# HELP ") => {}
                None => assert!(line.starts_with(described) && line.contains(' '), "{line}"),
            }
        }
    }
}
