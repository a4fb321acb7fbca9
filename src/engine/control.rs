//! What can be asked of a run while it is under way.

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
