//! What became of the connections of terminals in one interval.

use super::{Latency, LatencySummary, Percentiles};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::AddAssign};

/// A fault that the network of a terminal was told to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// What was sent or heard took longer.
    Delay,
    /// What was sent or heard was cut into pieces.
    Chunk,
    /// The connection was reset after so many bytes.
    Reset,
    /// The sending half of the connection was closed.
    HalfClose,
    /// Nothing moved for a while.
    Stall,
    /// Nothing got through until the connection broke.
    Silence,
}

impl Fault {
    /// All of them, in the order in which they are stored and shown.
    pub const ALL: [Self; 6] =
        [Self::Delay, Self::Chunk, Self::Reset, Self::HalfClose, Self::Stall, Self::Silence];

    /// The name in files and on screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Chunk => "chunk",
            Self::Reset => "reset",
            Self::HalfClose => "half-close",
            Self::Stall => "stall",
            Self::Silence => "silence",
        }
    }
}

/// What is counted of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionCounts {
    /// Connections that were made.
    pub opened: u64,
    /// Connections that could not be made.
    pub refused: u64,
    /// Connections that the host has ended.
    pub ended: u64,
    /// Connections that were reset.
    pub resets: u64,
    /// TLS handshakes with certificates and all.
    pub full_handshakes: u64,
    /// TLS handshakes that went on with an earlier session.
    pub resumed_handshakes: u64,
    /// Bytes that were received.
    pub bytes_in: u64,
    /// Bytes that were sent.
    pub bytes_out: u64,
    /// Answers over shared connections that no terminal waited for.
    pub strays: u64,
    /// Faults that were injected, by kind.
    pub faults: [u64; Fault::ALL.len()],
}

/// What became of the connections of terminals in one interval.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    /// What is counted.
    pub counts: ConnectionCounts,
    times: Option<Box<ConnectTimes>>,
}

/// How long it took to be connected.
#[derive(Clone, Debug, Default)]
pub struct ConnectTimes {
    /// Waiting until another connection might be made.
    pub wait: Latency,
    /// From the first packet until the connection is there.
    pub connect: Latency,
    /// TLS handshakes.
    pub handshake: Latency,
}

/// What became of connections since the start, as screens show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectionsView {
    /// What is counted.
    pub counts: ConnectionCounts,
    /// Terminals that wait at this moment until they may connect.
    pub waiting: u64,
    /// Waiting until another connection might be made, in milliseconds.
    pub wait: Percentiles,
    /// From the first packet until the connection is there, in milliseconds.
    pub connect: Percentiles,
    /// TLS handshakes, in milliseconds.
    pub handshake: Percentiles,
}

/// What became of the connections of terminals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionSummary {
    /// Connections that were made.
    pub opened: u64,
    /// Connections that could not be made.
    pub refused: u64,
    /// Connections that the host has ended.
    pub ended: u64,
    /// Connections that were reset.
    pub resets: u64,
    /// TLS handshakes with certificates and all.
    pub full_handshakes: u64,
    /// TLS handshakes that went on with an earlier session.
    pub resumed_handshakes: u64,
    /// Bytes that were received.
    pub bytes_in: u64,
    /// Bytes that were sent.
    pub bytes_out: u64,
    /// Answers over shared connections that no terminal waited for.
    pub strays: u64,
    /// Faults that were injected, by kind; those that never were are absent.
    pub faults: BTreeMap<String, u64>,
    /// Waiting until another connection might be made, in milliseconds; absent without a rate of connecting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<LatencySummary>,
    /// From the first packet until the connection is there, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<LatencySummary>,
    /// TLS handshakes, in milliseconds; absent without TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake_ms: Option<LatencySummary>,
}

impl ConnectionSummary {
    /// What of it is counted.
    #[must_use]
    pub fn counts(&self) -> ConnectionCounts {
        let faults = Fault::ALL.map(|fault| self.faults.get(fault.name()).copied().unwrap_or(0));
        ConnectionCounts {
            opened: self.opened,
            refused: self.refused,
            ended: self.ended,
            resets: self.resets,
            full_handshakes: self.full_handshakes,
            resumed_handshakes: self.resumed_handshakes,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            strays: self.strays,
            faults,
        }
    }
}

