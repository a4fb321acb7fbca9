//! The instants at which an open scenario starts its iterations, the same for every shard and every run of a seed.

use super::Curve;
use crate::rng::Rng;
use std::time::Duration;

/// How arrivals spread within the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    /// Independent arrivals, as from many shops that do not know of each other.
    #[default]
    Poisson,
    /// Evenly spaced arrivals.
    Uniform,
}

/// One due iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its number in the scenario, counted from 0 over all shards.
    pub number: u64,
    /// When it is due after the start of the scenario.
    pub at: Duration,
}

/// Every arrival of a rate curve in order.
///
/// Arrival *k* is due when the integral of the rate reaches *k* steps, where a step is 1 for uniform spacing and a
/// draw of the exponential distribution with mean 1 for Poisson arrivals.
#[derive(Clone, Debug)]
pub struct Arrivals {
    rate: Curve,
    spacing: Spacing,
    rng: Rng,
    area: f64,
    piece: usize,
    number: u64,
}

impl Arrivals {
    /// The arrivals of `rate`; equal streams `rng` give equal arrivals.
    pub fn new(rate: Curve, spacing: Spacing, rng: Rng) -> Self {
        let mut arrivals = Self { rate, spacing, rng, area: 0.0, piece: 0, number: 0 };
        arrivals.area = arrivals.step();
        arrivals
    }

    /// The rate.
    pub fn rate(&self) -> &Curve {
        &self.rate
    }

    /// The number of the next arrival.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The integral of the rate at which the next one is due.
    pub(super) fn reached(&self) -> f64 {
        self.area
    }

    /// When the integral of the rate reaches `area`, which never falls between two calls.
    pub(super) fn at(&mut self, area: f64) -> Option<Duration> {
        let (seconds, piece) = self.rate.time_of_area(area, self.piece)?;
        self.piece = piece;
        Some(Duration::from_secs_f64(seconds))
    }

    /// Searches from the beginning of the curve again, because the next area may be less than the last.
    pub(super) fn look_anew(&mut self) {
        self.piece = 0;
    }

    /// Goes on to the next one.
    pub(super) fn advance(&mut self) {
        self.number += 1;
        self.area += self.step();
    }

    fn step(&mut self) -> f64 {
        match self.spacing {
            Spacing::Uniform => f64::from(u8::from(self.number > 0)),
            Spacing::Poisson => self.rng.exponential(),
        }
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let arrival = Arrival { number: self.number, at: self.at(self.area)? };
        self.advance();
        Some(arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        load::Stage,
        rng::{Domain, Seed},
    };

    fn arrivals(spacing: Spacing, seed: u64) -> Vec<Arrival> {
        let stages =
            [(10, 100.0), (20, 100.0)].map(|(s, target)| Stage { duration: Duration::from_secs(s), target });
        let rng = Seed(seed).stream(Domain::Arrivals, 0, 0);
        Arrivals::new(Curve::new(0.0, &stages), spacing, rng).collect()
    }

    #[test]
    fn uniform_arrivals_are_exactly_the_area() {
        let all = arrivals(Spacing::Uniform, 1);
        assert_eq!(all.len(), 2500);
        assert_eq!(all[0].at, Duration::ZERO);
        let gap = all[2000].at - all[1999].at;
        assert!((gap.as_secs_f64() - 0.01).abs() < 1e-6, "{gap:?}");
    }

    #[test]
    fn poisson_arrivals_are_seeded_and_near_the_area() {
        let all = arrivals(Spacing::Poisson, 1);
        assert!((2350..2650).contains(&all.len()), "{}", all.len());
        assert_eq!(all, arrivals(Spacing::Poisson, 1));
        assert_ne!(all, arrivals(Spacing::Poisson, 2));
        assert!(all.is_sorted_by_key(|arrival| arrival.at));
    }
}
