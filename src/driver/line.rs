//! The TCP driver of a terminal: carries out one operation over a connection that is there, or is made for it.
//!
//! [`Line::carry_out`] hands an operation to the terminal and carries out what follows at once; only what is left then is
//! a future. So a task that waits for an answer holds neither the operation nor anything else that the terminal has
//! already taken: there are as many such tasks as terminals, and each is out of the cache when its answer comes.

use super::{
    Clock, Deadlines, Dialer, Trace,
    deadlines::Alarm,
    wire::{self, Exposure, Wire},
};
use crate::{
    link::{Network, Settings},
    metrics::{ConnectionCounts, Connections},
    operation::Operation,
    rng::{Domain, Rng, Seed},
    terminal::{Event, Input, Outbox, Output, Profile, Terminal},
    time::Instant,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::{Future, poll_fn},
    io,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// What the terminals of a shard share: clock, deadlines, and buffers that hold nothing between two inputs.
#[derive(Debug)]
pub struct Desk {
    /// The clock of the run.
    pub clock: Clock,
    /// The deadlines of the shard's terminals.
    pub deadlines: Deadlines,
    /// Listens to the terminal that somebody looks at.
    pub trace: Trace,
    /// What became of connections since somebody took it.
    pub connections: Rc<RefCell<Connections>>,
    /// Terminals that wait until they may connect.
    pub waiting: Cell<u64>,
    /// The network that there is.
    clear: Arc<Network>,
    /// How often terminals had a network of their own, by their places.
    rounds: RefCell<HashMap<u32, u64>>,
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
    /// How it gets its connections.
    pub dialer: &'a Dialer,
    /// What the network between it and its host is like; `None` is the one that there is.
    pub network: Option<&'a Arc<Network>>,
    /// The root of the chance in that network, and the number of the terminal's stream.
    pub chance: (Seed, u64),
}

/// Who hears of an operation as it happens.
pub trait Audience {
    /// Something happened to the terminal.
    fn hear(&mut self, now: Instant, event: Event);

    /// A connection could not be made, or its TLS found something wrong.
    fn refused(&mut self, error: &io::Error);
}

/// A terminal's connection, or the place for one.
#[derive(Debug, Default)]
pub struct Line {
    wire: Option<Wire>,
    /// What the socket did not take yet.
    unsent: Box<[u8]>,
    /// When it was opened and when it was used last.
    opened: Stamp,
    used: Stamp,
}

/// What ended a wait.
enum Wake {
    Connected(Wire),
    Refused(io::Error),
    /// What a read came to; the bytes are in the buffer of the desk.
    Read(io::Result<usize>),
    Writable,
    Alarm(Alarm),
}

/// What the outputs of one input leave to be done.
#[derive(Clone, Copy, Debug)]
struct Next {
    connect: bool,
    deadline: Instant,
    /// When the input was given.
    now: Instant,
}

impl Desk {
    /// A desk for so many terminals.
    pub fn new(clock: Clock, terminals: usize) -> Self {
        Self {
            clock,
            deadlines: Deadlines::new(terminals),
            trace: Trace::default(),
            connections: Rc::default(),
            waiting: Cell::new(0),
            clear: Arc::default(),
            rounds: RefCell::default(),
            buffer: RefCell::new(vec![0; READ_BUFFER].into_boxed_slice()),
            outbox: RefCell::default(),
        }
    }

    fn count(&self, count: impl FnOnce(&mut ConnectionCounts)) {
        count(&mut self.connections.borrow_mut().counts);
    }
}

impl<'a> Patron<'a> {
    /// Notes what became of a connection of its group.
    fn note(&self, desk: &Desk, what: impl Fn(&mut Connections)) {
        self.dialer.figures(&desk.connections).note(what);
    }

    /// The network of its operation, with the chance that belongs to the operation.
    fn exposure(&self, desk: &Desk) -> Option<Exposure<'a>> {
        Some((self.network?, self.rng(desk)))
    }

    /// A stream of the terminal's own, another one each time: a message that is sent again has another fate.
    fn rng(&self, desk: &Desk) -> Rng {
        let (seed, number) = self.chance;
        let mut rounds = desk.rounds.borrow_mut();
        let round = rounds.entry(self.place).or_default();
        *round += 1;
        seed.stream(Domain::Network, number, *round)
    }
}

