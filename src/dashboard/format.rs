//! One way to write each kind of number; every text is at most seven or eight columns wide.

use std::time::Duration;

/// A count: `9999`, `12.3k`, `4.5M`.
pub fn count(count: u64) -> String {
    if count < 10_000 { count.to_string() } else { scaled(count as f64, &["", "k", "M", "G", "T", "P", "E"]) }
}

/// A rate per second, without its unit: `0`, `198.9`, `2450`, `12.3k`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        rate if !rate.is_finite() || rate <= 0.0 => "0".to_owned(),
        rate if rate < 0.05 => "<0.1".to_owned(),
        rate if rate < 999.95 => format!("{rate:.1}"),
        rate => count(rate.round() as u64),
    }
}

/// A time given in milliseconds, with three digits: `0.81 ms`, `12.3 ms`, `1.23 s`; `–` when it is not a number.
pub fn time(ms: f64) -> String {
    match ms {
        ms if !ms.is_finite() => "–".to_owned(),
        ms if ms <= 0.0 => "0 ms".to_owned(),
        ms if ms < 0.005 => "<0.01ms".to_owned(),
        ms if ms < 999.5 => format!("{} ms", three_digits(ms)),
        ms => format!("{} s", three_digits(ms / 1000.0)),
    }
}

/// A round time on an axis, given in milliseconds: `0.5 ms`, `20 ms`, `1 s`.
pub fn tick(ms: f64) -> String {
    let (value, unit) = if ms < 999.5 { (ms, "ms") } else { (ms / 1000.0, "s") };
    let decimals = if value < 0.095 {
        2
    } else if value < 0.95 {
        1
    } else {
        0
    };
    format!("{value:.decimals$} {unit}")
}

/// A part of a whole: `0 %`, `0.12 %`, `97.3 %`, `100 %`; never rounded to nothing or to all.
pub fn share(part: u64, whole: u64) -> String {
    let percent = if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
    match percent {
        _ if part == 0 || whole == 0 => "0 %".to_owned(),
        _ if part >= whole => "100 %".to_owned(),
        percent if percent < 0.01 => "<0.01 %".to_owned(),
        percent if percent < 0.995 => format!("{percent:.2} %"),
        percent if percent < 99.95 => format!("{percent:.1} %"),
        _ => ">99.9 %".to_owned(),
    }
}

/// A time of the run: `2:13`, `1:02:13`, `26:00:00`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// A time of the run and the time it is planned to take, where that is known: `2:13 / 10:00`.
pub fn clock_of(time: Duration, planned: Option<Duration>) -> String {
    match planned {
        Some(planned) => format!("{} / {}", clock(time), clock(planned)),
        None => clock(time),
    }
}

/// An amount of memory: `512 B`, `84.2 MB`, `1.2 GB`.
pub fn bytes(bytes: u64) -> String {
    scaled(bytes as f64, &[" B", " kB", " MB", " GB", " TB", " PB", " EB"])
}

fn scaled(value: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 99.95);
    format!("{value:.decimals$}{}", units[unit])
}

fn three_digits(value: f64) -> String {
    let decimals = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_short() {
        let cases = [
            (0, "0"),
            (9_999, "9999"),
            (10_000, "10.0k"),
            (12_345, "12.3k"),
            (99_960, "100k"),
            (999_600, "1.0M"),
            (4_512_000, "4.5M"),
            (u64::MAX, "18.4E"),
        ];
        for (value, text) in cases {
            assert_eq!(count(value), text);
        }
    }

    #[test]
    fn times_have_three_digits_and_change_unit_where_they_round() {
        let cases = [
            (0.0, "0 ms"),
            (0.001, "<0.01ms"),
            (0.081, "0.08 ms"),
            (9.994, "9.99 ms"),
            (9.996, "10.0 ms"),
            (99.96, "100 ms"),
            (999.4, "999 ms"),
            (999.6, "1.00 s"),
            (60_000.0, "60.0 s"),
            (600_000.0, "600 s"),
            (f64::NAN, "–"),
        ];
        for (ms, text) in cases {
            assert_eq!(time(ms), text);
        }
    }

    #[test]
    fn shares_are_never_rounded_to_nothing_or_to_all() {
        let cases = [
            (0, 0, "0 %"),
            (0, 7, "0 %"),
            (7, 7, "100 %"),
            (1, 1_000_000, "<0.01 %"),
            (12, 10_000, "0.12 %"),
            (973, 1000, "97.3 %"),
            (999_999, 1_000_000, ">99.9 %"),
        ];
        for (part, whole, text) in cases {
            assert_eq!(share(part, whole), text);
        }
    }

    #[test]
    fn rates_clocks_and_bytes_read_well() {
        assert_eq!(
            [0.0, 0.01, 0.34, 198.94, 999.96, 12_345.0, f64::NAN].map(rate),
            ["0", "<0.1", "0.3", "198.9", "1000", "12.3k", "0"]
        );
        assert_eq!(
            [133, 3_733, 93_600].map(|seconds| clock(Duration::from_secs(seconds))),
            ["2:13", "1:02:13", "26:00:00"]
        );
        assert_eq!([512, 84_200_000, 1_240_000_000].map(bytes), ["512 B", "84.2 MB", "1.2 GB"]);
        assert_eq!(
            [0.05, 0.5, 20.0, 1000.0, 50_000.0].map(tick),
            ["0.05 ms", "0.5 ms", "20 ms", "1 s", "50 s"]
        );
    }
}
