//! One way to write each kind of number in the texts of a run, with its unit.

use std::time::Duration;

/// A count with its thousands apart: `12,345`.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time given in milliseconds, with three digits: `0.81 ms`, `12.3 ms`, `1.23 s`.
pub(super) fn time(ms: f64) -> String {
    match ms {
        ms if !ms.is_finite() => NOTHING.to_owned(),
        ms if ms < 999.5 => format!("{} ms", three_digits(ms)),
        ms => format!("{} s", three_digits(ms / 1000.0)),
    }
}

/// A part of a whole: `0 %`, `0.12 %`, `97.3 %`, `100 %`; never rounded to nothing or to all.
pub(super) fn share(part: u64, whole: u64) -> String {
    match part as f64 * 100.0 / whole.max(1) as f64 {
        _ if part == 0 => "0 %".to_owned(),
        _ if part >= whole => "100 %".to_owned(),
        percent if percent < 0.01 => "<0.01 %".to_owned(),
        percent if percent < 0.995 => format!("{percent:.2} %"),
        percent if percent < 99.95 => format!("{percent:.1} %"),
        _ => ">99.9 %".to_owned(),
    }
}

/// A time of the run: `2:13`, `1:02:13`.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// An amount of memory: `84.2 MB`.
pub(super) fn bytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 999.5 {
        format!("{} MB", three_digits(megabytes))
    } else {
        format!("{} GB", three_digits(megabytes / 1000.0))
    }
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

/// Stands where there is no figure.
pub(super) const NOTHING: &str = "–";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_apart() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")];
        cases.into_iter().for_each(|(value, text)| assert_eq!(count(value), text));
    }

    #[test]
    fn times_and_memory_change_their_unit_where_they_round() {
        let cases = [
            (0.0, "0.00 ms"),
            (9.996, "10.0 ms"),
            (999.4, "999 ms"),
            (999.6, "1.00 s"),
            (600_000.0, "600 s"),
            (f64::NAN, "–"),
        ];
        cases.into_iter().for_each(|(ms, text)| assert_eq!(time(ms), text));
        assert_eq!((bytes(84_200_000), bytes(999_600_000)), ("84.2 MB".to_owned(), "1.00 GB".to_owned()));
    }

    #[test]
    fn shares_are_never_rounded_to_nothing_or_to_all() {
        let cases = [(0, 0, "0 %"), (7, 7, "100 %"), (1, 1_000_000, "<0.01 %"), (12, 10_000, "0.12 %")];
        cases.into_iter().for_each(|(part, whole, text)| assert_eq!(share(part, whole), text));
        assert_eq!(share(999_999, 1_000_000), ">99.9 %");
    }
}
