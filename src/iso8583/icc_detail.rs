//! The text that goes with a chip transaction in a batch upload (DE 62 of 0320), in the dialect of UnionPay's terminals.

use super::text::{DigitCursor, ShortText, ValueError};

/// DE 62 of one uploaded chip transaction: 21 characters, or 23 for one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IccDetail {
    /// Whether the card is of another country: card type 01, else 00.
    pub foreign: bool,
    /// Its amount in minor units.
    pub amount: u64,
    /// DE 49, three digits.
    pub currency: u16,
    /// What the terminal says of a transaction that failed, two digits; `None` for one that did not.
    pub failure: Option<u8>,
}

impl IccDetail {
    /// Returns the characters of the element.
    #[must_use]
    pub fn text(&self) -> ShortText {
        let mut text = ShortText::new();
        text.push(if self.failure.is_some() { FAILED } else { ONLINE });
        text.push(if self.foreign { b"01" } else { b"00" });
        text.push(b"00");
        text.push_number(self.amount, 12);
        text.push_number(u64::from(self.currency), 3);
        if let Some(failure) = self.failure {
            text.push_number(u64::from(failure), 2);
        }
        text
    }

    /// Reads the characters of the element.
    ///
    /// # Errors
    /// When they are not 21 or 23 digits, or begin with something else than 61 and 71.
    pub fn from_text(text: &[u8]) -> Result<Self, ValueError> {
        let failed = match (text.get(..2), text.len()) {
            (Some(ONLINE), 21) => false,
            (Some(FAILED), 23) => true,
            _ => return Err(EXPECTED),
        };
        let mut cursor = DigitCursor(text);
        cursor.need(2, EXPECTED)?;
        let foreign = match cursor.need(2, EXPECTED)? {
            0 => false,
            1 => true,
            _ => return Err(EXPECTED),
        };
        cursor.need(2, EXPECTED)?;
        let (amount, currency) = (cursor.need(12, EXPECTED)?, cursor.need(3, EXPECTED)? as u16);
        let failure = if failed { Some(cursor.need(2, EXPECTED)? as u8) } else { None };
        Ok(Self { foreign, amount, currency, failure })
    }
}

const ONLINE: &[u8] = b"61";
const FAILED: &[u8] = b"71";
const EXPECTED: ValueError =
    ValueError::new("DE 62 of an uploaded chip transaction", "61 and 19 digits, or 71 and 21");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_read_and_write_back() {
        for text in [&b"610000000000002000156"[..], b"610100000000002000840", b"71000000000000200015602"] {
            let detail = IccDetail::from_text(text);
            assert_eq!(detail.map(|detail| detail.text().to_vec()), Ok(text.to_vec()));
        }
        let detail = IccDetail::from_text(b"610100000000002000840");
        assert_eq!(detail, Ok(IccDetail { foreign: true, amount: 2_000, currency: 840, failure: None }));
    }

    #[test]
    fn what_is_cut_off_or_of_another_form_is_an_error() {
        let whole = b"71000000000000200015602";
        for length in 0..whole.len() {
            assert!(IccDetail::from_text(&whole[..length]).is_err(), "{length} characters");
        }
        for wrong in [&b"610000000000002000156 2"[..], b"810000000000002000156", b"61020000000000200015A"] {
            assert!(IccDetail::from_text(wrong).is_err());
        }
    }
}
