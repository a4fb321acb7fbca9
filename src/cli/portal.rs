//! The merchant portal on the command line: where it may listen.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// An address that other machines reach, without permission.
#[derive(Debug, thiserror::Error)]
#[error("portal {0}: other machines reach this address; add --portal-public if they shall")]
pub(super) struct Public(SocketAddr);

/// Lets the portal listen on this machine alone, unless it was told otherwise: it hands out codes and keys.
///
/// # Errors
/// [`Public`].
pub(super) fn check(address: SocketAddr, is_public: bool) -> Result<(), Public> {
    if is_public || address.ip().is_loopback() { Ok(()) } else { Err(Public(address)) }
}

/// Where the portal of a host listens by default.
pub(super) const DEFAULT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8580));
