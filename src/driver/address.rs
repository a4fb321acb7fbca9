//! From the name of a host to its address; which of several addresses is best is left to the system.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
};

/// The first address of `host:port`; asks the system's resolver when the host is a name.
///
/// # Errors
/// When the text is no `host:port`, or the name has no address.
pub fn resolve(text: &str) -> io::Result<SocketAddr> {
    let none = || io::Error::new(io::ErrorKind::NotFound, "no address");
    text.to_socket_addrs()?.next().ok_or_else(none)
}
