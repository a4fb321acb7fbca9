//! Who makes the load: this process and its shards, or the machines of a distributed run.

use super::Percentiles;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What an agent is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentKind {
    /// A process on a machine of its own.
    #[default]
    Process,
    /// A thread of the process above it.
    Shard,
}

/// One part of the load generator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentRow {
    /// Its name: a machine, or `shard 0`.
    pub name: String,
    /// What it is.
    pub kind: AgentKind,
    /// Terminals that it owns.
    pub terminals: u64,
    /// Iterations that it has started.
    pub started: u64,
    /// From the scheduled to the actual start, since the start of the run.
    pub lag: Percentiles,
    /// Cores' worth of CPU that it used in the last second.
    pub cpu_cores: f64,
    /// Resident memory in bytes; shards share that of their process.
    pub rss_bytes: Option<u64>,
    /// Open descriptors and how many there may be; shards share those of their process.
    pub descriptors: Option<(u64, u64)>,
    /// Connections of its terminals that are open.
    pub connections: u64,
    /// How old the newest news of it is.
    pub age: Duration,
}
