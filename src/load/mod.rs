//! Load as three independent values: when iterations start, when they stop, and which terminals share the work.
//!
//! Executors of a scenario file are constructors of a [`Load`]; running it is the engine's business.

mod arrivals;
mod course;
mod curve;
mod mix;
mod profile;
mod pursuit;
mod search;
mod throttle;

pub use arrivals::{Arrival, Arrivals, Spacing};
pub use course::{Course, Upcoming};
pub use curve::{Curve, Stage};
pub use mix::Mix;
pub use profile::Profile;
pub use pursuit::{Move, Pursuit, Sight, Stage as SearchStage, Standing};
pub use search::{Finding, Hunt, Purpose, RETRIES, Search, Trial};
pub use throttle::{Change, Throttle, Throttles};

use crate::rng::Rng;
use std::{sync::Arc, time::Duration};

/// What one scenario asks of the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// When iterations begin.
    pub schedule: Schedule,
    /// When no further iteration begins.
    pub stop: Stop,
}

/// When iterations begin.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Open model: at instants that are fixed in advance, whatever the host does.
    Arrivals {
        /// Iterations per second over the time of the scenario.
        rate: Curve,
        /// How arrivals spread within the rate.
        spacing: Spacing,
    },
    /// Open model: at these instants after the scenario's start, in their order.
    Instants(Arc<[Duration]>),
    /// Open model: at a rate that a search raises and lowers, see [`Hunt`].
    Search {
        /// How it searches.
        search: Search,
        /// How arrivals spread within the rate.
        spacing: Spacing,
    },
    /// Closed model: every terminal begins its next iteration when it has finished the last one.
    Loop {
        /// How many terminals take part; all of the group when there are fewer.
        terminals: u32,
        /// First iterations begin evenly spread over this time.
        within: Duration,
    },
    /// Closed model whose number of terminals follows a curve: terminal *k* takes part while the curve is above *k*.
    Ramp {
        /// How many terminals take part over the time of the scenario.
        terminals: Curve,
    },
}

/// A time in which a terminal of a closed model begins iterations, counted from the scenario's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// When its first iteration is due.
    pub begin: Duration,
    /// From when on no further one begins; `None` where nothing but [`Stop`] ends it.
    pub end: Option<Duration>,
}

/// When no further iteration begins; whichever limit comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// So long after the scenario's start.
    pub after: Option<Duration>,
    /// After so many iterations of each terminal.
    pub iterations_per_terminal: Option<u64>,
    /// After so many iterations of all terminals together.
    pub iterations: Option<u64>,
}

impl Load {
    /// `rate` iterations a second for `duration`.
    pub fn constant_arrival_rate(rate: f64, duration: Duration, spacing: Spacing) -> Self {
        Self::ramping_arrival_rate(rate, &[Stage { duration, target: rate }], spacing)
    }

    /// Begins at `start_rate` and follows `stages`, each a straight line to its target.
    pub fn ramping_arrival_rate(start_rate: f64, stages: &[Stage], spacing: Spacing) -> Self {
        let rate = Curve::new(start_rate, stages);
        let stop = Stop { after: Some(rate.duration()), ..Stop::default() };
        Self { schedule: Schedule::Arrivals { rate, spacing }, stop }
    }

    /// `terminals` terminals, each as fast as it can, for `duration`.
    pub fn constant_terminals(terminals: u32, duration: Duration) -> Self {
        Self {
            schedule: Schedule::Loop { terminals, within: Duration::ZERO },
            stop: Stop { after: Some(duration), ..Stop::default() },
        }
    }

    /// Every terminal of the group runs `iterations`, the first ones spread over `within`.
    pub fn per_terminal_iterations(iterations: u64, within: Duration, max_duration: Duration) -> Self {
        Self {
            schedule: Schedule::Loop { terminals: u32::MAX, within },
            stop: Stop {
                after: Some(max_duration),
                iterations_per_terminal: Some(iterations),
                ..Stop::default()
            },
        }
    }

