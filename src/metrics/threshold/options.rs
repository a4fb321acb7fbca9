//! What a condition says beside its limit: its window, how many samples it needs, and what it does to the run.

use super::{
    ThresholdError,
    value::{parse_time, time_text},
};
use std::{fmt, time::Duration};

/// What a condition says beside its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// It must hold in every span of this length; `None` is the whole run. At most a day, in whole seconds.
    pub window: Option<Duration>,
    /// With fewer samples there is no value.
    pub samples_min: u64,
    /// When it does not hold, the run ends: not before it has been under way for so long.
    pub abort_after: Option<Duration>,
}

impl Options {
    /// Reads `over 10s min 100 abort after 30s`, in any order; nothing is all defaults.
    pub(super) fn parse(text: &str) -> Result<Self, ThresholdError> {
        let mut options = Self::default();
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            let wrong = || ThresholdError::Option(text.trim().to_owned());
            match word {
                "over" => options.window = Some(words.next().and_then(parse_time).ok_or_else(wrong)?),
                "min" => {
                    options.samples_min =
                        words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
                }
                "abort" if words.next_if_eq(&"after").is_some() => {
                    options.abort_after = Some(words.next().and_then(parse_time).ok_or_else(wrong)?);
                }
                "abort" => options.abort_after = Some(Duration::ZERO),
                _ => return Err(wrong()),
            }
        }
        Ok(options)
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(window) = self.window {
            write!(f, " over {}", time_text(window))?;
        }
        if self.samples_min > 0 {
            write!(f, " min {}", self.samples_min)?;
        }
        match self.abort_after {
            None => Ok(()),
            Some(Duration::ZERO) => f.write_str(" abort"),
            Some(after) => write!(f, " abort after {}", time_text(after)),
        }
    }
}
