//! The search for the highest rate that a target keeps up with: raises, bisects, holds.
//!
//! A machine without I/O: it says the rate of the next stage, and is told whether the target kept it.

use std::time::Duration;

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// The rate of the first stage, in iterations per second.
    pub start: f64,
    /// No stage has a higher one.
    pub max: f64,
    /// How many times the rate of a stage the next one has, as long as all are kept.
    pub growth: f64,
    /// How far apart the highest rate that was kept and the lowest that was not may be in the end, as a fraction.
    pub precision: f64,
    /// What is not measured at the begin of each stage.
    pub settle: Duration,
    /// How long a stage is measured.
    pub measure: Duration,
    /// How long the rate that was found is measured once more.
    pub hold: Duration,
    /// When the search is given up.
    pub max_duration: Duration,
}

/// What a stage is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To find a rate that is too high, or one that is not.
    Raise,
    /// To halve what lies between the two.
    Bisect,
    /// To see whether the rate that was found is kept for longer.
    Hold,
}

/// One stage at one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Iterations per second.
    pub rate: f64,
    /// What it is for.
    pub purpose: Purpose,
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Hunt {
    search: Search,
    /// The highest rate that was kept.
    low: Option<f64>,
    /// The lowest rate that was not.
    high: Option<f64>,
    next: Option<Trial>,
    knee: Option<f64>,
}

impl Purpose {
    /// The name in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Bisect => "bisect",
            Self::Hold => "hold",
        }
    }
}

impl Search {
    /// How long a stage is measured that has this purpose.
    pub fn measured(&self, purpose: Purpose) -> Duration {
        if purpose == Purpose::Hold { self.hold } else { self.measure }
    }

    /// How long the search takes at most when the knee is `times` times the first rate, without the time in which the
    /// target recovers.
    pub fn likely_duration(&self, times: f64) -> Duration {
        let raises = times.max(1.0).log(self.growth).ceil() + 1.0;
        let bisects = ((self.growth - 1.0) / self.precision).log2().ceil().max(0.0);
        (self.settle + self.measure).mul_f64(raises + bisects) + self.settle + self.hold
    }
}

impl Hunt {
    /// Begins with the first rate.
    pub fn new(search: Search) -> Self {
        let next = Trial { rate: search.start.min(search.max), purpose: Purpose::Raise };
        Self { search, low: None, high: None, next: Some(next), knee: None }
    }

    /// The stage to run; `None` when the search is over.
    pub fn trial(&self) -> Option<Trial> {
        self.next
    }

    /// The highest rate that was kept and held, once the search is over; `None` where no rate was.
    pub fn knee(&self) -> Option<f64> {
        self.knee
    }

    /// Takes whether the target kept the rate of [`Hunt::trial`].
    pub fn judge(&mut self, is_kept: bool) {
        let Some(Trial { rate, purpose }) = self.next else { return };
        self.next = match (purpose, is_kept) {
            (Purpose::Hold, true) => {
                self.knee = Some(rate);
                None
            }
            (Purpose::Hold, false) => {
                self.high = Some(rate);
                self.low = None;
                self.lower(rate * (1.0 - self.search.precision), Purpose::Hold)
            }
            (_, true) => {
                self.low = Some(rate);
                Some(self.above(rate))
            }
            (_, false) => {
                self.high = Some(rate);
                match self.low {
                    Some(low) => Some(self.between(low, rate)),
                    None => self.lower(rate / self.search.growth, Purpose::Raise),
                }
            }
        };
    }

    fn above(&self, low: f64) -> Trial {
        match self.high {
            Some(high) => self.between(low, high),
            None if low >= self.search.max => Trial { rate: low, purpose: Purpose::Hold },
            None => Trial { rate: (low * self.search.growth).min(self.search.max), purpose: Purpose::Raise },
        }
    }

