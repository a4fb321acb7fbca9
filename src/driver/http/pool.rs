//! The connections of one shard to one server: how many at once, who waits for one, and when idle ones are closed.

use super::{
    link::{AbortOnDrop, Link},
    tls::Handshake,
    wire::{Stream, Wire},
};
use crate::{
    driver::Clock,
    http::{Failure, Server, Timing},
    time::Instant,
};
use hyper::header::HeaderValue;
use std::{
    cell::{Cell, RefCell},
    net::Ipv6Addr,
    rc::{Rc, Weak},
};
use tokio::{
    net::TcpStream,
    sync::{Semaphore, SemaphorePermit},
};

/// The connections to a server.
///
/// Whoever has a turn takes an idle connection, or makes one when there is none; so there are never more connections
/// than turns.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) server: Server,
    /// What the field `host` says.
    pub(super) authority: HeaderValue,
    clock: Clock,
    handshake: Option<Handshake>,
    turns: Semaphore,
    /// The one used last is at the end, and is used first.
    idle: RefCell<Vec<Idle>>,
    /// Closes idle connections in time; there is none when none is idle.
    sweeper: RefCell<Option<AbortOnDrop>>,
}

#[derive(Debug)]
struct Idle {
    link: Link,
    since: Instant,
}

impl Pool {
    pub(super) fn new(clock: Clock, server: Server) -> Result<Self, Failure> {
        let authority = HeaderValue::try_from(authority(&server))
            .map_err(|_| super::message::unsendable(&format!("{:?} is no name of a host", server.host)))?;
        let handshake = server.tls.as_ref().map(|tls| Handshake::new(&server, tls)).transpose()?;
        let turns = Semaphore::new(server.connections.clamp(1, Semaphore::MAX_PERMITS));
        let (idle, sweeper) = (RefCell::default(), RefCell::default());
        Ok(Self { server, authority, clock, handshake, turns, idle, sweeper })
    }

    /// Waits for the right to use a connection; those who came first get theirs first.
    pub(super) async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("turns are never closed")
    }

    /// A connection that was kept and is still open, as far as is known.
    pub(super) async fn take_idle(&self) -> Option<Link> {
        loop {
            let idle = self.idle.borrow_mut().pop()?;
            if idle.link.is_ready().await {
                return Some(idle.link);
            }
        }
    }

    /// Keeps a connection whose answer has been read to the end.
    pub(super) fn keep(self: &Rc<Self>, link: Link) {
        if link.is_closed() {
            return;
        }
        self.idle.borrow_mut().push(Idle { link, since: self.clock.now() });
        let mut sweeper = self.sweeper.borrow_mut();
        if sweeper.as_ref().is_none_or(|sweeper| sweeper.0.is_finished()) {
            *sweeper = Some(AbortOnDrop(tokio::task::spawn_local(sweep(Rc::downgrade(self)))));
        }
    }

    /// Makes a connection.
    pub(super) async fn connect(&self, timing: &mut Timing) -> Result<Link, Failure> {
        let began = self.clock.now();
        let stream = TcpStream::connect((&*self.server.host, self.server.port)).await;
        let stream = stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
        let stream = stream.map_err(|error| Failure::Connect(self.explain(&error)))?;
        let connected = self.clock.now();
        timing.connect = Some(connected.since(began));
        let stream = match &self.handshake {
            None => Stream::Plain(stream),
            Some(handshake) => {
                let stream = handshake.shake(stream).await?;
                timing.tls = Some(self.clock.now().since(connected));
                Stream::Tls(Box::new(stream))
            }
        };
        let received = Rc::new(Cell::new(false));
        Link::open(Wire::new(stream, Rc::clone(&received)), received).await
    }

    fn explain(&self, error: &std::io::Error) -> String {
        format!("{}:{}: {error}", self.server.host, self.server.port)
    }

    /// Closes what has been idle for too long; says when the next one will have been.
    fn close_expired(&self) -> Option<Instant> {
        let mut idle = self.idle.borrow_mut();
        let now = self.clock.now();
        let expired = idle.partition_point(|idle| idle.since + self.server.idle <= now);
        idle.drain(..expired);
        idle.first().map(|oldest| oldest.since + self.server.idle)
    }
}

/// Closes idle connections in time, until none is left.
async fn sweep(pool: Weak<Pool>) {
    while let Some((due, clock)) = pool.upgrade().and_then(|pool| Some((pool.close_expired()?, pool.clock))) {
        tokio::time::sleep_until(clock.to_std(due).into()).await;
    }
}

/// Host and port as the field `host` has them; the usual port is left out (RFC 9110, 7.2).
fn authority(server: &Server) -> String {
    let host = match server.host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => server.host.clone(),
    };
    let usual = if server.tls.is_some() { 443 } else { 80 };
    if server.port == usual { host } else { format!("{host}:{}", server.port) }
}
