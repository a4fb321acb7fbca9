//! Times as scenario files write them: `250ms`, `10s`, `1m30s`, `2h`, and ranges of them: `5s..20s`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, time::Duration};

/// A time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

/// A time, or a range of times to draw from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The shortest.
    pub min: Time,
    /// The longest.
    pub max: Time,
}

/// Why a text is not a time or a range of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a time.
    #[error("expected a time such as 250ms, 10s, 1m30s or 2h")]
    Time,
    /// A time beyond all reason.
    #[error("a time is at most 1000h")]
    TooLong,
    /// Not a range of times.
    #[error("expected a time such as 5s, or a range such as 5s..20s")]
    Range,
    /// The first time is longer than the second.
    #[error("the range is reversed: the shorter time comes first")]
    Reversed,
}

impl Time {
    /// So many whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// This time, `factor` times as long.
    pub(super) fn scaled(self, factor: f64) -> Self {
        let millis = (self.0.as_secs_f64() * factor * 1000.0).round().min(LONGEST.as_millis() as f64);
        Self(Duration::from_millis(millis as u64))
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let mut total = Duration::ZERO;
        let mut rest = text.trim();
        let mut unit_before = None;
        while !rest.is_empty() {
            let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(TimeError::Time)?;
            let (number, tail) = rest.split_at(number_end);
            let unit_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_end);
            let place = UNITS.iter().position(|(name, _)| *name == unit).ok_or(TimeError::Time)?;
            if unit_before.is_some_and(|before| before >= place) {
                return Err(TimeError::Time);
            }
            let number: f64 = number.parse().map_err(|_| TimeError::Time)?;
            let seconds = number * UNITS[place].1;
            if seconds > LONGEST.as_secs_f64() {
                return Err(TimeError::TooLong);
            }
            total += Duration::from_nanos((seconds * 1e9).round() as u64);
            (rest, unit_before) = (tail, Some(place));
        }
        match unit_before {
            None => Err(TimeError::Time),
            Some(_) if total > LONGEST => Err(TimeError::TooLong),
            Some(_) => Ok(Self(total)),
        }
    }
}

impl FromStr for TimeRange {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let bound = |text: &str| {
            text.parse().map_err(|error| if error == TimeError::Time { TimeError::Range } else { error })
        };
        let (min, max): (Time, Time) = (bound(min)?, bound(max)?);
        if min > max { Err(TimeError::Reversed) } else { Ok(Self { min, max }) }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            return f.write_str("0s");
        }
        let mut rest = self.0.as_nanos();
        for (name, nanos) in [
            ("h", 3_600_000_000_000),
            ("m", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1000),
        ] {
            let count = rest / nanos;
            if count > 0 {
                write!(f, "{count}{name}")?;
            }
            rest %= nanos;
        }
        Ok(())
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max { self.min.fmt(f) } else { write!(f, "{}..{}", self.min, self.max) }
    }
}

impl From<Time> for Duration {
    fn from(time: Time) -> Self {
        time.0
    }
}

/// The units in the order in which they are written, in seconds.
const UNITS: [(&str, f64); 5] = [("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6)];
const LONGEST: Duration = Duration::from_secs(3_600_000);

super::text::text_form!(Time, "time", "A time such as `250ms`, `10s`, `1m30s` or `2h`.");
super::text::text_form!(
    TimeRange,
    "time-range",
    "A time such as `5s`, or a range such as `5s..20s` to draw from."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["250ms", "10s", "1m30s", "2h", "1h2m3s4ms5us", "0s"] {
            assert_eq!(text.parse::<Time>().map(|time| time.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("1.5s".parse(), Ok(Time(Duration::from_millis(1500))));
        assert_eq!("90s".parse::<Time>().map(|time| time.to_string()), Ok("1m30s".to_owned()));
        assert_eq!("5s..1m".parse::<TimeRange>().map(|range| range.to_string()), Ok("5s..1m".to_owned()));
        assert_eq!("5s".parse::<TimeRange>().map(|range| range.min == range.max), Ok(true));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "10", "s", "10 s", "1s1m", "1s1s", "-1s", "1..2s", "1x", ".s", "1.2.3s"] {
            assert_eq!(text.parse::<Time>(), Err(TimeError::Time), "{text:?}");
        }
        assert_eq!("1001h".parse::<Time>(), Err(TimeError::TooLong));
        assert_eq!("20s..5s".parse::<TimeRange>(), Err(TimeError::Reversed));
        assert_eq!("5..20s".parse::<TimeRange>(), Err(TimeError::Range));
    }
}