    /// As many terminals as `stages` say, beginning with `start`, each as fast as it can.
    pub fn ramping_terminals(start: u32, stages: &[Stage]) -> Self {
        let terminals = Curve::new(f64::from(start), stages);
        let stop = Stop { after: Some(terminals.duration()), ..Stop::default() };
        Self { schedule: Schedule::Ramp { terminals }, stop }
    }

    /// `terminals` terminals run `iterations` together, each as fast as it can.
    pub fn shared_iterations(iterations: u64, terminals: u32, max_duration: Duration) -> Self {
        Self {
            schedule: Schedule::Loop { terminals, within: Duration::ZERO },
            stop: Stop { after: Some(max_duration), iterations: Some(iterations), ..Stop::default() },
        }
    }

    /// `iterations` iterations at one instant.
    pub fn at_once(iterations: u64) -> Self {
        Self::replay(vec![Duration::ZERO; iterations as usize])
    }

    /// One iteration at each of these instants, which are in order.
    pub fn replay(instants: Vec<Duration>) -> Self {
        let after = instants.last().copied();
        Self { schedule: Schedule::Instants(instants.into()), stop: Stop { after, ..Stop::default() } }
    }

    /// As many iterations as a search for the highest rate needs.
    pub fn search(search: Search, spacing: Spacing) -> Self {
        let stop = Stop { after: Some(search.max_duration), ..Stop::default() };
        Self { schedule: Schedule::Search { search, spacing }, stop }
    }

    /// How many iterations come due, where that is known beforehand: on average for Poisson arrivals.
    pub fn iterations(&self, fleet: u64) -> Option<f64> {
        match &self.schedule {
            Schedule::Arrivals { rate, .. } => Some(rate.area()),
            Schedule::Instants(instants) => Some(instants.len() as f64),
            Schedule::Loop { terminals, .. } => {
                let each = self.stop.iterations_per_terminal;
                let all = each.map(|each| each.saturating_mul(fleet.min(u64::from(*terminals))));
                self.stop.iterations.or(all).map(|count| count as f64)
            }
            Schedule::Ramp { .. } | Schedule::Search { .. } => None,
        }
    }

    /// How long iterations can begin, as far as that is known beforehand.
    pub fn duration(&self) -> Option<Duration> {
        self.stop.after
    }

    /// How long iterations begin when the target keeps up; a limit that is there for the worst case does not count.
    pub fn likely_duration(&self) -> Option<Duration> {
        match (&self.schedule, self.stop.iterations_per_terminal) {
            (Schedule::Loop { within, .. }, Some(_)) => Some(*within),
            (Schedule::Search { search, .. }, _) => Some(search.likely_duration(LIKELY_KNEE)),
            (Schedule::Loop { .. }, _) if self.stop.iterations.is_some() => Some(Duration::ZERO),
            _ => self.duration(),
        }
    }
}

impl Schedule {
    /// The arrivals of an open model, in order; `None` of a closed one. Equal streams `rng` give equal arrivals.
    pub fn course(&self, rng: Rng) -> Option<Course> {
        match self {
            Self::Arrivals { rate, spacing } => {
                Some(Course::of_rate(Arrivals::new(rate.clone(), *spacing, rng)))
            }
            Self::Search { search, spacing } => {
                let one = Stage { duration: search.max_duration, target: 1.0 };
                Some(Course::of_rate(Arrivals::new(Curve::new(1.0, &[one]), *spacing, rng)))
            }
            Self::Instants(instants) => Some(Course::of_instants(Arc::clone(instants))),
            Self::Loop { .. } | Self::Ramp { .. } => None,
        }
    }

    /// When terminal `number` of a fleet takes part in a closed model; never in an open one.
    pub fn spans(&self, number: u32, fleet: u32) -> Vec<Span> {
        match self {
            Self::Loop { terminals, within } => {
                let count = fleet.min(*terminals);
                let begin = within.mul_f64(f64::from(number) / f64::from(count.max(1)));
                if number < count { vec![Span { begin, end: None }] } else { Vec::new() }
            }
            Self::Ramp { terminals } => {
                let span = |(begin, end)| Span { begin, end: Some(end) };
                terminals.above(f64::from(number)).into_iter().map(span).collect()
            }
            Self::Arrivals { .. } | Self::Search { .. } | Self::Instants(_) => Vec::new(),
        }
    }
}

