//! The keys of a scenario: which terminals run which flow, when and how often. Which keys go with which executor is left
//! to `compile`.

use super::{
    case_keys::{Case, Quarantine, RetryCases},
    condition::Condition,
    duration::Time,
    file::is_false,
    named::Named,
    text::Percentage,
    words::{Arrival, Executor, OnSaturation, ProfileName},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which terminals run which flow, when and how often.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// The flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Several flows in place of one; each iteration has one of them, by weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub mix: Option<Vec<MixPart>>,
    /// The flow that each terminal which takes part walks through before the first iteration, or before its cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
    /// The flow that each of them walks through after the last iteration, or after its cases, also where one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teardown: Option<String>,
    /// The group of terminals; may be left out when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The law by which iterations start.
    pub executor: Executor,
    /// Iterations per `timeUnit` (constant-arrival-rate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Iterations per `timeUnit` at the start (ramping-arrival-rate; 0 without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_rate: Option<f64>,
    /// What rates and targets count by (constant-arrival-rate, ramping-arrival-rate; 1s without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_unit: Option<Time>,
    /// Terminals that take part at the start (ramping-terminals; 0 without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_terminals: Option<u32>,
    /// The usual shape of a load test, of `rate` and `duration`, in place of `stages` (ramping-arrival-rate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,
    /// Straight lines from target to target (ramping-arrival-rate, ramping-terminals).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub stages: Option<Vec<Stage>>,
    /// How arrivals spread within the rate (constant-arrival-rate, ramping-arrival-rate; poisson without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
    /// How many iterations may be under way at once (open executors; as many as there are terminals without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_in_flight: Option<u64>,
    /// What becomes of an arrival that finds no terminal free, or `maxInFlight` reached (open executors).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_saturation: Option<OnSaturation>,
    /// Figures of iterations that are due so soon after the begin are kept apart from percentiles and thresholds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Time>,
    /// No stage of a search has a higher rate (search).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rate: Option<f64>,
    /// How many times the rate the next stage has (search; 2 without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<f64>,
    /// How exactly the rate is found (search; 2% without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Percentage>,
    /// What is not measured at the begin of each stage (search; 1s without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Time>,
    /// How long each stage is measured (search; 5s without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Time>,
    /// How long the rate that was found is measured once more (search; twice `measure` without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Time>,
    /// Conditions as below `thresholds` that a rate must keep (search).
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub keeps: Named<Vec<Condition>>,
    /// How long iterations start (constant-arrival-rate, constant-terminals).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Time>,
    /// How many terminals of the group take part (constant-terminals, shared-iterations; all without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminals: Option<u32>,
    /// Iterations of each terminal (per-terminal-iterations; 1 without it), of all together (shared-iterations), or at
    /// once (at-once; one for each terminal without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    /// The time over which the first iterations spread (per-terminal-iterations; 0s without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Time>,
    /// A CSV file with a column `at`, in seconds, one row for each iteration, or a capture of the network (replay); the
    /// earliest begins at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The port of the host whose requests of a capture count (replay).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub port: Option<u16>,
    /// How many times faster than in the file (replay; 1 without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// The cases in their order, each a flow (cases).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub cases: Option<Vec<Case>>,
    /// How often a case is tried (cases; once without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryCases>,
    /// When a device is left out (cases; never without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
    /// How long one attempt at a case may take (cases; 60s without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_timeout: Option<Time>,
    /// When it ends at the latest (per-terminal-iterations, shared-iterations; 10m without it; cases; 1h without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<Time>,
    /// How long after the start of the run, or after the end of `startAfter`, it begins.
    #[serde(default)]
    pub start_time: Time,
    /// The scenario whose end it waits for; `signal` waits until live control starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_after: Option<String>,
    /// How long iterations under way may take to finish.
    #[serde(default = "default_graceful_stop")]
    pub graceful_stop: Time,
}

/// A straight line from the previous rate or number of terminals to the target.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stage {
    /// How long the line takes; 0s jumps.
    pub duration: Time,
    /// Iterations per `timeUnit`, or terminals, at its end.
    pub target: f64,
    /// Whether the target is reached at once, and kept for the duration.
    #[serde(default, skip_serializing_if = "is_false")]
    pub jump: bool,
}

/// One of the flows of a mix.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MixPart {
    /// The flow.
    pub flow: String,
    /// Its share is this part of the sum of all weights.
    pub weight: f64,
}

impl Scenario {
    /// The names of all flows that its terminals walk through.
    pub fn flows(&self) -> impl Iterator<Item = &str> {
        let alone = [&self.flow, &self.setup, &self.teardown].into_iter().flatten().map(String::as_str);
        let mixed = self.mix.iter().flatten().map(|part| part.flow.as_str());
        alone.chain(mixed).chain(self.cases.iter().flatten().map(Case::flow))
    }
}

fn default_graceful_stop() -> Time {
    Time::from_secs(30)
}
