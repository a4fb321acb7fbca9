//! Cuts a byte stream into frames. Taking a frame apart is for [`Framing::split`].

use super::frame::{FrameError, Framing, LengthHeader};

/// Cuts a byte stream into frames whatever its segmentation, without copying frames that arrive whole.
///
/// Between frames it owns no heap memory: only the incomplete tail of what was fed is kept.
///
/// ```
/// use posfleet::iso8583::{Deframer, LengthHeader};
///
/// let mut deframer = Deframer::new(LengthHeader::BINARY2);
/// let mut received = &[0, 2, 0xAA, 0xBB, 0, 1, 0xCC, 0][..];
/// assert_eq!(deframer.next_frame(&mut received), Ok(Some(&[0xAA, 0xBB][..])));
/// assert_eq!(deframer.next_frame(&mut received), Ok(Some(&[0xCC][..])));
/// assert_eq!(deframer.next_frame(&mut received), Ok(None));
/// assert_eq!((received.len(), deframer.pending()), (0, 1));
/// ```
#[derive(Debug)]
pub struct Deframer {
    length: LengthHeader,
    min: u32,
    max: u32,
    /// The start of a frame that is not complete, or, when `handed_out`, one that was yielded last.
    tail: Vec<u8>,
    handed_out: bool,
}

impl Deframer {
    /// Cuts at this length, frames of 1 to [`Self::MAX_DEFAULT`] bytes.
    #[must_use]
    pub const fn new(length: LengthHeader) -> Self {
        Self { length, min: 1, max: Self::MAX_DEFAULT, tail: Vec::new(), handed_out: false }
    }

    /// The longest frame allowed unless [`Self::limits`] says otherwise, in bytes after the length.
    pub const MAX_DEFAULT: u32 = 4_096;

    /// Cuts as this framing says; `None` when it has no length.
    #[must_use]
    pub fn for_framing(framing: &Framing) -> Option<Self> {
        Some(Self::new(framing.length?).limits(framing.head_size() as u32 + 2, Self::MAX_DEFAULT))
    }

    /// The same with other limits, in bytes after the length.
    #[must_use]
    pub fn limits(self, min: u32, max: u32) -> Self {
        Self { min, max, ..self }
    }

    /// Takes the next frame, without its length, from what was kept and from the front of `input`.
    ///
    /// `None` means that all of `input` is consumed and more bytes are needed.
    ///
    /// # Errors
    /// When a length is no number or outside the limits; the stream has lost its place then.
    #[inline]
    pub fn next_frame<'a>(&'a mut self, input: &'a mut &[u8]) -> Result<Option<&'a [u8]>, FrameError> {
        if self.handed_out {
            (self.tail, self.handed_out) = (Vec::new(), false);
        }
        if !self.tail.is_empty() {
            return self.complete_tail(input);
        }
        let bytes = *input;
        let start = self.length.size();
        let end = self.frame_end(bytes)?;
        if let Some((frame, rest)) = end.and_then(|end| bytes.split_at_checked(end)) {
            *input = rest;
            return Ok(frame.get(start..));
        }
        self.keep(bytes, end);
        *input = &[];
        Ok(None)
    }

    /// Forgets the bytes kept of an incomplete frame, for a new stream.
    pub fn reset(&mut self) {
        (self.tail, self.handed_out) = (Vec::new(), false);
    }

    /// Returns the bytes kept of an incomplete frame.
    #[must_use]
    pub fn pending(&self) -> usize {
        if self.handed_out { 0 } else { self.tail.len() }
    }

    fn complete_tail<'a>(&'a mut self, input: &mut &[u8]) -> Result<Option<&'a [u8]>, FrameError> {
        let start = self.length.size();
        self.move_until(start, input);
        let Some(end) = self.frame_end(&self.tail)? else { return Ok(None) };
        self.tail.reserve_exact(end - self.tail.len());
        self.move_until(end, input);
        self.handed_out = self.tail.len() == end;
        Ok(if self.handed_out { self.tail.get(start..) } else { None })
    }

    /// Moves bytes from the input until the tail has `length`.
    fn move_until(&mut self, length: usize, input: &mut &[u8]) {
        let missing = length.saturating_sub(self.tail.len()).min(input.len());
        let (taken, rest) = input.split_at(missing);
        self.tail.extend_from_slice(taken);
        *input = rest;
    }

    fn keep(&mut self, bytes: &[u8], end: Option<usize>) {
        if !bytes.is_empty() {
            self.tail.reserve_exact(end.unwrap_or(self.length.size()));
            self.tail.extend_from_slice(bytes);
        }
    }

    /// Returns where the frame at the start of `bytes` ends, once its length is there.
    #[inline]
    fn frame_end(&self, bytes: &[u8]) -> Result<Option<usize>, FrameError> {
        let Some(length) = self.length.read(bytes)? else { return Ok(None) };
        let (min, max) = (self.min as usize, self.max as usize);
        if length < min {
            return Err(FrameError::TooShort { length, min });
        }
        if length > max {
            return Err(FrameError::TooLong { length, max });
        }
        Ok(Some(self.length.size() + length))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn whole_frames_are_borrowed_and_leave_nothing_behind() {
        let mut deframer = Deframer::new(LengthHeader::BINARY2);
        let received = [0, 3, 1, 2, 3, 0, 1, 4];
        let mut input = &received[..];
        let frame = deframer.next_frame(&mut input).unwrap().unwrap();
        assert!(std::ptr::eq(frame, &received[2..5]));
        assert_eq!(deframer.next_frame(&mut input), Ok(Some(&[4][..])));
        assert_eq!(deframer.next_frame(&mut input), Ok(None));
        assert_eq!(deframer.tail.capacity(), 0);
    }

    #[test]
    fn every_split_of_two_frames_gives_the_same_two() {
        let received = [0, 3, 1, 2, 3, 0, 2, 4, 5];
        for first in 0..=received.len() {
            for second in first..=received.len() {
                let mut deframer = Deframer::new(LengthHeader::BINARY2);
                let mut frames = Vec::new();
                for mut input in [&received[..first], &received[first..second], &received[second..]] {
                    while let Some(frame) = deframer.next_frame(&mut input).unwrap() {
                        frames.push(frame.to_vec());
                    }
                }
                assert_eq!(frames, [&[1, 2, 3][..], &[4, 5]], "split at {first} and {second}");
                assert_eq!(deframer.tail.capacity(), 0);
            }
        }
    }

    #[test]
    fn lengths_outside_the_limits_say_so() {
        let mut deframer = Deframer::new(LengthHeader::BINARY2).limits(2, 4);
        assert_eq!(deframer.next_frame(&mut &[0, 5][..]), Err(FrameError::TooLong { length: 5, max: 4 }));
        let mut deframer = Deframer::new(LengthHeader::BINARY2).limits(2, 4);
        assert_eq!(deframer.next_frame(&mut &[0][..]), Ok(None));
        assert_eq!(deframer.next_frame(&mut &[1][..]), Err(FrameError::TooShort { length: 1, min: 2 }));
    }

    #[test]
    fn limits_hold_at_their_edges() {
        for length in [2u8, 4] {
            let mut deframer = Deframer::new(LengthHeader::BINARY2).limits(2, 4);
            let received = [0, length, 9, 9, 9, 9];
            let mut input = &received[..2 + usize::from(length)];
            assert_eq!(deframer.next_frame(&mut input).unwrap().map(<[u8]>::len), Some(usize::from(length)));
        }
    }
}
