//! The rates that a search for the highest one tries: raises, bisects, makes sure, holds.
//!
//! A machine without I/O and without time: it says the rate of the next stage, and is told whether the target kept it.
//! When stages begin and end is the business of a [`Pursuit`](super::Pursuit).

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
    /// How long a stage is measured that is not decided before.
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
    /// What the second look at the lowest one has said; `None` before it.
    confirmed: Option<Finding>,
    /// Whether the rate that is held was missed once: a hiccup lowers nothing.
    is_hold_doubted: bool,
    /// Whether the rate that is held is a little below one that could not be.
    is_hold_lowered: bool,
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

impl Finding {
    /// The name in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Missed => "missed",
            Self::Unsure => "unsure",
        }
    }
}

impl Search {
    /// How long a stage is measured that has this purpose.
    pub fn measured(&self, purpose: Purpose) -> Duration {
        if purpose == Purpose::Hold { self.hold } else { self.measure }
    }

    /// How long the search takes when the knee is `times` times the first rate and every stage is measured to its
    /// end, without the time in which the target recovers.
    pub fn likely_duration(&self, times: f64) -> Duration {
        let raises = times.max(1.0).log(self.growth).ceil() + 1.0;
        let bisects = (self.growth.ln() / self.precision.ln_1p()).log2().ceil().max(0.0);
        (self.settle + self.measure).mul_f64(raises + bisects + 1.0) + self.settle + self.hold
    }
}

impl Hunt {
    /// Begins with the first rate.
    pub fn new(search: Search) -> Self {
        Self {
            search,
            low: None,
            missed: Vec::new(),
            confirmed: None,
            is_hold_doubted: false,
            is_hold_lowered: false,
            retries: 0,
            next: Some(Trial { rate: search.start.min(search.max), purpose: Purpose::Raise }),
            knee: None,
        }
    }

    /// The stage to run; `None` when the search is over.
    pub fn trial(&self) -> Option<Trial> {
        self.next
    }

    /// The highest rate that was kept and held, once the search is over; `None` where no rate was.
    pub fn knee(&self) -> Option<f64> {
        self.knee
    }

