//! What goes wrong in a run, as screens show it: codes and causes with their times, and single cases.

use super::{Class, Severity};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A response code since the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeView {
    /// The two characters of DE 39, or the three digits of an HTTP status.
    pub code: String,
    /// What it means.
    pub meaning: String,
    /// How often it came.
    pub count: u64,
    /// When it came first, since the start of the run.
    pub first: Duration,
    /// When it came last, since the start of the run; both to the second.
    pub last: Duration,
}

/// Something that went wrong, however often: a network error, a time-out, a stray answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseView {
    /// What, in one sentence.
    pub text: String,
    /// How grave.
    pub severity: Severity,
    /// How often.
    pub count: u64,
    /// When it happened first, since the start of the run.
    pub first: Duration,
    /// When it happened last.
    pub last: Duration,
}

/// One case of a step that was not approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When, since the start of the run.
    pub at: Duration,
    /// How the step ended.
    pub class: Class,
    /// The name of the step.
    pub step: String,
    /// Terminal id (DE 41).
    pub terminal: String,
    /// The code of the answer, empty where none came.
    pub code: String,
    /// The cause, as [`CauseView::text`] has it; empty where the host declined.
    pub cause: String,
    /// What else is known: amount, STAN, retrieval reference. No card.
    pub details: String,
}
