//! What comes of cases: verdicts, the attempts they rest on, and why something did not pass.

use crate::rack::FailureClass;
use std::{fmt, time::Duration};

/// What came of one case on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The last word on it.
    pub verdict: Verdict,
    /// Every attempt in its order; none where the case was never begun.
    pub attempts: Vec<Attempt>,
}

/// The last word on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passed at the first attempt.
    Passed,
    /// It passed, but not at the first attempt.
    Flaky,
    /// It did not pass.
    Failed(Trouble),
    /// It says nothing about the device.
    Skipped(Skip),
}

/// One attempt at a case, with the setup before it where that is why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Why it failed; `None` when it passed.
    pub trouble: Option<Trouble>,
    /// How long it took.
    pub took: Duration,
}

/// Why something did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Whose fault it is.
    pub class: FailureClass,
    /// The step of the flow, or `identify`, `power-cycle`.
    pub step: String,
    /// What happened, in a sentence.
    pub reason: String,
    /// What it means for the line.
    pub line: Line,
    /// Whether the port had been opened by then, and bytes had come from the device.
    pub contact: bool,
}

/// What a failure means for the line to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// Nothing: requests and answers still belong together.
    Sound,
    /// Bytes may be left over, or somebody else may answer: it has to be closed, drained and identified again.
    InDoubt,
    /// It was not to be had, because somebody else has it. The device has nothing to do with that.
    Refused,
}

impl Trouble {
    /// Whether it speaks against keeping the device: its line or power failed, after there had been contact.
    pub fn is_incident(&self) -> bool {
        self.class == FailureClass::Infrastructure && self.contact && self.line != Line::Refused
    }
}

/// Why a case says nothing about the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// It needs somebody at the device, and nobody came.
    NoOperator(String),
    /// The device or its protocol cannot do what the case needs.
    Unsupported(String),
    /// The device had failed too often before.
    Quarantined(String),
    /// What comes before the cases did not pass.
    SetupFailed(String),
    /// The run ended before it.
    RunEnded,
}

impl Skip {
    /// Its word in results.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoOperator(_) => "no-operator",
            Self::Unsupported(_) => "unsupported",
            Self::Quarantined(_) => "quarantined",
            Self::SetupFailed(_) => "setup-failed",
            Self::RunEnded => "run-ended",
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOperator(what) => write!(f, "no operator: {what}"),
            Self::Unsupported(what) => write!(f, "unsupported: {what}"),
            Self::Quarantined(why) => write!(f, "the device is in quarantine: {why}"),
            Self::SetupFailed(why) => write!(f, "not begun: {why}"),
            Self::RunEnded => f.write_str("the run ended before it"),
        }
    }
}
