//! What live control makes of the load of a run: each scenario faster or slower, held, or switched off.
//!
//! Every change has its instant, and all shards bend their arrivals there, so that they stay of one mind about which
//! arrival is due when. Who reads clocks says the instant.

use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

/// The throttles of all scenarios of a run.
#[derive(Debug)]
pub struct Throttles(Vec<Throttle>);

/// The throttle of one scenario.
#[derive(Debug)]
pub struct Throttle {
    /// How many changes there were; what the hot path reads.
    version: AtomicU32,
    is_finished: AtomicBool,
    grip: Mutex<Grip>,
}

/// What was asked, and what came of it over time.
#[derive(Debug)]
struct Grip {
    factor: f64,
    is_paused: bool,
    is_enabled: bool,
    changes: Vec<Change>,
}

/// From an instant on, so many times the rate of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// From when on, since the start of the run.
    pub at: Duration,
    /// How many times the rate of the plan; nought while the scenario is held.
    pub factor: f64,
}

impl Throttles {
    /// Throttles of `scenarios` scenarios, all of them open.
    pub fn new(scenarios: usize) -> Self {
        Self((0..scenarios).map(|_| Throttle::default()).collect())
    }

    /// The throttle of scenario number `scenario`.
    pub fn of(&self, scenario: usize) -> Option<&Throttle> {
        self.0.get(scenario)
    }

    /// From `at` on, open scenario number `scenario` has `factor` times the rate of its plan.
    ///
    /// Closed models have no rate, and pay no heed to it. A factor that is negative or no number changes nothing.
    pub fn set_factor(&self, scenario: usize, factor: f64, at: Duration) {
        if factor.is_finite() && factor >= 0.0 {
            self.change(scenario, at, |grip| grip.factor = factor);
        }
    }

    /// Holds all scenarios from `at` on, or lets them go on: arrivals of a rate that would come due meanwhile are not
    /// planned, and lists of instants go on where they were.
    pub fn pause(&self, is_paused: bool, at: Duration) {
        for scenario in 0..self.0.len() {
            self.change(scenario, at, |grip| grip.is_paused = is_paused);
        }
    }

    /// Switches scenario number `scenario` on or off from `at` on; off, it is held as in a pause.
    pub fn enable(&self, scenario: usize, is_enabled: bool, at: Duration) {
        self.change(scenario, at, |grip| grip.is_enabled = is_enabled);
    }

    /// How many times the rate of its plan scenario number `scenario` has by the last change.
    pub fn factor(&self, scenario: usize) -> f64 {
        self.of(scenario).map_or(1.0, |throttle| throttle.lock().effective())
    }

    /// Whether scenario number `scenario` is switched on.
    pub fn is_enabled(&self, scenario: usize) -> bool {
        self.of(scenario).is_none_or(|throttle| throttle.lock().is_enabled)
    }

    /// Ends the arrivals of scenario number `scenario`, which a search does that has found what it looked for.
    pub fn finish(&self, scenario: usize) {
        if let Some(throttle) = self.of(scenario) {
            throttle.is_finished.store(true, Ordering::Relaxed);
            throttle.version.fetch_add(1, Ordering::Release);
        }
    }

    fn change(&self, scenario: usize, at: Duration, what: impl FnOnce(&mut Grip)) {
        let Some(throttle) = self.of(scenario) else { return };
        let mut grip = throttle.lock();
        let before = grip.effective();
        what(&mut grip);
        let factor = grip.effective();
        if factor != before {
            let at = grip.changes.last().map_or(at, |last| at.max(last.at));
            grip.changes.push(Change { at, factor });
            throttle.version.fetch_add(1, Ordering::Release);
        }
    }
}

impl Throttle {
    /// How many changes there were so far.
    pub fn version(&self) -> u32 {
        self.version.load(Ordering::Relaxed)
    }

    /// Whether no further arrival comes.
    pub fn is_finished(&self) -> bool {
        self.is_finished.load(Ordering::Relaxed)
    }

    /// The changes from number `heard` on.
    pub fn changes(&self, heard: usize) -> Vec<Change> {
        self.lock().changes.get(heard..).unwrap_or_default().to_vec()
    }

    /// Whether nothing may begin at this moment.
    pub fn is_held(&self) -> bool {
        self.version() > 0 && self.lock().effective() == 0.0
    }

    fn lock(&self) -> MutexGuard<'_, Grip> {
        self.grip.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Grip {
    fn effective(&self) -> f64 {
        if self.is_paused || !self.is_enabled { 0.0 } else { self.factor }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        let grip = Grip { factor: 1.0, is_paused: false, is_enabled: true, changes: Vec::new() };
        Self { version: AtomicU32::new(0), is_finished: AtomicBool::new(false), grip: Mutex::new(grip) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_keeps_the_factor_and_a_scenario_that_is_off_stays_off() {
        let at = Duration::from_secs;
        let throttles = Throttles::new(2);
        throttles.set_factor(0, 2.0, at(1));
        throttles.enable(1, false, at(1));
        throttles.pause(true, at(2));
        throttles.pause(false, at(3));
        throttles.set_factor(0, f64::NAN, at(4));
        let changes = |scenario| throttles.of(scenario).expect("it is there").changes(0);
        let pairs = [(1, 2.0), (2, 0.0), (3, 2.0)].map(|(s, factor)| Change { at: at(s), factor });
        assert_eq!(changes(0), pairs);
        assert_eq!(changes(1), [Change { at: at(1), factor: 0.0 }]);
        assert_eq!((throttles.of(0).expect("it is there").version(), throttles.of(1).expect("it is there").is_held()), (3, true));
    }

    #[test]
    fn changes_are_in_order_of_time_whatever_their_callers_say() {
        let throttles = Throttles::new(1);
        throttles.set_factor(0, 2.0, Duration::from_secs(5));
        throttles.set_factor(0, 3.0, Duration::from_secs(4));
        assert_eq!(throttles.of(0).expect("it is there").changes(1)[0].at, Duration::from_secs(5));
    }
}
