//! The service code of a track: where a card may be used and how.

use std::fmt;
use std::str::FromStr;

use super::CardError;

/// Three digits of the track (ISO/IEC 7813); the default is 201: international, chip, no restriction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServiceCode([u8; 3]);

impl ServiceCode {
    /// Takes three ASCII digits.
    ///
    /// # Errors
    /// [`CardError::ServiceCode`].
    pub fn from_ascii(text: &[u8]) -> Result<Self, CardError> {
        let digits = <[u8; 3]>::try_from(text).map_err(|_| CardError::ServiceCode)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(CardError::ServiceCode) }
    }

    /// The three ASCII digits.
    pub fn as_bytes(&self) -> &[u8; 3] {
        &self.0
    }

    /// Whether the card has a chip, so that a terminal refuses to swipe it except as fallback.
    pub fn has_chip(self) -> bool {
        matches!(self.0[0], b'2' | b'6')
    }
}

impl Default for ServiceCode {
    fn default() -> Self {
        Self(*b"201")
    }
}

impl FromStr for ServiceCode {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        Self::from_ascii(text.as_bytes())
    }
}

impl fmt::Display for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&digit| write!(f, "{}", char::from(digit)))
    }
}

impl fmt::Debug for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceCode({self})")
    }
}
