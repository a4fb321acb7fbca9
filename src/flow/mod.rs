//! Flows: what one terminal does in one iteration, and the machine that walks through it.
//!
//! A [`Flow`] is data, compiled from a scenario file. An [`Iteration`] is one pass of one terminal: it says what to
//! do next, is told what came of it, evaluates checks and captures, and knows nothing of sockets or clocks.

mod ends;
mod exchange;
mod fault;
mod feeder;
mod iteration;
mod json;
mod load;
mod request;
mod template;
mod variable;
mod view;
mod visit;

pub use ends::{BothEnds, DeviceTimes, HostMessage, LineAnswer};
pub use exchange::Answered;
pub use fault::{Fault, FaultKind};
pub use feeder::{CardFeeder, Draw, Order};
pub use iteration::{Cast, Iteration, Next, Numbers, StepResult};
pub use json::JsonTemplate;
pub use load::{LoadTemplate, Loading};
pub use request::{BodyTemplate, PartTemplate, Poll, RequestTemplate, Retry, RetryOn};
pub use template::{CardTemplate, OriginalTemplate, ReceiptTemplate, Rest, Template};
pub use variable::{Particular, Variable};

use crate::{expr::Expr, link::Network, metrics::StepId};
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
    /// What follows where an iteration is cut short; it has the captures of the flow.
    pub on_interrupt: Option<Box<Flow>>,
}

impl Flow {
    /// The steps, and those that follow where an iteration is cut short.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().chain(self.on_interrupt.iter().flat_map(|flow| &flow.steps))
    }
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
    /// What the network is like while it is done; `None` is that of the terminal's group.
    pub network: Option<Arc<Network>>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Asks the terminal for an operation.
    Operate(Template),
    /// Asks an HTTP server for something.
    Request(Box<RequestTemplate>),
    /// Has an operator load other numbers into the terminal.
    Load(Box<LoadTemplate>),
    /// Waits for a time drawn evenly from the range.
    Think {
        /// The shortest wait.
        min: Duration,
        /// The longest wait.
        max: Duration,
    },
    /// Waits until a time drawn evenly from the range has passed since the begin of the iteration, or the last pace.
    Pace {
        /// The shortest time.
        min: Duration,
        /// The longest time.
        max: Duration,
    },
    /// Waits until so many terminals are there.
    Meet(Meeting),
}

/// A place in flows at which terminals wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Its number in the plan.
    pub number: u32,
    /// How many terminals go on together.
    pub terminals: u32,
    /// How long one waits at most.
    pub timeout: Duration,
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
