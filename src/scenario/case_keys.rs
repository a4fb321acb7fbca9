//! The keys of scenarios whose executor is `cases`: which cases, how often each is tried, and when a device is left out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A case: the name of a flow, or a flow under a name of its own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Case {
    /// the name of a flow
    Flow(String),
    /// a flow under a name of its own
    Named(NamedCase),
}

/// A flow under a name of its own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedCase {
    /// The flow.
    pub flow: String,
    /// What the case is called in results; the flow's name without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// How often a case is tried.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryCases {
    /// Attempts at a case, the first one included; each has a setup and a teardown of its own.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: u32,
    /// Whether the device is switched off and on before every further attempt.
    #[serde(default)]
    pub power_cycle: bool,
}

/// When a device is left out.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quarantine {
    /// After so many infrastructure failures, counted once there had been contact with it.
    #[schemars(range(min = 1, max = 1000))]
    pub after: u32,
}

impl Case {
    /// Its flow.
    pub fn flow(&self) -> &str {
        match self {
            Self::Flow(flow) => flow,
            Self::Named(case) => &case.flow,
        }
    }

    /// Its name in results.
    pub fn name(&self) -> &str {
        match self {
            Self::Flow(flow) => flow,
            Self::Named(case) => case.name.as_deref().unwrap_or(&case.flow),
        }
    }
}

impl Default for RetryCases {
    fn default() -> Self {
        Self { attempts: 1, power_cycle: false }
    }
}
