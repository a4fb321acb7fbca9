//! The TCP driver of a terminal: carries out one operation over a connection that is there, or is made for it.

use super::{Clock, Deadlines, Trace, deadlines::Alarm};
use crate::{
    operation::Operation,
    terminal::{Event, Input, Outbox, Output, Profile, Terminal},
    time::Instant,
};
use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    task::Poll,
};
use tokio::net::TcpStream;

/// What the terminals of a shard share: clock, deadlines, and buffers that hold nothing between two inputs.
#[derive(Debug)]
pub struct Desk {
    /// The clock of the run.
    pub clock: Clock,
    /// The deadlines of the shard's terminals.
    pub deadlines: Deadlines,
    /// Listens to the terminal that somebody looks at.
    pub trace: Trace,
    buffer: RefCell<Box<[u8]>>,
    outbox: RefCell<Outbox>,
}

/// A terminal at the desk of its shard.
#[derive(Clone, Copy, Debug)]
pub struct Patron<'a> {
    /// Its place in the shard, under which its deadlines are filed.
    pub place: u32,
    /// The machine.
    pub terminal: &'a RefCell<Terminal>,
    /// What it has in common with others of its kind.
    pub profile: &'a Profile,
    /// Where its host is.
    pub target: SocketAddr,
}

/// A terminal's connection, or the place for one.
#[derive(Debug, Default)]
pub struct Line {
    stream: Option<TcpStream>,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
}

/// What ended a wait.
enum Wake {
    Connected(TcpStream),
    Refused(io::Error),
    Readable,
    Writable,
    Alarm(Alarm),
}

/// What the outputs of one input leave to be done.
struct Next {
    connect: bool,
    deadline: Instant,
}

impl Desk {
    /// A desk for so many terminals.
    pub fn new(clock: Clock, terminals: usize) -> Self {
        Self {
            clock,
            deadlines: Deadlines::new(terminals),
            trace: Trace::default(),
            buffer: RefCell::new(vec![0; READ_BUFFER].into_boxed_slice()),
            outbox: RefCell::default(),
        }
    }
}

impl Line {
    /// Whether a connection is open.
    pub fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Has the terminal do `operation`, and whatever follows from it, until it is idle again.
    ///
    /// `on_event` hears of everything as it happens; a connection that could not be made is told to `on_refusal`.
    pub async fn operate(
        &mut self,
        desk: &Desk,
        patron: Patron<'_>,
        operation: Operation,
        mut on_event: impl FnMut(Event),
        mut on_refusal: impl FnMut(&io::Error),
    ) {
        self.notice_what_came(desk, patron, &mut on_event);
        let mut next = self.feed(desk, patron, Input::Operation(operation), &mut on_event);
        let mut connecting = next.connect;
        while !patron.terminal.borrow().is_idle() {
            desk.deadlines.arm(patron.place, next.deadline);
            let wake = match connecting {
                true => connect(desk, patron).await,
                false => self.wake(desk, patron).await,
            };
            let input = match wake {
                Wake::Connected(stream) => {
                    self.stream = Some(stream);
                    Input::Connected
                }
                Wake::Refused(error) => {
                    on_refusal(&error);
                    Input::Closed
                }
                Wake::Alarm(Alarm::Interrupt) => Input::Interrupt,
                Wake::Alarm(_) => Input::Timeout,
                Wake::Writable => {
                    self.flush();
                    continue;
                }
                Wake::Readable => {
                    if let Some(then) = self.receive(desk, patron, &mut on_event) {
                        next = then;
                        connecting = next.connect;
                    }
                    continue;
                }
            };
            next = self.feed(desk, patron, input, &mut on_event);
            connecting = next.connect;
        }
        desk.deadlines.disarm(patron.place);
    }

    /// Closes the connection; the terminal learns of it with its next operation.
    pub fn close(&mut self) {
        *self = Self::default();
    }

