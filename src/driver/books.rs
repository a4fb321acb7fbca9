//! The way of a host's records into its ledger, and of its answers out again once the ledger has come so far.

use super::{
    Durable, Entry, LedgerWriter, StoreError,
    counter::Reply,
    held::{Due, Held},
};
use crate::host::ConnectionId;
use std::{cell::RefCell, collections::VecDeque, fmt};

/// The ledger of a host that serves, and the answers that wait for it.
pub(super) struct Books {
    writer: LedgerWriter,
    held: RefCell<Held>,
    /// Replies at the counter, each with how many records must be durable before it leaves.
    replies: RefCell<VecDeque<(u64, Reply)>>,
    /// The newest record, until it is known whether another follows that belongs to it.
    newest: RefCell<Option<Entry>>,
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Books").field("held", &self.held).finish_non_exhaustive()
    }
}

impl Books {
    pub(super) fn new(writer: LedgerWriter) -> Self {
        Self { writer, held: RefCell::default(), replies: RefCell::default(), newest: RefCell::default() }
    }

    /// Takes a record or an input of the portal; those that follow it at once are committed together with it.
    pub(super) fn record(&self, entry: Entry) {
        if self.writer.durable() == Durable::Always {
            self.held.borrow_mut().record();
        }
        if let Some(before) = self.newest.replace(Some(entry)) {
            self.writer.record(before, false);
        }
    }

    /// No record follows at once: those that came since the last answer are complete.
    pub(super) fn complete(&self) {
        if let Some(newest) = self.newest.take() {
            self.writer.record(newest, true);
        }
    }

    /// Keeps what is due until the records before it are durable; `false` when they are.
    pub(super) fn hold(&self, connection: ConnectionId, due: Due<'_>) -> bool {
        self.complete();
        let mut held = self.held.borrow_mut();
        let holds = held.holds();
        if holds {
            held.hold(connection, due);
        }
        holds
    }

    /// Lets a reply leave when the records before it are durable.
    pub(super) fn reply(&self, reply: Reply) {
        self.complete();
        let held = self.held.borrow();
        if held.holds() { self.replies.borrow_mut().push_back((held.recorded(), reply)) } else { reply() }
    }

    /// Hands out what need not wait any more, each time that the ledger has come further; returns when it has failed.
    pub(super) async fn release(&self, each: impl Fn(ConnectionId, Due<'_>)) {
        let mut committed = self.writer.committed();
        while committed.changed().await.is_ok() {
            let durable = *committed.borrow_and_update();
            self.held.borrow_mut().release(durable, &each);
            while let Some((_, reply)) =
                self.replies.borrow_mut().pop_front_if(|(records, _)| *records <= durable)
            {
                reply();
            }
        }
    }

    /// Commits what is left; what waits is never sent.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        self.writer.finish()
    }
}
