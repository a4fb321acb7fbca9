//! Certificates that are made for one run, for the host inside this program and its terminals.

use super::TlsError;
use crate::link::{HostTls, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// Makes an authority and what it signs: the host's side, and that of terminals, which have a certificate too where the
/// host asks for it. Nothing of it is kept anywhere.
///
/// # Errors
/// When this machine cannot make keys.
pub fn make_certificates(asks_clients: bool, resumes: bool) -> Result<(HostTls, Tls), TlsError> {
    made(asks_clients, resumes).map_err(|error| TlsError(format!("no certificate can be made: {error}")))
}

fn made(asks_clients: bool, resumes: bool) -> Result<(HostTls, Tls), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "posfleet: made for one run");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let sign = |name: &str| -> Result<(String, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new([name.to_owned()])?.signed_by(&key, &authority)?;
        Ok((certificate.pem(), key.serialize_pem()))
    };
    let (certificates, key) = sign(NAME)?;
    let clients = asks_clients.then(|| authority.pem());
    let identity = asks_clients.then(|| sign("terminal")).transpose()?;
    let (name, authorities) = (Some(NAME.to_owned()), Some(authority.pem()));
    Ok((HostTls { certificates, key, clients }, Tls { name, authorities, identity, resumes }))
}

/// The host's name in its certificate, wherever it listens.
const NAME: &str = "host.posfleet.test";
