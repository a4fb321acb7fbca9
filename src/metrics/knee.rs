//! What a search for the highest rate came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a search for the highest rate that the target keeps came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KneeSummary {
    /// The scenario that searched.
    pub scenario: String,
    /// The highest rate that was kept and held, in iterations per second; `null` where the search found none.
    pub rate: Option<f64>,
    /// The lowest rate above it that was not kept; `null` where all rates were.
    #[serde(default)]
    pub missed: Option<f64>,
    /// Why the search went no higher.
    #[serde(default)]
    pub limit: KneeLimit,
    /// The stages in their order.
    pub stages: Vec<KneeStage>,
}

/// Why a search went no higher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KneeLimit {
    /// The target did not keep the rate above, twice.
    #[default]
    Target,
    /// The machine that made the load was too busy at the rate above to tell.
    Machine,
    /// The scenario allows no higher rate.
    MaxRate,
}

/// One stage of a search.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KneeStage {
    /// What it was for: `raise`, `bisect`, `confirm` or `hold`.
    pub purpose: String,
    /// Iterations per second.
    pub rate: f64,
    /// When it began, in seconds since the start of the run.
    pub begins_at_s: f64,
    /// How long it was measured, in seconds.
    pub measured_s: f64,
    /// Steps that ended while it was measured.
    pub steps: u64,
    /// Whether the target kept the rate.
    pub kept: bool,
    /// What it says of the target: `kept`, `missed`, or `unsure` where the load was not what it should have been.
    #[serde(default)]
    pub verdict: String,
    /// Why it was not kept: the conditions that did not hold, with their values; empty where all held.
    pub reasons: Vec<String>,
}
