//! What TLS needs on both sides, as the text of PEM files; reading it is the drivers' business.

use std::fmt;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};

/// How a terminal speaks TLS with its host.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The name that the host's certificate must have; the host of its address without it.
    pub name: Option<String>,
    /// Who may have signed the host's certificate; `None` takes any certificate.
    pub authorities: Option<String>,
    /// The terminal's certificates and key, where the host asks for them.
    pub identity: Option<(String, String)>,
    /// Whether sessions are resumed.
    pub resumes: bool,
}

/// How a host speaks TLS.
#[derive(Clone, PartialEq, Eq)]
pub struct HostTls {
    /// Its certificates.
    pub certificates: String,
    /// Their key.
    pub key: String,
    /// Who must have signed the certificates of terminals; `None` asks for none.
    pub clients: Option<String>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("name", &self.name)
            .field("resumes", &self.resumes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HostTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostTls").field("asks_clients", &self.clients.is_some()).finish_non_exhaustive()
    }
}

/// Why a text is not what a PEM file should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Something in it cannot be read.
    #[error("this is no PEM file: what is between its lines cannot be read")]
    Unreadable,
    /// No certificate.
    #[error("there is no certificate in this file")]
    NoCertificate,
    /// No key.
    #[error("there is no private key in this file")]
    NoKey,
}

/// Whether a text holds certificates.
///
/// # Errors
/// When it does not.
pub fn check_certificates(pem: &str) -> Result<(), PemError> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        certificate.map_err(|_| PemError::Unreadable)?;
        count += 1;
    }
    if count == 0 { Err(PemError::NoCertificate) } else { Ok(()) }
}

/// Whether a text holds a private key.
///
/// # Errors
/// When it does not.
pub fn check_key(pem: &str) -> Result<(), PemError> {
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
        Ok(_) => Ok(()),
        Err(pem::Error::NoItemsFound) => Err(PemError::NoKey),
        Err(_) => Err(PemError::Unreadable),
    }
}
