//! How terminals are connected, in the file format: strategies, rates, source addresses, TLS.
//!
//! Doc comments become the descriptions of the JSON Schema, so they speak to the writer of a file. What the texts
//! mean is left to `compile`.

use super::{
    duration::Time,
    text::text_form,
    words::{Strategy, choice},
};
use crate::link::{SourceError, Sources};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// When terminals connect, and whose the connections are: a word, or a map with more.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Connection {
    /// The strategy alone.
    Word(Strategy),
    /// The strategy, and what goes with it.
    Keys(Box<ConnectionKeys>),
}

/// When terminals connect, whose the connections are, and where they come from.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConnectionKeys {
    /// When connections are made, and whose they are.
    pub strategy: Strategy,
    /// The most connections that each shard keeps (shared; 1 without it).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub pool: Option<u32>,
    /// The elements by which an answer finds its terminal (shared; 11 and 41 without it).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub r#match: Option<Vec<u8>>,
    /// The most connections that the group opens in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_rate: Option<f64>,
    /// How old a connection may become (long-lived, shared).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Time>,
    /// How long nothing may be under way over a connection (long-lived, shared).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Time>,
    /// The addresses that connections come from, in turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub local_addresses: Vec<SourceRange>,
}

/// An address, or a range of addresses, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRange {
    text: String,
    /// What it says.
    pub sources: Sources,
}

/// How terminals speak TLS with a host.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TargetTls {
    /// A PEM file with the certificates of those who may have signed the host's; nobody else is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// A PEM file with the terminals' certificates, where the host asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// A PEM file with the key of `certificate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The name that the host's certificate must have; that of `address` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Whether the host's certificate is verified; true without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<bool>,
    /// Whether sessions are resumed; true without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumption: Option<bool>,
}

/// TLS between the terminals and the host inside this program, whose certificate is made for the run.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RunTls {
    /// Whose certificates are looked at.
    pub clients: Clients,
    /// Whether sessions are resumed.
    pub resumption: bool,
}

impl Default for RunTls {
    fn default() -> Self {
        Self { clients: Clients::default(), resumption: true }
    }
}

choice! {
    /// Whose certificates the host looks at.
    Clients {
        /// Nobody's.
        Anybody = "anybody",
        /// Every terminal has one, made for the run, and nobody comes without.
        Certified = "certified",
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self::Word(Strategy::default())
    }
}

impl Connection {
    /// All that it says.
    pub fn keys(&self) -> ConnectionKeys {
        match self {
            Self::Word(strategy) => ConnectionKeys { strategy: *strategy, ..ConnectionKeys::default() },
            Self::Keys(keys) => keys.as_ref().clone(),
        }
    }
}

impl FromStr for SourceRange {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        Ok(Self { text: text.to_owned(), sources: text.parse()? })
    }
}

impl fmt::Display for SourceRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_form!(
    SourceRange,
    "source-range",
    "An address such as 127.0.1.1, or a range such as 127.0.1.1-127.0.1.8."
);
