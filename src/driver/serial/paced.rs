//! The sending half of a slow and bad line: what it was given comes out byte by byte, or does not.

use crate::{
    rack::{Act, Mangler},
    time::Instant,
};
use std::{collections::VecDeque, time::Duration};

/// What is under way on a line.
pub(super) struct Paced {
    /// How long a byte is on the line; nothing on a network.
    pub(super) byte_time: Duration,
    /// What goes wrong.
    pub(super) mangler: Mangler,
    acts: VecDeque<Act>,
    /// When the line has carried what comes out next.
    carried: Instant,
}

/// What comes out of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These bytes.
    Write(Vec<u8>),
    /// Nothing any more: it is broken for so long.
    Break(Duration),
}

impl Paced {
    /// An idle line.
    pub(super) fn new(byte_time: Duration, mangler: Mangler) -> Self {
        Self { byte_time, mangler, acts: VecDeque::new(), carried: Instant::START }
    }

    /// Puts bytes on the line, behind those that are on it.
    pub(super) fn put(&mut self, now: Instant, bytes: &[u8]) {
        let mut acts = Vec::new();
        self.mangler.transmit(bytes, &mut acts);
        if self.acts.is_empty()
            && let Some(Act::Send(first)) = acts.first()
        {
            self.carried = self.carried.max(now) + self.byte_time * first.len().min(self.chunk()) as u32;
        }
        self.acts.extend(acts);
    }

    /// Takes everything off the line.
    pub(super) fn clear(&mut self, now: Instant) {
        self.acts.clear();
        self.carried = now;
    }

    /// When something comes out next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.acts.front().map(|_| self.carried)
    }

    /// What has come out by now, a few milliseconds of it at a time.
    pub(super) fn next(&mut self, now: Instant) -> Option<Step> {
        while self.carried <= now {
            match self.acts.pop_front()? {
                Act::Pause(time) => self.carried = now + time,
                Act::HangUp(time) => return Some(Step::Break(time)),
                Act::Send(mut bytes) => {
                    let rest = bytes.split_off(self.chunk().min(bytes.len()));
                    self.go_on(rest);
                    return Some(Step::Write(bytes));
                }
            }
        }
        None
    }

    /// The rest comes out when the line has carried as much of it as comes at once.
    ///
    /// A line carries on while this machine is busy elsewhere: what is behind its time comes out at once, as it would
    /// from the buffer of a port. Otherwise a busy machine would make silences inside of frames that no line has.
    fn go_on(&mut self, rest: Vec<u8>) {
        let ahead = match self.acts.front() {
            _ if !rest.is_empty() => rest.len(),
            Some(Act::Send(next)) => next.len(),
            _ => return,
        };
        self.carried += self.byte_time * ahead.min(self.chunk()) as u32;
        if !rest.is_empty() {
            self.acts.push_front(Act::Send(rest));
        }
    }

    /// How many bytes come out at once.
    fn chunk(&self) -> usize {
        if self.byte_time.is_zero() {
            return usize::MAX;
        }
        (CHUNK.as_nanos() / self.byte_time.as_nanos()).max(1) as usize
    }
}

/// So much of a transmission comes out at once: the runtime's clock is no finer.
const CHUNK: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rack::{Faults, LineSettings},
        rng::{Domain, Seed},
    };

    fn line(faults: Faults) -> Paced {
        let mangler = Mangler::new(faults, Seed(1).stream(Domain::Network, 0, 0));
        Paced::new(LineSettings::DEFAULT.byte_time(), mangler)
    }

    #[test]
    fn a_byte_comes_out_when_the_line_has_carried_it() {
        let mut line = line(Faults::default());
        line.put(Instant::START, b"ABC");
        let (mut now, mut out) = (Instant::START, Vec::new());
        assert_eq!(line.next(now), None);
        while let Some(due) = line.due() {
            now = due;
            if let Some(Step::Write(bytes)) = line.next(now) {
                out.extend(bytes);
            }
        }
        assert_eq!((out, now.since(Instant::START)), (b"ABC".to_vec(), line.byte_time * 3));
    }

    #[test]
    fn what_a_busy_machine_is_late_with_comes_out_at_once() {
        let mut line = line(Faults::default());
        line.put(Instant::START, b"0123456789");
        let half = Instant::START + line.byte_time * 5;
        let carried = |line: &mut Paced, now| {
            let steps = std::iter::from_fn(|| line.next(now));
            steps.map(|step| if let Step::Write(bytes) = step { bytes.len() } else { 0 }).sum::<usize>()
        };
        let by_half = carried(&mut line, half);
        assert!((4..=5).contains(&by_half), "no more than the line has carried: {by_half}");
        let late = Instant::START + Duration::from_secs(5);
        assert_eq!(carried(&mut line, late), 10 - by_half);
    }

    #[test]
    fn a_line_that_breaks_carries_half() {
        let mut line = line(Faults { hang_up: 1.0, ..Faults::default() });
        line.put(Instant::START, b"AB");
        let later = Instant::START + Duration::from_secs(1);
        assert_eq!(line.next(later), Some(Step::Write(b"A".to_vec())));
        assert!(matches!(line.next(later), Some(Step::Break(_))));
    }
}
