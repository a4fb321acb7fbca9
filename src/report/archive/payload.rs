//! The histograms of an interval log, read without building one: base 64, zlib, then counts by their place.
//!
//! An hour of a run with fifty steps has some hundred thousand of them. A histogram of its own for each would cost more
//! than everything else that a report does; so a payload is told as pairs of a place in the array of counts and a
//! count, and [`micros_at`] says which value a place stands for.

use base64::{Engine, engine::general_purpose::STANDARD};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress,
        inflate_flags::{TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};
use std::fmt;

/// How many places the array of counts of a latency histogram has.
pub(in crate::report) const PLACES: usize = ((BUCKETS + 1) * HALF) as usize;

/// The value of a place, in microseconds: the lowest of those that are counted there.
pub(in crate::report) fn micros_at(place: usize) -> u64 {
    let place = place as u64;
    match place / HALF {
        0 | 1 => place,
        bucket => (place % HALF + HALF) << (bucket - 1),
    }
}

/// Reads payloads, one after the other.
pub(in crate::report) struct Decoder {
    compressed: Vec<u8>,
    plain: Vec<u8>,
    /// Kept from payload to payload: only its state is set back, since no window is needed for a whole stream.
    inflate: Box<DecompressorOxide>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { compressed: Vec::new(), plain: vec![0; PLAIN_MAX], inflate: Box::default() }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// Tells `each` every place of the histogram `base64` that counted something, and the count.
    ///
    /// Nothing is returned when it is not a histogram of latencies as this program writes them; what was told before
    /// that was found is true then as well.
    pub(in crate::report) fn decode(&mut self, base64: &[u8], each: impl FnMut(usize, u64)) -> Option<()> {
        self.compressed.clear();
        STANDARD.decode_vec(base64, &mut self.compressed).ok()?;
        let (head, zlib) = self.compressed.split_first_chunk::<8>()?;
        if head[..4] != COMPRESSED {
            return None;
        }
        self.inflate.init();
        let (status, _, size) = decompress(&mut self.inflate, zlib, &mut self.plain, 0, WHOLE);
        let plain = self.plain.get(..size)?;
        let (head, counts) = plain.split_first_chunk::<HEAD>()?;
        let is_ours = head[..4] == PLAIN && head[8..32] == SHAPE;
        (status == TINFLStatus::Done && is_ours).then(|| read_counts(counts, each)).flatten()
    }
}

/// Signed numbers of a variable length: a positive one is a count, a negative one so many empty places.
fn read_counts(mut bytes: &[u8], mut each: impl FnMut(usize, u64)) -> Option<()> {
    let mut place = 0_usize;
    while !bytes.is_empty() {
        match signed(&mut bytes)? {
            count @ 0.. => {
                if count > 0 && place < PLACES {
                    each(place, count.unsigned_abs());
                }
                place += 1;
            }
            empty => place = place.checked_add(usize::try_from(empty.unsigned_abs()).ok()?)?,
        }
        if place > PLACES {
            return None;
        }
    }
    Some(())
}

/// A zigzag LEB128 number of at most nine bytes, of which the ninth has eight bits of value.
fn signed(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for shift in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if shift == 8 {
            number |= u64::from(byte) << 56;
            break;
        }
        number |= u64::from(byte & 0x7f) << (7 * shift);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((number >> 1) as i64 ^ -((number & 1) as i64))
}

/// A whole zlib stream into a buffer that holds all of it.
const WHOLE: u32 = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
/// The first bytes of a compressed payload, and of a plain one.
const COMPRESSED: [u8; 4] = [0x1c, 0x84, 0x93, 0x14];
const PLAIN: [u8; 4] = [0x1c, 0x84, 0x93, 0x13];
/// Offset 0, three digits, from 1 to 600,000,000.
const SHAPE: [u8; 24] = [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x23, 0xc3, 0x46, 0];
/// Bytes before the counts: cookie, length, shape, and a factor that is 1.
const HEAD: usize = 40;
/// The values that share a power of two: half of 2,048, the first power above twice a thousand.
const HALF: u64 = 1024;
/// Powers of two that reach ten minutes.
const BUCKETS: u64 = 20;
const PLAIN_MAX: usize = HEAD + PLACES * 9 + 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics::Latency, report::payload::PayloadSerializer};
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
    use std::time::Duration;

    fn payload(latency: &Latency) -> String {
        let mut bytes = Vec::new();
        PayloadSerializer::new().serialize(latency.histogram(), &mut bytes).expect("to memory");
        STANDARD.encode(bytes)
    }

    fn squeezed(latency: &Latency) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(latency.histogram(), &mut bytes).expect("to memory");
        STANDARD.encode(bytes)
    }

    #[test]
    fn a_payload_comes_back_as_the_histogram_it_was() {
        let mut latency = Latency::default();
        for step in 0..40_000_u64 {
            latency.record(Duration::from_micros(step * step % 700_000_000));
        }
        latency.record_micros(77, 1 << 40);
        let mut decoder = Decoder::default();
        for payload in [payload(&latency), squeezed(&latency)] {
            let mut read = Latency::default();
            let told = decoder
                .decode(payload.as_bytes(), |place, count| read.record_micros(micros_at(place), count));
            assert_eq!(told, Some(()));
            assert_eq!(read.histogram(), latency.histogram());
            assert_eq!(read.percentiles(), latency.percentiles());
        }
    }

    #[test]
    fn the_array_is_as_long_as_that_of_the_histogram() {
        assert_eq!(PLACES, Latency::default().histogram().distinct_values());
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        let mut latency = Latency::default();
        latency.record_micros(5_000, 3);
        let good = payload(&latency);
        let mut decoder = Decoder::default();
        for bad in ["", "AAAA", "HISTFAAAAAA=", "not base 64!", &good[..good.len() - 8], &good[4..]] {
            assert_eq!(decoder.decode(bad.as_bytes(), |_, _| {}), None, "{bad}");
        }
        assert_eq!(decoder.decode(good.as_bytes(), |_, _| {}), Some(()), "and the next one is read");
    }

    #[test]
    fn counts_beyond_the_array_are_refused() {
        assert_eq!(read_counts(&[2, 2], |_, _| {}), Some(()));
        assert_eq!(read_counts(&[0xff; 9], |_, _| {}), None, "more empty places than there are places");
        assert_eq!(read_counts(&[0x80], |_, _| {}), None, "a number without its end");
    }
}
