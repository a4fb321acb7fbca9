//! Flows: what one terminal does in one iteration, and the machine that walks through it.
//!
//! A [`Flow`] is data, compiled from a scenario file. An [`Iteration`] is one pass of one terminal: it says what to
//! do next, is told what came of it, evaluates checks and captures, and knows nothing of sockets or clocks.

mod feeder;
mod iteration;
mod template;

pub use feeder::{CardFeeder, Draw, Order};
pub use iteration::{Cast, Iteration, Next, StepResult};
pub use template::{CardTemplate, OriginalTemplate, ReceiptTemplate, Rest, Template};

use crate::{expr::Expr, metrics::StepId};
use std::{sync::Arc, time::Duration};

/// What one terminal does in one iteration.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The name in the scenario file.
    pub name: Arc<str>,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// How many variables the steps capture; they live in slots.
    pub captures: usize,
    /// How many new cards the steps draw.
    pub card_draws: u64,
}

/// One step of a flow.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// Where its figures go; `None` for steps that are not measured.
    pub id: Option<StepId>,
    /// Conditions over request and answer.
    pub checks: Vec<Check>,
    /// What to remember of the answer.
    pub captures: Vec<Capture>,
    /// What a time-out or an error of this step means for the rest of the iteration.
    pub on_error: OnError,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Asks the terminal for an operation.
    Operate(Template),
    /// Waits for a time drawn evenly from the range.
    Think {
        /// The shortest wait.
        min: Duration,
        /// The longest wait.
        max: Duration,
    },
}

/// A condition over request and answer; it decides nothing alone, it is counted.
#[derive(Clone, Debug)]
pub struct Check {
    /// The condition.
    pub condition: Expr,
    /// The condition as written.
    pub text: Arc<str>,
}

/// Something of an answer that later steps need.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The slot of the variable.
    pub slot: usize,
    /// What goes into it.
    pub value: Expr,
}

/// What a time-out or an error of a step means for the rest of the iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The iteration ends there.
    #[default]
    Abort,
    /// The next step is done all the same.
    Continue,
}

/// The variables that expressions of a flow can name; captured ones follow after them as slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `iteration`: the number of this iteration in its scenario, counted from 1.
    Iteration,
    /// `terminal.number`: the terminal's number in its group, counted from 0.
    TerminalNumber,
    /// `terminal.id`: DE 41.
    TerminalId,
    /// `terminal.merchant`: DE 42.
    MerchantId,
    /// `code`: DE 39 of the last answer.
    Code,
    /// `outcome`: `approved`, `declined`, `timeout` or `error`.
    Outcome,
    /// `amount`: DE 4 of the last answer.
    Amount,
    /// `stan`: DE 11 of the last operation.
    Stan,
    /// `rrn`: DE 37 of the last answer.
    Rrn,
    /// `approvalCode`: DE 38 of the last answer.
    ApprovalCode,
    /// `date`: DE 13 of the last answer, month and day.
    Date,
    /// `batch`: DE 60.2 of the last operation.
    Batch,
    /// `balance`: the available balance of the last answer.
    Balance,
    /// `serviceTime`: milliseconds from send to answer.
    ServiceTime,
    /// `request.amount`: the amount that was asked for.
    RequestAmount,
    /// `request.tip`: the tip that was asked for.
    RequestTip,
    /// A captured variable.
    Slot(usize),
}

impl Variable {
    /// The built-in variables by the names that expressions use.
    pub const BUILT_IN: [(&'static str, Self); 16] = [
        ("iteration", Self::Iteration),
        ("terminal.number", Self::TerminalNumber),
        ("terminal.id", Self::TerminalId),
        ("terminal.merchant", Self::MerchantId),
        ("code", Self::Code),
        ("outcome", Self::Outcome),
        ("amount", Self::Amount),
        ("stan", Self::Stan),
        ("rrn", Self::Rrn),
        ("approvalCode", Self::ApprovalCode),
        ("date", Self::Date),
        ("batch", Self::Batch),
        ("balance", Self::Balance),
        ("serviceTime", Self::ServiceTime),
        ("request.amount", Self::RequestAmount),
        ("request.tip", Self::RequestTip),
    ];

    /// The number under which expressions know this variable.
    pub fn id(self) -> crate::expr::VariableId {
        let built_in = Self::BUILT_IN.len() as u16;
        crate::expr::VariableId(match self {
            Self::Slot(slot) => built_in + slot as u16,
            _ => Self::BUILT_IN.iter().position(|(_, known)| *known == self).unwrap_or(0) as u16,
        })
    }

    /// The variable that expressions know under `id`.
    pub fn from_id(id: crate::expr::VariableId) -> Self {
        let index = usize::from(id.0);
        Self::BUILT_IN
            .get(index)
            .map_or(Self::Slot(index.saturating_sub(Self::BUILT_IN.len())), |(_, known)| *known)
    }
}
