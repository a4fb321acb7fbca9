//! The metrics request of OTLP/HTTP in its JSON encoding (opentelemetry-proto 1.x, `ExportMetricsServiceRequest`).
//!
//! Its few messages are written here; the crates that generate them bring gRPC with them.

use super::{Distribution, Labels, Metric, Series, bounds, metrics};
use crate::metrics::Snapshot;
use serde_json::{Value, json};

/// The body of one push; both times are nanoseconds since 1970, that of the start of the run first.
pub fn otlp(snapshot: &Snapshot, started: u64, now: u64) -> String {
    let times = Times { started: started.to_string(), now: now.to_string() };
    let metrics: Vec<Value> = metrics(snapshot)
        .iter()
        .filter(|metric| !metric.is_empty())
        .map(|metric| times.metric(metric))
        .collect();
    json!({ "resourceMetrics": [{
        "resource": { "attributes": attributes(&[
            ("service.name", "posfleet".to_owned()),
            ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
            ("posfleet.scenario", snapshot.name.clone()),
        ]) },
        "scopeMetrics": [{ "scope": { "name": "posfleet" }, "metrics": metrics }],
    }] })
    .to_string()
}

/// When the counts began, and when they are told; 64-bit numbers are texts in this encoding.
struct Times {
    started: String,
    now: String,
}

impl Times {
    fn metric(&self, metric: &Metric) -> Value {
        let mut value = json!({ "name": metric.name, "description": metric.help, "unit": metric.unit });
        let (kind, data) = match &metric.series {
            Series::Gauge(series) => ("gauge", json!({ "dataPoints": self.numbers(series) })),
            Series::Counter(series) => {
                let points = self.numbers(series);
                let data = json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true });
                ("sum", data)
            }
            Series::Histogram(series) => {
                let points: Vec<Value> = series
                    .iter()
                    .map(|(labels, distribution)| self.histogram(labels, distribution))
                    .collect();
                ("histogram", json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE }))
            }
        };
        value[kind] = data;
        value
    }

    fn numbers(&self, series: &[(Labels, f64)]) -> Vec<Value> {
        let point = |(labels, value): &(Labels, f64)| self.point(labels, json!({ "asDouble": value }));
        series.iter().map(point).collect()
    }

    fn histogram(&self, labels: &Labels, of: &Distribution) -> Value {
        let mut before = 0;
        let counts = of.below.iter().copied().chain([of.count]);
        let buckets: Vec<String> =
            counts.map(|count| (count - std::mem::replace(&mut before, count)).to_string()).collect();
        let bounds: Vec<f64> = bounds().collect();
        let data = json!({
            "count": of.count.to_string(), "sum": of.sum_seconds, "bucketCounts": buckets, "explicitBounds": bounds,
        });
        self.point(labels, data)
    }

    fn point(&self, labels: &Labels, mut value: Value) -> Value {
        value["attributes"] = attributes(labels);
        value["startTimeUnixNano"] = json!(self.started);
        value["timeUnixNano"] = json!(self.now);
        value
    }
}

impl Metric {
    fn is_empty(&self) -> bool {
        match &self.series {
            Series::Counter(series) | Series::Gauge(series) => series.is_empty(),
            Series::Histogram(series) => series.is_empty(),
        }
    }
}

fn attributes(labels: &[(&'static str, String)]) -> Value {
    labels.iter().map(|(key, text)| json!({ "key": key, "value": { "stringValue": text } })).collect()
}

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Bucket, StepView};

    #[test]
    fn counts_are_cumulative_since_the_start_and_buckets_are_not() {
        let bar = |from_ms, to_ms, count| Bucket { from_ms, to_ms, count };
        let response_buckets = vec![bar(1.0, 1.2589, 3), bar(100_000.0, 125_890.0, 1)];
        let step = StepView { name: "sale".to_owned(), approved: 4, response_buckets, ..StepView::default() };
        let snapshot = Snapshot { steps: vec![step], ..Snapshot::default() };
        let body: Value = serde_json::from_str(&otlp(&snapshot, 1, 2)).expect("JSON");
        let metrics = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().expect("a list");
        let find = |name: &str| metrics.iter().find(|metric| metric["name"] == name).expect("it is there");
        let sum = &find("posfleet_steps_total")["sum"];
        assert_eq!((&sum["isMonotonic"], &sum["dataPoints"][0]["asDouble"]), (&json!(true), &json!(4.0)));
        assert_eq!(sum["dataPoints"][0]["startTimeUnixNano"], "1");
        let point = &find("posfleet_response_time_seconds")["histogram"]["dataPoints"][0];
        let buckets = point["bucketCounts"].as_array().expect("a list");
        assert_eq!(buckets.len(), point["explicitBounds"].as_array().expect("a list").len() + 1);
        let total: u64 = buckets.iter().filter_map(|count| count.as_str()?.parse::<u64>().ok()).sum();
        assert_eq!((total, &point["count"], buckets.last()), (4, &json!("4"), Some(&json!("1"))));
    }
}
