//! What can be asked of a run while it is under way.

use super::gate::Gates;
use crate::{driver::Clock, scenario::Plan};
use std::sync::Arc;
use tokio::sync::watch;

/// What a run shall do; each is stronger than the one before, and none is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    /// Go on as planned.
    #[default]
    Run,
    /// Start nothing more; what is under way may finish.
    Stop,
    /// The same, because a threshold, or a scenario that is saturated, wants the run to end.
    StopByThreshold,
    /// The same, because a signal came.
    StopBySignal,
    /// Give up what is under way.
    Abort,
}

/// Stops a run; copies control the same run.
#[derive(Clone, Debug)]
pub struct Control(Arc<watch::Sender<Command>>);

impl Control {
    pub(super) fn new() -> (Self, watch::Receiver<Command>) {
        let (sender, receiver) = watch::channel(Command::Run);
        (Self(Arc::new(sender)), receiver)
    }

    /// Asks for `command`, unless something stronger was asked already.
    pub fn send(&self, command: Command) {
        self.0.send_if_modified(|present| {
            let is_stronger = command > *present;
            *present = (*present).max(command);
            is_stronger
        });
    }
}

/// Starts scenarios that wait for a signal; copies start those of the same run.
#[derive(Clone, Debug)]
pub struct Armed {
    plan: Arc<Plan>,
    gates: Arc<Gates>,
    clock: Clock,
}

impl Armed {
    pub(super) fn new(plan: &Arc<Plan>, gates: &Arc<Gates>, clock: Clock) -> Self {
        Self { plan: Arc::clone(plan), gates: Arc::clone(gates), clock }
    }

    /// The names of the scenarios that wait.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let waiting = self.gates.armed().filter_map(|number| self.plan.scenarios.get(number));
        waiting.map(|scenario| scenario.name.as_str())
    }

    /// Starts the scenario of that name; whether it waited for that.
    pub fn start(&self, name: &str) -> bool {
        let number = self.plan.scenarios.iter().position(|scenario| scenario.name == name);
        number.is_some_and(|number| self.gates.start(number, self.clock.now()))
    }
}
