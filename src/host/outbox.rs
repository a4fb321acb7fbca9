//! What a host wants of its driver.

use super::Overheard;
use crate::{ledger::Record, portal::Input, time::Instant};
use std::{collections::VecDeque, ops::Range};

/// One connection among those of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// One thing a host wants of its driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The books have changed so; what follows may leave only when this is durable.
    Record(Record),
    /// The portal has taken this in; what follows may leave only when this is durable.
    Note(Box<Input>),
    /// Send these bytes of the outbox's buffer to the connection; if it is gone, the bytes are lost.
    Send(ConnectionId, Range<usize>),
    /// Close the connection.
    Close(ConnectionId),
    /// Close all connections, and take no other before then.
    Down {
        /// When it goes down.
        from: Instant,
        /// When the host is up again.
        until: Instant,
    },
    /// What the connection sent cannot be read.
    Unreadable {
        /// Which connection.
        connection: ConnectionId,
        /// What is wrong.
        error: String,
    },
    /// A terminal that is listened to has sent this; its answer, if there is one, comes next.
    Overheard(Box<Overheard>),
    /// Nothing more until the next input, or until then.
    Wait(Option<Instant>),
}

/// What a host wants of its driver, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    outputs: VecDeque<Output>,
}

impl Outbox {
    /// The next output; `None` after the wait that ends them.
    pub fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if self.outputs.is_empty() && !matches!(output, Some(Output::Send(..))) {
            self.bytes.clear();
        }
        output
    }

    /// The bytes of a [`Output::Send`].
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    pub(super) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn send(&mut self, connection: ConnectionId, bytes: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.push(Output::Send(connection, start..self.bytes.len()));
    }

    /// The buffer to pack into; what was appended to it is then sent with [`Outbox::send_packed`].
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn send_packed(&mut self, connection: ConnectionId, start: usize) {
        self.push(Output::Send(connection, start..self.bytes.len()));
    }

    /// Takes what was packed from `start` on out of the buffer.
    pub(super) fn take_packed(&mut self, start: usize) -> Vec<u8> {
        self.bytes.split_off(start)
    }
}
