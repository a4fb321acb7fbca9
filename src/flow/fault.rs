//! What went wrong first in an iteration, for those who ask: cases of a regression do, load does not.

use crate::{iso8583::ResponseCode, metrics::Class, operation::Failure};

/// What went wrong first in an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the step in its flow, counted from 0.
    pub step: usize,
    /// What went wrong.
    pub what: FaultKind,
    /// DE 39 of the answer, where there was one.
    pub code: Option<ResponseCode>,
}

/// What went wrong in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It timed out or could not be done; why, where an operation says so.
    Ended(Class, Option<Failure>),
    /// The check of this number did not hold, counted from 0.
    Check(u32),
    /// The scenario asked for what cannot be.
    Broken,
}
