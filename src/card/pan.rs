//! The primary account number, masked wherever it is printed.

use std::fmt;
use std::str::FromStr;

use super::CardError;

/// A primary account number of 8 to 19 digits (ISO/IEC 7812-1); prints as its first six and last four.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pan {
    digits: [u8; MAX_LEN],
    len: u8,
}

impl Pan {
    /// Takes ASCII digits.
    ///
    /// # Errors
    /// [`CardError::PanLength`] or [`CardError::PanDigit`].
    pub fn from_ascii(text: &[u8]) -> Result<Self, CardError> {
        if !(MIN_LEN..=MAX_LEN).contains(&text.len()) {
            return Err(CardError::PanLength(text.len()));
        }
        if let Some(position) = text.iter().position(|byte| !byte.is_ascii_digit()) {
            return Err(CardError::PanDigit(position));
        }
        let mut digits = [0; MAX_LEN];
        digits[..text.len()].copy_from_slice(text);
        Ok(Self { digits, len: text.len() as u8 })
    }

    /// All digits in ASCII, unmasked: for messages and tracks only.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.len()]
    }

    /// All digits as text, unmasked: for messages and tracks only.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("a PAN holds ASCII digits")
    }

    /// The number of digits, 8 to 19.
    #[expect(clippy::len_without_is_empty, reason = "a PAN is never empty")]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B).
    pub fn is_luhn_valid(&self) -> bool {
        self.as_bytes().split_last().is_some_and(|(&check, payload)| luhn_digit(payload) == check)
    }
}

/// The ASCII check digit for the ASCII digits in front of it (ISO/IEC 7812-1 annex B, "Luhn").
pub fn luhn_digit(payload: &[u8]) -> u8 {
    let sum: u32 = payload.iter().rev().enumerate().map(|(place, &digit)| weighted(place, digit)).sum();
    b'0' + ((10 - sum % 10) % 10) as u8
}

/// A digit's share: every second one, from the right, counts twice, the digits of the product added.
fn weighted(place: usize, digit: u8) -> u32 {
    let value = u32::from(digit & 0xF);
    match (place % 2, value) {
        (0, 5..) => 2 * value - 9,
        (0, _) => 2 * value,
        (_, _) => value,
    }
}

impl FromStr for Pan {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        Self::from_ascii(text.as_bytes())
    }
}

impl fmt::Display for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.as_str();
        // First six and last four of a short PAN would leave nothing hidden.
        let shown = if self.len() < 13 { 0 } else { 6 };
        let (first, last) = (&text[..shown], &text[self.len() - 4..]);
        write!(f, "{first}{:*<hidden$}{last}", "", hidden = self.len() - shown - 4)
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pan({self})")
    }
}

const MIN_LEN: usize = 8;
const MAX_LEN: usize = 19;
