//! The cardholder's PIN, which never prints; blocks that carry it are left to `crypto`.

use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::CardError;

/// A PIN of 4 to 12 digits (ISO 9564-1), 7 bytes; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Pin {
    len: NonZeroU8,
    packed: [u8; 6],
}

impl Pin {
    /// Takes digits two to a byte, filled up with F; nothing if that is no PIN.
    pub fn from_packed(packed: [u8; 6]) -> Option<Self> {
        let mut nibbles = packed.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
        let len = nibbles.clone().take_while(|&nibble| nibble <= 9).count();
        let filled = nibbles.by_ref().skip(len).all(|nibble| nibble == FILLER);
        let len = NonZeroU8::new(len as u8)?;
        (len.get() >= MIN_LEN && filled).then_some(Self { len, packed })
    }

    /// The number of digits, 4 to 12.
    #[expect(clippy::len_without_is_empty, reason = "a PIN is never empty")]
    pub fn len(&self) -> usize {
        usize::from(self.len.get())
    }

    /// The digits two to a byte, filled up with F.
    pub fn packed(&self) -> &[u8; 6] {
        &self.packed
    }

    /// The digits as numbers from 0 to 9, for PIN blocks and key pads.
    pub fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.packed.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).take(self.len())
    }
}

impl FromStr for Pin {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        let mut nibbles = text.bytes().map(|byte| byte.wrapping_sub(b'0'));
        let mut packed = [0; 6];
        for byte in &mut packed {
            let mut next = || match nibbles.next() {
                Some(digit @ 0..=9) => Ok(digit),
                Some(_) => Err(CardError::Pin),
                None => Ok(FILLER),
            };
            *byte = next()? << 4 | next()?;
        }
        if nibbles.next().is_some() {
            return Err(CardError::Pin);
        }
        Self::from_packed(packed).ok_or(CardError::Pin)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(***)")
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

const MIN_LEN: u8 = 4;
const FILLER: u8 = 0xF;
