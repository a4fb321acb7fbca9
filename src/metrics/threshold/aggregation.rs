//! How the samples of a metric become one value, what it is counted in, and how it is compared.

use super::{MetricName, ThresholdError};
use std::{fmt, str::FromStr};

/// How the samples of a metric become one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregation {
    /// The value that so many percent do not exceed.
    Percentile(f64),
    /// The mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many there are.
    Count,
    /// Which fraction of all it is.
    Rate,
    /// How many there are in a second.
    PerSecond,
}

/// What the value of a threshold is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// A fraction of one.
    Share,
    /// A number of things.
    Count,
    /// A number of things in a second.
    PerSecond,
}

impl Aggregation {
    /// What its value of `metric` is counted in.
    pub(super) fn unit(self, metric: &MetricName) -> Unit {
        match self {
            Self::Rate => Unit::Share,
            Self::PerSecond => Unit::PerSecond,
            Self::Percentile(_) | Self::Mean | Self::Min | Self::Max if metric.is_time() => {
                Unit::Milliseconds
            }
            _ => Unit::Count,
        }
    }
}

impl FromStr for Aggregation {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        match text {
            "avg" | "mean" => Ok(Self::Mean),
            "med" => Ok(Self::Percentile(50.0)),
            "min" => Ok(Self::Min),
            "max" => Ok(Self::Max),
            "count" => Ok(Self::Count),
            "rate" | "ratio" => Ok(Self::Rate),
            "per_second" => Ok(Self::PerSecond),
            _ => percentile(text).ok_or_else(|| ThresholdError::UnknownAggregation(text.to_owned())),
        }
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percentile) => write!(f, "p({percentile})"),
            Self::Mean => f.write_str("avg"),
            Self::Min => f.write_str("min"),
            Self::Max => f.write_str("max"),
            Self::Count => f.write_str("count"),
            Self::Rate => f.write_str("rate"),
            Self::PerSecond => f.write_str("per_second"),
        }
    }
}

fn percentile(text: &str) -> Option<Aggregation> {
    let number: f64 = text.strip_prefix("p(")?.strip_suffix(')')?.trim().parse().ok()?;
    (0.0..=100.0).contains(&number).then_some(Aggregation::Percentile(number))
}

/// How a value is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl FromStr for Comparison {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        match text {
            "<" => Ok(Self::Less),
            "<=" => Ok(Self::AtMost),
            ">" => Ok(Self::Greater),
            ">=" => Ok(Self::AtLeast),
            "==" => Ok(Self::Equal),
            "!=" => Ok(Self::NotEqual),
            _ => Err(ThresholdError::NoComparison),
        }
    }
}
