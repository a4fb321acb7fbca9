//! One frame of a serial line as data: marks, length or stuffing, check bytes, limit. Streams are for the deframer.

use super::checksum::Checksum;
use std::borrow::Cow;

/// How a payload travels on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The bytes that begin a frame; none on a stream that never loses its place.
    pub start: Cow<'static, [u8]>,
    /// How the end of the payload is known.
    pub body: Body,
    /// The bytes after the payload.
    pub end: Cow<'static, [u8]>,
    /// The check bytes after the end.
    pub check: Checksum,
    /// What the check bytes cover besides the payload.
    pub coverage: Coverage,
    /// The bytes after the check bytes.
    pub tail: Cow<'static, [u8]>,
    /// Single bytes that stand alone between frames: ACK, NAK, ENQ, EOT.
    pub signals: Cow<'static, [u8]>,
    /// The longest payload, in bytes.
    pub max: usize,
    /// Whether bytes between frames that are no signals are a frame that was hit; otherwise they are nothing.
    pub refuses_strays: bool,
}

/// How the end of a payload is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// By the end bytes, which the payload cannot contain.
    Marked,
    /// By the end bytes, which begin with this byte; the payload doubles it.
    Stuffed(u8),
    /// By a length.
    Counted(LengthField),
    /// By the silence after it.
    Silence,
}

/// The length field of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthField {
    /// How many bytes of the payload come before it and are not counted.
    pub after: usize,
    /// How it is written.
    pub form: LengthForm,
    /// Whether it is a part of the payload, as in an APDU of ZVT.
    pub is_payload: bool,
    /// How many bytes besides those that follow it it counts: itself, the end, the check bytes.
    pub adds: usize,
}

/// How a length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthForm {
    /// So many bytes of two decimal digits each.
    Bcd(usize),
    /// So many bytes, highest first.
    BigEndian(usize),
    /// So many bytes, lowest first.
    LittleEndian(usize),
    /// So many decimal digits.
    Ascii(usize),
    /// So many bytes with a decimal digit in the low half of each and F in the high one: `Fx Fy` (ZVT).
    Nibbles(usize),
    /// One byte up to FE; or FF and two bytes, lowest first (ZVT).
    Escaped,
}

/// What check bytes cover besides the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The start bytes.
    pub start: bool,
    /// The length field.
    pub length: bool,
    /// The last of the end bytes.
    pub end: bool,
}

/// Why a payload has no frame, or bytes are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The payload is longer than the frame allows.
    #[error("the frame is longer than its limit")]
    TooLong,
    /// The length field is no number, or does not agree with the payload.
    #[error("the length of the frame is wrong")]
    Length,
    /// The end is not where the length says.
    #[error("the frame does not end where its length says")]
    End,
    /// The payload holds the end of the frame, or a stuffed byte stands alone.
    #[error("the payload is not escaped")]
    Escape,
    /// The check bytes are wrong.
    #[error("the check bytes are wrong")]
    Check,
    /// Bytes stand where a frame should begin.
    #[error("bytes stand between frames")]
    Stray,
    /// The line fell silent inside the frame.
    #[error("the frame is incomplete")]
    Incomplete,
}

/// What stands at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The beginning of a frame.
    More,
    /// A frame of so many bytes.
    Whole(usize, Vec<u8>),
    /// Nothing that is one; so many bytes are to be skipped.
    Bad(usize, FrameError),
}

impl Frame {
    /// Appends the frame of a payload.
    ///
    /// # Errors
    /// When the payload is too long or holds what the frame cannot carry.
    pub fn build(&self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
        if payload.len() > self.max {
            return Err(FrameError::TooLong);
        }
        let (head, length, data) = self.parts(payload)?;
        out.extend_from_slice(&self.start);
        match self.body {
            Body::Stuffed(escape) => data.iter().for_each(|byte| {
                out.push(*byte);
                out.extend((*byte == escape).then_some(escape));
            }),
            _ => out.extend([head, &length, data].concat()),
        }
        out.extend_from_slice(&self.end);
        out.extend(self.check.of(&self.covered(head, &length, data)));
        out.extend_from_slice(&self.tail);
        Ok(())
    }

    /// A part of a payload as it stands on the line; `None` when there is nothing of it.
    pub fn escaped(&self, part: &[u8]) -> Option<Vec<u8>> {
        let Body::Stuffed(escape) = self.body else {
            return Some(part.to_vec()).filter(|part| !part.is_empty());
        };
        let doubled =
            part.iter().flat_map(|byte| std::iter::repeat_n(*byte, 1 + usize::from(*byte == escape)));
        Some(doubled.collect()).filter(|wire: &Vec<u8>| !wire.is_empty())
    }

