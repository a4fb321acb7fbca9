//! A histogram as a line of an interval log holds it: version 2 within zlib, whose blocks are stored as they are.
//!
//! Every reader takes such blocks. Squeezed ones would be a seventh to a fifth smaller, for a log has many small
//! histograms; each would be paid with tables that are made anew for it, once by the run and once more by whoever reads.

use hdrhistogram::{
    Counter, Histogram,
    serialization::{Serializer, V2SerializeError, V2Serializer},
};
use std::io::{self, Write};

/// Writes histograms, one after the other.
pub(super) struct PayloadSerializer {
    inner: V2Serializer,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl PayloadSerializer {
    pub(super) fn new() -> Self {
        Self { inner: V2Serializer::new(), plain: Vec::new(), packed: Vec::new() }
    }
}

impl Serializer for PayloadSerializer {
    type SerializeError = V2SerializeError;

    fn serialize<T: Counter, W: Write>(
        &mut self,
        histogram: &Histogram<T>,
        writer: &mut W,
    ) -> Result<usize, V2SerializeError> {
        self.plain.clear();
        self.inner.serialize(histogram, &mut self.plain)?;
        self.packed.clear();
        store(&self.plain, &mut self.packed);
        let length =
            u32::try_from(self.packed.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        writer.write_all(&COMPRESSED.to_be_bytes())?;
        writer.write_all(&length.to_be_bytes())?;
        writer.write_all(&self.packed)?;
        Ok(HEAD + self.packed.len())
    }
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
fn store(plain: &[u8], zlib: &mut Vec<u8>) {
    zlib.extend(ZLIB);
    let mut blocks = plain.chunks(BLOCK_MAX).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        zlib.push(u8::from(blocks.peek().is_none()));
        zlib.extend(length.to_le_bytes());
        zlib.extend((!length).to_le_bytes());
        zlib.extend(block);
    }
    zlib.extend(adler2::adler32_slice(plain).to_be_bytes());
}

/// What a compressed histogram of version 2 begins with, before the length of the stream.
const COMPRESSED: u32 = 0x1c84_9314;
const HEAD: usize = 8;
/// Deflate with a window of 32 KiB, by the fastest algorithm.
const ZLIB: [u8; 2] = [0x78, 0x01];
const BLOCK_MAX: usize = u16::MAX as usize;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Latency;
    use hdrhistogram::serialization::Deserializer;

    #[test]
    fn other_readers_read_what_is_written() {
        let mut latency = Latency::default();
        for step in 0..60_000_u64 {
            latency.record_micros(1 + step * step % 500_000_000, (1 << 45) + step);
        }
        let (mut serializer, mut bytes) = (PayloadSerializer::new(), Vec::new());
        for written in [Latency::default(), latency] {
            bytes.clear();
            let told = serializer.serialize(written.histogram(), &mut bytes).expect("to memory");
            assert_eq!(told, bytes.len());
            let read: Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).expect("a histogram");
            assert_eq!(&read, written.histogram());
        }
        assert!(bytes.len() > BLOCK_MAX, "more than one block: {} bytes", bytes.len());
    }
}
