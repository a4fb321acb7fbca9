//! The usual shapes of a load test, by their usual names.

use super::Stage;
use std::time::Duration;

/// The usual shapes of a load test; each has a rate and a duration, and becomes stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Whether it works at all: a twentieth of the rate.
    Smoke,
    /// An ordinary day: up, the rate, down.
    Load,
    /// Beyond what is expected: in steps up to one and a half times the rate, and back.
    Stress,
    /// A crowd at the door: a tenth of the rate, all of it at once, and a tenth again.
    Spike,
    /// For a long time: the rate, with short ramps.
    Soak,
    /// Until something breaks: one line from nothing to the rate.
    Breakpoint,
}

impl Profile {
    /// The stages with their targets in whatever the rate counts by; a stage of no length jumps.
    pub fn stages(self, rate: f64, duration: Duration) -> Vec<Stage> {
        let parts: &[(f64, f64)] = match self {
            Self::Smoke => &[(0.0, 0.05), (1.0, 0.05)],
            Self::Load => &[(0.1, 1.0), (0.8, 1.0), (0.1, 0.0)],
            Self::Stress => &[
                (0.05, 0.5),
                (0.15, 0.5),
                (0.05, 0.75),
                (0.15, 0.75),
                (0.05, 1.0),
                (0.15, 1.0),
                (0.05, 1.5),
                (0.25, 1.5),
                (0.1, 0.0),
            ],
            Self::Spike => &[(0.0, 0.1), (0.4, 0.1), (0.0, 1.0), (0.2, 1.0), (0.0, 0.1), (0.4, 0.1)],
            Self::Soak => &[(0.05, 1.0), (0.9, 1.0), (0.05, 0.0)],
            Self::Breakpoint => &[(1.0, 1.0)],
        };
        let stage =
            |(time, height): &(f64, f64)| Stage { duration: duration.mul_f64(*time), target: rate * height };
        parts.iter().map(stage).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Curve;

    #[test]
    fn every_profile_takes_its_time_and_has_its_height() {
        use Profile::{Breakpoint, Load, Smoke, Soak, Spike, Stress};
        let expected = [
            (Smoke, 5.0),
            (Load, 100.0),
            (Stress, 150.0),
            (Spike, 100.0),
            (Soak, 100.0),
            (Breakpoint, 100.0),
        ];
        for (profile, peak) in expected {
            let curve = Curve::new(0.0, &profile.stages(100.0, Duration::from_secs(600)));
            assert!((curve.duration().as_secs_f64() - 600.0).abs() < 1e-6, "{profile:?}");
            assert!((curve.peak() - peak).abs() < 1e-9, "{profile:?}: {}", curve.peak());
        }
    }
}
