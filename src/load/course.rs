//! The arrivals of an open scenario as a shard goes through them, which live control may bend on the way.

use super::{Arrival, Arrivals, Change};
use std::{sync::Arc, time::Duration};

/// The arrivals of an open scenario, one after the other.
///
/// Which arrivals there are and in what order is settled beforehand; a change bends the time between them alone. So
/// shards that hear of the same changes see the same arrivals at the same times, however far each of them was.
#[derive(Clone, Debug)]
pub struct Course {
    source: Source,
    /// How far the work of the plan had come at the last change, with what was released and without.
    bend: Bend,
}

#[derive(Clone, Debug)]
enum Source {
    Rate(Arrivals),
    List { instants: Arc<[Duration]>, number: u64 },
}

/// The work that was released by the last change, the work of the plan by then, and what one is to the other since.
#[derive(Clone, Copy, Debug)]
struct Bend {
    released: f64,
    planned: f64,
    factor: f64,
    is_first: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upcoming {
    /// This arrival.
    Arrival(Arrival),
    /// Nothing, unless another change comes before this time after the scenario's start; `None` is no limit.
    Held(Option<Duration>),
    /// Nothing more.
    Over,
}

impl Course {
    pub(super) fn of_rate(arrivals: Arrivals) -> Self {
        Self { source: Source::Rate(arrivals), bend: Bend::NONE }
    }

    pub(super) fn of_instants(instants: Arc<[Duration]>) -> Self {
        Self { source: Source::List { instants, number: 0 }, bend: Bend::NONE }
    }

    /// What comes next, as things stand.
    pub fn peek(&mut self) -> Upcoming {
        let bend = self.bend;
        match &mut self.source {
            Source::List { instants, number } => match instants.get(*number as usize) {
                None => Upcoming::Over,
                Some(at) if bend.is_first => Upcoming::Arrival(Arrival { number: *number, at: *at }),
                Some(at) => bend.planned(at.as_secs_f64()).map_or(Upcoming::Held(None), |at| {
                    Upcoming::Arrival(Arrival { number: *number, at: Duration::from_secs_f64(at) })
                }),
            },
            Source::Rate(arrivals) => {
                let due = bend.planned(arrivals.reached()).and_then(|area| arrivals.at(area));
                match due {
                    Some(at) => Upcoming::Arrival(Arrival { number: arrivals.number(), at }),
                    None if bend.is_first => Upcoming::Over,
                    None => Upcoming::Held(Some(arrivals.rate().duration())),
                }
            }
        }
    }

    /// Goes on to the next arrival.
    pub fn advance(&mut self) {
        match &mut self.source {
            Source::Rate(arrivals) => arrivals.advance(),
            Source::List { number, .. } => *number += 1,
        }
    }

    /// Takes a change whose time counts from the scenario's start; changes come in order.
    pub fn bend(&mut self, Change { at, factor }: Change) {
        let planned = match &mut self.source {
            Source::Rate(arrivals) => {
                arrivals.look_anew();
                arrivals.rate().area_until(at)
            }
            Source::List { .. } => at.as_secs_f64(),
        };
        let released = self.bend.released + self.bend.factor * (planned - self.bend.planned);
        self.bend = Bend { released, planned, factor, is_first: false };
    }
}

impl Bend {
    const NONE: Self = Self { released: 0.0, planned: 0.0, factor: 1.0, is_first: true };

    /// How far the plan is when `released` of the work is released; `None` when that never comes.
    fn planned(self, released: f64) -> Option<f64> {
        match self.is_first {
            true => Some(released),
            false if self.factor <= 0.0 => None,
            false => Some(self.planned + (released - self.released).max(0.0) / self.factor),
        }
    }
}

/// The arrivals as long as nothing bends them.
impl Iterator for Course {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let Upcoming::Arrival(arrival) = self.peek() else { return None };
        self.advance();
        Some(arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        load::{Load, Spacing},
        rng::{Domain, Seed},
    };

    fn course(load: &Load) -> Course {
        load.schedule.course(Seed(1).stream(Domain::Arrivals, 0, 0)).expect("an open model")
    }

    fn constant(rate: f64) -> Load {
        Load::constant_arrival_rate(rate, Duration::from_secs(10), Spacing::Uniform)
    }

    fn change(at: u64, factor: f64) -> Change {
        Change { at: Duration::from_secs(at), factor }
    }

    fn times(course: Course) -> Vec<f64> {
        course.map(|arrival| arrival.at.as_secs_f64()).collect()
    }

    /// The arrivals before `change`, then those after it.
    fn with(mut course: Course, changes: &[Change]) -> Vec<f64> {
        let mut all = Vec::new();
        for change in changes {
            while let Upcoming::Arrival(arrival) = course.peek()
                && arrival.at < change.at
            {
                all.push(arrival.at.as_secs_f64());
                course.advance();
            }
            course.bend(*change);
        }
        all.extend(times(course));
        all
    }

    #[test]
    fn twice_the_rate_for_half_of_the_time_is_half_as_much_again() {
        let all = with(course(&constant(10.0)), &[change(5, 2.0)]);
        assert_eq!(all.len(), 150);
        assert!((all[149] - all[148] - 0.05).abs() < 1e-6);
    }

    #[test]
    fn what_would_come_due_in_a_pause_is_not_planned_and_the_numbers_go_on() {
        let all = with(course(&constant(10.0)), &[change(2, 0.0), change(7, 1.0)]);
        assert_eq!(all.len(), 50);
        assert!(all.iter().all(|at| !(2.0..7.0).contains(at)), "{all:?}");
    }

    #[test]
    fn a_list_of_instants_waits_for_the_end_of_a_pause() {
        let list = Load::replay([0, 1, 4].map(Duration::from_secs).to_vec());
        let all = with(course(&list), &[change(2, 0.0), change(12, 2.0)]);
        assert_eq!(all, [0.0, 1.0, 13.0]);
    }

    #[test]
    fn shards_that_hear_late_of_a_change_agree_all_the_same() {
        let mut ahead = course(&constant(10.0));
        (0..20).for_each(|_| ahead.advance());
        let mut behind = ahead.clone();
        ahead.advance();
        ahead.bend(change(2, 0.5));
        behind.bend(change(2, 0.5));
        behind.advance();
        assert_eq!(ahead.peek(), behind.peek());
    }

    #[test]
    fn held_is_not_over_as_long_as_a_change_may_come() {
        let mut held = course(&constant(10.0));
        held.bend(change(1, 0.0));
        assert_eq!(held.peek(), Upcoming::Held(Some(Duration::from_secs(10))));
        held.bend(change(2, 1.0));
        assert!(matches!(held.peek(), Upcoming::Arrival(_)));
    }
}
