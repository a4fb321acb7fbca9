//! The course of each step over time: its figures by the second and, further back, by longer intervals.

use crate::metrics::{Class, Interval, Series, StepPoint, StepView};
use std::time::Duration;

/// One course a step of the plan.
#[derive(Debug)]
pub(super) struct Courses(Vec<Series<StepPoint>>);

impl Courses {
    pub(super) fn new(steps: usize) -> Self {
        Self(vec![Series::default(); steps])
    }

    /// Adds the second that ended at `at`; steps that did not end in it have no point there.
    pub(super) fn second(&mut self, at: Duration, length: Duration, second: &Interval) {
        for (course, step) in self.0.iter_mut().zip(&second.steps) {
            let count = step.total();
            if count == 0 {
                continue;
            }
            let errors = step.count(Class::TimedOut) + step.count(Class::Failed);
            let response = step.all().response.percentiles();
            course.push(StepPoint { at, length, count, errors, response });
        }
    }

    /// Gives the view of step number `step` its course.
    pub(super) fn complete(&self, step: usize, view: StepView) -> StepView {
        StepView { series: self.0.get(step).cloned().unwrap_or_default(), ..view }
    }
}