    /// The lowest rate that was not kept, and whether it was the target that did not keep it: otherwise the machine
    /// that makes the load was too busy to tell. `None` where all rates were kept.
    pub fn bound(&self) -> Option<(f64, bool)> {
        self.missed.last().map(|rate| (*rate, self.confirmed != Some(Finding::Unsure)))
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
            Finding::Missed | Finding::Unsure => self.missed(rate, purpose, finding),
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

    fn missed(&mut self, rate: f64, purpose: Purpose, finding: Finding) -> Option<Trial> {
        match purpose {
            Purpose::Hold if finding == Finding::Missed && !self.is_hold_doubted => {
                self.is_hold_doubted = true;
                return self.next;
            }
            Purpose::Hold => return self.not_held(rate, finding),
            Purpose::Confirm => self.confirmed = Some(finding),
            Purpose::Raise | Purpose::Bisect => {
                self.missed.push(rate);
                self.confirmed = None;
            }
        }
        match self.low {
            Some(low) => Some(self.between(low, rate)),
            None => self.lower(rate / self.search.growth, Purpose::Raise),
        }
    }

    /// What was found cannot be held: something less is, or the search begins anew below it.
    fn not_held(&mut self, rate: f64, finding: Finding) -> Option<Trial> {
        (self.low, self.confirmed) = (None, Some(finding));
        self.missed.push(rate);
        self.is_hold_doubted = false;
        self.is_hold_lowered = !self.is_hold_lowered;
        match (finding, self.is_hold_lowered) {
            // No lower rate says more of the target than this one.
            (Finding::Unsure, _) => None,
            (_, true) => self.lower(rate / (1.0 + self.search.precision), Purpose::Hold),
            (_, false) => self.lower(rate / self.search.growth, Purpose::Raise),
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
        match (high <= low * (1.0 + self.search.precision), self.confirmed.is_some()) {
            (true, true) => Trial { rate: low, purpose: Purpose::Hold },
            (true, false) => Trial { rate: high, purpose: Purpose::Confirm },
            (false, _) => Trial { rate: (low * high).sqrt(), purpose: Purpose::Bisect },
        }
    }

    /// A stage below everything that was not kept, unless that is next to nothing.
    fn lower(&self, rate: f64, purpose: Purpose) -> Option<Trial> {
        (rate >= self.search.start / LEAST).then_some(Trial { rate, purpose })
    }
}

/// How often in a row a stage is run again that said nothing. The next such stage leads to lower rates; it is run
/// again before it bounds the search, and where it still says nothing, that is told: see [`Hunt::bound`].
pub const RETRIES: u32 = 2;
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

    /// The stages of a search to its end, at each of which `finding` says what is found.
    fn stages(hunt: &mut Hunt, mut finding: impl FnMut(Trial) -> Finding) -> Vec<Trial> {
        let mut stages = Vec::new();
        while let Some(trial) = hunt.trial() {
            stages.push(trial);
            hunt.judge(finding(trial));
        }
        stages
    }

    fn up_to(capacity: f64) -> impl FnMut(Trial) -> Finding {
        move |trial| if trial.rate <= capacity { Finding::Kept } else { Finding::Missed }
    }

    #[test]
    fn the_bracket_is_as_narrow_as_the_precision_and_holds_the_capacity() {
        for capacity in [37.0, 100.0, 431.0, 2500.0] {
            let mut hunt = Hunt::new(search(50.0));
            let count = stages(&mut hunt, up_to(capacity)).len();
            let (knee, (bound, _)) = (hunt.knee().expect("a rate"), hunt.bound().expect("a rate"));
            assert!(knee <= capacity && capacity < bound && bound <= knee * 1.02, "{knee} to {bound}");
            assert!(count < 18, "{capacity}: {count} stages");
        }
    }

    #[test]
    fn a_target_that_keeps_everything_is_held_at_the_highest_rate() {
        let mut hunt = Hunt::new(Search { max: 300.0, ..search(100.0) });
        let rates: Vec<f64> = stages(&mut hunt, |_| Finding::Kept).iter().map(|trial| trial.rate).collect();
        assert_eq!(rates, [100.0, 200.0, 300.0, 300.0]);
        assert_eq!((hunt.knee(), hunt.bound()), (Some(300.0), None));
    }

    #[test]
    fn a_target_that_keeps_nothing_has_no_knee() {
        let mut hunt = Hunt::new(search(100.0));
        assert_eq!((stages(&mut hunt, |_| Finding::Missed).len(), hunt.knee()), (10, None));
    }

    #[test]
    fn what_cannot_be_held_is_held_once_more_and_then_lowered_step_by_step() {
        let mut hunt = Hunt::new(search(100.0));
        let mut missed = 0;
        let holds = stages(&mut hunt, |Trial { rate, purpose }| match purpose {
            Purpose::Hold if missed < 3 => {
                missed += 1;
                Finding::Missed
            }
            _ => up_to(102.0)(Trial { rate, purpose }),
        });
        let holds: Vec<f64> =
            holds.iter().filter(|trial| trial.purpose == Purpose::Hold).map(|trial| trial.rate).collect();
        assert_eq!(holds, [holds[0], holds[0], holds[0] / 1.02, holds[0] / 1.02]);
        assert_eq!(hunt.bound(), Some((holds[0], true)));
    }

    #[test]
    fn where_less_cannot_be_held_either_the_search_begins_anew_below() {
        let mut hunt = Hunt::new(search(100.0));
        let held = |purpose| purpose == Purpose::Hold;
        // Stages are kept up to 400, and for longer only what is below 250.
        let all = stages(&mut hunt, |trial| up_to(if held(trial.purpose) { 250.0 } else { 400.0 })(trial));
        assert!(hunt.knee().is_none_or(|knee| knee <= 250.0), "{:?}", hunt.knee());
        assert!(all.len() < 200, "{} stages", all.len());
    }

    #[test]
    fn a_machine_that_is_too_busy_to_hold_anything_ends_the_search() {
        let mut hunt = Hunt::new(search(100.0));
        let all = stages(&mut hunt, |trial| match trial.purpose {
            Purpose::Hold => Finding::Unsure,
            _ => up_to(250.0)(trial),
        });
        let holds = all.iter().filter(|trial| trial.purpose == Purpose::Hold).count();
        assert_eq!((holds, hunt.knee()), (RETRIES as usize + 1, None));
        assert!(hunt.bound().is_some_and(|(_, is_of_target)| !is_of_target));
    }

    #[test]
    fn a_miss_that_was_a_hiccup_bounds_nothing() {
        for hiccup in 0..14 {
            let (mut hunt, mut number) = (Hunt::new(search(100.0)), 0);
            stages(&mut hunt, |trial| {
                number += 1;
                if number == hiccup + 1 { Finding::Missed } else { up_to(250.0)(trial) }
            });
            let knee = hunt.knee().expect("a rate");
            assert!((knee / 250.0 - 1.0).abs() < 0.025, "hiccup in stage {hiccup}: {knee}");
        }
    }

    #[test]
    fn a_stage_that_says_nothing_is_run_again_and_leads_to_lower_rates_in_the_end() {
        let mut hunt = Hunt::new(search(100.0));
        let first = hunt.trial();
        (0..RETRIES).for_each(|_| hunt.judge(Finding::Unsure));
        assert_eq!(hunt.trial(), first);
        hunt.judge(Finding::Unsure);
        assert_eq!(hunt.trial(), Some(Trial { rate: 50.0, purpose: Purpose::Raise }));
    }

    #[test]
    fn what_a_machine_was_too_busy_to_tell_is_asked_again_and_named() {
        let mut hunt = Hunt::new(search(100.0));
        let mut asked = 0;
        stages(&mut hunt, |trial| {
            asked += 1;
            let is_busy = (1..=RETRIES + 1).contains(&(asked - 1));
            if is_busy { Finding::Unsure } else { up_to(1000.0)(trial) }
        });
        assert!(hunt.knee().is_some_and(|knee| knee > 980.0), "it was busy at 200/s, and is not any more");
        let mut hunt = Hunt::new(search(100.0));
        stages(&mut hunt, |trial| if trial.rate > 150.0 { Finding::Unsure } else { Finding::Kept });
        assert!(hunt.bound().is_some_and(|(rate, is_of_target)| rate > 150.0 && !is_of_target));
    }
}