/// An instant in milliseconds of the run: coarse and small, and right for 49 days.
#[derive(Clone, Copy, Debug, Default)]
struct Stamp(u32);

impl Stamp {
    fn of(now: Instant) -> Self {
        Self((now.as_nanos() / 1_000_000) as u32)
    }

    fn until(self, now: Instant) -> Duration {
        Duration::from_millis(u64::from(Self::of(now).0.wrapping_sub(self.0)))
    }
}

impl Line {
    /// Whether a connection is open.
    pub fn is_open(&self) -> bool {
        self.wire.is_some()
    }

    /// Gives `operation` to the terminal `now` and carries out what follows at once; what is returned carries out the rest,
    /// until the terminal is idle again, and tells when it was.
    pub fn carry_out<'a, A: Audience>(
        &'a mut self,
        desk: &'a Desk,
        patron: Patron<'a>,
        now: Instant,
        operation: Operation,
        audience: &'a mut A,
    ) -> impl Future<Output = Instant> + use<'a, A> {
        let mut next = self.begin(desk, &patron, now, operation, audience);
        async move {
            while !patron.terminal.borrow().is_idle() {
                desk.deadlines.arm(patron.place, next.deadline);
                let wake = match next.connect {
                    // In a box, so that terminals over connections that are kept have no room for it.
                    true => Box::pin(connect(desk, &patron, next.deadline)).await,
                    false => poll_fn(|context| self.poll_wake(desk, patron.place, context)).await,
                };
                next = self.awake(desk, &patron, wake, next, audience);
            }
            desk.deadlines.disarm(patron.place);
            if patron.dialer.is_bounded() {
                self.used = Stamp::of(next.now);
            }
            next.now
        }
    }

    /// Gives an operation to the terminal.
    fn begin(
        &mut self,
        desk: &Desk,
        patron: &Patron<'_>,
        now: Instant,
        operation: Operation,
        audience: &mut impl Audience,
    ) -> Next {
        if patron.dialer.is_bounded() {
            self.expire(now, patron.dialer.settings());
        }
        self.expose(desk, patron);
        self.notice_what_came(desk, patron, now, audience);
        self.feed(desk, patron, now, Input::Operation(operation), audience)
    }

    /// Carries out what follows from the end of a wait; `next` is what was left to be done before.
    fn awake(
        &mut self,
        desk: &Desk,
        patron: &Patron<'_>,
        wake: Wake,
        next: Next,
        audience: &mut impl Audience,
    ) -> Next {
        let input = match wake {
            Wake::Read(read) => return self.receive(desk, patron, desk.clock.now(), read, audience),
            Wake::Writable => {
                self.flush(desk);
                return next;
            }
            Wake::Connected(wire) => {
                self.wire = Some(wire);
                self.opened = Stamp::of(desk.clock.now());
                Input::Connected
            }
            Wake::Refused(error) => {
                patron.note(desk, |figures| figures.counts.refused += 1);
                audience.refused(&error);
                Input::Closed
            }
            Wake::Alarm(Alarm::Interrupt) => Input::Interrupt,
            Wake::Alarm(_) => Input::Timeout,
        };
        self.feed(desk, patron, desk.clock.now(), input, audience)
    }

    /// Closes the connection; the terminal learns of it with its next operation.
    pub fn close(&mut self) {
        *self = Self::default();
    }

    /// Closes a connection that is too old, or that nobody has used for too long.
    pub fn expire(&mut self, now: Instant, settings: &Settings) {
        let is_over =
            |limit: Option<Duration>, since: Stamp| limit.is_some_and(|limit| since.until(now) >= limit);
        if self.wire.is_some()
            && (is_over(settings.lifetime, self.opened) || is_over(settings.idle, self.used))
        {
            self.close();
        }
    }

    /// Puts the network of the operation between the terminal and its host.
    fn expose(&mut self, desk: &Desk, patron: &Patron<'_>) {
        let exposure = match (&self.wire, patron.exposure(desk)) {
            (Some(_), Some(exposure)) => exposure,
            // The operation before this one had a network of its own.
            (Some(wire), None) if wire.is_exposed() => (&desk.clear, patron.rng(desk)),
            _ => return,
        };
        let figures = patron.dialer.figures(&desk.connections);
        self.wire = self.wire.take().map(|wire| wire.exposed(exposure, desk.clock, &figures));
    }

    /// Hands what came while the terminal was idle to it: a late answer, or the end of the connection.
    fn notice_what_came(
        &mut self,
        desk: &Desk,
        patron: &Patron<'_>,
        now: Instant,
        audience: &mut impl Audience,
    ) {
        if let Some(wire) = &self.wire {
            let read = wire.try_read(&mut desk.buffer.borrow_mut());
            if !read.as_ref().is_err_and(is_nothing) {
                self.receive(desk, patron, now, read, audience);
            }
        } else if patron.terminal.borrow().is_connected() {
            self.feed(desk, patron, now, Input::Closed, audience);
        }
    }

    /// Gives the terminal one input and carries out what follows.
    fn feed(
        &mut self,
        desk: &Desk,
        patron: &Patron<'_>,
        now: Instant,
        input: Input<'_>,
        audience: &mut impl Audience,
    ) -> Next {
        let mut outbox = desk.outbox.borrow_mut();
        if let Input::Received(bytes) = &input {
            desk.trace.note(patron.place, now, false, bytes);
        }
        patron.terminal.borrow_mut().handle(patron.profile, now, input, &mut outbox);
        let mut next = Next { connect: false, deadline: Instant::NEVER, now };
        while let Some(output) = outbox.poll() {
            match output {
                Output::Connect => next.connect = true,
                Output::Send(range) => {
                    desk.trace.note(patron.place, now, true, outbox.bytes(range.clone()));
                    self.send(desk, outbox.bytes(range));
                }
                Output::Close => {
                    next.connect = false;
                    self.close();
                }
                Output::Event(event) => audience.hear(now, event),
                Output::Wait(deadline) => next.deadline = deadline.unwrap_or(Instant::NEVER),
            }
        }
        next
    }

    /// Takes what a read came to.
    fn receive(
        &mut self,
        desk: &Desk,
        patron: &Patron<'_>,
        now: Instant,
        read: io::Result<usize>,
        audience: &mut impl Audience,
    ) -> Next {
        let buffer = desk.buffer.borrow();
        let input = match read {
            Err(error) => {
                let is_own = !self.is_shared();
                patron.note(desk, |figures| figures.counts.resets += u64::from(is_own));
                Wire::trouble(&error, "host").iter().for_each(|error| audience.refused(error));
                self.close();
                Input::Closed
            }
            Ok(0) => {
                let is_own = !self.is_shared();
                patron.note(desk, |figures| figures.counts.ended += u64::from(is_own));
                self.close();
                Input::Closed
            }
            Ok(count) => {
                desk.count(|counts| counts.bytes_in += count as u64);
                let bytes = buffer.get(..count).unwrap_or_default();
                if wire::is_alert(bytes) {
                    audience.refused(&io::Error::new(io::ErrorKind::InvalidData, SPEAKS_TLS));
                }
                Input::Received(bytes)
            }
        };
        self.feed(desk, patron, now, input, audience)
    }

    fn is_shared(&self) -> bool {
        self.wire.as_ref().is_some_and(Wire::is_shared)
    }

    /// Writes what the socket takes at once, and keeps the rest.
    ///
    /// One request is under way at a time, so that Nagle's algorithm has nothing to hold back.
    fn send(&mut self, desk: &Desk, bytes: &[u8]) {
        let Some(wire) = &self.wire else { return };
        let taken = if self.unsent.is_empty() { wire.try_write(bytes).unwrap_or(0) } else { 0 };
        desk.count(|counts| counts.bytes_out += taken as u64);
        // A socket that is broken says so when it is read.
        let rest = bytes.get(taken..).unwrap_or_default();
        if !rest.is_empty() {
            self.unsent = [&self.unsent, rest].concat().into();
        }
    }

    fn flush(&mut self, desk: &Desk) {
        let Some(wire) = &self.wire else { return };
        match wire.try_write(&self.unsent) {
            Ok(taken) => {
                desk.count(|counts| counts.bytes_out += taken as u64);
                self.unsent = self.unsent.get(taken..).unwrap_or_default().into();
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.unsent = Box::default(),
        }
    }

    /// Whether the socket or an alarm has ended the wait.
    fn poll_wake(&mut self, desk: &Desk, place: u32, context: &mut Context<'_>) -> Poll<Wake> {
        let alarm = desk.deadlines.poll(place, context);
        if alarm != Alarm::None {
            return Poll::Ready(Wake::Alarm(alarm));
        }
        let Some(wire) = &mut self.wire else { return Poll::Pending };
        if let Poll::Ready(read) = wire.poll_read(context, &mut desk.buffer.borrow_mut()) {
            return Poll::Ready(Wake::Read(read));
        }
        if !self.unsent.is_empty() && wire.poll_write_ready(context).is_ready() {
            return Poll::Ready(Wake::Writable);
        }
        Poll::Pending
    }
}

