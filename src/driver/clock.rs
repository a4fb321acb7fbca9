//! The one clock of a run: where monotonic time and the calendar come from.

use crate::time::{Instant, WallClock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock of a run; copies show the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
}

impl Clock {
    /// A clock that shows [`Instant::START`] now.
    pub fn start() -> Self {
        Self { origin: std::time::Instant::now() }
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        Instant::START + self.origin.elapsed()
    }

    /// The instant of this run in terms of the standard library.
    pub fn to_std(&self, instant: Instant) -> std::time::Instant {
        self.origin + instant.since(Instant::START)
    }
}

/// The calendar (UTC) as of now.
pub fn wall_clock() -> WallClock {
    WallClock::starting_at(unix_seconds() as i64)
}

/// Seconds since 1970 as of now.
pub fn unix_seconds() -> u64 {
    since_1970().as_secs()
}

/// The time since 1970 as of now.
pub(super) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
