//! The orders that an operator gives a run under way.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One order to a run under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Starts nothing until it is resumed; what is under way goes on.
    Pause,
    /// Goes on after a pause.
    Resume,
    /// Makes the load faster or slower.
    Rate {
        /// Which scenario; without one, all that have a rate.
        #[serde(default)]
        scenario: Option<String>,
        /// By how much, or to what.
        change: RateChange,
    },
    /// Switches a scenario on or off.
    Scenario {
        /// Which.
        name: String,
        /// Whether it is on from now on; one that waits for a trigger begins.
        on: bool,
    },
    /// Puts a note on the time axis.
    Mark {
        /// What it says; at most [`Order::NOTE_MAX`] bytes are kept.
        note: String,
    },
    /// Starts nothing more; what is under way may finish.
    Stop,
    /// Gives up what is under way.
    Abort,
}

impl Order {
    /// The most bytes of a note.
    pub const NOTE_MAX: usize = 500;

    /// Its word, as people write it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Rate { .. } => "rate",
            Self::Scenario { .. } => "scenario",
            Self::Mark { .. } => "mark",
            Self::Stop => "stop",
            Self::Abort => "abort",
        }
    }
}

/// What becomes of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RateChange {
    /// So many percent more, or less where it is negative, of what it is now.
    By(f64),
    /// So many iterations per second from now on, and in proportion where the plan changes.
    To(f64),
}

/// A text that is no change of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a change such as +5%, -25%, or a rate such as 120")]
pub struct RateError;

impl FromStr for RateChange {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        match text.trim().strip_suffix('%') {
            Some(percent) if percent.starts_with(['+', '-']) => {
                number(percent).filter(|percent| PERCENT.contains(percent)).map(Self::By).ok_or(RateError)
            }
            Some(_) => Err(RateError),
            None => {
                let rate = text.trim().strip_suffix("/s").unwrap_or(text);
                number(rate).filter(|rate| RATES.contains(rate)).map(Self::To).ok_or(RateError)
            }
        }
    }
}

impl fmt::Display for RateChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(percent) => write!(f, "{percent:+}%"),
            Self::To(rate) => write!(f, "{rate}"),
        }
    }
}

impl From<RateChange> for String {
    fn from(change: RateChange) -> Self {
        change.to_string()
    }
}

impl TryFrom<String> for RateChange {
    type Error = RateError;

    fn try_from(text: String) -> Result<Self, RateError> {
        text.parse()
    }
}

const PERCENT: std::ops::RangeInclusive<f64> = -99.0..=1000.0;
const RATES: std::ops::RangeInclusive<f64> = 0.0..=10_000_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_a_rate_are_read_as_they_are_written() {
        for (text, expected) in [
            ("+5%", Ok(RateChange::By(5.0))),
            ("-25%", Ok(RateChange::By(-25.0))),
            ("120", Ok(RateChange::To(120.0))),
            ("0.5/s", Ok(RateChange::To(0.5))),
            ("5%", Err(RateError)),
            ("-120", Err(RateError)),
            ("+NaN%", Err(RateError)),
            ("-100%", Err(RateError)),
            ("1e300", Err(RateError)),
            ("", Err(RateError)),
        ] {
            assert_eq!(text.parse::<RateChange>(), expected, "{text}");
        }
        assert_eq!(RateChange::By(-25.0).to_string().parse(), Ok(RateChange::By(-25.0)));
    }
}
