//! TLS for everything that connects: who is trusted, who we are, and what went wrong in words.

use std::{io, sync::Arc};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};

/// What the client's side of TLS is made of; certificates and keys are the text of PEM files.
#[derive(Debug)]
pub(super) struct ClientSide<'a> {
    /// Who may have signed the peer's certificate; `None` takes any.
    pub(super) authorities: Option<&'a str>,
    /// Who we are.
    pub(super) identity: Option<&'a (String, String)>,
    /// Whether sessions are resumed.
    pub(super) resumes: bool,
}

impl ClientSide<'_> {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(super) fn config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let builder = match self.authorities {
            Some(pem) => builder.with_root_certificates(authorities(pem)?),
            None => builder.dangerous().with_custom_certificate_verifier(Arc::new(TakesAll(provider))),
        };
        let mut config = match self.identity {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => {
                let chain = certificates_of(certificates, "the client certificate")?;
                let key = key_of(key, "the client key")?;
                let config = builder.with_client_auth_cert(chain, key);
                config.map_err(|error| format!("client certificate and key: {error}"))?
            }
        };
        if !self.resumes {
            config.resumption = Resumption::disabled();
        }
        Ok(config)
    }
}

/// What TLS found wrong, where an error of a stream is one of TLS.
pub(super) fn error_inside(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// An error of TLS with a `peer` in words that say who is to blame.
pub(super) fn explain(error: &Error, peer: &str) -> String {
    match error {
        Error::InvalidCertificate(wrong) => {
            format!("the {peer}'s certificate {}", explain_certificate(wrong))
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            format!("the {peer} wants a client certificate")
        }
        Error::AlertReceived(alert) if is_about_certificates(*alert) => {
            format!("the {peer} does not accept the client certificate, or wants one ({alert:?})")
        }
        Error::AlertReceived(alert) => format!("the {peer} refuses the handshake ({alert:?})"),
        Error::InvalidMessage(_) => format!("the {peer} does not speak TLS on this port ({error})"),
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

/// Those who may have signed a peer's certificate.
pub(super) fn authorities(pem: &str) -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore::empty();
    for certificate in certificates_of(pem, "the authorities")? {
        trusted.add(certificate).map_err(|error| format!("the authorities: {error}"))?;
    }
    Ok(trusted)
}

/// The certificates of a PEM file, at least one.
pub(super) fn certificates_of(pem: &str, what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let read = read.map_err(|error| format!("{what} cannot be read: {error}"))?;
    (!read.is_empty()).then_some(read).ok_or_else(|| format!("{what}: there is no certificate in it"))
}

/// The key of a PEM file.
pub(super) fn key_of(pem: &str, what: &str) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| format!("{what} cannot be read: {error}"))
}

/// Takes any certificate, as a scenario may ask for; whoever has it must still have its key.
#[derive(Debug)]
struct TakesAll(Arc<CryptoProvider>);

impl ServerCertVerifier for TakesAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        tokio_rustls::rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        tokio_rustls::rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
