//! A search in time: when each stage begins, from when on it is measured, and as soon as that is certain, how it ends.
//!
//! A machine without I/O: it is told the time and what can be seen of the target, and says what to do.
//!
//! | state | until | then |
//! |---|---|---|
//! | recovering | nothing is under way, or patience is over | the next rate is set |
//! | settling | the rate has counted for `settle` | what is recorded begins to count |
//! | measuring | the finding is certain, or `measure` (`hold`) is over | judged; the next rate, recovering first if it was not kept |
//! | over | – | – |

use super::{Finding, Hunt, Purpose, Search, Trial};
use std::time::Duration;

/// A search under way.
#[derive(Clone, Debug)]
pub struct Pursuit {
    search: Search,
    hunt: Hunt,
    /// How long the target may take to recover from a stage that it did not keep.
    patience: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Recovering { until: Duration },
    Settling { stage: Stage },
    Measuring(Measuring),
    Over,
}

/// A stage since it is measured.
#[derive(Clone, Copy, Debug)]
struct Measuring {
    stage: Stage,
    since: Duration,
    /// Iterations that were under way at that time.
    in_flight: u64,
    /// At so many looks in a row a condition was broken.
    broken: u32,
}

/// A stage with its begin, since the start of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Its rate and what it is for.
    pub trial: Trial,
    /// From when on the rate counts.
    pub began: Duration,
}

/// What can be seen of the target and of the machine that makes the load.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight {
    /// Iterations that are under way.
    pub in_flight: u64,
    /// Iterations that began since [`Move::Measure`].
    pub started: u64,
    /// Steps that ended since then.
    pub steps: u64,
    /// How the conditions stand that a rate must keep.
    pub standing: Standing,
    /// Whether this machine was too busy for the load it was to make.
    pub is_busy: bool,
}

/// How the conditions stand that a rate must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// All hold, far from their limits.
    Easy,
    /// All hold.
    #[default]
    Held,
    /// One does not hold.
    Broken,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    /// From `at` on, since the start of the run, there are so many iterations per second.
    Rate {
        /// Iterations per second; nought while the target recovers.
        rate: f64,
        /// From when on.
        at: Duration,
    },
    /// What was recorded until now does not count.
    Measure,
    /// A stage is over.
    Judged {
        /// The stage.
        stage: Stage,
        /// What it says.
        finding: Finding,
        /// How long it was measured.
        measured: Duration,
    },
    /// No further iteration begins.
    Finish,
}

impl Pursuit {
    /// Begins with the first look; a target may take `patience` to recover.
    pub fn new(search: Search, patience: Duration) -> Self {
        Self { search, hunt: Hunt::new(search), patience, state: State::Recovering { until: Duration::MAX } }
    }

    /// The rates that were tried.
    pub fn hunt(&self) -> &Hunt {
        &self.hunt
    }

    /// Looks at the target at `now`, since the start of the run, and says what to do, in this order.
    ///
    /// Looks are to be some times a second, at even distances.
    pub fn look(&mut self, now: Duration, sight: &Sight) -> Vec<Move> {
        match self.state {
            State::Recovering { until } if sight.in_flight == 0 || now >= until => vec![self.begin(now)],
            State::Settling { stage } if now >= stage.began + self.search.settle => {
                let in_flight = sight.in_flight;
                self.state = State::Measuring(Measuring { stage, since: now, in_flight, broken: 0 });
                vec![Move::Measure]
            }
            State::Measuring(mut measuring) => {
                measuring.broken = if sight.standing == Standing::Broken { measuring.broken + 1 } else { 0 };
                self.state = State::Measuring(measuring);
                match measuring.finding(&self.search, now, sight) {
                    Some(finding) => self.end(measuring, finding, now).to_vec(),
                    None => Vec::new(),
                }
            }
            State::Recovering { .. } | State::Settling { .. } | State::Over => Vec::new(),
        }
    }

