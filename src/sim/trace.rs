//! A hash over everything that happens in a world, so that two runs can be compared.

use super::queue::Event;
use crate::time::Instant;

/// A hash over events (FNV-1a, 64 bits).
#[derive(Debug)]
pub(super) struct Trace(pub(super) u64);

impl Default for Trace {
    fn default() -> Self {
        Self(OFFSET)
    }
}

impl Trace {
    /// Takes one event with its time and bytes.
    pub(super) fn event(&mut self, at: Instant, event: &Event) {
        let (tag, index, bytes): (u8, u64, &[u8]) = match event {
            Event::Begin(seat) => (0, *seat as u64, &[]),
            Event::Timer(seat) => (1, *seat as u64, &[]),
            Event::PowerCut(seat) => (2, *seat as u64, &[]),
            Event::HostTimer => (3, 0, &[]),
            Event::Connected(connection) => (4, connection.0, &[]),
            Event::Closed(connection) => (5, connection.0, &[]),
            Event::ToHost(connection, bytes) => (6, connection.0, bytes),
            Event::ToTerminal(connection, bytes) => (7, connection.0, bytes),
            Event::Visit => (8, 0, &[]),
        };
        self.bytes(&at.as_nanos().to_be_bytes());
        self.bytes(&[tag]);
        self.bytes(&index.to_be_bytes());
        self.bytes(bytes);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    }
}

const OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const PRIME: u64 = 0x0100_0000_01B3;
