//! The one clock of a run: where monotonic time and the calendar come from.

use crate::time::{Instant, WallClock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock of a run; copies show the same time.
///
/// A host that goes on with an old ledger goes on in its time: instants count from the start of its first life, so that
/// what falls due while it is down is overdue when it is up again. This is the only place where the one time line
/// becomes the other.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
    /// What it showed at `origin`.
    ahead: Instant,
    /// When it showed [`Instant::START`], in milliseconds of the Unix epoch.
    started_at_ms: u64,
}

impl Clock {
    /// A clock that shows [`Instant::START`] now.
    pub fn start() -> Self {
        let now = unix_millis();
        Self::resuming(now, Instant::START, now)
    }

    /// A clock that has shown [`Instant::START`] at `started_at_ms`, and now, at `now_ms`, goes on; both are
    /// milliseconds of the Unix epoch. It never shows anything before `latest`, also when the calendar was set back.
    pub fn resuming(started_at_ms: u64, latest: Instant, now_ms: u64) -> Self {
        let elapsed = Duration::from_millis(now_ms.saturating_sub(started_at_ms));
        let ahead = latest.max(Instant::START + elapsed);
        Self { origin: std::time::Instant::now(), ahead, started_at_ms }
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.ahead + self.origin.elapsed()
    }

    /// The instant of this run in terms of the standard library.
    pub fn to_std(&self, instant: Instant) -> std::time::Instant {
        self.origin + instant.since(self.ahead)
    }

    /// The calendar (UTC) that goes with it.
    pub fn wall(&self) -> WallClock {
        WallClock::starting_at((self.started_at_ms / 1000) as i64)
    }
}

/// The calendar (UTC) as of now.
pub fn wall_clock() -> WallClock {
    WallClock::starting_at(unix_seconds() as i64)
}

/// Milliseconds since 1970 as of now.
pub(super) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Seconds since 1970 as of now.
pub fn unix_seconds() -> u64 {
    since_1970().as_secs()
}

/// The time since 1970 as of now.
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
