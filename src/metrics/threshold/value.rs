//! The numbers of conditions and options, with their units.

use super::{ThresholdError, Unit};
use std::{borrow::Cow, time::Duration};

/// A number with its unit, as milliseconds, a fraction or a count.
pub(super) fn parse_value(text: &str, unit: Unit) -> Result<f64, ThresholdError> {
    let wrong = || ThresholdError::Value(text.to_owned());
    let at = text.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(text.len());
    let (number, suffix) = text.split_at(at);
    let factor = match (suffix, unit) {
        ("us", Unit::Milliseconds) => 0.001,
        ("ms" | "", Unit::Milliseconds) => 1.0,
        ("s", Unit::Milliseconds) => 1000.0,
        ("m", Unit::Milliseconds) => 60_000.0,
        ("%", Unit::Share | Unit::Count) => 0.01,
        ("", Unit::Share | Unit::Count | Unit::PerSecond) => 1.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    if number.is_finite() { Ok(number * factor) } else { Err(wrong()) }
}

/// A unit may stand apart from its number: `1 %`.
pub(super) fn with_unit_apart<'t>(value: &'t str, rest: &'t str) -> (Cow<'t, str>, &'t str) {
    let after = rest.trim_start();
    let unit = UNITS.into_iter().find(|unit| {
        after.strip_prefix(unit).is_some_and(|tail| tail.is_empty() || tail.starts_with(char::is_whitespace))
    });
    let is_bare = value.ends_with(|last: char| last.is_ascii_digit());
    match unit.filter(|_| is_bare) {
        Some(unit) => (format!("{value}{unit}").into(), &after[unit.len()..]),
        None => (value.into(), rest),
    }
}

/// A whole or broken number of one unit: `10s`, `1.5m`, `2h`; between a second and a day.
pub(super) fn parse_time(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let factor = match &text[at..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let seconds = text[..at].parse::<f64>().ok()? * factor;
    TIMES.contains(&seconds).then(|| Duration::from_millis((seconds * 1000.0).round() as u64))
}

/// A time in the largest unit in which it is whole.
pub(super) fn time_text(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1000)];
    let whole = units.into_iter().find(|(_, length)| millis.is_multiple_of(*length));
    whole.map_or_else(|| format!("{millis}ms"), |(unit, length)| format!("{}{unit}", millis / length))
}

const UNITS: [&str; 5] = ["us", "ms", "s", "m", "%"];
/// Figures come once a second, and a longer time than a day is no window.
const TIMES: std::ops::RangeInclusive<f64> = 1.0..=86_400.0;
