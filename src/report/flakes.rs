//! Flake statistics: what cases came to over many runs, by device and by case.
//!
//! A case that passes only at a further attempt costs people time each time they look; which device or which case does
//! so is not to be seen in one run.

use super::archive::Archive;
use crate::metrics::{CaseClass, CaseRow, CaseWord, Summary};
use serde::Serialize;
use std::collections::BTreeMap;

/// What cases came to over many runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flakes {
    /// Runs that had cases.
    pub runs: u64,
    /// By device.
    pub devices: BTreeMap<String, FlakeCounts>,
    /// By scenario and case, as in `regression/sale`.
    pub cases: BTreeMap<String, FlakeCounts>,
}

/// How often cases came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlakeCounts {
    /// Cases with a result, skipped ones left out.
    pub results: u64,
    /// Passed at the first attempt.
    pub passed: u64,
    /// Passed at a further attempt.
    pub flaky: u64,
    /// Failed by the device's fault.
    pub failed_device: u64,
    /// Failed by the lab's fault.
    pub failed_infrastructure: u64,
    /// Failed by the scenario's fault.
    pub failed_scenario: u64,
    /// Skipped.
    pub skipped: u64,
}

impl Flakes {
    /// Adds the cases of a run; says whether it had any.
    pub fn add(&mut self, archive: &Archive) -> bool {
        let cases = archive.summary.as_ref().and_then(|summary: &Summary| summary.cases.as_ref());
        let Some(cases) = cases else { return false };
        self.runs += 1;
        for row in &cases.rows {
            self.devices.entry(row.device.clone()).or_default().add(row);
            self.cases.entry(format!("{}/{}", row.scenario, row.case)).or_default().add(row);
        }
        true
    }
}

impl FlakeCounts {
    /// The share of results that are flaky, 0 without any.
    pub fn flake_rate(&self) -> f64 {
        if self.results == 0 { 0.0 } else { self.flaky as f64 / self.results as f64 }
    }

    fn add(&mut self, row: &CaseRow) {
        self.results += u64::from(row.result != CaseWord::Skipped);
        let count = match (row.result, row.class) {
            (CaseWord::Passed, _) => &mut self.passed,
            (CaseWord::Flaky, _) => &mut self.flaky,
            (CaseWord::Skipped, _) => &mut self.skipped,
            (CaseWord::Failed, Some(CaseClass::Infrastructure)) => &mut self.failed_infrastructure,
            (CaseWord::Failed, Some(CaseClass::Scenario)) => &mut self.failed_scenario,
            (CaseWord::Failed, _) => &mut self.failed_device,
        };
        *count += 1;
    }
}
