//! What can be wrong with a message, read or written. No text here repeats a value: it may be card data.

use std::fmt;

use super::de::De;

/// Received bytes are not a message of the spec: the peer, or the choice of the spec, is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} at byte {offset}: {flaw}")]
pub struct ParseError {
    /// The part of the message.
    pub place: Place,
    /// Where that part starts, in bytes from the first byte of the MTI.
    pub offset: usize,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The message type indicator.
    Mti,
    /// The first or second bitmap.
    Bitmap,
    /// A data element.
    Element(De),
    /// What follows the last element.
    End,
}

/// What is wrong with a part of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The message ends inside the part.
    #[error("needs {needed} bytes, {left} are left")]
    Truncated {
        /// Bytes of the whole part, as far as known.
        needed: usize,
        /// Bytes left for it.
        left: usize,
    },
    /// A digit is no decimal digit.
    #[error("holds something else than digits")]
    NotDigits,
    /// A character is neither a digit, nor `A`–`F`, nor the separator.
    #[error("holds something else than track data")]
    NotTrack,
    /// A character is no hexadecimal digit.
    #[error("holds something else than hexadecimal digits")]
    NotHex,
    /// The length prefix is no number.
    #[error("its length is not a number")]
    BadLength,
    /// The length is over the maximum.
    #[error("length {length} is over the maximum of {max}")]
    TooLong {
        /// The length it has.
        length: usize,
        /// The greatest allowed.
        max: usize,
    },
    /// The spec does not define the element.
    #[error("the spec does not define it")]
    Undefined,
    /// Bit 1 is set where there is no second bitmap.
    #[error("bit 1 is set but the spec has no second bitmap")]
    ReservedBit,
    /// Bytes follow the last element.
    #[error("{bytes} bytes follow the last element")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mti => f.write_str("MTI"),
            Self::Bitmap => f.write_str("bitmap"),
            Self::Element(de) => de.fmt(f),
            Self::End => f.write_str("end"),
        }
    }
}

/// A message cannot be written in the spec: the caller is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// An element came after a higher one, or twice.
    #[error("{de} comes after {last}, elements must ascend")]
    OutOfOrder {
        /// The element.
        de: De,
        /// The one before it.
        last: De,
    },
    /// The spec does not define the element, or has no second bitmap for it.
    #[error("{0}: the spec does not define it")]
    Undefined(De),
    /// The value does not have the fixed length.
    #[error("{de}: has length {length}, must have {fixed}")]
    WrongLength {
        /// The element.
        de: De,
        /// The length it has.
        length: usize,
        /// The length it must have.
        fixed: usize,
    },
    /// The value is over the maximum length.
    #[error("{de}: length {length} is over the maximum of {max}")]
    TooLong {
        /// The element.
        de: De,
        /// The length it has.
        length: usize,
        /// The greatest allowed.
        max: usize,
    },
    /// A character does not belong into the element.
    #[error("{0}: holds a character that does not belong there")]
    BadCharacter(De),
    /// The spec has no MAC.
    #[error("the spec has no MAC element")]
    NoMac,
    /// The frame is longer than its length header can say, or than any message may be.
    #[error("the message has {0} bytes, more than its frame can carry")]
    FrameTooLong(usize),
}
