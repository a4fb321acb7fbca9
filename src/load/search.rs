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
    /// To see whether the lowest rate that was not kept is missed again, for a hiccup must not decide what is found.
    Confirm,
    /// To see whether the rate that was found is kept for longer.
    Hold,
}

/// What a stage says of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It kept the rate.
    Kept,
    /// It did not.
    Missed,
    /// Nothing: the load was not what it should have been. The stage is run again, [`RETRIES`] times at most in a row.
    Unsure,
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
    /// The rates above it that were not, the lowest one last.
    missed: Vec<f64>,
    /// Whether the lowest one was missed twice.
    is_confirmed: bool,
    /// How often the present stage was run for nothing.
    retries: u32,
    next: Option<Trial>,
    knee: Option<f64>,
}

impl Purpose {
    /// The name in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Bisect => "bisect",
            Self::Confirm => "confirm",
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
        (self.settle + self.measure).mul_f64(raises + bisects + 1.0) + self.settle + self.hold
    }
}

impl Hunt {
    /// Begins with the first rate.
    pub fn new(search: Search) -> Self {
        let next = Some(Trial { rate: search.start.min(search.max), purpose: Purpose::Raise });
        let (low, missed, knee) = (None, Vec::new(), None);
        Self { search, low, missed, is_confirmed: false, retries: 0, next, knee }
    }

    /// The stage to run; `None` when the search is over.
    pub fn trial(&self) -> Option<Trial> {
        self.next
    }

    /// The highest rate that was kept and held, once the search is over; `None` where no rate was.
    pub fn knee(&self) -> Option<f64> {
        self.knee
    }

    /// Takes what was found at the rate of [`Hunt::trial`].
    pub fn judge(&mut self, finding: Finding) {
        let Some(Trial { rate, purpose }) = self.next else { return };
        if finding == Finding::Unsure && self.retries < RETRIES {
            self.retries += 1;
            return;
        }
        self.retries = 0;
        self.next = match finding {
            Finding::Kept => self.kept(rate, purpose),
            Finding::Missed | Finding::Unsure => self.missed(rate, purpose),
        };
    }

    fn kept(&mut self, rate: f64, purpose: Purpose) -> Option<Trial> {
        match purpose {
            Purpose::Hold => {
                self.knee = Some(rate);
                return None;
            }
            // It was a hiccup: what was missed above it bounds the search again.
            Purpose::Confirm => drop(self.missed.pop()),
            Purpose::Raise | Purpose::Bisect => {}
        }
        self.low = Some(rate);
        Some(self.above(rate))
    }

    fn missed(&mut self, rate: f64, purpose: Purpose) -> Option<Trial> {
        match purpose {
            Purpose::Hold => return self.lower(rate * (1.0 - self.search.precision), Purpose::Hold),
            Purpose::Confirm => self.is_confirmed = true,
            Purpose::Raise | Purpose::Bisect => {
                self.missed.push(rate);
                self.is_confirmed = false;
            }
        }
        match self.low {
            Some(low) => Some(self.between(low, rate)),
            None => self.lower(rate / self.search.growth, Purpose::Raise),
        }
    }

    fn above(&self, low: f64) -> Trial {
        match self.missed.last() {
            Some(&high) => self.between(low, high),
            None if low >= self.search.max => Trial { rate: low, purpose: Purpose::Hold },
            None => Trial { rate: (low * self.search.growth).min(self.search.max), purpose: Purpose::Raise },
        }
    }

    fn between(&self, low: f64, high: f64) -> Trial {
        match (high <= low * (1.0 + self.search.precision), self.is_confirmed) {
            (true, true) => Trial { rate: low, purpose: Purpose::Hold },
            (true, false) => Trial { rate: high, purpose: Purpose::Confirm },
            (false, _) => Trial { rate: (low + high) / 2.0, purpose: Purpose::Bisect },
        }
    }

    /// A stage below everything that was not kept, unless that is next to nothing.
    fn lower(&self, rate: f64, purpose: Purpose) -> Option<Trial> {
        (rate >= self.search.start / LEAST).then_some(Trial { rate, purpose })
    }
}

/// How often in a row a stage is run again that said nothing; the next such stage counts as missed.
pub const RETRIES: u32 = 3;
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

    fn finding(is_kept: bool) -> Finding {
        if is_kept { Finding::Kept } else { Finding::Missed }
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
            hunt.judge(finding(keeps(capacity, &search, trial)));
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
            hunt.judge(Finding::Kept);
        }
        assert_eq!(rates, [100.0, 200.0, 300.0, 300.0]);
        assert_eq!(hunt.knee(), Some(300.0));
    }

    #[test]
    fn a_target_that_keeps_nothing_has_no_knee() {
        let mut hunt = Hunt::new(search(100.0));
        let mut stages = 0;
        while hunt.trial().is_some() {
            hunt.judge(Finding::Missed);
            stages += 1;
        }
        assert_eq!((hunt.knee(), stages), (None, 10));
    }

    #[test]
    fn what_cannot_be_held_is_lowered_step_by_step() {
        let mut hunt = Hunt::new(search(100.0));
        [true, false].into_iter().for_each(|kept| hunt.judge(finding(kept)));
        while hunt.trial().is_some_and(|trial| trial.purpose != Purpose::Hold) {
            hunt.judge(Finding::Missed);
        }
        let held = hunt.trial().expect("a trial");
        assert_eq!(held, Trial { rate: 100.0, purpose: Purpose::Hold });
        hunt.judge(Finding::Missed);
        hunt.judge(Finding::Kept);
        assert_eq!(hunt.knee(), Some(98.0));
    }

    /// The search of `scenarios/search-knee.yaml` on a machine that stands still in one stage of all, whichever it is:
    /// that stage is missed whatever its rate.
    #[test]
    fn one_hiccup_in_any_stage_changes_what_is_found_by_less_than_a_twentieth() {
        const NEVER: u32 = u32::MAX;
        let settle = Duration::from_millis(500);
        let (measure, hold) = (Duration::from_secs(3), Duration::from_secs(5));
        let search = Search { precision: 0.03, settle, measure, hold, ..search(100.0) };
        for hiccup in (0..16).chain([NEVER]) {
            let mut hunt = Hunt::new(search);
            let mut length = Duration::ZERO;
            for stage in 0.. {
                let Some(trial) = hunt.trial() else { break };
                length += settle + search.measured(trial.purpose);
                hunt.judge(finding(stage != hiccup && keeps(250.0, &search, trial)));
            }
            let knee = hunt.knee().expect("a rate");
            assert!((knee / 250.0 - 1.0).abs() < 0.05, "hiccup in stage {hiccup}: {knee}");
            assert!(
                length < Duration::from_secs(if hiccup == NEVER { 60 } else { 75 }),
                "hiccup in stage {hiccup}: {length:?}"
            );
        }
    }

    #[test]
    fn a_stage_that_says_nothing_is_run_again_and_missed_in_the_end() {
        let mut hunt = Hunt::new(search(100.0));
        let first = hunt.trial();
        (0..RETRIES).for_each(|_| hunt.judge(Finding::Unsure));
        assert_eq!(hunt.trial(), first);
        hunt.judge(Finding::Unsure);
        assert_eq!(hunt.trial(), Some(Trial { rate: 50.0, purpose: Purpose::Raise }));
    }
}
