//! The course of each step over time: figures of its latest seconds.

use crate::metrics::{Class, Interval, StepPoint, StepView};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// One course a step of the plan.
#[derive(Debug)]
pub(super) struct Courses(Vec<Arc<VecDeque<StepPoint>>>);

impl Courses {
    pub(super) fn new(steps: usize) -> Self {
        Self(vec![Arc::default(); steps])
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
            let course = Arc::make_mut(course);
            course.push_back(StepPoint { at, length, count, errors, response });
            if course.len() > COURSE_MAX {
                course.pop_front();
            }
        }
    }

    /// Gives the view of step number `step` its course.
    pub(super) fn complete(&self, step: usize, view: StepView) -> StepView {
        StepView { series: self.0.get(step).cloned().unwrap_or_default(), ..view }
    }
}

/// A quarter of an hour: fifty steps take three megabytes.
const COURSE_MAX: usize = 900;
