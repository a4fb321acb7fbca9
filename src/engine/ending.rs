//! How a run ends: one machine for the plan's end, stops, signals, aborts, thresholds and deadlines. No clock, no I/O.
//!
//! | state | stop | signal | threshold | abort | its time is over |
//! |---|---|---|---|---|---|
//! | running | stopping | stopping | stopping | aborting | closing |
//! | stopping | – | stopping by signal; by a second one: aborting | – | aborting | closing |
//! | aborting | – | closing | – | – | closing |
//! | closing | – | – | – | – | – |
//!
//! Stopping starts nothing more, aborting interrupts what is under way, closing drops connections and waits for nobody.

use super::control::Command;
use crate::{metrics::Verdict, time::Instant};
use std::time::Duration;

/// How far the end of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    state: State,
    limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Stopping { by: Cause, until: Instant },
    Aborting { by: Cause, until: Instant },
    Closing { by: Cause, since: Instant },
}

/// Why a run ends before its plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Operator,
    Signal,
    Threshold,
    /// Something did not end in its time.
    Deadline,
}

/// Who wants the run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Stop,
    Signal,
    Threshold,
    Abort,
}

/// How long each part of an end may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// What is under way may finish: the longest `gracefulStop` and the time for reversals.
    pub(super) stopping: Duration,
    /// What was interrupted gives up.
    pub(super) aborting: Duration,
}

/// What decides the verdict beside the end itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// A step could not be carried out.
    pub(super) is_broken: bool,
    /// Something could not be kept, or measured, that the results rest on.
    pub(super) has_lost: bool,
    /// The generator was well.
    pub(super) is_healthy: bool,
    /// All thresholds hold, a search found a rate, and no device failed a case.
    pub(super) all_hold: bool,
    /// Cases failed by the fault of the lab or of the scenario.
    pub(super) lab_failed: bool,
}

impl Ending {
    pub(super) fn new(limits: Limits) -> Self {
        Self { state: State::Running, limits }
    }

    /// Takes a wish; one that is not stronger than what goes on already changes nothing.
    pub(super) fn wish(&mut self, wish: Wish, now: Instant) {
        let (stopped, aborted) = (now + self.limits.stopping, now + self.limits.aborting);
        self.state = match (self.state, wish) {
            (State::Running, Wish::Stop) => State::Stopping { by: Cause::Operator, until: stopped },
            (State::Running, Wish::Signal) => State::Stopping { by: Cause::Signal, until: stopped },
            (State::Running, Wish::Threshold) => State::Stopping { by: Cause::Threshold, until: stopped },
            (State::Stopping { by: Cause::Signal, .. }, Wish::Signal) => {
                State::Aborting { by: Cause::Signal, until: aborted }
            }
            (State::Stopping { until, .. }, Wish::Signal) => State::Stopping { by: Cause::Signal, until },
            (State::Running | State::Stopping { .. }, Wish::Abort) => {
                State::Aborting { by: Cause::Operator, until: aborted }
            }
            (State::Aborting { .. }, Wish::Signal) => State::Closing { by: Cause::Signal, since: now },
            (state, _) => state,
        };
    }

    /// Time goes on; `planned` is when the last scenario ends by plan at the latest, where that is known.
    pub(super) fn tick(&mut self, now: Instant, planned: Option<Instant>) {
        let closing = |by| State::Closing { by, since: now };
        self.state = match self.state {
            State::Running if planned.is_some_and(|end| now >= end + self.limits.stopping) => {
                closing(Cause::Deadline)
            }
            State::Stopping { until, .. } if now >= until => closing(Cause::Deadline),
            State::Aborting { by, until } if now >= until => closing(by),
            state => state,
        };
    }

    /// What shards are told.
    pub(super) fn command(&self) -> Command {
        match self.state {
            State::Running => Command::Run,
            State::Stopping { .. } => Command::Stop,
            State::Aborting { .. } => Command::Abort,
            State::Closing { .. } => Command::Close,
        }
    }

    /// Whether nobody is waited for any more: a shard that has not ended by now never will.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        matches!(self.state, State::Closing { since, .. } if now >= since + CLOSING_MAX)
    }

    /// What the run says, and the exit code of the program; the first that fits.
    ///
    /// 1. A step that could not be carried out is the scenario's fault: 107.
    /// 2. What could not be kept, or did not end in its time, leaves nothing to say: 110.
    /// 3. An abort says nothing either: 105.
    /// 4. A run whose generator was not well says nothing: 110.
    /// 5. A signal is reported as such (105), and so is the end by a threshold (108).
    /// 6. What did not hold: 99.
    /// 7. Cases that failed by the lab's fault only say nothing about the devices: 107.
    /// 8. Else 0.
    pub(super) fn verdict(&self, facts: Facts) -> (Verdict, u8) {
        let judged = if facts.all_hold { Verdict::Pass } else { Verdict::Fail };
        match self.state {
            _ if facts.is_broken => (Verdict::Invalid, EXIT_BROKEN),
            _ if facts.has_lost => (Verdict::Invalid, EXIT_INVALID),
            State::Closing { by: Cause::Deadline, .. } => (Verdict::Invalid, EXIT_INVALID),
            State::Aborting { .. } | State::Closing { .. } => (Verdict::Invalid, EXIT_SIGNAL),
            _ if !facts.is_healthy => (Verdict::Invalid, EXIT_INVALID),
            State::Stopping { by: Cause::Signal, .. } => (judged, EXIT_SIGNAL),
            State::Stopping { by: Cause::Threshold, .. } => (judged, EXIT_ABORTED),
            _ if !facts.all_hold => (judged, EXIT_THRESHOLD),
            _ if facts.lab_failed => (Verdict::Invalid, EXIT_BROKEN),
            _ => (judged, 0),
        }
    }
}

