//! The two byte streams of each TCP connection, put together from segments in whatever order they were captured.

use super::segment::Segment;
use std::{collections::HashMap, net::SocketAddr};

/// One direction of a connection.
#[derive(Debug)]
pub struct Half {
    /// The number of the connection in the capture, counted from 1.
    pub stream: usize,
    /// Who sent these bytes.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The bytes in order; after a part that the capture lacks, a new chunk begins.
    pub chunks: Vec<Chunk>,
}

/// Bytes without a gap.
#[derive(Debug, Default)]
pub struct Chunk {
    /// How many bytes before it the capture lacks.
    pub lost_before: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where each segment ends in `bytes`, and when it was captured.
    arrivals: Vec<(usize, Option<u64>)>,
}

impl Chunk {
    /// When the byte before `end` was captured, in nanoseconds since 1970.
    pub fn time(&self, end: usize) -> Option<u64> {
        let complete = self.arrivals.partition_point(|(until, _)| *until < end);
        let until = self.arrivals.get(..=complete.min(self.arrivals.len().checked_sub(1)?))?;
        until.iter().filter_map(|(_, time)| *time).max()
    }
}

/// Puts the streams of all connections together; each connection has two halves, the one that spoke first in front.
pub fn streams(segments: &[Segment]) -> Vec<Half> {
    let mut connections: Vec<Connection<'_>> = Vec::new();
    let mut latest: HashMap<(SocketAddr, SocketAddr), usize> = HashMap::new();
    for segment in segments {
        let key =
            if segment.from <= segment.to { (segment.from, segment.to) } else { (segment.to, segment.from) };
        let known = latest.get(&key).copied().filter(|at| {
            let is_reused = connections.get(*at).is_some_and(|connection| connection.is_reopened_by(segment));
            !is_reused
        });
        let at = known.unwrap_or_else(|| {
            connections.push(Connection { ends: [segment.from, segment.to], segments: Vec::new() });
            latest.insert(key, connections.len() - 1);
            connections.len() - 1
        });
        if let Some(connection) = connections.get_mut(at) {
            connection.segments.push(segment);
        }
    }
    connections.iter().enumerate().flat_map(|(index, connection)| connection.halves(index + 1)).collect()
}

struct Connection<'s> {
    ends: [SocketAddr; 2],
    segments: Vec<&'s Segment>,
}

impl Connection<'_> {
    /// Whether the same two ends begin anew; a repeated opening has the number of the first.
    fn is_reopened_by(&self, segment: &Segment) -> bool {
        let mut own = self.segments.iter().filter(|own| own.from == segment.from);
        segment.opens
            && own.next().is_some()
            && !self
                .segments
                .iter()
                .any(|own| own.opens && own.from == segment.from && own.sequence == segment.sequence)
    }

    fn halves(&self, stream: usize) -> [Half; 2] {
        let [first, second] = self.ends;
        let half = |from: SocketAddr, to: SocketAddr| {
            let segments = self.segments.iter().copied().filter(|segment| segment.from == from);
            Half { stream, from, to, chunks: chunks(segments) }
        };
        [half(first, second), half(second, first)]
    }
}

/// Puts segments of one direction in order; what was sent again counts once.
fn chunks<'s>(segments: impl Iterator<Item = &'s Segment>) -> Vec<Chunk> {
    let mut placed: Vec<(i64, &Segment)> = Vec::new();
    let mut before: Option<(u32, i64)> = None;
    for segment in segments {
        // Numbers wrap round: each is taken relative to the one before.
        let sequence = segment.sequence.wrapping_add(u32::from(segment.opens));
        let (number, place) = before.unwrap_or((sequence, 0));
        let place = place + i64::from(sequence.wrapping_sub(number) as i32);
        before = Some((sequence, place));
        placed.push((place, segment));
    }
    placed.sort_by_key(|(place, _)| *place);
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut end = placed.first().map_or(0, |(place, _)| *place);
    for (place, segment) in placed.into_iter().filter(|(_, segment)| !segment.payload.is_empty()) {
        let lost = u64::try_from(place - end).unwrap_or(0);
        if lost > 0 || chunks.is_empty() {
            chunks.push(Chunk { lost_before: lost, ..Chunk::default() });
            end = end.max(place);
        }
        let known = usize::try_from(end - place).unwrap_or(0);
        let Some((chunk, new)) = chunks.last_mut().zip(segment.payload.get(known..)) else { continue };
        chunk.bytes.extend_from_slice(new);
        chunk.arrivals.push((chunk.bytes.len(), segment.time));
        end += new.len() as i64;
    }
    chunks
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    fn segment(time: u64, sequence: u32, opens: bool, payload: &[u8]) -> Segment {
        Segment {
            time: Some(time),
            from: "10.0.0.1:1000".parse().unwrap(),
            to: "10.0.0.2:8583".parse().unwrap(),
            sequence,
            opens,
            payload: payload.to_vec(),
        }
    }

    #[test]
    fn order_repetition_and_wrapped_numbers_do_not_matter() {
        let start = u32::MAX - 2;
        let data =
            |from: u32, payload: &[u8], time| segment(time, start.wrapping_add(1 + from), false, payload);
        let captured = [
            segment(1, start, true, b""),
            data(4, b"EFGH", 3),
            data(0, b"ABCD", 2),
            data(2, b"CDEF", 4),
            data(8, b"IJ", 5),
        ];
        let halves = streams(&captured);
        assert_eq!(halves[0].chunks.len(), 1);
        let chunk = &halves[0].chunks[0];
        assert_eq!(chunk.bytes, b"ABCDEFGHIJ");
        assert_eq!((chunk.time(3), chunk.time(8), chunk.time(10)), (Some(2), Some(4), Some(5)));
    }

    #[test]
    fn what_the_capture_lacks_begins_a_new_chunk() {
        let captured = [segment(1, 10, false, b"AB"), segment(2, 15, false, b"CD")];
        let halves = streams(&captured);
        let found: Vec<_> =
            halves[0].chunks.iter().map(|chunk| (chunk.lost_before, &chunk.bytes[..])).collect();
        assert_eq!(found, [(0, &b"AB"[..]), (3, &b"CD"[..])]);
    }

    #[test]
    fn a_port_that_is_used_again_is_another_connection() {
        let captured = [
            segment(1, 10, true, b""),
            segment(2, 11, false, b"AB"),
            segment(3, 10, true, b""),
            segment(4, 900, true, b""),
            segment(5, 901, false, b"CD"),
        ];
        let halves = streams(&captured);
        let found: Vec<_> = halves.iter().filter(|half| !half.chunks.is_empty()).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[1].stream, &found[1].chunks[0].bytes[..]), (2, &b"CD"[..]));
    }
}
