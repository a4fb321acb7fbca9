//! What the values of elements share: one error, texts of few characters, and serde as text.

use std::{fmt, ops::Deref};

/// A text or a number is not a value of the wanted kind; the offending text is not repeated, it may be card data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {expected}")]
pub struct ValueError {
    what: &'static str,
    expected: &'static str,
}

impl ValueError {
    pub(super) const fn new(what: &'static str, expected: &'static str) -> Self {
        Self { what, expected }
    }
}

/// A text of up to 64 ASCII characters on the stack: the digits of one element, ready for a `Packer`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShortText {
    bytes: [u8; Self::CAPACITY],
    length: u8,
}

impl ShortText {
    /// The most characters a short text holds.
    pub const CAPACITY: usize = 64;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], length: 0 }
    }

    /// Appends what still fits.
    pub(super) fn push(&mut self, text: &[u8]) {
        let start = usize::from(self.length);
        for (to, from) in self.bytes[start..].iter_mut().zip(text) {
            *to = *from;
        }
        self.length = (start + text.len()).min(Self::CAPACITY) as u8;
    }

    /// Appends the last `width` digits of `number`, zeros in front.
    pub(super) fn push_number(&mut self, number: u64, width: usize) {
        let mut digits = [b'0'; 20];
        decimal(number, &mut digits);
        self.push(&digits[20 - width.min(20)..]);
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self).expect("short texts are built from ASCII")
    }
}

impl Deref for ShortText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortText({} characters)", self.length)
    }
}

/// Writes the last digits of `number` over the whole of `digits`.
pub(crate) const fn decimal(mut number: u64, digits: &mut [u8]) {
    let mut place = digits.len();
    while place > 0 {
        place -= 1;
        digits[place] = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Reads ASCII digits only; `None` for anything else, for none and for too many.
pub(super) fn digits_to_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 || !super::digits::is_ascii_digits(digits) {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// Takes numbers of fixed width from the front of digits.
pub(super) struct DigitCursor<'a>(pub &'a [u8]);

impl DigitCursor<'_> {
    /// Takes the next number; `None` at the end.
    ///
    /// # Errors
    /// `malformed` when it is cut off or no number.
    pub(super) fn take(&mut self, width: usize, malformed: ValueError) -> Result<Option<u64>, ValueError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (number, rest) = self.0.split_at_checked(width).ok_or(malformed)?;
        self.0 = rest;
        digits_to_number(number).ok_or(malformed).map(Some)
    }

    /// Takes the next number, which must be there.
    ///
    /// # Errors
    /// `malformed` when it is not, is cut off or no number.
    pub(super) fn need(&mut self, width: usize, malformed: ValueError) -> Result<u64, ValueError> {
        self.take(width, malformed)?.ok_or(malformed)
    }
}

/// Makes serde read and write a value the way `Display` and `FromStr` do.
macro_rules! serde_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use serde_as_text;
