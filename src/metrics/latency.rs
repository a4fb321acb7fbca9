//! A latency histogram with three significant digits from one microsecond to ten minutes.

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Recorded durations; merging loses nothing.
#[derive(Clone, Debug)]
pub struct Latency {
    micros: Histogram<u64>,
}

impl Default for Latency {
    fn default() -> Self {
        Self { micros: Histogram::new_with_bounds(1, MICROS_MAX, DIGITS).expect("the bounds are valid") }
    }
}

impl Latency {
    /// Records one duration, rounded to microseconds; what is longer than ten minutes counts as ten minutes.
    pub fn record(&mut self, duration: Duration) {
        let micros = (duration.as_nanos() + 500) / 1000;
        self.micros.saturating_record((micros as u64).clamp(1, MICROS_MAX));
    }

    /// Records `count` durations of `micros` microseconds: how a histogram comes back from a file.
    pub fn record_micros(&mut self, micros: u64, count: u64) {
        self.micros.saturating_record_n(micros.clamp(1, MICROS_MAX), count);
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.micros.add(&other.micros).expect("all latency histograms have the same bounds");
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.micros.reset();
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.micros.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.micros.is_empty()
    }

    /// The duration in milliseconds that `percentile` (0 to 100) percent of all records do not exceed.
    pub fn percentile_ms(&self, percentile: f64) -> f64 {
        ms(self.micros.value_at_percentile(percentile).min(self.micros.max()))
    }

    /// The mean in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        self.micros.mean() / 1000.0
    }

    /// The longest record in milliseconds.
    pub fn max_ms(&self) -> f64 {
        ms(self.micros.max())
    }

    /// The shortest record in milliseconds.
    pub fn min_ms(&self) -> f64 {
        ms(self.micros.min())
    }

    /// The figures that screens and reports show.
    pub fn percentiles(&self) -> Percentiles {
        if self.is_empty() {
            return Percentiles::default();
        }
        Percentiles {
            min: self.min_ms(),
            mean: self.mean_ms(),
            p50: self.percentile_ms(50.0),
            p90: self.percentile_ms(90.0),
            p95: self.percentile_ms(95.0),
            p99: self.percentile_ms(99.0),
            p999: self.percentile_ms(99.9),
            max: self.max_ms(),
        }
    }

    /// Records counted in `per_decade` logarithmic buckets a decade, from the first used to the last used one.
    pub fn buckets(&self, per_decade: u32) -> Vec<Bucket> {
        let mut buckets: Vec<Bucket> = Vec::new();
        let index_of = |micros: u64| ((micros.max(1) as f64).log10() * f64::from(per_decade)).floor() as i64;
        let edge_ms = |index: i64| 10f64.powf(index as f64 / f64::from(per_decade)) / 1000.0;
        let mut next = None;
        for value in self.micros.iter_recorded() {
            let index = index_of(value.value_iterated_to());
            for empty in next.unwrap_or(index)..=index {
                buckets.push(Bucket { from_ms: edge_ms(empty), to_ms: edge_ms(empty + 1), count: 0 });
            }
            next = Some(index + 1);
            if let Some(bucket) = buckets.last_mut() {
                bucket.count += value.count_since_last_iteration();
            }
        }
        buckets
    }

    /// Records counted in [`Heat::PER_DECADE`] logarithmic rows a decade.
    pub fn heat(&self) -> Heat {
        let mut rows: Vec<(u16, u32)> = Vec::new();
        for value in self.micros.iter_recorded() {
            let micros = value.value_iterated_to().max(1) as f64;
            let row = (micros.log10() * f64::from(Heat::PER_DECADE)) as u16;
            let count = u32::try_from(value.count_since_last_iteration()).unwrap_or(u32::MAX);
            match rows.last_mut().filter(|(last, _)| *last == row) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => rows.push((row, count)),
            }
        }
        Heat(rows.into())
    }

    /// The time in milliseconds that all but 10^−n of the records do not exceed, for n in steps of
    /// 1 / [`Self::CURVE_PER_NINE`] from 0 (the shortest) as far as the number of records tells anything.
    pub fn curve(&self) -> Vec<f64> {
        let ranks: Vec<u64> = (0..CURVE_MAX).map(|point| curve_rank(point, self.count())).collect();
        let told = ranks.iter().position(|rank| *rank == self.count()).map_or(CURVE_MAX, |last| last + 1);
        let mut wanted = ranks.into_iter().take(told).peekable();
        let (mut curve, mut seen) = (Vec::with_capacity(told), 0);
        for value in self.micros.iter_recorded() {
            seen += value.count_since_last_iteration();
            while wanted.next_if(|rank| seen >= *rank).is_some() {
                curve.push(ms(value.value_iterated_to().min(self.micros.max())));
            }
        }
        curve
    }

    /// Points of a curve for each further nine of a percentile.
    pub const CURVE_PER_NINE: u32 = 4;

    /// What was recorded: microseconds, as exact as the histogram is, and how often they came.
    pub fn recorded(&self) -> impl Iterator<Item = (u64, u64)> {
        self.micros
            .iter_recorded()
            .map(|value| (value.value_iterated_to(), value.count_since_last_iteration()))
    }

    /// The histogram itself, in microseconds, for writers of standard formats.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.micros
    }
}

