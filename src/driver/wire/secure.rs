//! TLS over another wire, from either end: what is written becomes records, and records become what is read.
//!
//! Nothing waits here: a wire is polled, and what TLS wants to send goes along whenever somebody polls or tries.

use super::{Exposure, Wire, figures::Figures};
use crate::driver::Clock;
use std::{
    cell::{Cell, RefCell},
    fmt,
    io::{self, Read, Write},
    task::{Context, Poll, ready},
};
use tokio_rustls::rustls::{Connection, HandshakeKind};

/// A TLS connection.
pub(in crate::driver) struct Secure {
    /// `None` only while it is replaced.
    below: Option<Wire>,
    session: RefCell<Connection>,
    /// Whether the last read filled its buffer, so that more may be there without the socket saying so.
    has_more: Cell<bool>,
}

impl Secure {
    pub(super) fn new(below: Wire, session: Connection) -> Self {
        Self { below: Some(below), session: RefCell::new(session), has_more: Cell::new(false) }
    }

    /// Puts the network of a terminal below.
    pub(super) fn exposed(mut self, exposure: Exposure<'_>, clock: Clock, figures: &Figures) -> Self {
        self.below = self.below.take().map(|below| below.exposed(exposure, clock, figures));
        self
    }

    pub(super) fn is_exposed(&self) -> bool {
        self.below().is_exposed()
    }

    fn below(&self) -> &Wire {
        self.below.as_ref().expect("it is there but while it is replaced")
    }

    /// Waits until both ends have what they need; returns whether an earlier session went on.
    pub(super) async fn shake_hands(&self) -> io::Result<bool> {
        std::future::poll_fn(|context| {
            loop {
                match self.go_on_shaking() {
                    Ok(()) => return Poll::Ready(Ok(())),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        ready!(self.poll_read_ready(context));
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        })
        .await?;
        Ok(self.session.borrow().handshake_kind() == Some(HandshakeKind::Resumed))
    }

    fn go_on_shaking(&self) -> io::Result<()> {
        let mut session = self.session.borrow_mut();
        loop {
            self.flush(&mut session)?;
            if !session.is_handshaking() {
                return Ok(());
            }
            if self.take_in(&mut session)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, CLOSED_EARLY));
            }
        }
    }

    /// Reads what the peer wrote; 0 is the end, whether it said so or not.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut session = self.session.borrow_mut();
        loop {
            match session.reader().read(buffer) {
                Ok(count) => {
                    self.has_more.set(count == buffer.len());
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.has_more.set(false),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) => return Err(error),
            }
            self.flush_some(&mut session)?;
            if self.take_in(&mut session)? == 0 {
                return Ok(0);
            }
        }
    }

    /// Takes what there is room for; it goes as the socket takes it.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut session = self.session.borrow_mut();
        let taken = session.writer().write(bytes)?;
        self.flush_some(&mut session)?;
        if taken == 0 && !bytes.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.has_more.get() {
            return Poll::Ready(());
        }
        // Trouble with what goes out is found again by whoever reads.
        let _ = self.poll_flush(context);
        self.below().poll_read_ready(context)
    }

    pub(super) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        self.poll_flush(context)
    }

    /// Sends what waits; ready when nothing waits any more, or never will.
    fn poll_flush(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut session = self.session.borrow_mut();
        while session.wants_write() {
            ready!(self.below().poll_write_ready(context));
            match self.flush(&mut session) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => break,
            }
        }
        Poll::Ready(())
    }

    /// Sends what waits, as far as the socket takes it.
    fn flush_some(&self, session: &mut Connection) -> io::Result<()> {
        match self.flush(session) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            flushed => flushed,
        }
    }

    fn flush(&self, session: &mut Connection) -> io::Result<()> {
        while session.wants_write() {
            session.write_tls(&mut Socket(self.below()))?;
        }
        Ok(())
    }

    /// Takes in what came; 0 is the end of the socket.
    fn take_in(&self, session: &mut Connection) -> io::Result<usize> {
        let count = session.read_tls(&mut Socket(self.below()))?;
        if let Err(error) = session.process_new_packets() {
            // The peer shall hear why, where it still listens.
            let _ = self.flush(session);
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(count)
    }
}

impl Drop for Secure {
    /// Says that nothing follows, so that the peer can tell it from a connection that was cut.
    fn drop(&mut self) {
        let mut session = self.session.borrow_mut();
        session.send_close_notify();
        let _ = session.write_tls(&mut Socket(self.below()));
    }
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure").field("below", &self.below).finish_non_exhaustive()
    }
}

/// A socket that is tried.
struct Socket<'a>(&'a Wire);

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const CLOSED_EARLY: &str = "the host closed the connection during the TLS handshake; does it speak TLS?";
