//! TLS for requests: how it begins with a server.

use crate::{
    driver::tls::{self, ClientSide},
    http::{Failure, Server, Tls},
};
use std::{fmt, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

/// How TLS begins with a server.
#[derive(Clone)]
pub(super) struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Handshake {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// [`Failure::Tls`], naming the server and what is wrong with it.
    pub(super) fn new(server: &Server, tls: &Tls) -> Result<Self, Failure> {
        let blame = |why: String| Failure::Tls(format!("server {}: {why}", server.name));
        let name = tls.name.as_deref().unwrap_or(&server.host);
        let known = ServerName::try_from(name.to_owned());
        let name = known.map_err(|_| blame(format!("{name:?} is neither a name nor an address")))?;
        let side = ClientSide {
            authorities: Some(&tls.authorities),
            identity: tls.identity.as_ref(),
            resumes: tls.resumes,
        };
        let mut config = side.config().map_err(blame)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Makes a connection a TLS connection.
    pub(super) async fn shake(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let shaken = self.connector.connect(self.name.clone(), stream).await;
        shaken.map_err(|error| {
            let inside = tls::error_inside(&error);
            let why = inside.map_or_else(|| error.to_string(), |error| tls::explain(error, "server"));
            Failure::Tls(why)
        })
    }
}
