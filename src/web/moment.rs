//! Instants as clients see them: RFC 3339, by the host's calendar, in UTC.

use crate::time::{DateTime, Instant, WallClock};
use serde::Serialize;
use utoipa::ToSchema;

/// A date and time (RFC 3339) with milliseconds, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-03-02T10:00:00.250Z")]
pub(super) struct Moment(String);

impl Moment {
    pub(super) fn at(wall: WallClock, instant: Instant) -> Self {
        let millis = instant.as_nanos() / 1_000_000 % 1_000;
        Self(format!("{}.{millis:03}Z", wall.at(instant)))
    }

    pub(super) fn from_unix(seconds: i64) -> Self {
        Self(format!("{}.000Z", DateTime::from_unix(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_by_the_calendar_of_the_host() {
        let wall = WallClock::starting_at(1_700_000_000);
        let at = |nanos| Moment::at(wall, Instant::from_nanos(nanos)).0;
        assert_eq!(at(0), "2023-11-14T22:13:20.000Z");
        assert_eq!(at(1_050_999_999), "2023-11-14T22:13:21.050Z");
        assert_eq!(Moment::from_unix(-1).0, "1969-12-31T23:59:59.000Z");
    }
}
