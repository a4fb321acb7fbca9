//! The seconds of a run on a time axis: the latest ones, as many as are kept.

use super::{Point, StepPoint};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

/// What a series is made of.
pub trait Second: Clone {
    /// How many of them are kept.
    const KEPT: usize;

    /// Its end, since the start of the run.
    fn end(&self) -> Duration;
}

impl Second for Point {
    /// An hour.
    const KEPT: usize = 3_600;

    fn end(&self) -> Duration {
        self.at
    }
}

impl Second for StepPoint {
    /// A quarter of an hour: fifty steps take five megabytes.
    const KEPT: usize = 900;

    fn end(&self) -> Duration {
        self.at
    }
}

/// Seconds in their order, the oldest first. Copies share what they hold, so that one a snapshot costs next to nothing.
#[derive(Clone)]
pub struct Series<T> {
    /// All are full but for the last one; none is empty.
    blocks: VecDeque<Arc<Vec<T>>>,
    /// How many at the begin of the first block are not kept any more.
    forgotten: usize,
}

impl<T: Second> Series<T> {
    /// Adds a second, and forgets the oldest one when there are too many.
    pub fn push(&mut self, second: T) {
        match self.blocks.back_mut().filter(|last| last.len() < BLOCK) {
            None => self.blocks.push_back(Arc::new(block(&[], second))),
            Some(last) => match Arc::get_mut(last) {
                Some(own) => own.push(second),
                None => *last = Arc::new(block(last, second)),
            },
        }
        self.forgotten += usize::from(self.len() > T::KEPT);
        if self.blocks.front().is_some_and(|first| first.len() == self.forgotten) {
            self.blocks.pop_front();
            self.forgotten = 0;
        }
    }

    /// How many seconds it holds.
    pub fn len(&self) -> usize {
        let last = self.blocks.back().map_or(0, |last| last.len());
        (self.blocks.len().saturating_sub(1) * BLOCK + last).saturating_sub(self.forgotten)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The oldest one.
    pub fn first(&self) -> Option<&T> {
        self.blocks.front()?.get(self.forgotten)
    }

    /// The latest one.
    pub fn last(&self) -> Option<&T> {
        self.blocks.back()?.last()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| block.iter()).skip(self.forgotten)
    }

    /// Those that end after `time`.
    pub fn after(&self, time: Duration) -> impl Iterator<Item = &T> {
        let is_before = move |second: &T| second.end() <= time;
        let passed = self.blocks.partition_point(|block| block.last().is_none_or(is_before));
        let forgotten = if passed == 0 { self.forgotten } else { 0 };
        let rest = self.blocks.range(passed..).flat_map(|block| block.iter()).skip(forgotten);
        rest.skip_while(move |second| is_before(second))
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

/// Seconds and one more, in the memory that a full block takes.
fn block<T: Clone>(seconds: &[T], one_more: T) -> Vec<T> {
    let mut block = Vec::with_capacity(BLOCK);
    block.extend_from_slice(seconds);
    block.push(one_more);
    block
}

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), forgotten: 0 }
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

/// What is copied at most when a second follows while a snapshot is looked at.
const BLOCK: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;

    fn second(end: u64) -> StepPoint {
        StepPoint { at: Duration::from_secs(end), ..StepPoint::default() }
    }

    fn ends<'a>(seconds: impl Iterator<Item = &'a StepPoint>) -> Vec<u64> {
        seconds.map(|second| second.at.as_secs()).collect()
    }

    #[test]
    fn a_series_keeps_the_latest_seconds_in_their_order() {
        let mut series = Series::default();
        for end in 1..=2_000 {
            series.push(second(end));
            let first = end.saturating_sub(899).max(1);
            assert_eq!(ends(series.iter()), (first..=end).collect::<Vec<_>>());
            assert_eq!(series.len(), series.iter().count());
            assert_eq!(series.first().zip(series.last()), Some((&second(first), &second(end))));
        }
        assert!(series.blocks.len() <= StepPoint::KEPT / BLOCK + 1, "{} blocks", series.blocks.len());
    }

    #[test]
    fn a_copy_stays_as_it_was_and_shares_all_full_blocks() {
        let mut series: Series<StepPoint> = (1..=70).map(second).collect();
        let copy = series.clone();
        series.push(second(71));
        assert_eq!((ends(copy.iter()).len(), series.len()), (70, 71));
        let shared = copy.blocks.iter().zip(&series.blocks).filter(|(one, other)| Arc::ptr_eq(one, other));
        assert_eq!(shared.count(), 2);
    }

    #[test]
    fn what_ends_after_a_time_is_found_wherever_blocks_begin() {
        let series: Series<StepPoint> = (1..=1_234).map(second).collect();
        for time in [0, 334, 335, 359, 360, 361, 1_000, 1_233, 1_234, 9_999] {
            let expected: Vec<u64> = (335..=1_234).filter(|end| *end > time).collect();
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
}
