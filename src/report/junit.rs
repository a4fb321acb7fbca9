//! `junit.xml`: the verdict for CI systems, one case a threshold, a check and a fault.
//!
//! Only what decides the verdict fails a case. A check that did not hold and a mismatch decide nothing alone, so they
//! are skipped cases with what there is to say; a threshold over them is the way to make them count. After these four
//! comes a suite for each device that went through cases.

use super::{
    junit_cases,
    text::{reason, value},
};
use crate::{
    metrics::{Summary, Verdict},
    reconcile::Fault,
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The verdict of a run as JUnit XML.
pub fn junit_xml(summary: &Summary) -> String {
    let mut report = Report::new(summary.scenario.as_str());
    report.set_time(Duration::try_from_secs_f64(summary.duration_seconds).unwrap_or_default());
    report.add_test_suites([run(summary), thresholds(summary), checks(summary), reconciliation(summary)]);
    report.add_test_suites(junit_cases::suites(summary.cases.as_ref()));
    report.to_string().expect("texts and numbers are XML once they are escaped")
}

/// Whether the measurement says anything.
fn run(summary: &Summary) -> TestSuite {
    let status = match summary.verdict {
        Verdict::Invalid => failed(NonSuccessKind::Error, &reason(summary)),
        _ => TestCaseStatus::success(),
    };
    suite("run", [case("run", "the measurement is valid", status)])
}

fn thresholds(summary: &Summary) -> TestSuite {
    let cases = summary.thresholds.iter().map(|threshold| {
        let status = match (threshold.pass, threshold.value) {
            (false, _) => failed(NonSuccessKind::Failure, &format!("the value is {}", value(threshold))),
            (true, Some(_)) => TestCaseStatus::success(),
            (true, None) => skipped("no sample"),
        };
        case("thresholds", &threshold.expression, status)
    });
    suite("thresholds", cases)
}

fn checks(summary: &Summary) -> TestSuite {
    let checked =
        summary.steps.iter().filter(|(_, step)| step.checks_passed.saturating_add(step.checks_failed) > 0);
    let cases = checked.map(|(name, step)| {
        let all = step.checks_passed.saturating_add(step.checks_failed);
        let status = match step.checks_failed {
            0 => TestCaseStatus::success(),
            failed => skipped(&format!("{failed} of {all} did not hold; checks decide nothing alone")),
        };
        case("checks", name, status)
    });
    suite("checks", cases)
}

fn reconciliation(summary: &Summary) -> TestSuite {
    let Some(found) = &summary.reconciliation else {
        let status = skipped("this run had no ledger of a host to compare with");
        return suite("reconciliation", [case("reconciliation", "both sides agree", status)]);
    };
    let cases = Fault::ALL.into_iter().map(|(fault, _)| {
        let status = match fault.count_in(found) {
            0 => TestCaseStatus::success(),
            number => {
                skipped(&format!("{number} transactions: {}; set a threshold to fail on it", fault.text()))
            }
        };
        case("reconciliation", fault.name(), status)
    });
    suite("reconciliation", cases)
}

fn suite(name: &str, cases: impl IntoIterator<Item = TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.add_test_cases(cases);
    suite
}

fn case(suite: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(suite);
    case
}

fn failed(kind: NonSuccessKind, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}
