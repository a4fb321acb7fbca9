//! What every route shares: the way to the host, and the host's calendar.

use super::{Fault, problem::Failure};
use crate::{
    driver::Counter,
    host::{Host, Outbox},
    portal::{Call, Response},
    time::{Instant, WallClock},
};

/// What every route shares.
#[derive(Clone, Debug)]
pub(super) struct Site {
    counter: Counter,
    pub(super) wall: WallClock,
}

impl Site {
    pub(super) fn new(counter: Counter, wall: WallClock) -> Self {
        Self { counter, wall }
    }

    /// Has the portal answer a call.
    ///
    /// # Errors
    /// Its refusal; [`Fault::HostStopped`].
    pub(super) async fn ask(&self, call: Call) -> Result<Response, Failure> {
        self.visit(move |host, now, out| Ok(host.call(now, &call, out)?)).await
    }

    /// Does something at the host.
    ///
    /// # Errors
    /// What the visitor returns; [`Fault::HostStopped`].
    pub(super) async fn visit<T: Send + 'static>(
        &self,
        visitor: impl FnOnce(&mut Host, Instant, &mut Outbox) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.counter.ask(visitor).await.unwrap_or(Err(Fault::HostStopped.into()))
    }
}
