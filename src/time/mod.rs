//! Instants that are told, not read: the machines' clock, and the calendar that goes with it.
//!
//! Reading a clock is the drivers' business; everything else is handed an [`Instant`].

use std::{
    fmt,
    ops::{Add, AddAssign, Sub},
    time::Duration,
};

/// A point on a run's own monotonic time line, in nanoseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The instant a run begins.
    pub const START: Self = Self(0);
    /// Later than everything that happens.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `nanos` after the start of the run.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the run.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start of the run.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// The time from `earlier` to here, zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// A duration in whole nanoseconds, saturating after 584 years.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The wall clock at the start of a run, so that a machine can turn an [`Instant`] into a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    unix_seconds_at_start: i64,
}

impl WallClock {
    /// A wall clock that shows `unix_seconds` (already shifted to local time) at [`Instant::START`].
    pub const fn starting_at(unix_seconds: i64) -> Self {
        Self { unix_seconds_at_start: unix_seconds }
    }

    /// A wall clock that was set to `time` at `now`.
    pub fn set(time: DateTime, now: Instant) -> Self {
        Self::starting_at(time.to_unix() - (now.as_nanos() / NANOS_PER_SECOND) as i64)
    }

    /// The civil date and time at `now`.
    pub fn at(self, now: Instant) -> DateTime {
        let seconds = (now.as_nanos() / NANOS_PER_SECOND) as i64;
        DateTime::from_unix(self.unix_seconds_at_start.saturating_add(seconds))
    }
}

/// A civil date and time of the Gregorian calendar, without a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime {
    /// Year, four digits.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

impl DateTime {
    /// The civil time of a count of seconds since 1970-01-01T00:00:00; years before 0 and after 9999 clamp.
    pub fn from_unix(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
        let (year, month, day) = civil_from_days(days);
        Self {
            year: year.clamp(0, 9999) as u16,
            month,
            day,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        }
    }

    /// The first moment of a year.
    pub const fn new_year(year: u16) -> Self {
        Self { year, month: 1, day: 1, hour: 0, minute: 0, second: 0 }
    }

    /// The time that DE 13 (`MMDD`) and DE 12 (`hhmmss`) tell in a year; `None` when there is no such time.
    pub fn from_elements(year: u16, month_day: u64, hour_minute_second: u64) -> Option<Self> {
        let two = |number: u64, place: u64| (number / place % 100) as u8;
        let (month, day) = (two(month_day, 100), two(month_day, 1));
        let time = [10_000, 100, 1].map(|place| two(hour_minute_second, place));
        let [hour, minute, second] = time;
        let told = Self { year, month, day, hour, minute, second };
        // What the calendar does not have comes back as another day, or another time.
        (Self::from_unix(told.to_unix()) == told).then_some(told)
    }

    /// Seconds since 1970-01-01T00:00:00.
    pub fn to_unix(self) -> i64 {
        let days = days_from_civil(i64::from(self.year), i64::from(self.month), i64::from(self.day));
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days * SECONDS_PER_DAY + seconds
    }

    /// `MMDD` as a number, the form of DE 13 and DE 15.
    pub fn month_day(self) -> u64 {
        u64::from(self.month) * 100 + u64::from(self.day)
    }

    /// `hhmmss` as a number, the form of DE 12.
    pub fn hour_minute_second(self) -> u64 {
        (u64::from(self.hour) * 100 + u64::from(self.minute)) * 100 + u64::from(self.second)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            self.year, self.month, self.day, self.hour, self.minute, self.second
        )
    }
}

/// Days since 1970-01-01 to year, month and day, counting 400-year eras that begin on 1 March.
fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days + DAYS_FROM_ERA_START_TO_1970;
    let (era, day_of_era) = (shifted.div_euclid(DAYS_PER_ERA), shifted.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u8, day as u8)
}

/// Year, month and day to days since 1970-01-01, counting years that begin on 1 March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_FROM_ERA_START_TO_1970
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const DAYS_PER_ERA: i64 = 146_097;
const DAYS_FROM_ERA_START_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_saturate_instead_of_wrapping() {
        assert_eq!(Instant::START.since(Instant::from_nanos(5)), Duration::ZERO);
        assert_eq!(Instant::NEVER + Duration::from_secs(1), Instant::NEVER);
    }

    #[test]
    fn calendar_knows_leap_days_and_the_epoch() {
        let cases = [
            (0, "1970-01-01T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (4_107_542_400, "2100-03-01T00:00:00"),
            (-1, "1969-12-31T23:59:59"),
        ];
        for (unix, civil) in cases {
            assert_eq!(DateTime::from_unix(unix).to_string(), civil);
        }
    }

    #[test]
    fn the_calendar_goes_both_ways_and_knows_what_it_does_not_have() {
        for unix in [0, 951_782_399, 951_782_400, 4_107_542_400, -1] {
            assert_eq!(DateTime::from_unix(unix).to_unix(), unix);
        }
        let time = DateTime::from_elements(2024, 229, 235_959).expect("a leap day");
        assert_eq!(time.to_string(), "2024-02-29T23:59:59");
        for (month_day, time) in [(230, 0), (1301, 0), (100, 0), (101, 240_000), (101, 6_000)] {
            assert_eq!(DateTime::from_elements(2024, month_day, time), None, "{month_day} {time}");
        }
    }

    #[test]
    fn date_elements_have_the_form_of_the_standard() {
        let noon = WallClock::starting_at(1_700_000_000).at(Instant::START + Duration::from_secs(61));
        assert_eq!((noon.month_day(), noon.hour_minute_second()), (1114, 221_421));
    }
}
