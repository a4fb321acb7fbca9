//! How much later an answer comes: a range, or one of the usual distributions.

use crate::{rng::Rng, time::nanos};
use std::{f64::consts::TAU, ops::RangeInclusive, time::Duration};

/// How much later an answer comes.
#[derive(Clone, Debug, PartialEq)]
pub enum Delay {
    /// Drawn evenly.
    Even(RangeInclusive<Duration>),
    /// By the bell curve, and never less than nothing.
    Normal {
        /// The mean, before what is negative is cut off.
        mean: Duration,
        /// The standard deviation.
        sd: Duration,
    },
    /// As between independent events.
    Exponential {
        /// The mean, and the standard deviation too.
        mean: Duration,
    },
    /// As answers of busy hosts: many quick ones, a few that take very long.
    LogNormal {
        /// The mean.
        mean: Duration,
        /// The standard deviation.
        sd: Duration,
    },
}

impl Delay {
    /// A delay by chance, an hour at most.
    pub fn draw(&self, rng: &mut Rng) -> Duration {
        let seconds = match self {
            Self::Even(range) => {
                return Duration::from_nanos(rng.between(nanos(*range.start()), nanos(*range.end())));
            }
            Self::Normal { mean, sd } => mean.as_secs_f64() + sd.as_secs_f64() * normal(rng),
            Self::Exponential { mean } => mean.as_secs_f64() * rng.exponential(),
            Self::LogNormal { mean, sd } => {
                let (mean, sd) = (mean.as_secs_f64(), sd.as_secs_f64());
                let variance = (1.0 + (sd / mean).powi(2)).ln();
                (mean.ln() - variance / 2.0 + variance.sqrt() * normal(rng)).exp()
            }
        };
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST).min(LONGEST)
    }
}

impl From<RangeInclusive<Duration>> for Delay {
    fn from(range: RangeInclusive<Duration>) -> Self {
        Self::Even(range)
    }
}

/// A number of the standard normal distribution (Box and Muller).
fn normal(rng: &mut Rng) -> f64 {
    (2.0 * rng.exponential()).sqrt() * (TAU * rng.unit()).cos()
}

const LONGEST: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed};

    /// Mean, standard deviation and the share above twice the mean, of many draws, in milliseconds.
    fn moments(delay: &Delay) -> (f64, f64, f64) {
        const DRAWS: usize = 40_000;
        let mut rng = Seed(9).stream(Domain::Host, 0, 0);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| delay.draw(&mut rng).as_secs_f64() * 1000.0).collect();
        let mean = drawn.iter().sum::<f64>() / DRAWS as f64;
        let variance = drawn.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / DRAWS as f64;
        let above = drawn.iter().filter(|one| **one > 2.0 * mean).count() as f64 / DRAWS as f64;
        (mean, variance.sqrt(), above)
    }

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn distributions_have_the_moments_that_they_say() {
        let even = Delay::Even(millis(100)..=millis(300));
        let normal = Delay::Normal { mean: millis(200), sd: millis(40) };
        let exponential = Delay::Exponential { mean: millis(200) };
        let log_normal = Delay::LogNormal { mean: millis(200), sd: millis(100) };
        // Mean, standard deviation, and how many are above twice the mean: 0, 0, e^-2, 1 - Φ(1.703).
        let expected = [
            (even, 200.0, 57.7, 0.0),
            (normal, 200.0, 40.0, 0.0),
            (exponential, 200.0, 200.0, 0.1353),
            (log_normal, 200.0, 100.0, 0.0443),
        ];
        for (delay, mean, sd, above) in expected {
            let found = moments(&delay);
            assert!((found.0 - mean).abs() < mean * 0.02, "{delay:?}: mean {}", found.0);
            assert!((found.1 - sd).abs() < sd * 0.03, "{delay:?}: deviation {}", found.1);
            assert!((found.2 - above).abs() < 0.005, "{delay:?}: {} are above twice the mean", found.2);
        }
    }

    #[test]
    fn a_delay_is_never_negative_and_never_endless() {
        let mut rng = Seed(3).stream(Domain::Host, 0, 0);
        let wide = Delay::Normal { mean: millis(1), sd: millis(1000) };
        assert!((0..1000).any(|_| wide.draw(&mut rng) == Duration::ZERO));
        let long = Delay::Exponential { mean: Duration::from_secs(1_000_000_000) };
        assert!((0..1000).all(|_| long.draw(&mut rng) <= LONGEST));
    }
}
