//! A step as screens show it: what became of it, how long it took, its course over time, and where its time went.

use super::{Bucket, Class, Percentiles, Series, StepInterval};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One step since the start of the run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StepView {
    /// Its name.
    pub name: String,
    /// How often it ended.
    pub count: u64,
    /// How often it was approved.
    pub approved: u64,
    /// How often it was declined.
    pub declined: u64,
    /// How often no answer came in time.
    pub timeouts: u64,
    /// How often it could not be done.
    pub errors: u64,
    /// Checks that held, and that did not.
    pub checks: (u64, u64),
    /// From the scheduled start to the end.
    pub response: Percentiles,
    /// From the send to the answer.
    pub service: Percentiles,
    /// Response times in logarithmic buckets.
    pub response_buckets: Vec<Bucket>,
    /// Service times in logarithmic buckets.
    pub service_buckets: Vec<Bucket>,
    /// Response times by nines, see [`Latency::curve`](super::Latency::curve).
    pub response_curve: Vec<f64>,
    /// Service times by nines.
    pub service_curve: Vec<f64>,
    /// Response codes, the most frequent first.
    pub codes: Vec<(String, u64)>,
    /// The seconds in which it ended, the oldest first; bounded.
    pub series: Series<StepPoint>,
}

impl StepView {
    /// What `step` has recorded; without a course over time.
    pub fn of(name: &str, step: &StepInterval) -> Self {
        let all = step.all();
        Self {
            name: name.to_owned(),
            count: step.total(),
            approved: step.count(Class::Approved),
            declined: step.count(Class::Declined),
            timeouts: step.count(Class::TimedOut),
            errors: step.count(Class::Failed),
            checks: (step.checks_passed, step.checks_failed),
            response: all.response.percentiles(),
            service: all.service.percentiles(),
            response_buckets: all.response.buckets(BUCKETS_PER_DECADE),
            service_buckets: all.service.buckets(BUCKETS_PER_DECADE),
            response_curve: all.response.curve(),
            service_curve: all.service.curve(),
            codes: step.codes.sorted().into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
            series: Series::default(),
        }
    }
}

/// One second of one step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepPoint {
    /// The end of the second, since the start of the run.
    pub at: Duration,
    /// Its length.
    pub length: Duration,
    /// How often the step ended in it.
    pub count: u64,
    /// How often it timed out or failed.
    pub errors: u64,
    /// Response times.
    pub response: Percentiles,
}

/// One part of the time that steps take, over all of them since the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartView {
    /// Which part.
    pub part: TimePart,
    /// How often it was measured.
    pub count: u64,
    /// How long it took.
    pub times: Percentiles,
}

/// The parts that the time of a step has, in the order in which they pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimePart {
    /// From the scheduled to the actual start.
    Lag,
    /// Waiting until another connection might be made.
    Wait,
    /// From the first packet until the connection is there.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Opening a connection to an HTTP server.
    HttpConnect,
    /// The TLS handshake with it.
    HttpHandshake,
    /// From the send of an HTTP request to the head of its answer.
    FirstByte,
    /// From the send of a request to its answer.
    Service,
}

const BUCKETS_PER_DECADE: u32 = 10;
