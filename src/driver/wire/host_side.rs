//! The host's side of TLS: its certificates, and whose it wants to see.

use super::{TlsError, Wire, secure::Secure};
use crate::{
    driver::tls::{authorities, certificates_of, key_of},
    link::HostTls,
};
use std::{fmt, io, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection,
    crypto::ring::{self, Ticketer},
    server::WebPkiClientVerifier,
};

/// The host's side of TLS.
#[derive(Clone)]
pub struct HostSide(Arc<ServerConfig>);

impl HostSide {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// When they cannot be read, or do not belong together.
    pub fn new(tls: &HostTls) -> Result<Self, TlsError> {
        config(tls).map(|config| Self(Arc::new(config))).map_err(TlsError)
    }

    /// Begins TLS with whoever has connected.
    pub(in crate::driver) fn receive(&self, stream: TcpStream) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        let session = ServerConnection::new(Arc::clone(&self.0)).map_err(io::Error::other)?;
        Ok(Wire::Tls(Box::new(Secure::new(Wire::Plain(stream), session.into()))))
    }
}

impl fmt::Debug for HostSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostSide").finish_non_exhaustive()
    }
}

fn config(tls: &HostTls) -> Result<ServerConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let builder = match &tls.clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let trusted = Arc::new(authorities(pem)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(trusted, provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| format!("the authorities: {error}"))?)
        }
    };
    let chain = certificates_of(&tls.certificates, "the host's certificate")?;
    let key = key_of(&tls.key, "the host's key")?;
    let config = builder.with_single_cert(chain, key);
    let mut config = config.map_err(|error| format!("the host's certificate and key: {error}"))?;
    // Tickets hold the session themselves, so that the host keeps nothing of the terminals that come again.
    config.ticketer = Ticketer::new().map_err(|error| error.to_string())?;
    config.send_tls13_tickets = 1;
    Ok(config)
}
