//! What goes into the machines at both ends of a line, and what comes out.

use super::{
    link::{Link, Notice},
    vocabulary::{Address, Answer, Request, Text},
};
use crate::time::Instant;
use std::{collections::VecDeque, fmt, ops::Range};

/// One input of a cash register.
pub enum RegisterInput<'a> {
    /// Ask the terminal for this; only to an idle register.
    Ask(Request),
    /// Find out once more what became of the request whose fate is unknown.
    Recover,
    /// Tell the terminal to give up what it does.
    Abort,
    /// The line that was asked for is open.
    Connected,
    /// Bytes came, in any segmentation.
    Received(&'a [u8]),
    /// The line could not be opened, or is gone.
    Closed,
    /// The deadline of the last wait has passed.
    Timeout,
    /// What the host answered to the relayed bytes; nothing when it did not.
    RelayAnswer(Option<&'a [u8]>),
    /// The deed that was wanted is done, or is not.
    Acted(bool),
}

/// Something that is to be done outside of the line before a register goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A person is to do this.
    Prompt(String),
    /// The terminal is to be switched off and on; its line is closed.
    PowerCycle,
    /// The line is to be opened anew; the register does that by itself.
    Reconnect,
}

/// Something that happened to a cash register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterEvent {
    /// This came of the request that was asked.
    Answered {
        /// The register's number of the request.
        id: u32,
        /// What came of it.
        answer: Answer,
    },
    /// The terminal says how far it is, in the protocol's own code.
    Progress(u8),
    /// The terminal wants these bytes carried to a host.
    RelayRequest {
        /// The bytes, an ISO 8583 message with its length.
        bytes: Opaque,
        /// Where to.
        address: Address,
    },
    /// The terminal wants this line printed.
    Line(Text),
    /// The register wants this done before it goes on.
    Wanted(Deed),
}

/// One input of a terminal.
pub enum TerminalInput<'a> {
    /// A register has opened the line.
    Connected,
    /// Bytes came, in any segmentation.
    Received(&'a [u8]),
    /// The line is gone.
    Closed,
    /// The deadline of the last wait has passed.
    Timeout,
    /// What came of the request that was asked.
    Decide(Answer),
    /// How far it is, in the protocol's own code.
    Progress(u8),
    /// Have the register carry these bytes to a host.
    Relay {
        /// The bytes, an ISO 8583 message with its length.
        bytes: &'a [u8],
        /// Where to.
        address: Address,
    },
}

/// Something that happened to a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalEvent {
    /// The register asks for this; a decision is due.
    Asked(Request),
    /// What was asked is given up: no decision is wanted any more.
    Abandoned(u32),
    /// The approved transaction of this request is in the books.
    Booked(u32),
    /// The approved transaction of this request is not, or no longer, in the books.
    Reversed(u32),
    /// What the host answered to the relayed bytes; nothing when it did not.
    RelayAnswer(Option<Opaque>),
}

/// Bytes that may hold a card, and do not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(pub Vec<u8>);

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// One thing a machine wants of its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<E> {
    /// Open the line.
    Connect,
    /// Send these bytes of the outbox's buffer.
    Send(Range<usize>),
    /// Close the line.
    Close,
    /// Something happened.
    Event(E),
    /// Nothing more until the next input, or until then.
    Wait(Option<Instant>),
}

/// What a machine wants of its driver, in order.
#[derive(Debug)]
pub struct Outbox<E> {
    bytes: Vec<u8>,
    outputs: VecDeque<Output<E>>,
}

impl<E> Default for Outbox<E> {
    fn default() -> Self {
        Self { bytes: Vec::new(), outputs: VecDeque::new() }
    }
}

impl<E> Outbox<E> {
    /// The next output; `None` after the wait that ends them.
    pub fn poll(&mut self) -> Option<Output<E>> {
        let output = self.outputs.pop_front();
        if self.outputs.is_empty() && !matches!(output, Some(Output::Send(_))) {
            self.bytes.clear();
        }
        output
    }

    /// The bytes of an [`Output::Send`].
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    pub(super) fn push(&mut self, output: Output<E>) {
        self.outputs.push_back(output);
    }
}

/// A link, the timer of its session, and the outbox: what a session works with.
pub(super) struct Desk<'a, E> {
    /// The time.
    pub now: Instant,
    /// The link.
    pub link: &'a mut Link,
    /// When the session wants to be woken.
    pub timer: &'a mut Option<Instant>,
    /// Where outputs go.
    pub outbox: &'a mut Outbox<E>,
}

impl<E> Desk<'_, E> {
    /// Sends a payload; one that has no frame is given up like one that was not delivered.
    pub fn send(&mut self, payload: &[u8]) -> bool {
        let is_taken = self.link.send(self.now, payload).is_ok();
        self.flush();
        is_taken
    }

    pub fn event(&mut self, event: E) {
        self.outbox.push(Output::Event(event));
    }

    pub fn wake_after(&mut self, time: std::time::Duration) {
        *self.timer = Some(self.now + time);
    }

    /// Hands what the link wants to write to the driver.
    pub fn flush(&mut self) {
        let outgoing = std::mem::take(self.link.outgoing());
        if !outgoing.is_empty() {
            let start = self.outbox.bytes.len();
            self.outbox.bytes.extend(outgoing);
            self.outbox.push(Output::Send(start..self.outbox.bytes.len()));
        }
    }

    /// The next notice of the link, what it wants to write handed on first.
    pub fn notice(&mut self) -> Option<Notice> {
        self.flush();
        self.link.poll()
    }

    /// Ends the outputs of one input.
    pub fn close(mut self) {
        self.flush();
        let deadline = self.link.deadline().into_iter().chain(*self.timer).min();
        self.outbox.push(Output::Wait(deadline));
    }
}
