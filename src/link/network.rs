//! What the network between a terminal and its host is like.

use std::{ops::RangeInclusive, time::Duration};

/// What the network between a terminal and its host is like; the default is the network that there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// How much longer everything takes, each way.
    pub latency: Duration,
    /// How much more or less than that, drawn evenly.
    pub jitter: Duration,
    /// How many bits pass in a second, each way; `None` is no limit.
    pub bandwidth: Option<f64>,
    /// The most bytes that arrive at once; `None` leaves it as it is.
    pub chunk: Option<usize>,
    /// Connections that are reset.
    pub reset: Option<Reset>,
    /// The share of requests after which the sending half of the connection is closed.
    pub half_close: f64,
    /// Requests in the middle of which nothing moves for a while.
    pub stall: Option<Pause>,
    /// Requests from which on nothing gets through, until the connection breaks.
    pub silence: Option<Pause>,
}

/// Connections that are reset after some bytes, those of both ways together.
#[derive(Clone, Debug, PartialEq)]
pub struct Reset {
    /// The share of connections.
    pub probability: f64,
    /// After how many bytes.
    pub after: RangeInclusive<u64>,
}

/// Something that lasts for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pause {
    /// The share of requests.
    pub probability: f64,
    /// How long it lasts.
    pub lasts: Duration,
}
