//! A run on a time axis, all of it in bounded room: the latest seconds one by one, what was before in intervals that are
//! the longer the longer the run is.

use super::{Point, StepPoint, blocks::Blocks};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, mem, time::Duration};

/// What a series is made of: a second, or some that became one interval.
pub trait Second: Clone {
    /// Its end, since the start of the run.
    fn end(&self) -> Duration;

    /// Its begin, since the start of the run.
    fn begin(&self) -> Duration;

    /// Takes `next`, which follows, as a part of itself.
    fn extend(&mut self, next: &Self);
}

impl Second for Point {
    fn end(&self) -> Duration {
        self.at
    }

    fn begin(&self) -> Duration {
        self.at.saturating_sub(self.length)
    }

    fn extend(&mut self, next: &Self) {
        self.vitals = self.vitals.followed_by(self.length, next.vitals, next.length);
        self.length = next.at.saturating_sub(self.begin());
        self.at = next.at;
        self.counters += next.counters;
        self.in_flight = next.in_flight;
        self.response = self.response.worst(next.response);
        self.steps += next.steps;
        self.errors += next.errors;
        self.lag = self.lag.worst(next.lag);
        for (code, count) in &next.codes {
            match self.codes.iter_mut().find(|(known, _)| known == code) {
                Some((_, sum)) => *sum += count,
                None => self.codes.push((code.clone(), *count)),
            }
        }
        self.codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        self.heat = self.heat.with(&next.heat);
        self.connections += next.connections;
    }
}

impl Second for StepPoint {
    fn end(&self) -> Duration {
        self.at
    }

    fn begin(&self) -> Duration {
        self.at.saturating_sub(self.length)
    }

    fn extend(&mut self, next: &Self) {
        self.length = next.at.saturating_sub(self.begin());
        self.at = next.at;
        self.count += next.count;
        self.errors += next.errors;
        self.response = self.response.worst(next.response);
    }
}

/// A run in its order, the oldest first. Copies share what they hold.
#[derive(Clone)]
pub struct Series<T> {
    /// What was before the latest seconds: an interval a `grain`, counted from the start of the run.
    past: Blocks<T>,
    grain: Duration,
    latest: Blocks<T>,
}

impl<T: Second> Series<T> {
    /// How much it holds at most, however long the run is.
    pub const KEPT: usize = PAST + LATEST;

    /// Adds a second; the oldest of the latest ones becomes a part of what was before.
    pub fn push(&mut self, second: T) {
        self.latest.push(second);
        if self.latest.len() <= LATEST {
            return;
        }
        let Some(oldest) = self.latest.pop_first() else { return };
        self.put_away(&oldest);
        while self.past.len() > PAST {
            self.grain = self.grain.saturating_mul(2);
            mem::take(&mut self.past).iter().for_each(|interval| self.put_away(interval));
        }
    }

    fn put_away(&mut self, interval: &T) {
        let grain = self.grain.as_nanos();
        let place = |interval: &T| interval.begin().as_nanos() / grain;
        match self.past.last_mut().filter(|last| place(last) >= place(interval)) {
            Some(last) => last.extend(interval),
            None => self.past.push(interval.clone()),
        }
    }

    /// How many seconds and intervals it holds.
    pub fn len(&self) -> usize {
        self.past.len() + self.latest.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The oldest one.
    pub fn first(&self) -> Option<&T> {
        self.past.first().or_else(|| self.latest.first())
    }

    /// The latest one.
    pub fn last(&self) -> Option<&T> {
        self.latest.last()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.past.iter().chain(self.latest.iter())
    }

    /// Those that end after `time`.
    pub fn after(&self, time: Duration) -> impl Iterator<Item = &T> {
        let is_before = move |second: &T| second.end() <= time;
        self.past.after(is_before).chain(self.latest.after(is_before))
    }

    /// The same with those of `other` that end later than the last one here.
    #[must_use]
    pub fn followed_by(&self, other: &Self) -> Self {
        let mut both = self.clone();
        match self.last() {
            Some(last) => other.after(last.end()).for_each(|second| both.push(second.clone())),
            None => both.clone_from(other),
        }
        both
    }
}

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self { past: Blocks::default(), grain: Duration::from_secs(1), latest: Blocks::default() }
    }
}

impl<T: Second> FromIterator<T> for Series<T> {
    fn from_iter<I: IntoIterator<Item = T>>(seconds: I) -> Self {
        let mut series = Self::default();
        seconds.into_iter().for_each(|second| series.push(second));
        series
    }
}

