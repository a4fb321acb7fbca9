//! The lines to a pretended terminal: pseudo-terminals behind a link, or connections.

use super::pty::Pty;
use crate::rack::{Device, Selector};
use std::{
    io,
    path::{Path, PathBuf},
};
use tokio::net::{TcpListener, TcpStream};

/// Where lines to a pretended terminal come from.
pub(super) enum Socket {
    Link(PathBuf, Option<Pty>),
    Listener(String, Option<TcpListener>),
}

/// A line to whoever plays the register.
pub(super) enum Lane {
    Pty(Pty),
    Tcp(TcpStream),
}

/// Whether a terminal behind such a port can be pretended.
pub(super) fn can_pretend(port: &Selector) -> bool {
    match port {
        Selector::Sim(_) => true,
        Selector::Tcp { host, .. } => matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

impl Socket {
    /// Where the lines to a device come from; `None` when it is not pretended.
    pub(super) async fn of(device: &Device, folder: &Path) -> io::Result<Option<Self>> {
        match &device.port {
            Selector::Sim(name) => {
                let link = folder.join(name);
                // The first one is there before anybody is told that it is.
                let first = Pty::open(&link)?;
                Ok(Some(Self::Link(link, Some(first))))
            }
            Selector::Tcp { host, port } if can_pretend(&device.port) => {
                let address = format!("{host}:{port}");
                let listener = TcpListener::bind(&address).await?;
                Ok(Some(Self::Listener(address, Some(listener))))
            }
            _ => Ok(None),
        }
    }

    /// The next line; a link waits for nobody.
    pub(super) async fn next(&mut self) -> io::Result<Lane> {
        match self {
            Self::Link(link, first) => match first.take() {
                Some(first) => Ok(Lane::Pty(first)),
                None => Pty::open(link).map(Lane::Pty),
            },
            Self::Listener(address, listener) => {
                let listener = match listener.take() {
                    Some(open) => listener.insert(open),
                    None => listener.insert(TcpListener::bind(&*address).await?),
                };
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Lane::Tcp(stream))
            }
        }
    }
}

impl Socket {
    /// Takes away what lines come from, until the next one is wanted.
    pub(super) fn shut(&mut self) {
        match self {
            Self::Link(_, first) => *first = None,
            Self::Listener(_, listener) => *listener = None,
        }
    }
}

impl Lane {
    /// Reads what comes. Giving up the wait loses nothing.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Pty(pty) => pty.read(buffer).await,
            Self::Tcp(stream) => loop {
                stream.readable().await?;
                match stream.try_read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return read,
                }
            },
        }
    }

    /// Writes what the line takes; the rest is lost.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        match self {
            Self::Pty(pty) => pty.write(bytes),
            Self::Tcp(stream) => drop(stream.try_write(bytes)),
        }
    }
}