    fn between(&self, low: f64, high: f64) -> Trial {
        match high <= low * (1.0 + self.search.precision) {
            true => Trial { rate: low, purpose: Purpose::Hold },
            false => Trial { rate: (low + high) / 2.0, purpose: Purpose::Bisect },
        }
    }

    /// A stage below everything that was not kept, unless that is next to nothing.
    fn lower(&self, rate: f64, purpose: Purpose) -> Option<Trial> {
        (rate >= self.search.start / LEAST).then_some(Trial { rate, purpose })
    }
}

/// The search goes down to this part of the first rate.
const LEAST: f64 = 1000.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn search(start: f64) -> Search {
        Search {
            start,
            max: 100_000.0,
            growth: 2.0,
            precision: 0.02,
            settle: Duration::from_secs(1),
            measure: Duration::from_secs(4),
            hold: Duration::from_secs(8),
            max_duration: Duration::from_secs(600),
        }
    }

    /// What a host that serves `capacity` requests a second, one after the other, makes of a rate: whether the wait of
    /// 95 of 100 requests stays below a tenth of a second, in virtual time.
    fn keeps(capacity: f64, search: &Search, trial: Trial) -> bool {
        let settle = search.settle.as_secs_f64();
        let end = settle + search.measured(trial.purpose).as_secs_f64();
        let (mut free_at, mut waits) = (0.0f64, Vec::new());
        for due in (0..).map(|number| f64::from(number) / trial.rate).take_while(|due| *due < end) {
            free_at = free_at.max(due) + 1.0 / capacity;
            if due >= settle {
                waits.push(free_at - due);
            }
        }
        waits.sort_by(f64::total_cmp);
        waits.get(waits.len() * 95 / 100).is_none_or(|wait| *wait < 0.1)
    }

    fn found(start: f64, capacity: f64) -> (Option<f64>, usize) {
        let search = search(start);
        let mut hunt = Hunt::new(search);
        let mut stages = 0;
        while let Some(trial) = hunt.trial() {
            hunt.judge(keeps(capacity, &search, trial));
            stages += 1;
        }
        (hunt.knee(), stages)
    }

    #[test]
    fn the_knee_of_a_queue_is_its_capacity_within_three_hundredths() {
        for capacity in [37.0, 100.0, 400.0, 431.0, 2500.0] {
            let (knee, stages) = found(50.0, capacity);
            let error = knee.expect("a rate") / capacity - 1.0;
            assert!(error.abs() < 0.03, "{capacity}: {knee:?}");
            assert!(stages < 20, "{capacity}: {stages} stages");
        }
    }

    #[test]
    fn a_target_that_keeps_everything_is_held_at_the_highest_rate() {
        let mut hunt = Hunt::new(Search { max: 300.0, ..search(100.0) });
        let mut rates = Vec::new();
        while let Some(trial) = hunt.trial() {
            rates.push(trial.rate);
            hunt.judge(true);
        }
        assert_eq!(rates, [100.0, 200.0, 300.0, 300.0]);
        assert_eq!(hunt.knee(), Some(300.0));
    }

    #[test]
    fn a_target_that_keeps_nothing_has_no_knee() {
        let mut hunt = Hunt::new(search(100.0));
        let mut stages = 0;
        while hunt.trial().is_some() {
            hunt.judge(false);
            stages += 1;
        }
        assert_eq!((hunt.knee(), stages), (None, 10));
    }

    #[test]
    fn what_cannot_be_held_is_lowered_step_by_step() {
        let mut hunt = Hunt::new(search(100.0));
        [true, false].into_iter().for_each(|kept| hunt.judge(kept));
        while hunt.trial().is_some_and(|trial| trial.purpose == Purpose::Bisect) {
            hunt.judge(false);
        }
        let held = hunt.trial().expect("a trial");
        assert_eq!(held, Trial { rate: 100.0, purpose: Purpose::Hold });
        hunt.judge(false);
        hunt.judge(true);
        assert_eq!(hunt.knee(), Some(98.0));
    }
}