impl<T: Second + fmt::Debug> fmt::Debug for Series<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Second + Serialize> Serialize for Series<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Second + Deserialize<'de>> Deserialize<'de> for Series<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The five minutes that charts show closely.
const LATEST: usize = 300;
/// At least half as many cover what was before: no fewer than a screen has columns for it.
const PAST: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{ConnectionCounts, Counters, Heat, Percentiles, Vitals};

    const SECOND: Duration = Duration::from_secs(1);

    fn second(end: u64) -> StepPoint {
        StepPoint { at: Duration::from_secs(end), length: SECOND, count: end, ..StepPoint::default() }
    }

    fn ends<'a>(seconds: impl Iterator<Item = &'a StepPoint>) -> Vec<u64> {
        seconds.map(|second| second.at.as_secs()).collect()
    }

    #[test]
    fn a_run_of_any_length_is_there_from_its_begin_in_bounded_room() {
        let mut series = Series::default();
        for end in 1..=40_000 {
            series.push(second(end));
            if end % 617 > 2 && end > 700 {
                continue;
            }
            assert!(series.len() <= Series::<StepPoint>::KEPT, "{} after {end} s", series.len());
            assert_eq!(series.iter().map(|point| point.count).sum::<u64>(), end * (end + 1) / 2);
            let mut before = Duration::ZERO;
            for point in series.iter() {
                assert_eq!(point.begin(), before, "nothing is between two intervals");
                before = point.at;
            }
            assert_eq!(before, Duration::from_secs(end));
            let mut latest = series.iter().skip(series.len().saturating_sub(LATEST));
            assert!(latest.all(|point| point.length == SECOND), "after {end} s");
            let longest = series.iter().map(|point| point.length.as_secs()).max().unwrap_or(0);
            let past = end.saturating_sub(LATEST as u64);
            assert!(longest <= (2 * past).div_ceil(PAST as u64).max(1), "{longest} s after {end} s");
        }
    }

    #[test]
    fn seconds_of_which_nothing_is_known_are_a_part_of_the_interval_around_them() {
        let series: Series<StepPoint> = (1..=10_000).filter(|end| end % 7 == 0).map(second).collect();
        let total: u64 = (1..=10_000).filter(|end| end % 7 == 0).sum();
        assert_eq!(series.iter().map(|point| point.count).sum::<u64>(), total);
        assert!(series.iter().zip(series.iter().skip(1)).all(|(one, next)| one.at <= next.begin()));
        assert!(series.len() <= Series::<StepPoint>::KEPT);
    }

    #[test]
    fn an_interval_tells_what_its_seconds_told() {
        let times = |p50, max| Percentiles { min: p50 / 2.0, p50, p99: max, max, ..Percentiles::default() };
        let point = |end, finished, response, codes: &[(&str, u64)], heat: &[(u16, u32)], cpu_cores| Point {
            at: Duration::from_secs(end),
            length: SECOND,
            counters: Counters { finished, ..Counters::default() },
            in_flight: finished,
            response,
            steps: finished,
            codes: codes.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect(),
            heat: Heat(heat.into()),
            connections: ConnectionCounts { opened: 1, ..ConnectionCounts::default() },
            vitals: Vitals { connections: end, cpu_cores, rss_bytes: end },
            ..Point::default()
        };
        let mut interval = point(1, 5, times(4.0, 9.0), &[("00", 4), ("51", 1)], &[(3, 2), (9, 3)], 0.5);
        interval.extend(&point(2, 0, Percentiles::default(), &[], &[], 0.5));
        interval.extend(&point(3, 7, times(2.0, 20.0), &[("51", 5), ("A0", 2)], &[(2, 1), (9, 6)], 2.0));
        let (codes, heat) = ([("51", 6), ("00", 4), ("A0", 2)], [(2, 1), (3, 2), (9, 9)]);
        let expected = Point {
            length: 3 * SECOND,
            in_flight: 7,
            response: Percentiles { min: 1.0, p50: 4.0, p99: 20.0, max: 20.0, ..Percentiles::default() },
            connections: ConnectionCounts { opened: 3, ..ConnectionCounts::default() },
            vitals: Vitals { connections: 3, cpu_cores: 1.0, rss_bytes: 3 },
            ..point(3, 12, interval.response, &codes, &heat, 1.0)
        };
        assert_eq!(interval, expected);
    }

    #[test]
    fn what_ends_after_a_time_is_found_among_seconds_and_intervals() {
        let series: Series<StepPoint> = (1..=1_234).map(second).collect();
        let all = ends(series.iter());
        for time in [0, 4, 5, 333, 933, 934, 935, 1_000, 1_233, 1_234, 9_999] {
            let expected: Vec<u64> = all.iter().copied().filter(|end| *end > time).collect();
            assert_eq!(ends(series.after(Duration::from_secs(time))), expected, "after {time}");
        }
    }

    #[test]
    fn series_that_overlap_become_one_without_doubles() {
        let [early, late]: [Series<StepPoint>; 2] =
            [(1..=40).map(second).collect(), (35..=50).map(second).collect()];
        assert_eq!(ends(early.followed_by(&late).iter()), (1..=50).collect::<Vec<_>>());
        assert_eq!(ends(Series::default().followed_by(&late).iter()), (35..=50).collect::<Vec<_>>());
        assert_eq!(ends(late.followed_by(&early).iter()), (35..=50).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_written_is_read_even_where_times_make_no_sense() {
        let series: Series<StepPoint> = (1..=5_000).map(second).collect();
        let read: Series<StepPoint> =
            serde_json::from_str(&serde_json::to_string(&series).expect("JSON")).expect("what was written");
        assert_eq!(format!("{read:?}"), format!("{series:?}"));
        let odd = |number: u64| StepPoint { at: Duration::MAX / (1 + number as u32 % 3), ..second(number) };
        assert!((0..2_000).map(odd).collect::<Series<_>>().len() <= Series::<StepPoint>::KEPT);
    }
}
