//! The value of one element of a received message, borrowed from its bytes.
//!
//! The logical form is what people mean: digits and track nibbles as characters, text as it is, binary as bytes.

use std::fmt;

use super::{
    digits::{self, Padding},
    element::{Align, Content},
    plan,
    text::digits_to_number,
};

/// The value of one element, a view into the message.
///
/// `Debug` shows its length only: it may be card data.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    wire: &'a [u8],
    length: u32,
    content: Content,
    align: Align,
}

impl<'a> Value<'a> {
    pub(super) const fn new(wire: &'a [u8], length: usize, content: Content, align: Align) -> Self {
        Self { wire, length: length as u32, content, align }
    }

    /// Returns the bytes on the wire, without the length prefix.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.wire
    }

    /// Returns what the element holds.
    #[must_use]
    pub const fn content(self) -> Content {
        self.content
    }

    /// Returns the characters, or bytes if binary, of the logical form.
    #[must_use]
    pub const fn len(self) -> usize {
        self.length as usize
    }

    /// Says whether the value is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.length == 0
    }

    /// Returns the decimal number; `None` when there are other characters, none, or too many for 64 bits.
    #[must_use]
    pub fn number(self) -> Option<u64> {
        match self.content {
            Content::Digits if !self.is_empty() => digits::number(self.wire, self.padding()),
            Content::AsciiDigits | Content::Text => digits_to_number(self.wire),
            _ => None,
        }
    }

    /// Returns the characters of an element that is text on the wire; `None` for packed and binary ones.
    #[must_use]
    pub const fn text(self) -> Option<&'a [u8]> {
        match self.content {
            Content::Text | Content::AsciiDigits | Content::SignedAscii => Some(self.wire),
            _ => None,
        }
    }

    /// Returns the logical form when it has exactly `N` characters.
    #[must_use]
    pub fn array<const N: usize>(self) -> Option<[u8; N]> {
        if self.is_verbatim() {
            return self.wire.try_into().ok();
        }
        let mut array = [0; N];
        (self.len() == N).then(|| self.unpack(&mut array))?;
        Some(array)
    }

    /// Writes the logical form to the front of `buffer` and returns it; `None` when it does not fit.
    #[must_use]
    pub fn write_to(self, buffer: &mut [u8]) -> Option<&[u8]> {
        let logical = buffer.get_mut(..self.len())?;
        self.unpack(logical);
        Some(logical)
    }

    /// Appends the logical form.
    pub fn append_to(self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.resize(start + self.len(), 0);
        self.unpack(&mut buffer[start..]);
    }

    /// Returns the characters of the logical form.
    pub fn chars(self) -> impl Iterator<Item = u8> + 'a {
        (0..self.len()).filter_map(move |index| self.at(index))
    }

    /// Says whether the logical form is this one; track data may have `=` for `D`.
    #[must_use]
    pub fn is(self, logical: &[u8]) -> bool {
        match self.content {
            _ if self.len() != logical.len() => false,
            Content::Digits | Content::Nibbles => self.is_packed(logical),
            Content::AsciiTrack => self.chars().eq(logical.iter().map(|byte| separator(*byte))),
            Content::HexText | Content::SignedDigits => self.chars().eq(logical.iter().copied()),
            _ => self.wire == logical,
        }
    }

    /// Says whether two values have the same logical form, whatever their coding.
    #[must_use]
    pub fn same(self, other: Value<'_>) -> bool {
        let padded = self.padding() != Padding::None;
        let alike = self.content == other.content && self.length == other.length;
        match self.content {
            _ if alike && self.wire == other.wire => true,
            Content::HexText | Content::AsciiTrack => self.chars().eq(other.chars()),
            _ if alike && !padded => false,
            _ => self.chars().eq(other.chars()),
        }
    }

    /// Fills `logical`, which has the logical length.
    fn unpack(self, logical: &mut [u8]) {
        match self.content {
            Content::Digits | Content::Nibbles => self.unpack_nibbles(logical),
            Content::HexText | Content::AsciiTrack | Content::SignedDigits => {
                logical.iter_mut().zip(self.chars()).for_each(|(to, from)| *to = from);
            }
            _ => self.wire.get(..logical.len()).into_iter().for_each(|wire| logical.copy_from_slice(wire)),
        }
    }

    /// Whether the wire has the logical form as it is.
    const fn is_verbatim(self) -> bool {
        matches!(self.content, Content::Text | Content::AsciiDigits | Content::SignedAscii | Content::Binary)
    }

    fn unpack_nibbles(self, logical: &mut [u8]) {
        let (packed, logical) = match (self.padding(), self.wire, logical) {
            (Padding::First, [first, packed @ ..], [digit, logical @ ..]) => {
                *digit = character(first & 0x0F);
                (packed, logical)
            }
            (_, packed, logical) => (packed, logical),
        };
        for (characters, packed) in logical.chunks_mut(8).zip(packed.chunks(4)) {
            let word = (digits::load(packed) as u32) << (32 - 8 * packed.len());
            let text = digits::unpack_nibbles(word).to_be_bytes();
            characters.copy_from_slice(&text[..characters.len()]);
        }
    }

    fn is_packed(self, logical: &[u8]) -> bool {
        let (packed, logical) = match (self.padding(), self.wire, logical) {
            (Padding::First, [first, packed @ ..], [digit, logical @ ..]) => {
                if character(first & 0x0F) != separator(*digit) {
                    return false;
                }
                (packed, logical)
            }
            (_, packed, logical) => (packed, logical),
        };
        logical.chunks(8).zip(packed.chunks(4)).all(|(characters, packed)| {
            let unused = (packed.len() * 2 - characters.len()) * 4;
            digits::pack_nibbles(digits::load_digits(characters))
                == Some((digits::load(packed) >> unused) as u32)
        })
    }

    fn at(self, index: usize) -> Option<u8> {
        match self.content {
            Content::Digits | Content::Nibbles => self.nibble(self.wire, index),
            Content::SignedDigits if index > 0 => self.nibble(self.wire.get(1..)?, index - 1),
            Content::AsciiTrack => self.wire.get(index).map(|byte| separator(*byte)),
            Content::HexText => {
                let pair = self.wire.get(index * 2..index * 2 + 2)?;
                digits::pack_nibbles(digits::load_digits(pair)).map(|byte| byte as u8)
            }
            _ => self.wire.get(index).copied(),
        }
    }

    fn nibble(self, packed: &[u8], index: usize) -> Option<u8> {
        let place = if self.padding() == Padding::First { index + 1 } else { index };
        let byte = packed.get(place / 2)?;
        Some(character(if place.is_multiple_of(2) { byte >> 4 } else { byte & 0x0F }))
    }

    fn padding(self) -> Padding {
        plan::padding(self.content, self.align, self.len())
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({:?}, {} long)", self.content, self.length)
    }
}

/// Turns the ways to write a track character into one: `D` for the separator, upper case.
const fn separator(byte: u8) -> u8 {
    if byte == b'=' { b'D' } else { byte.to_ascii_uppercase() }
}

const fn character(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }
}