    /// The payload before the length, the length, and the rest.
    fn parts<'a>(&self, payload: &'a [u8]) -> Result<Parts<'a>, FrameError> {
        match self.body {
            Body::Marked if contains(payload, &self.end) => Err(FrameError::Escape),
            Body::Counted(field) => {
                let (head, data) = payload.split_at_checked(field.after).ok_or(FrameError::Length)?;
                if !field.is_payload {
                    return Ok((head, field.form.write(data.len() + field.adds)?, data));
                }
                let (count, size) = field.form.read(data)?.ok_or(FrameError::Length)?;
                let agrees = data.len() + field.adds == size + count;
                if agrees { Ok((head, Vec::new(), data)) } else { Err(FrameError::Length) }
            }
            _ => Ok((&[], Vec::new(), payload)),
        }
    }

    fn covered(&self, head: &[u8], length: &[u8], data: &[u8]) -> Vec<u8> {
        let start = if self.coverage.start { &*self.start } else { &[] };
        let length = if self.coverage.length { length } else { &[] };
        let end = self.end.last_chunk::<1>().filter(|_| self.coverage.end).map_or(&[][..], |last| last);
        [start, head, length, data, end].concat()
    }

    /// Takes the front of `bytes` apart, which begin with the start bytes.
    pub(super) fn cut(&self, bytes: &[u8]) -> Cut {
        let rest = bytes.get(self.start.len()..).unwrap_or_default();
        let found = match self.body {
            Body::Marked => self.find_mark(rest),
            Body::Stuffed(escape) => self.unstuff(rest, escape),
            Body::Counted(field) => self.count(rest, field),
            Body::Silence if rest.len() > self.max => Err(FrameError::TooLong),
            Body::Silence => Ok(None),
        };
        match found {
            Ok(None) => Cut::More,
            Ok(Some(found)) => self.check(bytes, &found),
            // What is inside cannot be trusted: look on right behind the start, or give all of it up.
            Err(error) if self.start.is_empty() => Cut::Bad(bytes.len(), error),
            Err(error) => Cut::Bad(self.start.len(), error),
        }
    }

    fn find_mark(&self, rest: &[u8]) -> Result<Option<Found>, FrameError> {
        match rest.windows(self.end.len().max(1)).position(|window| window == &*self.end) {
            Some(at) if at > self.max => Err(FrameError::TooLong),
            Some(at) => Ok(Some(Found::plain(rest.get(..at).unwrap_or_default(), at + self.end.len()))),
            None if rest.len() > self.max + self.end.len() => Err(FrameError::TooLong),
            None => Ok(None),
        }
    }

    fn unstuff(&self, rest: &[u8], escape: u8) -> Result<Option<Found>, FrameError> {
        let (mut data, mut at) = (Vec::new(), 0);
        while let Some(byte) = rest.get(at) {
            let follower = rest.get(at + 1);
            at += 1;
            if *byte == escape {
                match follower {
                    None => return Ok(None),
                    Some(next) if *next == escape => at += 1,
                    Some(next) if self.end.last() == Some(next) => {
                        return Ok(Some(Found::plain(&data, at + 1)));
                    }
                    Some(_) => return Err(FrameError::Escape),
                }
            }
            data.push(*byte);
            if data.len() > self.max {
                return Err(FrameError::TooLong);
            }
        }
        Ok(None)
    }

    fn count(&self, rest: &[u8], field: LengthField) -> Result<Option<Found>, FrameError> {
        let Some((head, tail)) = rest.split_at_checked(field.after) else { return Ok(None) };
        let Some((count, size)) = field.form.read(tail)? else { return Ok(None) };
        let count = count.checked_sub(field.adds).ok_or(FrameError::Length)?;
        let kept = if field.is_payload { 0 } else { size };
        if count.saturating_add(field.after + size - kept) > self.max {
            return Err(FrameError::TooLong);
        }
        let end = size + count;
        let (Some(data), Some(length)) = (tail.get(kept..end), tail.get(..kept)) else { return Ok(None) };
        let Some(mark) = tail.get(end..end + self.end.len()) else { return Ok(None) };
        if mark != &*self.end {
            return Err(FrameError::End);
        }
        let taken = field.after + end + self.end.len();
        Ok(Some(Found { head: head.to_vec(), length: length.to_vec(), data: data.to_vec(), taken }))
    }

    fn check(&self, bytes: &[u8], found: &Found) -> Cut {
        let at = self.start.len() + found.taken;
        let end = at + self.check.size();
        let whole = end + self.tail.len();
        let (Some(sum), Some(tail)) = (bytes.get(at..end), bytes.get(end..whole)) else { return Cut::More };
        let is_right = sum == self.check.of(&self.covered(&found.head, &found.length, &found.data));
        // A length that was hit leads anywhere: only marks tell where a bad frame ended.
        let skip = if matches!(self.body, Body::Counted(_)) { self.start.len().max(1) } else { whole };
        match (is_right, tail == &*self.tail) {
            (true, true) => Cut::Whole(whole, [&*found.head, &found.data].concat()),
            (true, false) => Cut::Bad(skip, FrameError::End),
            (false, _) => Cut::Bad(skip, FrameError::Check),
        }
    }
}

