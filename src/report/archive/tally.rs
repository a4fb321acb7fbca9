//! Counts by their place in a latency histogram, of which only the used part is looked at.

use super::payload::{PLACES, micros_at};
use crate::metrics::Latency;

/// A histogram that is filled, read and emptied many thousand times.
#[derive(Clone, Debug)]
pub(in crate::report) struct Tally {
    counts: Vec<u64>,
    /// The first place that was used, and the one after the last.
    used: (usize, usize),
    total: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { counts: vec![0; PLACES], used: (PLACES, 0), total: 0 }
    }
}

impl Tally {
    /// Counts `count` more at `place`, which is below [`PLACES`].
    pub(in crate::report) fn add(&mut self, place: usize, count: u64) {
        if let Some(known) = self.counts.get_mut(place) {
            *known = known.saturating_add(count);
            self.total = self.total.saturating_add(count);
            self.used = (self.used.0.min(place), self.used.1.max(place + 1));
        }
    }

    /// How much was counted.
    pub(in crate::report) fn total(&self) -> u64 {
        self.total
    }

    /// Adds everything that `other` counted.
    pub(in crate::report) fn merge(&mut self, other: &Self) {
        other.entries().for_each(|(place, count)| self.add(place, count));
    }

    /// The places that counted something, in their order, and what they counted.
    pub(in crate::report) fn entries(&self) -> impl Iterator<Item = (usize, u64)> {
        let used = self.used.0..self.used.1.max(self.used.0);
        let first = used.start;
        let counts = self.counts.get(used).unwrap_or_default();
        counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(move |(at, count)| (first + at, *count))
    }

    /// The values in milliseconds that `percentiles`, which ascend, do not exceed; in one walk.
    pub(in crate::report) fn percentiles_ms<const N: usize>(&self, percentiles: [f64; N]) -> [f64; N] {
        let mut wanted = percentiles.map(|percentile| rank(percentile, self.total));
        let (mut found, mut seen, mut next) = ([0.0; N], 0_u64, 0);
        wanted.sort_unstable();
        for (place, count) in self.entries() {
            seen = seen.saturating_add(count);
            while next < N && seen >= wanted[next] {
                found[next] = Self::value_ms(place);
                next += 1;
            }
        }
        found
    }

    /// The value of the `rank`-th smallest record, from 1, in milliseconds.
    pub(in crate::report) fn at_rank_ms(&self, rank: u64) -> f64 {
        let mut seen = 0_u64;
        let mut last = 0.0;
        for (place, count) in self.entries() {
            seen = seen.saturating_add(count);
            last = Self::value_ms(place);
            if seen >= rank {
                break;
            }
        }
        last
    }

    /// The highest value that is counted at a place, in milliseconds: what percentiles are told as.
    pub(in crate::report) fn value_ms(place: usize) -> f64 {
        (micros_at(place + 1) - 1) as f64 / 1000.0
    }

    /// The same as a histogram of the run's own kind.
    pub(in crate::report) fn add_to(&self, latency: &mut Latency) {
        self.entries().for_each(|(place, count)| latency.record_micros(micros_at(place), count));
    }

    /// Forgets everything, keeping the memory.
    pub(in crate::report) fn clear(&mut self) {
        if let Some(used) = self.counts.get_mut(self.used.0..self.used.1.max(self.used.0)) {
            used.fill(0);
        }
        (self.used, self.total) = ((PLACES, 0), 0);
    }
}

/// The rank of a percentile among `total` records, from 1.
pub(in crate::report) fn rank(percentile: f64, total: u64) -> u64 {
    ((percentile / 100.0 * total as f64).ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_runs_own_histograms() {
        let mut tally = Tally::default();
        for round in 0..3_u64 {
            tally.clear();
            let known = |place: &usize| micros_at(*place) < 600_000_000;
            for place in (0..PLACES).step_by(7 + round as usize).take_while(known) {
                tally.add(place, 1 + place as u64 % 13);
            }
            let mut latency = Latency::default();
            tally.add_to(&mut latency);
            assert_eq!(tally.total(), latency.count());
            let percentiles = [1.0, 50.0, 90.0, 99.0, 99.9, 100.0];
            for (percentile, found) in percentiles.into_iter().zip(tally.percentiles_ms(percentiles)) {
                assert!((found - latency.percentile_ms(percentile)).abs() < 1e-9, "p{percentile}");
                let found = tally.at_rank_ms(rank(percentile, tally.total()));
                assert!((found - latency.percentile_ms(percentile)).abs() < 1e-9, "rank of p{percentile}");
            }
        }
    }

    #[test]
    fn an_empty_tally_has_no_values() {
        let tally = Tally::default();
        assert_eq!((tally.total(), tally.entries().count()), (0, 0));
        assert_eq!(tally.percentiles_ms([50.0, 100.0]), [0.0; 2]);
    }
}
