//! How an iteration asks HTTP servers: one request a step, sent again where it failed or where the answer is not yet there.

use super::{
    Action, Cast, Iteration, RequestTemplate, StepResult,
    iteration::Last,
    visit::{UnderWay, Visit},
};
use crate::{
    expr::EvalError,
    http::{Answer, Cookies, Failure, Request},
    metrics::Class,
};
use std::{ops::ControlFlow, time::Duration};

/// What comes after the answer to a request, or after its failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The step has failed so far: the same request once more, after a pause that is part of the step.
    Retry(Duration),
    /// The answer is not yet the one that is wanted: once more, after a pause that is part of the step.
    Poll(Duration),
    /// The step is over.
    Ended(StepResult),
}

impl Iteration<'_> {
    /// Takes what came of the request that [`Iteration::next`] asked for, `elapsed` after the step's first one was sent.
    ///
    /// Where the step goes on, [`Iteration::next`] asks for the same request again.
    ///
    /// # Errors
    /// When a condition or a capture cannot be evaluated; the iteration then ends.
    pub fn answered(
        &mut self,
        cast: &Cast<'_>,
        received: Result<Answer, Failure>,
        elapsed: Duration,
    ) -> Result<Answered, EvalError> {
        let action = self.flow.steps.get(self.next_step).map(|step| &step.action);
        let again = match action {
            Some(Action::Request(template)) => self.again(template, cast, received, elapsed),
            _ => Ok(ControlFlow::Break(Class::Failed)),
        };
        let class = match again {
            Ok(ControlFlow::Continue(again)) => return Ok(again),
            Ok(ControlFlow::Break(class)) => class,
            Err(error) => {
                self.give_up();
                return Err(error);
            }
        };
        self.visit().under_way = None;
        self.last = Last::Request(class);
        self.end_step(cast, class).map(Answered::Ended)
    }

    /// The cookies that servers have set.
    pub fn cookies(&mut self) -> &mut Cookies {
        &mut self.visit().cookies
    }

    fn visit(&mut self) -> &mut Visit {
        self.visit.get_or_insert_default()
    }

    /// The request of a step: a new one, or that under way with what time is left for it.
    pub(super) fn request(
        &mut self,
        template: &RequestTemplate,
        cast: &Cast<'_>,
    ) -> Result<Request, EvalError> {
        if let Some(under_way) = &self.visit().under_way {
            let left = template.poll.as_ref().map(|poll| poll.within.saturating_sub(under_way.elapsed));
            let timeout = left.map_or(template.timeout, |left| left.min(template.timeout));
            return Ok(Request { timeout, ..under_way.request.clone() });
        }
        let mut request = template.fill(|expression| self.evaluate_one(expression, cast))?;
        if let Some(poll) = &template.poll {
            request.timeout = request.timeout.min(poll.within);
        }
        if template.may_repeat() {
            let under_way = UnderWay { request: request.clone(), retries: 0, elapsed: Duration::ZERO };
            self.visit().under_way = Some(under_way);
        }
        Ok(request)
    }

    /// Whether the step asks again, or as what it ends.
    fn again(
        &mut self,
        template: &RequestTemplate,
        cast: &Cast<'_>,
        received: Result<Answer, Failure>,
        elapsed: Duration,
    ) -> Result<ControlFlow<Class, Answered>, EvalError> {
        let (answer, failure) = match received {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        let status = answer.as_ref().map(|answer| answer.status);
        self.visit().keep(answer);
        if let Some(pause) = self.retry(template, status, failure.as_ref(), elapsed) {
            return Ok(ControlFlow::Continue(Answered::Retry(pause)));
        }
        let class = match (status, failure) {
            (Some(status), _) if template.approves(status) => Class::Approved,
            (Some(_), _) => Class::Declined,
            (None, Some(Failure::TimedOut)) => return Ok(ControlFlow::Break(Class::TimedOut)),
            (None, _) => return Ok(ControlFlow::Break(Class::Failed)),
        };
        let Some(poll) = &template.poll else { return Ok(ControlFlow::Break(class)) };
        if self.evaluate_one(&poll.until, cast)?.truth()? {
            return Ok(ControlFlow::Break(class));
        }
        let next = elapsed + poll.every;
        if next >= poll.within {
            return Ok(ControlFlow::Break(Class::TimedOut));
        }
        self.resume(next, |_| 0);
        Ok(ControlFlow::Continue(Answered::Poll(poll.every)))
    }

    /// The pause before the request is sent again because it failed; `None` where it is not.
    fn retry(
        &mut self,
        template: &RequestTemplate,
        status: Option<u16>,
        failure: Option<&Failure>,
        elapsed: Duration,
    ) -> Option<Duration> {
        let retry = template.retry.as_ref()?;
        let is_worth_it = status.is_some_and(|status| retry.follows_status(status))
            || failure.is_some_and(|failure| retry.follows_failure(failure));
        let sent_again = self.visit().under_way.as_ref()?.retries;
        if !is_worth_it || sent_again >= retry.times {
            return None;
        }
        let next = elapsed + retry.pause(sent_again, &mut self.rng);
        if template.poll.as_ref().is_some_and(|poll| next >= poll.within) {
            return None;
        }
        self.resume(next, |retries| retries + 1);
        Some(next - elapsed)
    }

    /// The request under way is sent again `elapsed` after it was sent first.
    fn resume(&mut self, elapsed: Duration, retries: impl FnOnce(u32) -> u32) {
        if let Some(under_way) = &mut self.visit().under_way {
            under_way.elapsed = elapsed;
            under_way.retries = retries(under_way.retries);
        }
    }
}
