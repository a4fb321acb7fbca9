//! Connections that the terminals of a shard share: a task owns each, and hands every answer to whoever waits for it.

use super::{Dialer, Exposure, Wire, figures::Figures};
use crate::{
    driver::Clock,
    iso8583::{Deframer, LengthHeader, Spec},
    link::{Mux, Settings},
    time::Instant,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::poll_fn,
    io,
    num::NonZero,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::sync::Notify;

/// The shared connections of the terminals of a group on one shard.
#[derive(Debug)]
pub(super) struct Trunks {
    pool: usize,
    spec: &'static Spec,
    fields: Arc<[u8]>,
    open: RefCell<Vec<Rc<Trunk>>>,
    /// How many are being made.
    opening: Cell<usize>,
    /// Rings when one was made, or could not be made.
    changed: Notify,
    members: Cell<u32>,
}

/// A shared connection.
#[derive(Debug)]
struct Trunk {
    wire: Wire,
    clock: Clock,
    mux: RefCell<Mux>,
    berths: RefCell<HashMap<u32, Rc<Inbox>>>,
    unsent: RefCell<Vec<u8>>,
    waker: RefCell<Option<Waker>>,
    is_closed: Cell<bool>,
    opened: Instant,
    /// Since when nobody has a place on it.
    idle_since: Cell<Instant>,
}

/// What came for a terminal.
#[derive(Debug, Default)]
struct Inbox {
    bytes: RefCell<Vec<u8>>,
    /// How the connection ended.
    end: Cell<Option<End>>,
    waker: RefCell<Option<Waker>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Closed,
    Broken,
}

/// A terminal's place on a shared connection, as long as one of its operations lasts.
#[derive(Debug)]
pub(in crate::driver) struct Berth {
    trunk: Rc<Trunk>,
    inbox: Rc<Inbox>,
    member: u32,
}

impl Trunks {
    pub(super) fn new(pool: NonZero<u32>, spec: &'static Spec, fields: Arc<[u8]>) -> Self {
        Self {
            pool: pool.get() as usize,
            spec,
            fields,
            open: RefCell::default(),
            opening: Cell::new(0),
            changed: Notify::new(),
            members: Cell::new(0),
        }
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.open.borrow().len()
    }

    /// A place on a connection: on a new one as long as there are fewer than the pool has, else on the emptiest.
    pub(super) async fn berth(
        self: &Rc<Self>,
        dialer: &Dialer,
        clock: Clock,
        figures: &Figures,
        exposure: Option<Exposure<'_>>,
    ) -> io::Result<Wire> {
        loop {
            let changed = self.changed.notified();
            let is_full = self.open() + self.opening.get() >= self.pool;
            if !is_full {
                let trunk = self.make(dialer, clock, figures, exposure).await?;
                return Ok(self.moor(&trunk));
            }
            if let Some(trunk) = self.emptiest(clock.now(), dialer.settings()) {
                return Ok(self.moor(&trunk));
            }
            changed.await;
        }
    }

    fn emptiest(&self, now: Instant, settings: &Settings) -> Option<Rc<Trunk>> {
        let open = self.open.borrow();
        let young = open.iter().filter(|trunk| !trunk.is_closed.get() && !trunk.is_old(now, settings));
        young.min_by_key(|trunk| trunk.berths.borrow().len()).map(Rc::clone)
    }

    async fn make(
        self: &Rc<Self>,
        dialer: &Dialer,
        clock: Clock,
        figures: &Figures,
        exposure: Option<Exposure<'_>>,
    ) -> io::Result<Rc<Trunk>> {
        let _opening = Opening::of(self);
        let wire = dialer.open_own(clock, figures, exposure).await?;
        let now = clock.now();
        let trunk = Rc::new(Trunk {
            wire,
            clock,
            mux: RefCell::new(Mux::new(self.spec, Arc::clone(&self.fields))),
            berths: RefCell::default(),
            unsent: RefCell::default(),
            waker: RefCell::default(),
            is_closed: Cell::new(false),
            opened: now,
            idle_since: Cell::new(now),
        });
        self.open.borrow_mut().push(Rc::clone(&trunk));
        let (trunks, own, figures) = (Rc::clone(self), Rc::clone(&trunk), figures.clone());
        let settings = dialer.settings().clone();
        tokio::task::spawn_local(async move {
            own.serve(&settings, trunks.spec, &figures).await;
            trunks.open.borrow_mut().retain(|other| !Rc::ptr_eq(other, &own));
            trunks.changed.notify_waiters();
        });
        Ok(trunk)
    }

    fn moor(&self, trunk: &Rc<Trunk>) -> Wire {
        let member = self.members.replace(self.members.get().wrapping_add(1));
        let inbox = Rc::new(Inbox::default());
        trunk.berths.borrow_mut().insert(member, Rc::clone(&inbox));
        trunk.idle_since.set(Instant::NEVER);
        Wire::Shared(Box::new(Berth { trunk: Rc::clone(trunk), inbox, member }))
    }
}

/// Counts a connection as being made for as long as it is.
struct Opening<'a>(&'a Trunks);

impl<'a> Opening<'a> {
    fn of(trunks: &'a Trunks) -> Self {
        trunks.opening.set(trunks.opening.get() + 1);
        Self(trunks)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.opening.set(self.0.opening.get() - 1);
        self.0.changed.notify_waiters();
    }
}

/// Why the task of a shared connection goes on.
enum Turn {
    Readable,
    Writable,
    Closed,
}

