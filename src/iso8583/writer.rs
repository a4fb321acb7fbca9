//! Writes words, bytes and packed digits at the end of a buffer. Knows nothing of elements.

use super::{digits, element::Align};

/// A place in a buffer that is always longer than what is written: words are stored whole and then overwritten.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub buffer: &'a mut Vec<u8>,
    /// Where the next byte goes.
    pub at: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn at_end(buffer: &'a mut Vec<u8>) -> Self {
        let at = buffer.len();
        buffer.resize(at + ROOM, 0);
        Self { buffer, at }
    }

    /// Appends the first `width` bytes of a word.
    #[inline(always)]
    pub(super) fn word(&mut self, word: u64, width: usize) {
        match self.buffer.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => *place = word.to_be_bytes(),
            None => self.grow_for(word),
        }
        self.at += width;
    }

    #[cold]
    fn grow_for(&mut self, word: u64) {
        self.buffer.truncate(self.at);
        self.buffer.extend_from_slice(&word.to_be_bytes());
        self.buffer.resize(self.at + ROOM, 0);
    }

    /// Appends bytes.
    #[inline(always)]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        match bytes.len() {
            0 => {}
            length @ 1..=7 => self.word(digits::load(bytes) << (64 - 8 * length), length),
            length @ 8..=16 => {
                let (head, tail) = (digits::window(bytes, 0), digits::window(bytes, length - 8));
                self.word(head, length - 8);
                self.word(tail, 8);
            }
            _ => self.many_bytes(bytes),
        }
    }

    #[inline(never)]
    fn many_bytes(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.buffer[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Makes room for so many bytes.
    fn reserve(&mut self, bytes: usize) {
        if self.buffer.len() < self.at + bytes {
            self.buffer.resize(self.at + bytes + ROOM, 0);
        }
    }

    /// Appends `bytes` times the same.
    pub(super) fn fill(&mut self, byte: u8, bytes: usize) {
        self.reserve(bytes);
        self.buffer[self.at..self.at + bytes].fill(byte);
        self.at += bytes;
    }

    /// Moves what is written from `from` on, to leave a gap of so many bytes.
    pub(super) fn insert(&mut self, from: usize, bytes: usize) {
        self.reserve(bytes);
        self.buffer.copy_within(from..self.at, from + bytes);
        self.at += bytes;
    }

    /// Returns what is written from `from` on.
    pub(super) fn written(&mut self, from: usize) -> &mut [u8] {
        self.buffer.get_mut(from..self.at).unwrap_or_default()
    }

    /// Appends digits two a byte; `None` when one is no digit.
    #[inline(always)]
    pub(super) fn digits(&mut self, text: &[u8], align: Align, pad: u8) -> Option<()> {
        self.packed::<false>(text, align, pad)
    }

    /// Appends track characters two a byte; `None` when one is no nibble.
    pub(super) fn nibbles(&mut self, text: &[u8], align: Align, pad: u8) -> Option<()> {
        self.packed::<true>(text, align, pad)
    }

    /// Appends digits, or nibbles of a track, two a byte.
    #[inline(always)]
    pub(super) fn packed<const TRACK: bool>(&mut self, text: &[u8], align: Align, pad: u8) -> Option<()> {
        let mut text = text;
        if align == Align::Right && text.len() % 2 == 1 {
            let (lead, rest) = text.split_at(1);
            let digit = pack::<TRACK>(digits::load_digits(lead))?;
            self.word(u64::from(u32::from(pad) << 4 | digit) << 56, 1);
            text = rest;
        }
        let (words, tail) = text.as_chunks::<8>();
        for word in words {
            self.word(u64::from(pack::<TRACK>(u64::from_be_bytes(*word))?) << 32, 4);
        }
        if !tail.is_empty() {
            let packed = u64::from(pack::<TRACK>(digits::load_digits(tail))?) << 4 | u64::from(pad);
            self.word(packed << (60 - 4 * tail.len()), tail.len().div_ceil(2));
        }
        Some(())
    }
}

#[inline(always)]
fn pack<const TRACK: bool>(word: u64) -> Option<u32> {
    if TRACK { digits::pack_nibbles(word) } else { digits::pack_digits(word) }
}

/// How much the buffer grows at once: a usual message fits.
const ROOM: usize = 320;
