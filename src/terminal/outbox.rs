//! What goes into a terminal and what comes out of it.

use crate::{
    operation::{Operation, Outcome},
    reconcile::Entry,
    time::Instant,
};
use std::{collections::VecDeque, ops::Range};

/// One input of a terminal.
#[derive(Debug)]
pub enum Input<'a> {
    /// Do this; only to an idle terminal.
    Operation(Operation),
    /// The connection that was asked for is open.
    Connected,
    /// Bytes came, in any segmentation.
    Received(&'a [u8]),
    /// The connection was refused, could not be opened, or is gone.
    Closed,
    /// The deadline of the last wait has passed.
    Timeout,
    /// The run ends: give up what is under way, keep what must be reversed.
    Interrupt,
    /// The plug was pulled and put back.
    PowerCut,
}

/// One thing a terminal wants of its driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a connection to the host.
    Connect,
    /// Send these bytes of the outbox's buffer.
    Send(Range<usize>),
    /// Close the connection.
    Close,
    /// Something happened.
    Event(Event),
    /// Nothing more until the next input, or until then.
    Wait(Option<Instant>),
}

/// Something that happened to a terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The operation that was asked for ended so; the terminal may still be busy with a reversal.
    Outcome(Outcome),
    /// A sign-in or a reversal that the terminal did of its own accord ended so.
    Automatic(Outcome),
    /// A line for the journal.
    Journal(Entry),
    /// The text of a receipt, from a terminal that prints.
    Receipt(String),
    /// Bytes came that are no answer to what was asked.
    Stray(Stray),
}

/// Bytes that are no answer to what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stray {
    /// An answer to an earlier request of this terminal: it came too late, or twice.
    Late,
    /// An answer for another terminal, to another request, or to none.
    Misdirected(&'static str),
    /// Not a message of the spec.
    Unreadable(String),
}

/// What a machine wants of its driver, in order; one serves all terminals of a shard.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    outputs: VecDeque<Output>,
}

impl Outbox {
    /// The next output; `None` after the wait that ends them.
    pub fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if self.outputs.is_empty() && !matches!(output, Some(Output::Send(_))) {
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

    pub(super) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}