impl Trunk {
    /// Carries the connection until it ends, or is no longer wanted.
    async fn serve(&self, settings: &Settings, spec: &Spec, figures: &Figures) {
        let length = spec.framing.length.unwrap_or(LengthHeader::BINARY2);
        let mut deframer = Deframer::for_framing(&spec.framing).unwrap_or_else(|| Deframer::new(length));
        let mut buffer = vec![0; READ_BUFFER];
        let end = loop {
            match self.turn(settings).await {
                Turn::Closed => break End::Closed,
                Turn::Writable => self.flush(),
                Turn::Readable => match self.wire.try_read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Ok(0) => {
                        figures.note(|figures| figures.counts.ended += 1);
                        break End::Closed;
                    }
                    Err(_) => {
                        figures.note(|figures| figures.counts.resets += 1);
                        break End::Broken;
                    }
                    Ok(count) => {
                        let bytes = buffer.get(..count).unwrap_or_default();
                        if !self.hand_out(&mut deframer, length, bytes, figures) {
                            break End::Broken;
                        }
                    }
                },
            }
        };
        self.is_closed.set(true);
        self.berths.borrow_mut().drain().for_each(|(_, inbox)| inbox.close(end));
    }

    /// Waits for the socket, for something to send, or for the end of the connection's time.
    async fn turn(&self, settings: &Settings) -> Turn {
        let expiry = self.expiry(settings);
        let far = expiry == Instant::NEVER;
        let due = if far { Instant::START } else { expiry };
        let mut timer = pin!(tokio::time::sleep_until(self.clock.to_std(due).into()));
        poll_fn(|context| {
            if self.wire.poll_read_ready(context).is_ready() {
                return Poll::Ready(Turn::Readable);
            }
            if !self.unsent.borrow().is_empty() && self.wire.poll_write_ready(context).is_ready() {
                return Poll::Ready(Turn::Writable);
            }
            self.waker.replace(Some(context.waker().clone()));
            if self.expiry(settings) != expiry {
                // Somebody came or went: the time left is another one now.
                return Poll::Ready(Turn::Writable);
            }
            if !far && timer.as_mut().poll(context).is_ready() {
                return Poll::Ready(Turn::Closed);
            }
            Poll::Pending
        })
        .await
    }

    /// When nobody needs it any more.
    fn expiry(&self, settings: &Settings) -> Instant {
        let since = self.idle_since.get();
        if since == Instant::NEVER {
            return Instant::NEVER;
        }
        let idle = settings.idle.map_or(Instant::NEVER, |idle| since + idle);
        let age = settings.lifetime.map_or(Instant::NEVER, |lifetime| self.opened + lifetime);
        idle.min(age)
    }

    fn is_old(&self, now: Instant, settings: &Settings) -> bool {
        settings.lifetime.is_some_and(|lifetime| now >= self.opened + lifetime)
    }

    /// Gives every answer to whoever waits for it; returns whether the stream can be cut any further.
    fn hand_out(
        &self,
        deframer: &mut Deframer,
        length: LengthHeader,
        mut bytes: &[u8],
        figures: &Figures,
    ) -> bool {
        loop {
            match deframer.next_frame(&mut bytes) {
                Ok(Some(payload)) => {
                    let member = self.mux.borrow_mut().answer(payload);
                    let berths = self.berths.borrow();
                    match member.and_then(|member| berths.get(&member)) {
                        Some(inbox) => inbox.put(length, payload),
                        None => figures.note(|figures| figures.counts.strays += 1),
                    }
                }
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    fn flush(&self) {
        let mut unsent = self.unsent.borrow_mut();
        match self.wire.try_write(&unsent) {
            Ok(taken) => drop(unsent.drain(..taken)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // A socket that is broken says so when it is read.
            Err(_) => unsent.clear(),
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Inbox {
    fn put(&self, length: LengthHeader, payload: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        let begin = bytes.len();
        bytes.resize(begin + length.size(), 0);
        bytes.extend_from_slice(payload);
        let frame = bytes.get_mut(begin..).unwrap_or_default();
        length.write(frame).expect("what was read with this length can be written with it");
        self.wake();
    }

    fn close(&self, end: End) {
        self.end.set(Some(end));
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Berth {
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.inbox.bytes.borrow_mut();
        let count = bytes.len().min(buffer.len());
        if count > 0 {
            buffer.iter_mut().zip(bytes.drain(..count)).for_each(|(to, from)| *to = from);
            return Ok(count);
        }
        match self.inbox.end.get() {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(End::Closed) => Ok(0),
            Some(End::Broken) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    /// Takes one whole request: terminals send nothing else, and nothing less.
    pub(super) fn try_write(&self, request: &[u8]) -> io::Result<usize> {
        let trunk = &self.trunk;
        if trunk.is_closed.get() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        trunk.mux.borrow_mut().request_frame(self.member, request);
        let mut unsent = trunk.unsent.borrow_mut();
        let taken = if unsent.is_empty() { trunk.wire.try_write(request).unwrap_or(0) } else { 0 };
        unsent.extend_from_slice(request.get(taken..).unwrap_or_default());
        if !unsent.is_empty() {
            trunk.wake();
        }
        Ok(request.len())
    }

    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        if !self.inbox.bytes.borrow().is_empty() || self.inbox.end.get().is_some() {
            return Poll::Ready(());
        }
        self.inbox.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        self.trunk.mux.borrow_mut().leave(self.member);
        let mut berths = self.trunk.berths.borrow_mut();
        berths.remove(&self.member);
        if berths.is_empty() {
            self.trunk.idle_since.set(self.trunk.clock.now());
            self.trunk.wake();
        }
    }
}

const READ_BUFFER: usize = 16 * 1024;
