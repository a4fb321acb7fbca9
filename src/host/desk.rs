//! A host that can serve so many requests a second: they queue for the one desk that it has.

use crate::time::Instant;
use std::time::Duration;

/// The one desk at which requests are served in their order, each for the same time.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    /// How long one takes.
    service: Duration,
    free_at: Instant,
}

impl Desk {
    /// A desk that serves so many requests a second; `None` serves each at once.
    pub(super) fn new(capacity: Option<f64>) -> Self {
        let service = capacity.filter(|rate| *rate > 0.0).map_or(Duration::ZERO, |rate| {
            Duration::try_from_secs_f64(1.0 / rate).unwrap_or(LONGEST).min(LONGEST)
        });
        Self { service, free_at: Instant::START }
    }

    /// How long after `now` a request is served that comes now.
    pub(super) fn serve(&mut self, now: Instant) -> Duration {
        if self.service.is_zero() {
            return Duration::ZERO;
        }
        self.free_at = self.free_at.max(now) + self.service;
        self.free_at.since(now)
    }
}

const LONGEST: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_wait_for_those_before_them_and_an_idle_desk_serves_at_once() {
        let mut desk = Desk::new(Some(100.0));
        let at = |millis| Instant::START + Duration::from_millis(millis);
        let waits: Vec<u128> =
            [0, 0, 5, 100].into_iter().map(|millis| desk.serve(at(millis)).as_millis()).collect();
        assert_eq!(waits, [10, 20, 25, 10]);
        assert_eq!(Desk::new(None).serve(at(7)), Duration::ZERO);
    }
}
