//! A socket behind a network with faults: what [`Weather`] says becomes what happens to the socket, when it is due.

use super::figures::Figures;
use crate::{
    driver::Clock,
    link::{Item, Network, Weather},
    rng::Rng,
    time::Instant,
};
use nix::sys::socket::{Shutdown, shutdown};
use std::{
    cell::{Cell, RefCell},
    fmt, io,
    os::fd::AsRawFd,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{net::TcpStream, time::Sleep};

/// A socket behind a network with faults.
pub(in crate::driver) struct Faulty {
    stream: TcpStream,
    clock: Clock,
    weather: RefCell<Weather>,
    /// Rings when the next thing is due.
    timer: RefCell<Option<Pin<Box<Sleep>>>>,
    /// Whether the host has ended its half.
    is_ended: Cell<bool>,
    is_broken: Cell<bool>,
    figures: Figures,
}

impl Faulty {
    pub(super) fn new(stream: TcpStream, clock: Clock, weather: Weather, figures: Figures) -> Self {
        // Pieces shall leave as pieces; where that fails there is no socket any more.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            clock,
            weather: RefCell::new(weather),
            timer: RefCell::default(),
            is_ended: Cell::new(false),
            is_broken: Cell::new(false),
            figures,
        }
    }

    /// From now on the network is another one.
    pub(super) fn change(&self, network: &Arc<Network>, rng: Rng) {
        self.weather.borrow_mut().change(network, rng);
    }

    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let now = self.clock.now();
        self.pump(now);
        if self.is_broken.get() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let mut weather = self.weather.borrow_mut();
        match weather.incoming(now) {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(Item::Bytes(bytes)) => {
                let count = bytes.len().min(buffer.len());
                let (taken, rest) = bytes.split_at(count);
                buffer.iter_mut().zip(taken).for_each(|(to, from)| *to = *from);
                if !rest.is_empty() {
                    weather.unread(now, rest.to_vec());
                }
                Ok(count)
            }
            Some(Item::End) => Ok(0),
            Some(Item::Reset) => {
                self.reset();
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }

    /// Takes everything: what it takes time to send waits here.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let now = self.clock.now();
        self.weather.borrow_mut().send(now, bytes);
        self.pump(now);
        Ok(bytes.len())
    }

    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = self.clock.now();
            self.pump(now);
            if self.is_broken.get() || self.weather.borrow().has_incoming(now) {
                return Poll::Ready(());
            }
            let hears = !self.is_ended.get() && self.stream.poll_read_ready(context).is_ready();
            let writes =
                self.weather.borrow().due() <= now && self.stream.poll_write_ready(context).is_ready();
            if !hears && !writes && !self.poll_timer(context) {
                return Poll::Pending;
            }
        }
    }

    /// Whether the next thing is due, remembering whom to wake when it is.
    fn poll_timer(&self, context: &mut Context<'_>) -> bool {
        let due = self.weather.borrow().due();
        if due == Instant::NEVER {
            return false;
        }
        let due = self.clock.to_std(due).into();
        let mut timer = self.timer.borrow_mut();
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(context).is_ready()
    }

    /// Sends what is due and takes in what came.
    fn pump(&self, now: Instant) {
        let mut weather = self.weather.borrow_mut();
        while !self.is_broken.get()
            && let Some(item) = weather.outgoing(now)
        {
            if !self.let_go(&mut weather, now, item) {
                break;
            }
        }
        self.take_in(&mut weather, now);
        let faults = weather.take_faults();
        self.figures.note(|figures| {
            figures.counts.faults.iter_mut().zip(faults).for_each(|(counted, more)| *counted += more);
        });
    }

    /// Does what is due; returns whether the next thing can follow at once.
    fn let_go(&self, weather: &mut Weather, now: Instant, item: Item) -> bool {
        match item {
            Item::Bytes(bytes) => match self.stream.try_write(&bytes) {
                Ok(count) if count == bytes.len() => return true,
                Ok(count) => weather.put_back(now, bytes.get(count..).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => weather.put_back(now, bytes),
                Err(_) => self.is_broken.set(true),
            },
            // A socket that is gone has no half to close either.
            Item::End => return shutdown(self.stream.as_raw_fd(), Shutdown::Write).is_ok(),
            Item::Reset => self.reset(),
        }
        false
    }

    fn take_in(&self, weather: &mut Weather, now: Instant) {
        let mut buffer = [0; 4096];
        while !self.is_ended.get() && !self.is_broken.get() {
            match self.stream.try_read(&mut buffer) {
                Ok(0) => {
                    self.is_ended.set(true);
                    weather.hear_end();
                }
                Ok(count) => weather.hear(now, buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.is_broken.set(true),
            }
        }
    }

    /// The connection breaks, so that the host sees a reset as soon as the socket is closed.
    fn reset(&self) {
        let _ = self.stream.set_zero_linger();
        self.is_broken.set(true);
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("stream", &self.stream).finish_non_exhaustive()
    }
}
