//! Cuts a serial stream into frames and signals, and finds its place again. What to answer is for the link.

use super::frame::{Body, Cut, Frame, FrameError};

/// One thing that came over a line.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// The payload of a frame.
    Frame(Vec<u8>),
    /// A byte that stands alone between frames.
    Signal(u8),
    /// Something that began like a frame and is none.
    Bad(FrameError),
}

impl std::fmt::Debug for Piece {
    /// Shows no payload: it may hold a card.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Frame(payload) => write!(f, "Frame({} bytes)", payload.len()),
            Self::Signal(byte) => write!(f, "Signal({byte:02x})"),
            Self::Bad(error) => write!(f, "Bad({error:?})"),
        }
    }
}

/// Cuts a byte stream into [`Piece`]s whatever its segmentation.
///
/// It keeps the incomplete tail of what came, at most one frame. After a frame whose end cannot be trusted it looks
/// for the next good one, and takes no signal until then or until the line was silent: bytes of a payload look alike.
#[derive(Clone, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
    /// How much of the buffer is used up.
    at: usize,
    is_lost: bool,
}

impl Deframer {
    /// Takes bytes from the line.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at.min(self.buffer.len()));
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next piece; `None` when more bytes are needed.
    pub fn next_piece(&mut self, frame: &Frame) -> Option<Piece> {
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let first = *rest.first()?;
            if !self.is_lost && frame.signals.contains(&first) {
                self.at += 1;
                return Some(Piece::Signal(first));
            }
            if !rest.starts_with(&frame.start) {
                if frame.start.starts_with(rest) {
                    return None;
                }
                self.at += 1;
                if frame.refuses_strays && !std::mem::replace(&mut self.is_lost, true) {
                    return Some(Piece::Bad(FrameError::Stray));
                }
                continue;
            }
            match frame.cut(rest) {
                Cut::More => return None,
                Cut::Whole(taken, payload) => {
                    (self.at, self.is_lost) = (self.at + taken, false);
                    return Some(Piece::Frame(payload));
                }
                Cut::Bad(taken, error) => {
                    self.at += taken.max(1);
                    let was_lost = std::mem::replace(&mut self.is_lost, taken <= frame.start.len());
                    if !was_lost {
                        return Some(Piece::Bad(error));
                    }
                }
            }
        }
    }

    /// Drops signals that stand at the front.
    pub(super) fn skip_signals(&mut self, frame: &Frame) {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| frame.signals.contains(byte)).count();
    }

    /// The line was silent for long enough: what is unfinished stays so, or is finished by the silence.
    pub fn gap(&mut self, frame: &Frame) -> Option<Piece> {
        let rest = self.buffer.split_off(self.at.min(self.buffer.len()));
        let was_lost = self.is_lost;
        *self = Self::default();
        match frame.body {
            _ if rest.is_empty() || was_lost => None,
            Body::Silence => Some(Piece::Frame(rest)),
            _ => Some(Piece::Bad(FrameError::Incomplete)),
        }
    }

    /// Whether a silence would mean something.
    pub fn is_pending(&self) -> bool {
        self.is_lost || self.at < self.buffer.len()
    }
}

impl std::fmt::Debug for Deframer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deframer({} bytes)", self.buffer.len() - self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(frame: &Frame, bytes: &[u8]) -> Vec<Piece> {
        let mut deframer = Deframer::default();
        deframer.push(bytes);
        std::iter::from_fn(|| deframer.next_piece(frame)).collect()
    }

    #[test]
    fn a_good_frame_is_found_behind_a_bad_one() {
        let good = b"\x02\x00\x01A\x03\x43";
        let bad = b"\x02\x00\x01\x06\x03\x43";
        let both = [&bad[..], good].concat();
        assert_eq!(
            pieces(&Frame::STX_BCD, &both),
            [Piece::Bad(FrameError::Check), Piece::Frame(b"A".to_vec())]
        );
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_before_it_is_there() {
        let frame = Frame { max: 10, ..Frame::STX_BCD };
        assert_eq!(pieces(&frame, b"\x02\x00\x11"), [Piece::Bad(FrameError::TooLong)]);
        let frame = Frame { max: 3, ..Frame::STX_LRC };
        assert_eq!(pieces(&frame, b"\x02ABCDE"), [Piece::Bad(FrameError::TooLong)]);
    }

    #[test]
    fn strays_are_nothing_or_one_bad_frame() {
        let good = b"..\x02A\x03\x42";
        assert_eq!(pieces(&Frame::STX_LRC, good), [Piece::Frame(b"A".to_vec())]);
        let strict = Frame { refuses_strays: true, ..Frame::STX_LRC };
        assert_eq!(pieces(&strict, good), [Piece::Bad(FrameError::Stray), Piece::Frame(b"A".to_vec())]);
    }

    #[test]
    fn silence_ends_a_frame_or_breaks_it() {
        let mut deframer = Deframer::default();
        deframer.push(b"\x02AB");
        assert_eq!(deframer.next_piece(&Frame::STX_LRC), None);
        assert_eq!(deframer.gap(&Frame::STX_LRC), Some(Piece::Bad(FrameError::Incomplete)));
        assert!(!deframer.is_pending());
        deframer.push(b"CZ");
        assert_eq!(deframer.next_piece(&Frame::SILENCE), None);
        assert_eq!(deframer.gap(&Frame::SILENCE), Some(Piece::Frame(b"CZ".to_vec())));
    }
}
