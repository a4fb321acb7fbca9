//! The network between terminals and their host, in the file format: delays, pieces, and connections that break.
//!
//! Doc comments become the descriptions of the JSON Schema, so they speak to the writer of a file.

use super::{
    duration::Time,
    text::{Percentage, text_form},
};
use crate::link::{self, Pause, Reset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive, str::FromStr, sync::Arc};

/// What the network between a terminal and its host is like; what is not written is as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// How much longer everything takes, each way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Time>,
    /// How much more or less than `latency`, drawn evenly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Time>,
    /// How much passes in a second, each way: `64kbit/s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// The most bytes that arrive at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub chunk: Option<u32>,
    /// After how many bytes, both ways together, connections are reset: `300`, or `100..600`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_after: Option<ByteRange>,
    /// The share of connections that are reset (resetAfter; 100% without it).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets: Option<Percentage>,
    /// The share of requests after which the terminal's half of the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_close: Option<Percentage>,
    /// Requests in the middle of which nothing moves for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall: Option<Spell>,
    /// Requests from which on nothing gets through, until the connection breaks: the request, or its answer, is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence: Option<Spell>,
}

/// Something that befalls a share of requests, and lasts for a while.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spell {
    /// The share of requests.
    pub probability: Percentage,
    /// How long it lasts.
    pub lasts: Time,
}

/// Bits per second: `64kbit/s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bandwidth(pub f64);

/// A number of bytes, or a range of them: `300`, `100..600`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteRange(pub RangeInclusive<u64>);

/// Why a text is no bandwidth or range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not a bandwidth.
    #[error("expected a bandwidth such as 9600bit/s, 64kbit/s or 2Mbit/s")]
    Bandwidth,
    /// Not a range.
    #[error("expected a number of bytes such as 300, or a range such as 100..600")]
    Bytes,
}

impl Network {
    /// The network as the drivers know it.
    pub fn compiled(&self) -> Arc<link::Network> {
        let time = |time: Option<Time>| time.unwrap_or_default().0;
        let pause = |spell: Spell| Pause { probability: spell.probability.0, lasts: spell.lasts.0 };
        let probability = self.resets.map_or(1.0, |share| share.0);
        Arc::new(link::Network {
            latency: time(self.latency),
            jitter: time(self.jitter),
            bandwidth: self.bandwidth.map(|bandwidth| bandwidth.0),
            chunk: self.chunk.map(|bytes| bytes as usize),
            reset: self.reset_after.as_ref().map(|after| Reset { probability, after: after.0.clone() }),
            half_close: self.half_close.map_or(0.0, |share| share.0),
            stall: self.stall.map(pause),
            silence: self.silence.map(pause),
        })
    }
}

impl FromStr for Bandwidth {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let text = text.trim();
        let known = UNITS.iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, bits)));
        let (number, bits) = known.ok_or(NetworkError::Bandwidth)?;
        let number: f64 = number.trim().parse().map_err(|_| NetworkError::Bandwidth)?;
        let bandwidth = number * bits;
        if bandwidth >= 1.0 && bandwidth.is_finite() {
            Ok(Self(bandwidth))
        } else {
            Err(NetworkError::Bandwidth)
        }
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |bits: f64| self.0 >= bits && (self.0 / bits).fract() == 0.0;
        let (unit, bits) = UNITS.iter().find(|(_, bits)| fits(*bits)).unwrap_or(&("bit/s", 1.0));
        write!(f, "{}{unit}", self.0 / bits)
    }
}

impl FromStr for ByteRange {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let bytes = |text: &str| text.trim().parse::<u64>().map_err(|_| NetworkError::Bytes);
        let (low, high) = (bytes(low)?, bytes(high)?);
        if low > high { Err(NetworkError::Bytes) } else { Ok(Self(low..=high)) }
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (self.0.start(), self.0.end());
        if low == high { write!(f, "{low}") } else { write!(f, "{low}..{high}") }
    }
}

text_form!(Bandwidth, "bandwidth", "Bits per second, such as `64kbit/s`.");
text_form!(ByteRange, "byte-range", "A number of bytes such as `300`, or a range such as `100..600`.");

const UNITS: [(&str, f64); 4] = [("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3), ("bit/s", 1.0)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["64kbit/s", "2Mbit/s", "9600bit/s", "1Gbit/s", "33600bit/s"] {
            let bandwidth = text.parse::<Bandwidth>().map(|bandwidth| bandwidth.to_string());
            assert_eq!(bandwidth.map(|text| text.parse::<Bandwidth>()), Ok(text.parse()), "{text}");
        }
        for text in ["300", "100..600"] {
            assert_eq!(text.parse::<ByteRange>().map(|range| range.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("64 kbit/s".parse(), Ok(Bandwidth(64_000.0)));
    }

    #[test]
    fn refuses_what_is_neither() {
        for text in ["", "64", "64kbit", "0bit/s", "-1kbit/s", "NaNbit/s", "infbit/s"] {
            assert_eq!(text.parse::<Bandwidth>(), Err(NetworkError::Bandwidth), "{text:?}");
        }
        for text in ["", "x", "6..1", "-1", "1..", "1.5"] {
            assert_eq!(text.parse::<ByteRange>(), Err(NetworkError::Bytes), "{text:?}");
        }
    }
}
