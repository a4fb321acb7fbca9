//! One HTTP step of an iteration: sends what the flow asks for until it is content, and records each attempt.

use super::{
    iteration::{interrupted, measured, think},
    recorder::Ended,
    shard::Shard,
};
use crate::{
    expr::EvalError,
    flow::{Answered, Cast, Iteration, Next},
    http::{Answer, Failure, Request},
    metrics::{Class, ResponseCodeText, Severity, StepId},
    time::Instant,
};

/// Carries out the step that begins with `request`; it was to begin at `due`.
///
/// # Errors
/// When a condition or a capture cannot be evaluated; the step is recorded as failed.
pub(super) async fn carry_out(
    shard: &Shard,
    place: usize,
    iteration: &mut Iteration<'_>,
    cast: &Cast<'_>,
    mut request: Box<Request>,
    due: Instant,
) -> Result<(), EvalError> {
    let step = iteration.step();
    let began = shard.now();
    loop {
        let received = ask(shard, place, iteration, &request).await;
        let now = shard.now();
        notice_failure(shard, step, &received);
        let attempt = Attempt::of(&received);
        let answered = iteration.answered(cast, received, now.since(began));
        record(shard, place, step, &attempt, &answered, now.since(due));
        let pause = match answered? {
            Answered::Ended(_) => return Ok(()),
            Answered::Retry(pause) | Answered::Poll(pause) => pause,
        };
        think(shard, place, pause).await;
        // An iteration that goes on with its step asks for the same request.
        let Next::Request(again) = iteration.next(cast) else { return Ok(()) };
        request = again;
    }
}

/// What figures need of an answer.
struct Attempt {
    status: Option<u16>,
    timing: Option<crate::http::Timing>,
}

impl Attempt {
    fn of(received: &Result<Answer, Failure>) -> Self {
        let answer = received.as_ref().ok();
        Self { status: answer.map(|answer| answer.status), timing: answer.map(|answer| answer.timing) }
    }
}

/// The answer of the server, unless the run wants the terminal to give up.
async fn ask(
    shard: &Shard,
    place: usize,
    iteration: &mut Iteration<'_>,
    request: &Request,
) -> Result<Answer, Failure> {
    tokio::select! {
        biased;
        () = interrupted(shard, place) => Err(Failure::Interrupted),
        received = shard.client.send(request, iteration.cookies()) => received,
    }
}

fn record(
    shard: &Shard,
    place: usize,
    step: Option<StepId>,
    attempt: &Attempt,
    answered: &Result<Answered, EvalError>,
    response: std::time::Duration,
) {
    let has_failed = match answered {
        Ok(Answered::Ended(result)) => matches!(result.class, Class::TimedOut | Class::Failed),
        Ok(_) => false,
        Err(_) => true,
    };
    let Some(step) = measured(shard, &shard.seats[place], step, has_failed) else { return };
    let mut recorder = shard.recorder.borrow_mut();
    let is_retried = matches!(answered, Ok(Answered::Retry(_)));
    let origin = shard.origin(&shard.seats[place]);
    recorder.attempt(origin, step, attempt.timing.as_ref(), is_retried);
    let service = attempt.timing.map(|timing| timing.total);
    match answered {
        Ok(Answered::Ended(result)) => {
            let code = attempt.status.map(ResponseCodeText::of_status);
            recorder.ended(origin, step, &Ended { class: result.class, response, service, code });
            recorder.checks(origin, step, result.checks_passed, result.checks_failed);
        }
        Ok(_) => {}
        Err(_) => {
            recorder.ended(origin, step, &Ended { class: Class::Failed, response, service, code: None });
        }
    }
}

/// Tells of a request that was not answered.
fn notice_failure(shard: &Shard, step: Option<StepId>, received: &Result<Answer, Failure>) {
    let severity = match received {
        Ok(_) | Err(Failure::Interrupted) => return,
        Err(Failure::TimedOut) => Severity::Warning,
        Err(_) => Severity::Error,
    };
    if let (Err(failure), Some(step)) = (received, step) {
        let text = format!("{}: {failure}", shard.plan.steps.name(step));
        shard.recorder.borrow_mut().notice(shard.now(), severity, text);
    }
}
