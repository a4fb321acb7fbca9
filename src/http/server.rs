//! A server that requests go to, and how its connections are made.

use std::{fmt, time::Duration};

/// A server.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// What a scenario calls it.
    pub name: String,
    /// Host name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What comes in front of every path: empty, or `/api`.
    pub prefix: String,
    /// How TLS is spoken; `None` is plain HTTP.
    pub tls: Option<Tls>,
    /// The most connections that one shard keeps open to it.
    pub connections: usize,
    /// How long an idle connection is kept.
    pub idle: Duration,
    /// The largest body of an answer that is kept, in bytes.
    pub body_max: usize,
}

/// How TLS is spoken with a server; certificates and keys are the text of PEM files.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The name that its certificate must have; the host without it.
    pub name: Option<String>,
    /// Who may have signed its certificate; nobody else is trusted.
    pub authorities: String,
    /// The client's certificates and key, where the server asks for them.
    pub identity: Option<(String, String)>,
    /// Whether sessions are resumed.
    pub resumes: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("name", &self.name)
            .field("resumes", &self.resumes)
            .finish_non_exhaustive()
    }
}
