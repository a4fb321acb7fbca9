//! A token bucket: how long whoever comes has to wait so that no more than so many pass in a second.

use crate::time::{Instant, nanos};
use std::time::Duration;

/// A token bucket without a burst: passes are at least `1 / rate` apart.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    gap: Duration,
    next: Instant,
}

impl Bucket {
    /// A bucket for so many passes a second, more than 0.
    #[must_use]
    pub fn new(per_second: f64) -> Self {
        Self { gap: Duration::from_secs_f64(1.0 / per_second.max(RATE_MIN)), next: Instant::START }
    }

    /// The instant at which whoever comes `now` may pass; places are given in the order of the asking.
    pub fn pass(&mut self, now: Instant) -> Instant {
        let at = self.next.max(now);
        self.next = Instant::from_nanos(at.as_nanos().saturating_add(nanos(self.gap)));
        at
    }
}

/// One pass in some three hours.
const RATE_MIN: f64 = 1e-4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_apart_and_what_was_not_used_is_lost() {
        let mut bucket = Bucket::new(10.0);
        let at = |ms: u64| Instant::from_nanos(ms * 1_000_000);
        assert_eq!([bucket.pass(at(0)), bucket.pass(at(0)), bucket.pass(at(10))], [at(0), at(100), at(200)]);
        assert_eq!([bucket.pass(at(1000)), bucket.pass(at(1000))], [at(1000), at(1100)]);
    }
}