/// The usual figures of a distribution, in milliseconds; all zero when nothing was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Percentiles {
    /// The shortest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// Half are not longer.
    pub p50: f64,
    /// 90 % are not longer.
    pub p90: f64,
    /// 95 % are not longer.
    pub p95: f64,
    /// 99 % are not longer.
    pub p99: f64,
    /// 99.9 % are not longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Percentiles {
    /// The worst of two intervals, which is all that percentiles tell of both without their histograms. One in which
    /// nothing was recorded has no say.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let (one, other) = match (self.max > 0.0, other.max > 0.0) {
            (true, true) => (self, other),
            (true, false) => return self,
            (false, _) => return other,
        };
        Self {
            min: one.min.min(other.min),
            mean: one.mean.max(other.mean),
            p50: one.p50.max(other.p50),
            p90: one.p90.max(other.p90),
            p95: one.p95.max(other.p95),
            p99: one.p99.max(other.p99),
            p999: one.p999.max(other.p999),
            max: one.max.max(other.max),
        }
    }
}

/// Records of an interval by logarithmic row, for a picture of time × latency: the number of the row, and the count.
/// Hundreds of them are kept, which is why they are small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heat(pub Arc<[(u16, u32)]>);

impl Heat {
    /// Rows of one decade; row 0 begins at a microsecond.
    pub const PER_DECADE: u16 = 10;

    /// Where a row begins, in milliseconds.
    pub fn edge_ms(row: u16) -> f64 {
        10f64.powf(f64::from(row) / f64::from(Self::PER_DECADE)) / 1000.0
    }

    /// The records of both.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut rows: BTreeMap<u16, u32> = self.0.iter().copied().collect();
        for (row, count) in &*other.0 {
            let sum = rows.entry(*row).or_default();
            *sum = sum.saturating_add(*count);
        }
        Self(rows.into_iter().collect())
    }
}

/// One bar of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Where the bar begins, in milliseconds.
    pub from_ms: f64,
    /// Where the next bar begins, in milliseconds.
    pub to_ms: f64,
    /// How many records it holds.
    pub count: u64,
}

/// The rank of a point of a curve among `count` records, from 1.
fn curve_rank(point: usize, count: u64) -> u64 {
    let beyond = 10f64.powf(-(point as f64) / f64::from(Latency::CURVE_PER_NINE));
    (count as f64 * (1.0 - beyond)).ceil().max(1.0) as u64
}

fn ms(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

const MICROS_MAX: u64 = 600_000_000;
const DIGITS: u8 = 3;
/// The points of a curve up to the fifth nine.
const CURVE_MAX: usize = 5 * Latency::CURVE_PER_NINE as usize + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_thousandth_and_never_above_the_maximum() {
        let mut latency = Latency::default();
        for micros in 1..=100_000_u64 {
            latency.record(Duration::from_micros(micros));
        }
        for (percentile, exact) in [(50.0, 50.0), (90.0, 90.0), (99.0, 99.0), (99.9, 99.9), (100.0, 100.0)] {
            let found = latency.percentile_ms(percentile);
            assert!((found - exact).abs() <= exact / 1000.0, "p{percentile}: {found}");
            assert!(found <= latency.max_ms());
        }
    }

    #[test]
    fn merging_equals_recording_in_one() {
        let (mut left, mut right, mut both) = (Latency::default(), Latency::default(), Latency::default());
        for micros in (1..10_000).step_by(7) {
            let duration = Duration::from_micros(micros);
            if micros % 2 == 0 {
                left.record(duration)
            } else {
                right.record(duration)
            }
            both.record(duration);
        }
        left.merge(&right);
        assert_eq!(left.percentiles(), both.percentiles());
    }

    #[test]
    fn buckets_hold_every_record_and_leave_no_gap() {
        let mut latency = Latency::default();
        for micros in [120, 130, 5_000, 5_100, 900_000] {
            latency.record(Duration::from_micros(micros));
        }
        let buckets = latency.buckets(10);
        assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 5);
        assert!(buckets.windows(2).all(|pair| (pair[0].to_ms - pair[1].from_ms).abs() < 1e-9));
    }

    #[test]
    fn a_curve_ascends_from_the_shortest_to_the_longest_and_meets_the_percentiles() {
        let mut latency = Latency::default();
        assert!(latency.curve().is_empty());
        for micros in 1..=20_000_u64 {
            latency.record(Duration::from_micros(micros));
        }
        let curve = latency.curve();
        assert!(curve.is_sorted());
        let near = |found: f64, exact: f64| (found - exact).abs() <= exact / 500.0;
        assert!(near(curve[0], 0.001) && near(curve[4], 18.0) && near(curve[8], 19.8), "{curve:?}");
        assert!(near(curve[curve.len() - 1], 20.0), "{curve:?}");
    }

    #[test]
    fn rows_of_heat_hold_every_record() {
        let mut latency = Latency::default();
        for micros in [120, 121, 5_000, 900_000] {
            latency.record(Duration::from_micros(micros));
        }
        let heat = latency.heat();
        assert_eq!(heat.0.iter().map(|(_, count)| count).sum::<u32>(), 4);
        assert_eq!(heat.0[0], (20, 2));
        assert!(Heat::edge_ms(20) <= 0.12 && Heat::edge_ms(21) > 0.12);
    }

    #[test]
    fn longer_than_ten_minutes_counts_as_ten_minutes() {
        let mut latency = Latency::default();
        latency.record(Duration::from_secs(100_000));
        assert!((latency.max_ms() - 600_000.0).abs() / 600_000.0 < 0.001, "{}", latency.max_ms());
    }
}
