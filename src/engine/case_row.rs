//! From what a course says of a case to the row of the results, and from what a walk says to what a course is told.

use crate::{
    flow::{Fault, FaultKind},
    metrics::{CaseAttempt, CaseClass, CaseRow, CaseWord, Class},
    operation::Failure,
    rack::FailureClass,
    regression::{Attempt, CaseResult, Line, Trouble, Verdict},
    scenario::Plan,
};
use std::time::Duration;

/// The row of a case on a device.
pub(super) fn case_row(device: &str, scenario: &str, case: &str, result: &CaseResult) -> CaseRow {
    let (word, trouble, skip) = match &result.verdict {
        Verdict::Passed => (CaseWord::Passed, None, None),
        Verdict::Flaky => (CaseWord::Flaky, None, None),
        Verdict::Failed(trouble) => (CaseWord::Failed, Some(trouble), None),
        Verdict::Skipped(skip) => (CaseWord::Skipped, None, Some(skip.to_string())),
    };
    CaseRow {
        device: device.to_owned(),
        scenario: scenario.to_owned(),
        case: case.to_owned(),
        result: word,
        class: trouble.map(|trouble| class_of(trouble.class)),
        step: trouble.map(|trouble| trouble.step.clone()),
        reason: trouble.map(|trouble| trouble.reason.clone()).or(skip),
        attempts: result.attempts.iter().map(attempt).collect(),
    }
}

/// The row of a teardown that failed where nothing else had.
pub(super) fn teardown_row(device: &str, scenario: &str, trouble: &Trouble) -> CaseRow {
    let attempts = vec![Attempt { trouble: Some(trouble.clone()), took: Duration::ZERO }];
    let result = CaseResult { verdict: Verdict::Failed(trouble.clone()), attempts };
    case_row(device, scenario, TEARDOWN, &result)
}

fn attempt(attempt: &Attempt) -> CaseAttempt {
    let trouble = attempt.trouble.as_ref();
    CaseAttempt {
        seconds: attempt.took.as_secs_f64(),
        class: trouble.map(|trouble| class_of(trouble.class)),
        step: trouble.map(|trouble| trouble.step.clone()),
        reason: trouble.map(|trouble| trouble.reason.clone()),
    }
}

fn class_of(class: FailureClass) -> CaseClass {
    match class {
        FailureClass::Device => CaseClass::Device,
        FailureClass::Infrastructure => CaseClass::Infrastructure,
        FailureClass::Scenario => CaseClass::Scenario,
    }
}

/// What a walk that failed, or took longer than `overran`, tells its course.
pub(super) fn trouble_of(
    plan: &Plan,
    flow: usize,
    fault: Option<Fault>,
    overran: Option<Duration>,
) -> Trouble {
    let steps = plan.flows.get(flow).map(|flow| flow.steps.as_slice()).unwrap_or_default();
    let step = fault.and_then(|fault| steps.get(fault.step));
    let name = step.and_then(|step| step.id).map(|id| plan.steps.name(id).to_owned());
    let place = fault.map_or_else(|| "?".to_owned(), |fault| format!("step {}", fault.step + 1));
    let (class, line, reason) = match (overran, fault.map(|fault| fault.what)) {
        (Some(time), _) => (
            FailureClass::Device,
            Line::InDoubt,
            format!("the case took longer than its caseTimeout of {} s", time.as_secs_f64()),
        ),
        (_, Some(FaultKind::Ended(class, failure))) => ended(class, failure),
        (_, Some(FaultKind::Check(number))) => {
            let text = step.and_then(|step| step.checks.get(number as usize)).map(|check| &*check.text);
            let code = fault.and_then(|fault| fault.code).map(|code| format!("; the answer was {code}"));
            let reason =
                format!("the check `{}` does not hold{}", text.unwrap_or("?"), code.unwrap_or_default());
            (FailureClass::Device, Line::Sound, reason)
        }
        (_, Some(FaultKind::Broken) | None) => {
            (FailureClass::Scenario, Line::Sound, "the scenario asks for what cannot be".to_owned())
        }
    };
    Trouble { class, step: name.unwrap_or(place), reason, line, contact: true }
}

/// Whose fault it is that an operation of a virtual terminal ended so.
fn ended(class: Class, failure: Option<Failure>) -> (FailureClass, Line, String) {
    use Failure::{
        ConnectionLost, KeysExhausted, MissingData, NoCard, NoOriginal, NotAble, NotConnected, NotSignedIn,
    };
    let reason = failure.map_or("it was not done", Failure::blame);
    let reason = if class == Class::TimedOut { "no answer came in time" } else { reason };
    let (class, line) = match failure {
        Some(NotConnected | ConnectionLost) => (FailureClass::Infrastructure, Line::InDoubt),
        Some(NoCard) => (FailureClass::Infrastructure, Line::Sound),
        Some(NotSignedIn | MissingData | NoOriginal | NotAble | KeysExhausted) => {
            (FailureClass::Scenario, Line::Sound)
        }
        None if class == Class::Failed => (FailureClass::Infrastructure, Line::Sound),
        _ => (FailureClass::Device, Line::Sound),
    };
    (class, line, reason.to_owned())
}

/// The name under which a failed teardown stands among the cases.
const TEARDOWN: &str = "(teardown)";
