//! What cases on devices came to: the values of `cases` in `summary.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What cases on devices came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CasesSummary {
    /// Cases that passed at the first attempt.
    pub passed: u64,
    /// Cases that passed at a further attempt.
    pub flaky: u64,
    /// Cases that failed by the device's fault.
    pub failed_device: u64,
    /// Cases that failed by the lab's fault: port, cable, lease, power.
    pub failed_infrastructure: u64,
    /// Cases that failed by the scenario's fault.
    pub failed_scenario: u64,
    /// Cases that say nothing.
    pub skipped: u64,
    /// Each of them, by device and then in the order of the run, at most [`CasesSummary::ROWS_MAX`].
    pub rows: Vec<CaseRow>,
}

/// One case on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRow {
    /// The id of the device, or the terminal id of a virtual one.
    pub device: String,
    /// The scenario that it belongs to.
    pub scenario: String,
    /// Its name.
    pub case: String,
    /// What came of it.
    pub result: CaseWord,
    /// Whose fault it is, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<CaseClass>,
    /// The step that failed, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Every attempt in its order.
    pub attempts: Vec<CaseAttempt>,
}

/// One attempt at a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseAttempt {
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Whose fault it is; absent when it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<CaseClass>,
    /// The step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of a case, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CaseWord {
    /// It passed at the first attempt.
    Passed,
    /// It passed at a further attempt.
    Flaky,
    /// It failed.
    Failed,
    /// It says nothing.
    Skipped,
}

/// Whose fault it is that a case did not pass; the later ones weigh more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CaseClass {
    /// The lab's: port, cable, lease, power, the wrong terminal in the slot.
    Infrastructure,
    /// The scenario's: it asked for what cannot be.
    Scenario,
    /// The device's: it was reached, and did not do what it must.
    Device,
}

impl CasesSummary {
    /// How many cases are listed; the counts are of all.
    pub const ROWS_MAX: usize = 10_000;

    /// Counts a case, and lists it while there is room.
    pub fn add(&mut self, row: CaseRow) {
        let count = match (row.result, row.class) {
            (CaseWord::Passed, _) => &mut self.passed,
            (CaseWord::Flaky, _) => &mut self.flaky,
            (CaseWord::Skipped, _) => &mut self.skipped,
            (CaseWord::Failed, Some(CaseClass::Infrastructure)) => &mut self.failed_infrastructure,
            (CaseWord::Failed, Some(CaseClass::Scenario)) => &mut self.failed_scenario,
            (CaseWord::Failed, _) => &mut self.failed_device,
        };
        *count += 1;
        if self.rows.len() < Self::ROWS_MAX {
            self.rows.push(row);
        }
    }

    /// Adds what another run came to.
    pub fn merge(&mut self, other: &Self) {
        self.passed += other.passed;
        self.flaky += other.flaky;
        self.failed_device += other.failed_device;
        self.failed_infrastructure += other.failed_infrastructure;
        self.failed_scenario += other.failed_scenario;
        self.skipped += other.skipped;
        let room = Self::ROWS_MAX.saturating_sub(self.rows.len());
        self.rows.extend(other.rows.iter().take(room).cloned());
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.passed + self.flaky + self.failed() + self.skipped
    }

    /// How many failed, by whose fault ever.
    pub fn failed(&self) -> u64 {
        self.failed_device + self.failed_infrastructure + self.failed_scenario
    }

    /// Whose fault weighs most; `None` when nothing failed.
    pub fn gravest(&self) -> Option<CaseClass> {
        let counts = [
            (self.failed_device, CaseClass::Device),
            (self.failed_scenario, CaseClass::Scenario),
            (self.failed_infrastructure, CaseClass::Infrastructure),
        ];
        counts.into_iter().find(|(count, _)| *count > 0).map(|(_, class)| class)
    }

    /// Puts the rows of a device together, in the order in which its cases ended.
    pub fn sort(&mut self) {
        self.rows.sort_by(|one, other| one.device.cmp(&other.device));
    }
}

impl CaseRow {
    /// How long its attempts took together, in seconds.
    pub fn seconds(&self) -> f64 {
        self.attempts.iter().map(|attempt| attempt.seconds).sum()
    }
}

impl CaseWord {
    /// The word in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl CaseClass {
    /// The word in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Infrastructure => "infrastructure",
            Self::Scenario => "scenario",
            Self::Device => "device",
        }
    }
}
