//! The arrivals of an open scenario on the run's own time line, as live control and searches bend them.

use crate::{
    load::{Arrival, Change, Course, Throttle, Upcoming},
    time::Instant,
};
use std::collections::VecDeque;

/// The arrivals of an open model as live control leaves them.
pub(super) struct Steered {
    course: Course,
    begin: Instant,
    /// The version of the throttle that was heard of.
    version: u32,
    /// How many changes were heard of.
    heard: usize,
    /// Those of them whose time has not come, counted from the begin.
    pending: VecDeque<Change>,
}

/// What a shard waits for next.
pub(super) enum Due {
    Arrival(Arrival),
    /// Nothing before this instant, unless the load is changed.
    Held(Instant),
}

impl Steered {
    pub(super) fn new(course: Course, begin: Instant) -> Self {
        Self { course, begin, version: 0, heard: 0, pending: VecDeque::new() }
    }

    /// What comes next, as the throttle leaves it; `None` when nothing more comes.
    pub(super) fn next(&mut self, throttle: Option<&Throttle>) -> Option<Due> {
        if let Some(throttle) = throttle
            && throttle.version() != self.version
            && !self.hear(throttle)
        {
            return None;
        }
        match self.upcoming() {
            Upcoming::Arrival(arrival) => Some(Due::Arrival(arrival)),
            Upcoming::Held(until) => Some(Due::Held(until.map_or(Instant::NEVER, |at| self.begin + at))),
            Upcoming::Over => None,
        }
    }

    /// Whether the load was changed since [`Steered::next`].
    pub(super) fn is_behind(&self, throttle: Option<&Throttle>) -> bool {
        throttle.is_some_and(|throttle| throttle.version() != self.version)
    }

    /// Goes on to the next arrival.
    pub(super) fn advance(&mut self) {
        self.course.advance();
    }

    /// What comes next, with all changes before it.
    fn upcoming(&mut self) -> Upcoming {
        loop {
            let upcoming = self.course.peek();
            let is_before = |change: &mut Change| match upcoming {
                Upcoming::Arrival(arrival) => change.at <= arrival.at,
                Upcoming::Held(_) | Upcoming::Over => true,
            };
            let Some(change) = self.pending.pop_front_if(is_before) else { return upcoming };
            self.course.bend(change);
        }
    }

    /// Takes the changes since the last time; whether more arrivals may come.
    fn hear(&mut self, throttle: &Throttle) -> bool {
        self.version = throttle.version();
        for Change { at, factor } in throttle.changes(self.heard) {
            self.pending.push_back(Change { at: (Instant::START + at).since(self.begin), factor });
            self.heard += 1;
        }
        !throttle.is_finished()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        load::{Load, Spacing, Throttles},
        rng::{Domain, Seed},
    };
    use std::time::Duration;

    /// Ten arrivals a second for ten seconds, from the second second of the run on.
    fn steered() -> Steered {
        let load = Load::constant_arrival_rate(10.0, Duration::from_secs(10), Spacing::Uniform);
        let course = load.schedule.course(Seed(1).stream(Domain::Arrivals, 0, 0)).expect("an open model");
        Steered::new(course, Instant::START + Duration::from_secs(1))
    }

    fn rest(steered: &mut Steered, throttles: &Throttles) -> Vec<u128> {
        let mut all = Vec::new();
        while let Some(Due::Arrival(arrival)) = steered.next(throttles.of(0)) {
            all.push(arrival.at.as_millis());
            steered.advance();
        }
        all
    }

    #[test]
    fn a_change_that_is_announced_leaves_alone_what_is_due_before() {
        let (mut steered, throttles) = (steered(), Throttles::new(1));
        throttles.set_factor(0, 2.0, Duration::from_secs(6));
        let all = rest(&mut steered, &throttles);
        assert_eq!(all.len(), 150);
        assert_eq!((all[49], all[50], all[51]), (4900, 5000, 5050));
    }

    #[test]
    fn a_search_that_is_finished_has_no_further_arrival() {
        let (mut steered, throttles) = (steered(), Throttles::new(1));
        assert!(matches!(steered.next(throttles.of(0)), Some(Due::Arrival(_))));
        throttles.finish(0);
        assert!(steered.next(throttles.of(0)).is_none());
    }

    #[test]
    fn a_scenario_that_is_held_waits_for_another_change_until_its_end() {
        let (mut steered, throttles) = (steered(), Throttles::new(1));
        throttles.enable(0, false, Duration::ZERO);
        let end = Instant::START + Duration::from_secs(11);
        assert!(matches!(steered.next(throttles.of(0)), Some(Due::Held(until)) if until == end));
        throttles.enable(0, true, Duration::from_secs(6));
        assert_eq!(rest(&mut steered, &throttles).len(), 50);
    }
}
