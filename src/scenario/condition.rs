//! One condition of a threshold in the file format: a text, or a text with its options.

use super::duration::Time;
use crate::metrics::{Options, Threshold, ThresholdError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A condition over a metric.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Condition {
    /// The condition alone: `p(99) < 800ms`.
    Text(String),
    /// The condition, and when and over what it is judged.
    Full(FullCondition),
}

/// A condition, and when and over what it is judged.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FullCondition {
    /// The condition: `p(99) < 800ms`.
    pub threshold: String,
    /// It must hold in every span of this length; without it, over the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Time>,
    /// With fewer samples there is no value, and nothing is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_samples: Option<u64>,
    /// Whether the run ends when the condition does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_on_fail: Option<bool>,
    /// The run does not end because of it before it has been under way for so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_abort_eval: Option<Time>,
}

impl Condition {
    /// The threshold over `metric`; what is written beside the text goes before what the text says itself.
    pub(super) fn threshold(&self, metric: &str) -> Result<Threshold, ThresholdError> {
        let (text, full) = match self {
            Self::Text(text) => (text, None),
            Self::Full(full) => (&full.threshold, Some(full)),
        };
        let threshold = Threshold::parse(metric, text)?;
        let options = threshold.options;
        threshold.with(full.map_or(options, |full| full.options(options)))
    }
}

impl FullCondition {
    fn options(&self, written: Options) -> Options {
        let delay = self.delay_abort_eval.map(|Time(delay)| delay);
        let abort_after = match self.abort_on_fail {
            Some(true) => delay.or(written.abort_after).or(Some(Duration::ZERO)),
            Some(false) => None,
            None => written.abort_after.map(|after| delay.unwrap_or(after)),
        };
        Options {
            window: self.window.map_or(written.window, |Time(window)| Some(window)),
            samples_min: self.min_samples.unwrap_or(written.samples_min),
            abort_after,
        }
    }
}