/// What becomes of an arrival that finds no terminal free, or as many iterations under way as there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Saturation {
    /// It waits for its turn, and keeps the instant at which it was due.
    Queue,
    /// It is dropped, and counted.
    #[default]
    Drop,
    /// The run ends.
    Abort,
}

/// The part of a fleet that one shard (or one agent) owns: every `of`-th terminal beginning with `index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which part, counted from 0.
    pub index: u32,
    /// How many parts there are.
    pub of: u32,
}

impl Share {
    /// The whole fleet.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// Whether terminal number `terminal` belongs to this part.
    pub fn owns(self, terminal: u32) -> bool {
        terminal % self.of == self.index
    }

    /// The numbers of the terminals of this part in a fleet of `count`.
    pub fn terminals(self, count: u32) -> impl Iterator<Item = u32> {
        (self.index..count).step_by(self.of as usize)
    }
}

/// How many times its first rate a search is expected to reach, for lack of anything better.
const LIKELY_KNEE: f64 = 8.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_for_the_worst_case_is_not_the_likely_duration() {
        let seconds = Duration::from_secs;
        let load = Load::per_terminal_iterations(1, seconds(8), seconds(600));
        assert_eq!((load.duration(), load.likely_duration()), (Some(seconds(600)), Some(seconds(8))));
        let load = Load::constant_terminals(5, seconds(20));
        assert_eq!(load.likely_duration(), Some(seconds(20)));
    }

    #[test]
    fn every_terminal_takes_part_while_the_curve_is_above_its_number() {
        let seconds = Duration::from_secs;
        let stages = [(10, 4.0), (5, 4.0), (0, 1.0), (5, 1.0)];
        let stages = stages.map(|(length, target)| Stage { duration: seconds(length), target });
        let schedule = Load::ramping_terminals(0, &stages).schedule;
        let spans = |number| schedule.spans(number, 10);
        assert_eq!(spans(0), [Span { begin: seconds(0), end: Some(seconds(20)) }]);
        assert_eq!(spans(2), [Span { begin: seconds(5), end: Some(seconds(15)) }]);
        assert_eq!(spans(4), []);
    }

    #[test]
    fn loops_spread_their_first_iterations_over_those_who_take_part() {
        let load = Load::per_terminal_iterations(1, Duration::from_secs(8), Duration::from_secs(60));
        let begins: Vec<Duration> = (0..4).map(|number| load.schedule.spans(number, 4)[0].begin).collect();
        assert_eq!(begins, [0, 2, 4, 6].map(Duration::from_secs));
        assert_eq!(Load::constant_terminals(2, Duration::from_secs(1)).schedule.spans(2, 4), []);
    }

    #[test]
    fn a_list_of_instants_is_its_own_arrivals() {
        let rng = crate::rng::Seed(1).stream(crate::rng::Domain::Arrivals, 0, 0);
        let load = Load::replay(vec![Duration::ZERO, Duration::from_secs(3)]);
        let all: Vec<Arrival> = load.schedule.course(rng).into_iter().flatten().collect();
        assert_eq!(
            all.iter().map(|arrival| (arrival.number, arrival.at.as_secs())).collect::<Vec<_>>(),
            [(0, 0), (1, 3)]
        );
        assert_eq!(Load::at_once(7).iterations(3), Some(7.0));
        assert_eq!(Load::shared_iterations(9, 2, Duration::from_secs(1)).iterations(5), Some(9.0));
    }

    #[test]
    fn shares_cover_the_fleet_once() {
        for of in 1..6 {
            let mut all: Vec<u32> =
                (0..of).flat_map(|index| Share { index, of }.terminals(17).collect::<Vec<_>>()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..17).collect::<Vec<_>>());
        }
    }
}
