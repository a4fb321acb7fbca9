//! TLS for requests: whom to trust, who we are, and what went wrong in words.

use crate::http::{Failure, Server, Tls};
use std::{fmt, io, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, Error, RootCertStore,
        client::Resumption,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

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
        let config = config(tls).map_err(blame)?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Makes a connection a TLS connection.
    pub(super) async fn shake(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let shaken = self.connector.connect(self.name.clone(), stream).await;
        shaken.map_err(|error| {
            let why = error_inside(&error).map_or_else(|| error.to_string(), explain);
            Failure::Tls(why)
        })
    }
}

/// What TLS found wrong, where an error of a stream is one of TLS.
pub(super) fn error_inside(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// An error of TLS in words that say who is to blame.
pub(super) fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(wrong) => {
            format!("the server's certificate {}", explain_certificate(wrong))
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a client certificate".to_owned()
        }
        Error::AlertReceived(alert) if is_about_certificates(*alert) => {
            format!("the server does not accept the client certificate, or wants one ({alert:?})")
        }
        Error::AlertReceived(alert) => format!("the server refuses the handshake ({alert:?})"),
        Error::InvalidMessage(_) => format!("the server does not speak TLS on this port ({error})"),
        _ => error.to_string(),
    }
}

fn explain_certificate(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::UnknownIssuer => "is not signed by an authority that is trusted".to_owned(),
        CertificateError::BadSignature => "is not signed by the authority that it names".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("is for {}, not for {}", presented.join(", "), expected.to_str())
        }
        CertificateError::NotValidForName => "is for another name".to_owned(),
        other => format!("is not acceptable: {other}"),
    }
}

const fn is_about_certificates(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError
    )
}

fn config(tls: &Tls) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let builder = builder.with_root_certificates(authorities(&tls.authorities)?);
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some((certificates, key)) => {
            let chain = certificates_of(certificates, "the client certificate")?;
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
            let key = key.map_err(|error| format!("the client key cannot be read: {error}"))?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|error| format!("client certificate and key: {error}"))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if !tls.resumes {
        config.resumption = Resumption::disabled();
    }
    Ok(config)
}

/// Those who may have signed the server's certificate.
fn authorities(pem: &str) -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore::empty();
    for certificate in certificates_of(pem, "the authorities")? {
        trusted.add(certificate).map_err(|error| format!("the authorities: {error}"))?;
    }
    Ok(trusted)
}

/// The certificates of a PEM file, at least one.
fn certificates_of(pem: &str, what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let read = read.map_err(|error| format!("{what} cannot be read: {error}"))?;
    (!read.is_empty()).then_some(read).ok_or_else(|| format!("{what}: there is no certificate in it"))
}
