//! How far a long work is: what it has done of what it has to do. Whoever shows that reads it from another thread.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// How far a long work is, in any unit; mostly bytes that were read.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    done: AtomicU64,
    whole: AtomicU64,
}

impl Meter {
    /// There is so much more to do.
    pub fn expect(&self, more: u64) {
        self.0.whole.fetch_add(more, Relaxed);
    }

    /// So much more is done.
    pub fn advance(&self, by: u64) {
        self.0.done.fetch_add(by, Relaxed);
    }

    /// The share that is done, from 0 to 1; nothing before it is known how much there is to do.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let (done, whole) = (self.0.done.load(Relaxed), self.0.whole.load(Relaxed));
        (whole > 0).then(|| (done as f64 / whole as f64).min(1.0))
    }
}

/// A file whose bytes are counted as they are read.
#[derive(Debug)]
pub(super) struct Metered {
    file: File,
    meter: Meter,
}

impl Metered {
    pub(super) fn open(path: &Path, meter: &Meter) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, meter: meter.clone() })
    }
}

impl Read for Metered {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(bytes)?;
        self.meter.advance(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_known_when_the_whole_is_and_never_more_than_one() {
        let meter = Meter::default();
        meter.advance(5);
        assert_eq!(meter.share(), None);
        meter.expect(20);
        assert_eq!(meter.share(), Some(0.25));
        meter.clone().advance(90);
        assert_eq!(meter.share(), Some(1.0));
    }
}