    fn begin(&mut self, now: Duration) -> Move {
        let Some(trial) = self.hunt.trial() else {
            self.state = State::Over;
            return Move::Finish;
        };
        let stage = Stage { trial, began: now + LEAD };
        self.state = State::Settling { stage };
        Move::Rate { rate: trial.rate, at: stage.began }
    }

    fn end(&mut self, measuring: Measuring, finding: Finding, now: Duration) -> [Move; 2] {
        let Measuring { stage, since, .. } = measuring;
        self.hunt.judge(finding);
        let next = if finding == Finding::Kept {
            self.begin(now)
        } else {
            // What piled up must not spoil the next stage.
            self.state = State::Recovering { until: now + self.patience };
            Move::Rate { rate: 0.0, at: now }
        };
        [Move::Judged { stage, finding, measured: now.saturating_sub(since) }, next]
    }
}

impl Measuring {
    /// What the stage says; `None` as long as that may still change.
    ///
    /// 1. A condition that stays broken while more and more iterations are under way is not kept.
    /// 2. Conditions that hold easily, with no more iterations under way than at first, are kept: the next stages come
    ///    nearer to the knee.
    /// 3. Where the time is over and iterations still pile up, a condition will break sooner or later: as long as a
    ///    rate is held at all, it has time to.
    fn finding(&self, search: &Search, now: Duration, sight: &Sight) -> Option<Finding> {
        let Trial { rate, purpose } = self.stage.trial;
        let time = now.saturating_sub(self.since);
        let (whole, longest) = (search.measured(purpose), search.measure.max(search.hold));
        let piles_up = sight.in_flight > self.in_flight + PILE.max(sight.started / PILE_PART);
        let is_clear = !sight.is_busy && sight.steps > 0;

        let is_missed = is_clear && piles_up && self.broken >= BROKEN_LOOKS;
        let is_early = time >= SOON.max(whole / SOON_PART).min(whole) && sight.steps >= STEPS_LEAST;
        let is_kept = is_clear && is_early && !piles_up && sight.standing == Standing::Easy;
        match purpose {
            _ if is_missed => Some(Finding::Missed),
            Purpose::Raise | Purpose::Bisect if is_kept => Some(Finding::Kept),
            _ if time < whole => None,
            _ if time < longest && piles_up && sight.standing != Standing::Broken => None,
            _ => Some(sight.last_word(rate * time.as_secs_f64())),
        }
    }
}

impl Sight {
    /// What the whole of a stage says in which so many iterations were to begin.
    ///
    /// A busy machine makes a target look worse, never better: a rate that is kept all the same is kept.
    fn last_word(&self, planned: f64) -> Finding {
        let is_short = (self.started as f64) < planned * STARTED_LEAST - 3.0 * planned.sqrt();
        match self.standing {
            Standing::Broken if self.is_busy => Finding::Unsure,
            Standing::Broken => Finding::Missed,
            _ if is_short => Finding::Unsure,
            _ if self.steps == 0 => Finding::Missed,
            Standing::Easy | Standing::Held => Finding::Kept,
        }
    }
}

/// A new rate is announced so long before it counts, so that every shard hears of it in time.
const LEAD: Duration = Duration::from_millis(100);
/// A stage that is kept easily is measured for so long, or for this part of its time if that is longer.
const SOON: Duration = Duration::from_secs(1);
const SOON_PART: u32 = 3;
/// The figures of fewer steps decide nothing early.
const STEPS_LEAST: u64 = 50;
/// A condition that is broken at so many looks in a row stays broken while iterations pile up.
const BROKEN_LOOKS: u32 = 3;
/// Iterations pile up when more are under way by this number, and by this part of those that began.
const PILE: u64 = 3;
const PILE_PART: u64 = 100;
/// Where fewer iterations began than this part, the rate was not what it should have been.
const STARTED_LEAST: f64 = 0.95;