impl LengthForm {
    /// The field for a count.
    pub(super) fn write(self, count: usize) -> Result<Vec<u8>, FrameError> {
        let wide = count as u64;
        let bytes = match self {
            Self::Bcd(size) => digits(wide, size * 2)?.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect(),
            Self::Ascii(size) => digits(wide, size)?.iter().map(|digit| b'0' + digit).collect(),
            Self::Nibbles(size) => digits(wide, size)?.iter().map(|digit| 0xF0 | digit).collect(),
            Self::BigEndian(size) => low_bytes(wide, size)?.into_iter().rev().collect(),
            Self::LittleEndian(size) => low_bytes(wide, size)?,
            Self::Escaped if count < 0xFF => vec![count as u8],
            Self::Escaped => [vec![0xFF], low_bytes(wide, 2)?].concat(),
        };
        Ok(bytes)
    }

    /// The count and the size of the field at the front of `bytes`; `None` when they are too few.
    pub(super) fn read(self, bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
        let size = match (self, bytes.first()) {
            (Self::Escaped, Some(0xFF)) => 3,
            (Self::Escaped, _) => 1,
            (Self::Bcd(n) | Self::Ascii(n) | Self::Nibbles(n), _) => n,
            (Self::BigEndian(n) | Self::LittleEndian(n), _) => n,
        };
        let Some(field) = bytes.get(..size) else { return Ok(None) };
        let count = match self {
            Self::Bcd(_) => decimal(field.iter().flat_map(|byte| [byte >> 4, byte & 15]))?,
            Self::Ascii(_) => decimal(field.iter().map(|byte| byte.wrapping_sub(b'0')))?,
            // Some write 0 where F should be.
            Self::Nibbles(_) => decimal(field.iter().map(|byte| match byte >> 4 {
                0xF | 0 => byte & 15,
                _ => u8::MAX,
            }))?,
            Self::BigEndian(_) => number(field.iter()),
            Self::LittleEndian(_) => number(field.iter().rev()),
            Self::Escaped if size == 3 => number(field.iter().skip(1).rev()),
            Self::Escaped => number(field.iter()),
        };
        Ok(Some((count, size)))
    }
}

/// The payload before the length, the length, and the rest.
type Parts<'a> = (&'a [u8], Vec<u8>, &'a [u8]);

/// The parts of a frame between its start and its check bytes.
struct Found {
    head: Vec<u8>,
    length: Vec<u8>,
    data: Vec<u8>,
    /// Bytes after the start, the end included.
    taken: usize,
}

impl Found {
    fn plain(data: &[u8], taken: usize) -> Self {
        Self { head: Vec::new(), length: Vec::new(), data: data.to_vec(), taken }
    }
}

fn contains(payload: &[u8], mark: &[u8]) -> bool {
    payload.windows(mark.len().max(1)).any(|window| window == mark)
}

fn digits(mut number: u64, size: usize) -> Result<Vec<u8>, FrameError> {
    let mut digits = vec![0; size];
    for digit in digits.iter_mut().rev() {
        (*digit, number) = ((number % 10) as u8, number / 10);
    }
    if number > 0 { Err(FrameError::TooLong) } else { Ok(digits) }
}

/// The `size` lowest bytes of a number that has no more, lowest first.
fn low_bytes(number: u64, size: usize) -> Result<Vec<u8>, FrameError> {
    let (low, high) = number
        .to_le_bytes()
        .split_at_checked(size)
        .map(|(l, h)| (l.to_vec(), h.to_vec()))
        .ok_or(FrameError::Length)?;
    if high.iter().any(|byte| *byte > 0) { Err(FrameError::TooLong) } else { Ok(low) }
}

fn decimal(digits: impl Iterator<Item = u8>) -> Result<usize, FrameError> {
    digits.into_iter().try_fold(0_usize, |number, digit| {
        let sum = number.checked_mul(10).and_then(|tens| tens.checked_add(usize::from(digit)));
        sum.filter(|_| digit < 10).ok_or(FrameError::Length)
    })
}

fn number<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    bytes.fold(0, |number, byte| number.wrapping_shl(8) | usize::from(*byte))
}
