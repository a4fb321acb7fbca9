//! What is below a terminal or a session of the host: a socket, or what stands between it and them.
//!
//! A wire is polled until it is ready and then tried, as a socket is; everything but a bare socket is behind a pointer,
//! so that a bare one costs no more than it did.

mod dial;
mod host_side;
mod made;
mod secure;

pub use dial::{Dialer, TlsError};
pub use host_side::HostSide;
pub use made::make_certificates;

use secure::Secure;
use std::{
    io,
    task::{Context, Poll},
};
use tokio::net::TcpStream;

/// An open connection.
#[derive(Debug)]
pub(super) enum Wire {
    /// A bare socket.
    Plain(TcpStream),
    /// TLS over a socket.
    Tls(Box<Secure>),
}

impl Wire {
    /// Reads what is there; 0 is the end.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_read(buffer),
            Self::Tls(secure) => secure.try_read(buffer),
        }
    }

    /// Writes what goes at once.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_write(bytes),
            Self::Tls(secure) => secure.try_write(bytes),
        }
    }

    /// Whether reading may bring something.
    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Plain(stream) => stream.poll_read_ready(context).map(drop),
            Self::Tls(secure) => secure.poll_read_ready(context),
        }
    }

    /// Whether something may be written.
    pub(super) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Plain(stream) => stream.poll_write_ready(context).map(drop),
            Self::Tls(secure) => secure.poll_write_ready(context),
        }
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