impl From<&Connections> for ConnectionSummary {
    fn from(connections: &Connections) -> Self {
        let counts = &connections.counts;
        let times = |of: fn(&ConnectTimes) -> &Latency| {
            let latency = of(connections.times()?);
            (!latency.is_empty()).then(|| latency.percentiles())
        };
        let faults = Fault::ALL.iter().map(|fault| (fault.name().to_owned(), counts.faults[*fault as usize]));
        Self {
            opened: counts.opened,
            refused: counts.refused,
            ended: counts.ended,
            resets: counts.resets,
            full_handshakes: counts.full_handshakes,
            resumed_handshakes: counts.resumed_handshakes,
            bytes_in: counts.bytes_in,
            bytes_out: counts.bytes_out,
            strays: counts.strays,
            faults: faults.filter(|(_, count)| *count > 0).collect(),
            wait_ms: times(|times| &times.wait),
            connect_ms: times(|times| &times.connect),
            handshake_ms: times(|times| &times.handshake),
        }
    }
}

impl Connections {
    /// The times that thresholds know, by name.
    pub const TIMES: [&str; 3] = ["wait", "connect", "handshake"];
    /// One of [`Connections::TIMES`]; `None` of another name.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Latency> {
        let of: fn(&ConnectTimes) -> &Latency = match name {
            "wait" => |times| &times.wait,
            "connect" => |times| &times.connect,
            "handshake" => |times| &times.handshake,
            _ => return None,
        };
        Some(self.times().map(|times| of(times).clone()).unwrap_or_default())
    }

    /// A count and of how many it is, by its name in `summary.json`; `None` of another name.
    ///
    /// Handshakes are of all handshakes, `opened` and `refused` of all that were asked for, the rest of those opened.
    #[must_use]
    pub fn share(&self, name: &str) -> Option<(u64, u64)> {
        let counts = &self.counts;
        let (asked, handshakes) =
            (counts.opened + counts.refused, counts.full_handshakes + counts.resumed_handshakes);
        Some(match name {
            "opened" => (counts.opened, asked),
            "refused" => (counts.refused, asked),
            "ended" => (counts.ended, counts.opened),
            "resets" => (counts.resets, counts.opened),
            "full_handshakes" => (counts.full_handshakes, handshakes),
            "resumed_handshakes" => (counts.resumed_handshakes, handshakes),
            "strays" => (counts.strays, counts.opened),
            "faults" => (counts.faults.iter().sum(), counts.opened),
            _ => return None,
        })
    }

    /// Whether nobody has asked for a connection.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.opened + self.counts.refused == 0
    }

    /// What screens show of it, with so many terminals waiting.
    #[must_use]
    pub fn view(&self, waiting: u64) -> ConnectionsView {
        let times = |of: fn(&ConnectTimes) -> &Latency| {
            self.times().map(|times| of(times).percentiles()).unwrap_or_default()
        };
        ConnectionsView {
            counts: self.counts,
            waiting,
            wait: times(|times| &times.wait),
            connect: times(|times| &times.connect),
            handshake: times(|times| &times.handshake),
        }
    }

    /// The times, to record one.
    pub fn times_mut(&mut self) -> &mut ConnectTimes {
        self.times.get_or_insert_default()
    }

    /// The times; `None` where nothing was timed.
    #[must_use]
    pub fn times(&self) -> Option<&ConnectTimes> {
        self.times.as_deref()
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        if let Some(theirs) = &other.times {
            let mine = self.times_mut();
            mine.wait.merge(&theirs.wait);
            mine.connect.merge(&theirs.connect);
            mine.handshake.merge(&theirs.handshake);
        }
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.counts = ConnectionCounts::default();
        if let Some(times) = &mut self.times {
            let times = [&mut times.wait, &mut times.connect, &mut times.handshake];
            times.into_iter().for_each(Latency::clear);
        }
    }
}

impl ConnectionCounts {
    /// Counts a fault.
    pub fn fault(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }
}

impl AddAssign for ConnectionCounts {
    fn add_assign(&mut self, other: Self) {
        self.opened += other.opened;
        self.refused += other.refused;
        self.ended += other.ended;
        self.resets += other.resets;
        self.full_handshakes += other.full_handshakes;
        self.resumed_handshakes += other.resumed_handshakes;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.strays += other.strays;
        self.faults.iter_mut().zip(other.faults).for_each(|(mine, theirs)| *mine += theirs);
    }
}
