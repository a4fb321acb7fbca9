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
    /// The stages in their order.
    pub stages: Vec<KneeStage>,
}

/// One stage of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Why not: the conditions that did not hold, with their values; empty where all held.
    pub reasons: Vec<String>,
}
