//! What a portal counts for reports and keeps nowhere else: refusals, short messages, alarms.

use super::{CodeFault, Portal, Refusal};
use std::collections::BTreeMap;

/// What was counted since the portal opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Refused requests.
    pub refused: BTreeMap<Refusal, u64>,
    /// Short messages that were sent.
    pub short_messages: u64,
    /// Alarms, also those that the list has forgotten.
    pub alarms: BTreeMap<CodeFault, u64>,
}

impl Tally {
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        *self.refused.entry(refusal).or_default() += 1;
    }
}

impl Portal {
    /// What was counted so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}
