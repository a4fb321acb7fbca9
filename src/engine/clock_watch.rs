//! Notices when this machine slept, stood still, or had its clock set: a run that was asleep measured nothing.
//!
//! Pure: it is told both times, and reads no clock.

use crate::time::Instant;
use std::time::Duration;

/// Compares, at every look, how far the run's clock and the calendar have moved since the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClockWatch {
    last: Option<(Instant, Duration)>,
}

/// What two looks in a row say of the time between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Gap {
    /// The calendar went on, and the run's clock did not: the machine was asleep, or its clock was put forward.
    #[error("the calendar jumped {0:.1?} ahead of the run's clock: the machine slept, or its clock was set")]
    Ahead(Duration),
    /// The calendar was put back.
    #[error("the calendar was set back by {0:.1?}")]
    Back(Duration),
    /// Nothing of this program ran for so long, though it wanted to.
    #[error("this program stood still for {0:.1?}: the machine was suspended, or had no processor for it")]
    Late(Duration),
}

impl ClockWatch {
    /// Looks at both clocks; `wanted` is how long it meant to wait since the last look.
    pub(super) fn look(&mut self, now: Instant, calendar: Duration, wanted: Duration) -> Option<Gap> {
        let (before, calendar_before) = self.last.replace((now, calendar))?;
        let run = now.since(before);
        let wall = calendar.saturating_sub(calendar_before);
        let back = calendar_before.saturating_sub(calendar);
        if wall > run + TOLERANCE {
            Some(Gap::Ahead(wall - run))
        } else if run + back > wall + TOLERANCE {
            Some(Gap::Back(run + back - wall))
        } else if run > wanted + TOLERANCE {
            Some(Gap::Late(run - wanted))
        } else {
            None
        }
    }

    /// Work was done since the last look that takes its time: the next look compares with this one.
    pub(super) fn restart(&mut self, now: Instant, calendar: Duration) {
        self.last = Some((now, calendar));
    }
}

/// What a busy machine does to a thread that waits, and a time service to the calendar.
const TOLERANCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_steps_and_stand_stills_are_noticed_and_slewing_is_not() {
        let ms = Duration::from_millis;
        let cases = [
            ("as ever", ms(250), ms(250), None),
            ("a slewed clock", ms(250), ms(255), None),
            ("a busy machine", ms(1900), ms(1900), None),
            ("a small step", ms(250), ms(2000), None),
            ("a laptop's sleep", ms(250), ms(3_600_250), Some(Gap::Ahead(ms(3_600_000)))),
            ("put forward", ms(250), ms(5250), Some(Gap::Ahead(ms(5000)))),
            ("stopped by a debugger", ms(5250), ms(5250), Some(Gap::Late(ms(5000)))),
        ];
        for (name, run, wall, expected) in cases {
            let mut watch = ClockWatch::default();
            let start = Duration::from_secs(1_800_000_000);
            assert_eq!(watch.look(Instant::START, start, ms(250)), None);
            assert_eq!(watch.look(Instant::START + run, start + wall, ms(250)), expected, "{name}");
            assert_eq!(watch.look(Instant::START + 2 * run, start + wall + run, run), None, "{name}: once");
        }
        let mut watch = ClockWatch::default();
        watch.restart(Instant::START, Duration::from_secs(1000));
        let gap = watch.look(Instant::START + ms(250), Duration::from_secs(900), ms(250));
        assert_eq!(gap, Some(Gap::Back(Duration::from_secs(100) + ms(250))));
    }
}
