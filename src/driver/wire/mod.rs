//! What is below a terminal or a session of the host: a socket, or what stands between it and them.
//!
//! A wire is polled until it is ready and then tried, as a socket is; everything but a bare socket is behind a pointer,
//! so that a bare one costs no more than it did.

mod dial;
mod faulty;
mod figures;
mod host_side;
mod made;
mod secure;
mod tickets;
mod trunk;

pub use dial::{Dialer, TlsError};
pub use host_side::HostSide;
pub use made::make_certificates;

use crate::{
    driver::Clock,
    link::{Network, Weather},
    rng::Rng,
};
use faulty::Faulty;
use figures::Figures;
use secure::Secure;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
};
use trunk::Berth;

/// An open connection.
#[derive(Debug)]
pub(super) enum Wire {
    /// A bare socket.
    Plain(TcpStream),
    /// TLS over a socket.
    Tls(Box<Secure>),
    /// A socket behind a network with faults.
    Faulty(Box<Faulty>),
    /// A place on a connection that is shared.
    Shared(Box<Berth>),
}

/// The network of a terminal, and the chance that belongs to it.
pub(super) type Exposure<'a> = (&'a Arc<Network>, Rng);

impl Wire {
    /// Reads what is there; 0 is the end.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_read(buffer),
            Self::Tls(secure) => secure.try_read(buffer),
            Self::Faulty(faulty) => faulty.try_read(buffer),
            Self::Shared(berth) => berth.try_read(buffer),
        }
    }

    /// Reads as soon as there is something; 0 is the end.
    ///
    /// A bare socket that had less than there was room for is known to be empty, and not asked again before it says
    /// that it has more: with [`Wire::try_read`], every answer would cost a second read that finds nothing.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if let Self::Plain(stream) = self {
            let mut buffer = ReadBuf::new(buffer);
            let read = ready!(Pin::new(stream).poll_read(context, &mut buffer));
            return Poll::Ready(read.map(|()| buffer.filled().len()));
        }
        loop {
            ready!(self.poll_read_ready(context));
            match self.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
    }

    /// Writes what goes at once.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_write(bytes),
            Self::Tls(secure) => secure.try_write(bytes),
            Self::Faulty(faulty) => faulty.try_write(bytes),
            Self::Shared(berth) => berth.try_write(bytes),
        }
    }

    /// Whether reading may bring something.
    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Plain(stream) => stream.poll_read_ready(context).map(drop),
            Self::Tls(secure) => secure.poll_read_ready(context),
            Self::Faulty(faulty) => faulty.poll_read_ready(context),
            Self::Shared(berth) => berth.poll_read_ready(context),
        }
    }

    /// Whether something may be written.
    pub(super) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Plain(stream) => stream.poll_write_ready(context).map(drop),
            Self::Tls(secure) => secure.poll_write_ready(context),
            // Both take everything at once, and send it when they can.
            Self::Faulty(_) | Self::Shared(_) => Poll::Ready(()),
        }
    }

    /// Puts the network of a terminal between it and its host; a shared connection has that of its group already.
    pub(super) fn exposed(self, exposure: Exposure<'_>, clock: Clock, figures: &Figures) -> Self {
        match self {
            Self::Plain(stream) => {
                let weather = Weather::new(Arc::clone(exposure.0), exposure.1);
                Self::Faulty(Box::new(Faulty::new(stream, clock, weather, figures.clone())))
            }
            Self::Faulty(faulty) => {
                faulty.change(exposure.0, exposure.1);
                Self::Faulty(faulty)
            }
            Self::Tls(secure) => Self::Tls(Box::new(secure.exposed(exposure, clock, figures))),
            Self::Shared(berth) => Self::Shared(berth),
        }
    }

    /// Whether a network with faults is in between.
    pub(super) fn is_exposed(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Shared(_) => false,
            Self::Faulty(_) => true,
            Self::Tls(secure) => secure.is_exposed(),
        }
    }

    /// Sends what is written at once, however little: TLS writes its records in parts.
    pub(super) fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.set_nodelay(true),
            Self::Tls(_) | Self::Faulty(_) | Self::Shared(_) => Ok(()),
        }
    }

    /// Whether it belongs to several terminals, so that what becomes of it is counted elsewhere.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    /// What TLS with a `peer` found wrong, in words, where that stands behind an error.
    pub(super) fn trouble(error: &io::Error, peer: &str) -> Option<io::Error> {
        let inside = super::tls::error_inside(error)?;
        Some(io::Error::new(error.kind(), super::tls::explain(inside, peer)))
    }
}

/// Whether bytes are nothing but an alert of TLS in plain text: what a host that speaks TLS says to one who does not.
pub(super) fn is_alert(bytes: &[u8]) -> bool {
    matches!(bytes, [21, 3, 0..=4, 0, 2, 1..=2, _])
}

/// Whether bytes begin as TLS does: with a handshake record that holds the hello of a client.
pub(super) fn is_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [22, 3, 0..=4, _, _, 1, ..])
}
