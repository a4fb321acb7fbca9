//! What cases ask of whoever sits in a seat, beside walks through flows: its name, who it is, and its power.
//!
//! A virtual terminal has no line that could be in doubt and no plug.

use super::shard::{Seat, Shard};
use crate::regression::{Report, Skip, Trouble};
use std::time::Duration;

/// Its name in results.
pub(super) fn name(_shard: &Shard, seat: &Seat) -> String {
    seat.terminal.borrow().id().to_string()
}

/// What it cannot do of a flow, in a sentence.
pub(super) fn lack(_shard: &Shard, _place: usize, _flow: usize) -> Option<String> {
    None
}

/// Closes its line, clears it, opens it and asks who is there.
pub(super) async fn identify(_shard: &Shard, _place: usize, _within: Duration) -> Report {
    Report::Passed
}

/// Switches it off and on.
pub(super) async fn power_cycle(_shard: &Shard, _place: usize) -> Report {
    Report::Skipped(Skip::Unsupported("it has no power control".to_owned()))
}

/// A failure of a walk as its line saw it.
pub(super) fn judged(_shard: &Shard, _place: usize, trouble: Trouble) -> Report {
    Report::Failed(trouble)
}
