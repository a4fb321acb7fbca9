//! Cases in `junit.xml`: one suite a device, failures of the device as failures, those of lab and scenario as errors.

use super::cases::why_attempt;
use crate::metrics::{CaseAttempt, CaseClass, CaseRow, CaseWord, CasesSummary};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestRerun, TestSuite};
use std::time::Duration;

/// One suite for each device that has cases.
pub(super) fn suites(cases: Option<&CasesSummary>) -> Vec<TestSuite> {
    let rows = cases.map(|cases| cases.rows.as_slice()).unwrap_or_default();
    rows.chunk_by(|one, other| one.device == other.device).filter_map(suite).collect()
}

fn suite(rows: &[CaseRow]) -> Option<TestSuite> {
    let mut suite = TestSuite::new(rows.first()?.device.as_str());
    suite.set_time(seconds(rows.iter().map(CaseRow::seconds).sum()));
    suite.add_test_cases(rows.iter().map(case));
    Some(suite)
}

fn case(row: &CaseRow) -> TestCase {
    let mut case = TestCase::new(row.case.as_str(), status(row));
    case.set_classname(row.scenario.as_str());
    case.set_time(seconds(row.seconds()));
    case
}

fn status(row: &CaseRow) -> TestCaseStatus {
    let reason = row.reason.as_deref().unwrap_or_default();
    match row.result {
        CaseWord::Passed | CaseWord::Flaky => {
            let mut status = TestCaseStatus::success();
            status.add_reruns(row.attempts.iter().filter_map(rerun));
            status
        }
        CaseWord::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
        CaseWord::Failed => {
            let class = row.class.unwrap_or(CaseClass::Device);
            let step = row.step.as_deref().map(|step| format!("{step}: ")).unwrap_or_default();
            let mut status = TestCaseStatus::non_success(kind(class));
            status.set_type(class.name()).set_message(format!("{step}{reason}"));
            status.add_reruns(row.attempts.iter().skip(1).filter_map(rerun));
            status
        }
    }
}

/// An attempt that failed.
fn rerun(attempt: &CaseAttempt) -> Option<TestRerun> {
    let class = attempt.class?;
    let mut rerun = TestRerun::new(kind(class));
    rerun.set_type(class.name()).set_message(why_attempt(attempt)).set_time(seconds(attempt.seconds));
    Some(rerun)
}

fn kind(class: CaseClass) -> NonSuccessKind {
    match class {
        CaseClass::Device => NonSuccessKind::Failure,
        CaseClass::Infrastructure | CaseClass::Scenario => NonSuccessKind::Error,
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