const CLOSING_MAX: Duration = Duration::from_secs(2);
const EXIT_THRESHOLD: u8 = 99;
const EXIT_SIGNAL: u8 = 105;
const EXIT_BROKEN: u8 = 107;
const EXIT_ABORTED: u8 = 108;
const EXIT_INVALID: u8 = 110;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { stopping: Duration::from_secs(90), aborting: Duration::from_secs(5) };
    const WELL: Facts =
        Facts { is_broken: false, has_lost: false, is_healthy: true, all_hold: true, lab_failed: false };

    /// A wish, or the time that has gone by without one.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Wish(Wish),
        Seconds(u64),
    }

    fn after(steps: &[Step]) -> Ending {
        let (mut ending, mut now) = (Ending::new(LIMITS), Instant::START);
        let planned = Some(Instant::START + Duration::from_secs(60));
        for step in steps {
            match step {
                Step::Wish(wish) => ending.wish(*wish, now),
                Step::Seconds(seconds) => now += Duration::from_secs(*seconds),
            }
            ending.tick(now, planned);
        }
        ending
    }

    #[test]
    fn every_path_to_the_end_has_its_command_and_its_exit_code() {
        use Command as C;
        use Step::{Seconds as S, Wish as W};
        use Wish::{Abort, Signal, Stop, Threshold};
        let paths: [(&str, &[Step], C, u8); 16] = [
            ("the plan's end", &[S(60)], C::Run, 0),
            ("the plan's end, and nothing ends", &[S(60), S(90)], C::Close, 110),
            ("q", &[W(Stop)], C::Stop, 0),
            ("q, and nothing ends", &[W(Stop), S(90)], C::Close, 110),
            ("q twice", &[W(Stop), W(Abort)], C::Abort, 105),
            ("stop twice over the socket", &[W(Stop), W(Stop)], C::Stop, 0),
            ("a signal", &[W(Signal)], C::Stop, 105),
            ("q, then a signal", &[W(Stop), W(Signal)], C::Stop, 105),
            ("two signals", &[W(Signal), W(Signal)], C::Abort, 105),
            ("three signals", &[W(Signal), W(Signal), W(Signal)], C::Close, 105),
            ("an abort", &[W(Abort)], C::Abort, 105),
            ("an abort that nobody obeys", &[W(Abort), S(5)], C::Close, 105),
            ("a threshold", &[W(Threshold)], C::Stop, 108),
            ("a threshold, and nothing ends", &[W(Threshold), S(89), S(1)], C::Close, 110),
            ("a threshold, then a signal", &[W(Threshold), W(Signal)], C::Stop, 105),
            ("a stop after an abort", &[W(Abort), W(Stop), W(Threshold)], C::Abort, 105),
        ];
        for (name, steps, command, code) in paths {
            let ending = after(steps);
            assert_eq!((ending.command(), ending.verdict(WELL).1), (command, code), "{name}");
            let is_invalid = ending.verdict(WELL).0 == Verdict::Invalid;
            assert_eq!(is_invalid, matches!(command, C::Abort | C::Close), "{name}");
        }
    }

    #[test]
    fn what_went_wrong_goes_before_how_it_ended() {
        let code = |ending: &Ending, facts| ending.verdict(facts).1;
        let (plain, signal) = (after(&[]), after(&[Step::Wish(Wish::Signal)]));
        assert_eq!(code(&plain, Facts { all_hold: false, ..WELL }), 99);
        assert_eq!(code(&plain, Facts { lab_failed: true, ..WELL }), 107);
        assert_eq!(code(&plain, Facts { lab_failed: true, all_hold: false, ..WELL }), 99);
        assert_eq!(code(&plain, Facts { is_healthy: false, all_hold: false, ..WELL }), 110);
        assert_eq!(code(&signal, Facts { all_hold: false, ..WELL }), 105);
        assert_eq!(code(&signal, Facts { has_lost: true, ..WELL }), 110);
        assert_eq!(code(&signal, Facts { is_broken: true, has_lost: true, ..WELL }), 107);
    }

    #[test]
    fn nobody_is_waited_for_once_it_closes() {
        let ending = after(&[Step::Wish(Wish::Abort), Step::Seconds(5)]);
        let closed = Instant::START + Duration::from_secs(5);
        assert!(!ending.is_over(closed) && ending.is_over(closed + CLOSING_MAX));
        assert!(!after(&[Step::Seconds(1000)]).is_over(Instant::START));
    }
}
