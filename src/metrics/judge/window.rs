//! What a threshold with a window saw lately: a bounded number of slots, each as small as what was recorded in it.

use super::sample::Sample;
use crate::metrics::Latency;
use std::{collections::VecDeque, time::Duration};

/// The samples of the last seconds, as long as a window is.
#[derive(Clone, Debug)]
pub(super) struct Window {
    length: Duration,
    slots: VecDeque<Slot>,
    /// The time that all slots cover.
    covered: Duration,
}

/// Some seconds, with what was recorded in them.
#[derive(Clone, Debug)]
struct Slot {
    length: Duration,
    content: Content,
}

/// A sample without the empty places of a histogram.
#[derive(Clone, Debug)]
enum Content {
    /// Microseconds, and how often they came.
    Times(Vec<(u64, u64)>),
    Share {
        count: u64,
        all: u64,
    },
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self { length, slots: VecDeque::new(), covered: Duration::ZERO }
    }

    /// Adds what was recorded in the next second, and forgets what is older than the window.
    ///
    /// A long window has coarser slots, so that it needs no more memory than a short one.
    pub(super) fn push(&mut self, length: Duration, sample: &Sample) {
        let slot_length = self.length / SLOTS_MAX;
        match self.slots.back_mut().filter(|slot| slot.length + length <= slot_length) {
            Some(slot) => slot.add(length, sample),
            None => self.slots.push_back(Slot { length, content: Content::of(sample) }),
        }
        self.covered += length;
        while let Some(first) = self.slots.front()
            && self.covered.saturating_sub(first.length) >= self.length
        {
            self.covered -= first.length;
            self.slots.pop_front();
        }
    }

    /// Everything in the window and the seconds it covers, once it is full.
    pub(super) fn whole(&self) -> Option<(Sample, f64)> {
        // A second that the machine made a little shorter is a second.
        if self.covered + TOLERANCE < self.length {
            return None;
        }
        let mut contents = self.slots.iter().map(|slot| &slot.content);
        let first = contents.next()?.sample();
        let whole = contents.fold(first, |all, content| content.added_to(all));
        Some((whole, self.covered.as_secs_f64()))
    }

    /// Forgets everything: what comes next does not follow on what was.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.length);
    }
}

impl Slot {
    fn add(&mut self, length: Duration, sample: &Sample) {
        self.length += length;
        self.content = Content::of(&self.content.added_to(sample.clone()));
    }
}

impl Content {
    fn of(sample: &Sample) -> Self {
        match sample {
            Sample::Times(latency) => Self::Times(latency.recorded().collect()),
            Sample::Share { count, all } => Self::Share { count: *count, all: *all },
        }
    }

    fn sample(&self) -> Sample {
        match self {
            Self::Times(_) => self.added_to(Sample::Times(Latency::default())),
            Self::Share { count, all } => Sample::Share { count: *count, all: *all },
        }
    }

    /// Both together; they are of one threshold, and so of one form.
    fn added_to(&self, sample: Sample) -> Sample {
        match (self, sample) {
            (Self::Times(times), Sample::Times(mut latency)) => {
                times.iter().for_each(|&(micros, count)| latency.record_micros(micros, count));
                Sample::Times(latency)
            }
            (Self::Share { count, all }, Sample::Share { count: more, all: of }) => {
                Sample::Share { count: count + more, all: all + of }
            }
            (_, other) => other,
        }
    }
}

const SLOTS_MAX: u32 = 60;
const TOLERANCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn share(count: u64) -> Sample {
        Sample::Share { count, all: 10 }
    }

    #[test]
    fn a_window_is_silent_until_it_is_full_and_forgets_what_is_older() {
        let second = Duration::from_secs(1);
        let mut window = Window::new(3 * second);
        for (count, expected) in [(9, None), (1, None), (2, Some(12)), (3, Some(6)), (0, Some(5))] {
            window.push(second, &share(count));
            let seen = window.whole().map(|(sample, _)| match sample {
                Sample::Share { count, all } => (count, all),
                Sample::Times(_) => unreachable!("shares were pushed"),
            });
            assert_eq!(seen, expected.map(|count| (count, 30)));
        }
        window.clear();
        assert!(window.whole().is_none());
    }

    #[test]
    fn an_hour_of_seconds_fits_into_sixty_slots_and_keeps_every_sample() {
        let mut window = Window::new(Duration::from_secs(3600));
        for second in 0..5000 {
            let mut latency = Latency::default();
            latency.record(Duration::from_millis(1 + second % 7));
            window.push(Duration::from_secs(1), &Sample::Times(latency));
            assert!(window.slots.len() <= 61, "{}", window.slots.len());
        }
        let (sample, seconds) = window.whole().expect("full");
        assert_eq!(sample.len() as f64, seconds);
        assert!((3600.0..3720.0).contains(&seconds), "{seconds}");
    }
}
