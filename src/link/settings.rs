//! What a group of terminals says of its connections.

use super::{Sources, Tls};
use std::{num::NonZero, sync::Arc, time::Duration};

/// What a group of terminals says of its connections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// When connections are made, and whose they are.
    pub strategy: Strategy,
    /// The most connections that all terminals of the group open in a second; `None` is no limit.
    pub rate: Option<f64>,
    /// How old a connection may become; it ends when nothing is under way over it.
    pub lifetime: Option<Duration>,
    /// How long nothing may be under way over a connection.
    pub idle: Option<Duration>,
    /// The addresses that connections come from, in turn; empty leaves it to the system.
    pub sources: Sources,
    /// How TLS is spoken; `None` is plain text.
    pub tls: Option<Arc<Tls>>,
}

/// When connections are made, and whose they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Every operation makes its own, as real terminals do.
    #[default]
    PerTransaction,
    /// Every terminal makes one, and another one when it is lost.
    LongLived,
    /// So many for the terminals of a shard together.
    Shared {
        /// The most connections of one shard.
        pool: NonZero<u32>,
        /// The elements by which an answer finds its terminal.
        fields: Arc<[u8]>,
    },
}

impl Strategy {
    /// Whether a terminal keeps its connection when an operation is over.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::LongLived)
    }
}