    /// Hands what came while the terminal was idle to it: a late answer, or the end of the connection.
    fn notice_what_came(&mut self, desk: &Desk, patron: Patron<'_>, on_event: &mut impl FnMut(Event)) {
        if self.stream.is_some() {
            self.receive(desk, patron, on_event);
        } else if patron.terminal.borrow().is_connected() {
            self.feed(desk, patron, Input::Closed, on_event);
        }
    }

    /// Gives the terminal one input and carries out what follows.
    fn feed(
        &mut self,
        desk: &Desk,
        patron: Patron<'_>,
        input: Input<'_>,
        on_event: &mut impl FnMut(Event),
    ) -> Next {
        let mut outbox = desk.outbox.borrow_mut();
        let now = desk.clock.now();
        if let Input::Received(bytes) = &input {
            desk.trace.note(patron.place, now, false, bytes);
        }
        patron.terminal.borrow_mut().handle(patron.profile, now, input, &mut outbox);
        let mut next = Next { connect: false, deadline: Instant::NEVER };
        while let Some(output) = outbox.poll() {
            match output {
                Output::Connect => next.connect = true,
                Output::Send(range) => {
                    desk.trace.note(patron.place, now, true, outbox.bytes(range.clone()));
                    self.send(outbox.bytes(range));
                }
                Output::Close => {
                    next.connect = false;
                    self.close();
                }
                Output::Event(event) => on_event(event),
                Output::Wait(deadline) => next.deadline = deadline.unwrap_or(Instant::NEVER),
            }
        }
        next
    }

    /// Reads once; `None` when there was nothing after all.
    fn receive(&mut self, desk: &Desk, patron: Patron<'_>, on_event: &mut impl FnMut(Event)) -> Option<Next> {
        let mut buffer = desk.buffer.borrow_mut();
        let input = match self.stream.as_ref()?.try_read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Ok(0) | Err(_) => {
                self.close();
                Input::Closed
            }
            Ok(count) => Input::Received(buffer.get(..count).unwrap_or_default()),
        };
        Some(self.feed(desk, patron, input, on_event))
    }

    /// Writes what the socket takes at once, and keeps the rest.
    ///
    /// One request is under way at a time, so that Nagle's algorithm has nothing to hold back.
    fn send(&mut self, bytes: &[u8]) {
        let Some(stream) = &self.stream else { return };
        let taken = if self.unsent.is_empty() { stream.try_write(bytes).unwrap_or(0) } else { 0 };
        // A socket that is broken says so when it is read.
        self.unsent.extend_from_slice(bytes.get(taken..).unwrap_or_default());
    }

    fn flush(&mut self) {
        let Some(stream) = &self.stream else { return };
        match stream.try_write(&self.unsent) {
            Ok(taken) => drop(self.unsent.drain(..taken)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.unsent.clear(),
        }
        if self.unsent.is_empty() {
            self.unsent = Vec::new();
        }
    }

    /// Waits for the socket or an alarm.
    async fn wake(&self, desk: &Desk, patron: Patron<'_>) -> Wake {
        poll_fn(|context| {
            let alarm = desk.deadlines.poll(patron.place, context);
            if alarm != Alarm::None {
                return Poll::Ready(Wake::Alarm(alarm));
            }
            let Some(stream) = &self.stream else { return Poll::Pending };
            if stream.poll_read_ready(context).is_ready() {
                return Poll::Ready(Wake::Readable);
            }
            if !self.unsent.is_empty() && stream.poll_write_ready(context).is_ready() {
                return Poll::Ready(Wake::Writable);
            }
            Poll::Pending
        })
        .await
    }
}

/// Opens a connection, unless an alarm comes first.
async fn connect(desk: &Desk, patron: Patron<'_>) -> Wake {
    let mut opening = pin!(TcpStream::connect(patron.target));
    poll_fn(|context| {
        let alarm = desk.deadlines.poll(patron.place, context);
        if alarm != Alarm::None {
            return Poll::Ready(Wake::Alarm(alarm));
        }
        opening.as_mut().poll(context).map(|opened| match opened {
            Ok(stream) => Wake::Connected(stream),
            Err(error) => Wake::Refused(error),
        })
    })
    .await
}

const READ_BUFFER: usize = 16 * 1024;