/// Whether there was just nothing to read.
fn is_nothing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Opens a connection, unless an alarm comes first.
async fn connect(desk: &Desk, patron: &Patron<'_>, deadline: Instant) -> Wake {
    if patron.dialer.is_limited() {
        // In a box, so that connections without a rate have no room for it.
        if let Err(alarm) = Box::pin(take_turn(desk, patron, deadline)).await {
            return Wake::Alarm(alarm);
        }
    }
    let figures = patron.dialer.figures(&desk.connections);
    let mut opening = pin!(patron.dialer.open(desk.clock, &figures, patron.exposure(desk)));
    poll_fn(|context| {
        let alarm = desk.deadlines.poll(patron.place, context);
        if alarm != Alarm::None {
            return Poll::Ready(Wake::Alarm(alarm));
        }
        opening.as_mut().poll(context).map(|opened| match opened {
            Ok(wire) => Wake::Connected(wire),
            Err(error) => Wake::Refused(error),
        })
    })
    .await
}

/// Counts a terminal as waiting for as long as it is.
struct Waiting<'a>(&'a Cell<u64>);

impl<'a> Waiting<'a> {
    fn of(count: &'a Cell<u64>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Waits until another connection may be made; the time allowed for connecting begins only then.
async fn take_turn(desk: &Desk, patron: &Patron<'_>, deadline: Instant) -> Result<(), Alarm> {
    let asked = desk.clock.now();
    let turn = patron.dialer.turn(asked);
    desk.deadlines.arm(patron.place, Instant::NEVER);
    if turn > asked {
        let _waiting = Waiting::of(&desk.waiting);
        let mut waiting = pin!(tokio::time::sleep_until(desk.clock.to_std(turn).into()));
        poll_fn(|context| match desk.deadlines.poll(patron.place, context) {
            Alarm::Interrupt => Poll::Ready(Err(Alarm::Interrupt)),
            _ => waiting.as_mut().poll(context).map(Ok),
        })
        .await?;
    }
    let waited = desk.clock.now().since(asked);
    patron.note(desk, |figures| figures.times_mut().wait.record(waited));
    desk.deadlines.arm(patron.place, deadline + waited);
    Ok(())
}

const READ_BUFFER: usize = 16 * 1024;
const SPEAKS_TLS: &str = "the host answers plain text with an alert of TLS: it wants TLS";

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpStream;

    /// A million terminals have a place for one each.
    #[test]
    fn a_line_is_a_socket_what_it_did_not_take_and_a_word() {
        let least = size_of::<Option<TcpStream>>() + size_of::<Vec<u8>>();
        assert!(size_of::<Line>() <= least + size_of::<usize>(), "{} bytes", size_of::<Line>());
    }
}
