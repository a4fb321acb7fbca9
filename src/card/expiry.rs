//! The month in which a card ends.

use std::fmt;
use std::str::FromStr;

use super::CardError;

/// A card's expiry, DE 14: the two-digit year and the month of its last day; ordered by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry {
    year: u8,
    month: u8,
}

impl Expiry {
    /// Takes a year within the century (0 to 99) and a month (1 to 12); nothing if out of range.
    pub fn new(year: u8, month: u8) -> Option<Self> {
        (year <= 99 && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// Takes the four ASCII digits YYMM.
    ///
    /// # Errors
    /// [`CardError::Expiry`].
    pub fn from_ascii(text: &[u8]) -> Result<Self, CardError> {
        let [a, b, c, d] = <[u8; 4]>::try_from(text).map_err(|_| CardError::Expiry)?;
        if !text.iter().all(u8::is_ascii_digit) {
            return Err(CardError::Expiry);
        }
        let two = |tens: u8, ones: u8| (tens - b'0') * 10 + ones - b'0';
        Self::new(two(a, b), two(c, d)).ok_or(CardError::Expiry)
    }

    /// The four ASCII digits YYMM.
    pub fn to_ascii(self) -> [u8; 4] {
        let two = |value: u8| [b'0' + value / 10, b'0' + value % 10];
        let ([a, b], [c, d]) = (two(self.year), two(self.month));
        [a, b, c, d]
    }

    /// The year within the century.
    pub fn year(self) -> u8 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The expiry that many months later; it stays at December 99, since the century is not written.
    #[must_use]
    pub fn plus_months(self, months: u16) -> Self {
        let month = u32::from(self.year) * 12 + u32::from(self.month - 1) + u32::from(months);
        let month = month.min(LAST_MONTH);
        Self { year: (month / 12) as u8, month: (month % 12) as u8 + 1 }
    }
}

impl FromStr for Expiry {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        Self::from_ascii(text.as_bytes())
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expiry({self})")
    }
}

const LAST_MONTH: u32 = 99 * 12 + 11;
