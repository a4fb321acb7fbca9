//! Load as three independent values: when iterations start, when they stop, and which terminals share the work.
//!
//! Executors of a scenario file are constructors of a [`Load`]; running it is the engine's business.

mod arrivals;
mod curve;

pub use arrivals::{Arrival, Arrivals, Spacing};
pub use curve::{Curve, Stage};

use std::time::Duration;

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
    /// Closed model: every terminal begins its next iteration when it has finished the last one.
    Loop {
        /// How many terminals take part; all of the group when there are fewer.
        terminals: u32,
        /// First iterations begin evenly spread over this time.
        within: Duration,
    },
}

/// When no further iteration begins; whichever limit comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// So long after the scenario's start.
    pub after: Option<Duration>,
    /// After so many iterations of each terminal.
    pub iterations_per_terminal: Option<u64>,
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
            stop: Stop { after: Some(max_duration), iterations_per_terminal: Some(iterations) },
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
            _ => self.duration(),
        }
    }
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
    fn shares_cover_the_fleet_once() {
        for of in 1..6 {
            let mut all: Vec<u32> =
                (0..of).flat_map(|index| Share { index, of }.terminals(17).collect::<Vec<_>>()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..17).collect::<Vec<_>>());
        }
    }
}
