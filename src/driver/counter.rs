//! The counter: how other threads speak with a host that serves on its own, one visitor at a time.

use crate::{
    host::{Host, Outbox},
    time::Instant,
};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

/// The way to a host that serves on a thread of its own.
#[derive(Clone, Debug)]
pub struct Counter {
    visits: UnboundedSender<Visit>,
}

/// The host has stopped to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host has stopped")]
pub struct Closed;

/// What a visitor does at the host; it returns the reply that may leave once everything recorded is durable.
pub(super) type Visit = Box<dyn FnOnce(&mut Host, Instant, &mut Outbox) -> Reply + Send>;
pub(super) type Reply = Box<dyn FnOnce() + Send>;

impl Counter {
    pub(super) fn new(visits: UnboundedSender<Visit>) -> Self {
        Self { visits }
    }

    /// Has the host answer a question on its own thread; what it recorded by that is durable when the answer comes.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Host, Instant, &mut Outbox) -> T + Send + 'static,
    ) -> Result<T, Closed> {
        let (give, taken) = oneshot::channel();
        let visit: Visit = Box::new(move |host, now, out| {
            let answer = question(host, now, out);
            // A visitor who has left needs no answer.
            Box::new(move || drop(give.send(answer)))
        });
        self.visits.send(visit).map_err(|_| Closed)?;
        taken.await.map_err(|_| Closed)
    }
}
