//! A card number as others show it: some of its digits, the rest hidden.

use super::{CardError, Pan};
use std::{fmt, str::FromStr};

/// What a masked card number shows: the first six digits, the last four, and how many there are, each if known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaskedPan {
    /// Zero bytes where they are hidden.
    first: [u8; FIRST],
    last: [u8; LAST],
    /// Digits of the whole number; 0 when that is not known.
    len: u8,
}

impl MaskedPan {
    /// Whether nothing that both show is different.
    pub fn agrees(&self, other: &Self) -> bool {
        let is_known = |first: &[u8; FIRST]| first[0] != 0;
        let first = !is_known(&self.first) || !is_known(&other.first) || self.first == other.first;
        let len = self.len == 0 || other.len == 0 || self.len == other.len;
        first && len && self.last == other.last
    }

    /// All that is shown, for files of our own; [`MaskedPan::from_bytes`] takes it back.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (first, rest) = bytes.split_at_mut(FIRST);
        first.copy_from_slice(&self.first);
        let (last, len) = rest.split_at_mut(LAST);
        last.copy_from_slice(&self.last);
        len.fill(self.len);
        bytes
    }

    /// What [`MaskedPan::to_bytes`] gave; nothing when it is something else.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        let (last, len) = rest.split_first_chunk()?;
        let is_shown = first[0] == 0 || first.iter().all(u8::is_ascii_digit);
        let is_valid = is_shown && last.iter().all(u8::is_ascii_digit);
        is_valid.then_some(Self { first: *first, last: *last, len: *len.first()? })
    }

    /// The length of [`MaskedPan::to_bytes`].
    pub const BYTES: usize = FIRST + LAST + 1;

    fn shown(digits: &[u8], last: [u8; LAST], len: usize) -> Self {
        // First six and last four of a short number would leave nothing hidden.
        let first = digits.first_chunk().filter(|_| len == 0 || len >= SHORT).copied().unwrap_or_default();
        Self { first, last, len: len as u8 }
    }
}

impl From<&Pan> for MaskedPan {
    fn from(pan: &Pan) -> Self {
        let digits = pan.as_bytes();
        Self::shown(digits, *digits.last_chunk().expect("a PAN has 8 digits at least"), digits.len())
    }
}

impl FromStr for MaskedPan {
    type Err = CardError;

    /// Reads a whole number, one with `*`, `x`, `X` or `.` for what is hidden, or the last four digits alone.
    fn from_str(text: &str) -> Result<Self, CardError> {
        let bytes = text.as_bytes();
        let is_mark = |byte: &u8| matches!(byte, b'*' | b'x' | b'X' | b'.');
        if let Some(at) = bytes.iter().position(|byte| !byte.is_ascii_digit() && !is_mark(byte)) {
            return Err(CardError::PanDigit(at));
        }
        let last = bytes.last_chunk().filter(|_| bytes.len() == LAST || (8..=19).contains(&bytes.len()));
        let last: &[u8; LAST] = last.ok_or(CardError::PanLength(bytes.len()))?;
        if let Some(at) = last.iter().position(is_mark) {
            return Err(CardError::PanDigit(bytes.len() - LAST + at));
        }
        let len = if bytes.len() == LAST { 0 } else { bytes.len() };
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        Ok(Self::shown(bytes.get(..digits.min(FIRST)).filter(|_| len > 0).unwrap_or_default(), *last, len))
    }
}

impl fmt::Display for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |digits: &[u8]| digits.iter().map(|digit| char::from(*digit)).collect::<String>();
        let first = if self.first[0] == 0 { String::new() } else { text(&self.first) };
        let hidden = usize::from(self.len).saturating_sub(first.len() + LAST);
        f.pad(&format!("{first}{:*<hidden$}{}", "", text(&self.last)))
    }
}

impl fmt::Debug for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskedPan({self})")
    }
}

const FIRST: usize = 6;
const LAST: usize = 4;
const SHORT: usize = 13;

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> MaskedPan {
        text.parse().expect("a masked number")
    }

    #[test]
    fn it_shows_what_a_pan_shows_of_itself() {
        for length in 8..=19 {
            let pan: Pan = "6222021234567890123"[..length].parse().expect("valid");
            let of_pan = MaskedPan::from(&pan);
            assert_eq!(of_pan.to_string(), pan.to_string());
            assert_eq!(masked(&pan.to_string()), of_pan, "what is masked already stays");
            assert_eq!(masked(pan.as_str()), of_pan, "what is not masked is masked");
            assert_eq!(MaskedPan::from_bytes(&of_pan.to_bytes()), Some(of_pan));
        }
    }

    #[test]
    fn numbers_agree_when_nothing_shown_differs() {
        let card = masked("622202******7890");
        for same in ["622202xxxxxx7890", "************7890", "7890", "6222021111117890"] {
            assert!(card.agrees(&masked(same)), "{same}");
        }
        for other in ["622202******7891", "622203******7890", "622202*****7890", "1234"] {
            assert!(!card.agrees(&masked(other)), "{other}");
        }
        for text in ["", "789", "12345", "6222 02******7890", "622202******78*0", "62220212345678901234"] {
            assert!(text.parse::<MaskedPan>().is_err(), "{text:?}");
        }
    }
}
