//! The counters of iterations: what was planned, and what became of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// What became of the iterations of a run or of one interval.
///
/// At the end of a run `planned == started + dropped`, and `finished == started` unless it was cut short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// Iterations that came due.
    pub planned: u64,
    /// Iterations that began.
    pub started: u64,
    /// Iterations that began noticeably after they were due (they are among the started ones).
    pub late: u64,
    /// Iterations that came due while no terminal was free, or that the end of the run cut off.
    pub dropped: u64,
    /// Iterations that ran to their end.
    pub finished: u64,
    /// Iterations that ended in an error or a failed check (they are among the finished ones).
    pub failed: u64,
}

impl Counters {
    /// Iterations that began and have not ended.
    pub fn in_flight(self) -> u64 {
        self.started.saturating_sub(self.finished)
    }
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.planned += other.planned;
        self.started += other.started;
        self.late += other.late;
        self.dropped += other.dropped;
        self.finished += other.finished;
        self.failed += other.failed;
    }
}
