//! An order that was carried out, as it is kept: when, by whom, and what it changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An order that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRecord {
    /// When, since the start of the run, in milliseconds.
    pub at_ms: u64,
    /// The word of the order: `pause`, `rate`, `mark` and so on.
    pub order: String,
    /// Who gave it.
    pub by: Source,
    /// The scenario it was about; absent where it was about all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What was before; absent where nothing was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What is now, or the note of a mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Who gave an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The operator, by a key of the dashboard.
    #[default]
    Keys,
    /// Somebody on this machine, over the control socket.
    Socket,
    /// The system, by a signal.
    Signal,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys => "keys",
            Self::Socket => "socket",
            Self::Signal => "signal",
        })
    }
}

impl fmt::Display for OrderRecord {
    /// One sentence without a full stop: `rate of day: 100/s → 105/s (by keys)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.order)?;
        if let Some(scenario) = &self.scenario {
            write!(f, " of {scenario}")?;
        }
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, ": {old} → {new}")?,
            (None, Some(new)) => write!(f, ": {new}")?,
            (_, None) => {}
        }
        write!(f, " (by {})", self.by)
    }
}
