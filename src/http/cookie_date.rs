//! Dates as cookies carry them: RFC 6265, 5.1.1, which reads everything that was ever written.

use crate::time::DateTime;
use std::time::Duration;

/// The time since 1970 that `text` names; nothing when it names none, zero when it lies before.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':');
    for word in words.filter(|word| !word.is_empty()) {
        match () {
            () if time.is_none() && word.contains(':') => time = Some(clock(word)?),
            () if day.is_none() && is_digits(word, 1..=2) => day = word.parse().ok(),
            () if month.is_none() && month_of(word).is_some() => month = month_of(word),
            () if year.is_none() && is_digits(word, 2..=4) => year = word.parse().ok().map(full_year),
            () => {}
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let is_date = (1..=31).contains(&day) && year >= 1601 && hour < 24 && minute < 60 && second < 60;
    let date = is_date.then_some(DateTime { year, month, day, hour, minute, second })?;
    Some(Duration::from_secs(u64::try_from(date.to_unix()).unwrap_or(0)))
}

fn clock(word: &str) -> Option<(u8, u8, u8)> {
    let mut parts = word.splitn(3, ':').map(|part| is_digits(part, 1..=2).then(|| part.parse().ok())?);
    Some((parts.next()??, parts.next()??, parts.next()??))
}

fn is_digits(word: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn month_of(word: &str) -> Option<u8> {
    let name = word.get(..3)?.to_ascii_lowercase();
    (1..).zip(MONTHS).find(|(_, month)| *month == name).map(|(number, _)| number)
}

const fn full_year(year: u16) -> u16 {
    match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        _ => year,
    }
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_old_forms_name_the_same_second() {
        let forms = [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "06-nov-1994 8:49:37",
        ];
        for form in forms {
            assert_eq!(parse(form), Some(Duration::from_secs(784_111_777)), "{form}");
        }
        assert_eq!(parse("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(parse("Mon, 01 Jan 1601 00:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "soon", "06 Nov 1994", "32 Nov 1994 08:49:37", "06 Nov 1994 24:00:00", "6 Nov 1500 1:1:1"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
