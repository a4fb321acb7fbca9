//! What speaks against a device in one run, over all its scenarios.

use super::Trouble;
use std::num::NonZero;

/// What speaks against a device in one run.
///
/// Only incidents count: failures of line or power after real contact. A port that somebody else has, or a device that
/// was never reached, is not to blame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    incidents: u32,
    last: Option<String>,
}

impl Record {
    /// Takes a failure into account.
    pub fn note(&mut self, trouble: &Trouble) {
        if trouble.is_incident() {
            self.incidents = self.incidents.saturating_add(1);
            self.last = Some(format!("{}: {}", trouble.step, trouble.reason));
        }
    }

    /// How many incidents there were.
    pub fn incidents(&self) -> u32 {
        self.incidents
    }

    /// Why the device takes no part any more, where `limit` incidents are too many.
    pub fn quarantine(&self, limit: Option<NonZero<u32>>) -> Option<String> {
        let limit = limit.filter(|limit| self.incidents >= limit.get())?;
        let last = self.last.as_deref().unwrap_or_default();
        Some(format!("{} infrastructure failures, {limit} are too many; the last was {last}", self.incidents))
    }
}
