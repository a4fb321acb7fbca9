//! The sub-elements of DE 61 in the dialect of UnionPay's terminals.

use super::{
    code::MonthDay,
    identifier::{BatchNo, Stan},
    text::{DigitCursor, ShortText, ValueError},
};

/// DE 61: which transaction this one is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginalData {
    /// 61.1: its batch; [`BatchNo::NONE`] in refunds and the pre-authorization family.
    pub batch: BatchNo,
    /// 61.2: its STAN; `None` is written 000000.
    pub stan: Option<Stan>,
    /// 61.3: its date; `None` leaves it out, as in voids.
    pub date: Option<MonthDay>,
}

impl OriginalData {
    /// Reads the digits of the element; what follows 61.3 is left alone.
    ///
    /// # Errors
    /// When there are fewer than twelve digits, something else, or the date is cut off.
    pub fn from_digits(digits: &[u8]) -> Result<Self, ValueError> {
        let mut cursor = DigitCursor(digits);
        Ok(Self {
            batch: BatchNo::new(cursor.need(6, EXPECTED)? as u32).ok_or(EXPECTED)?,
            stan: Stan::new(cursor.need(6, EXPECTED)? as u32),
            date: cursor
                .take(4, EXPECTED)?
                .map(|number| MonthDay::new(number as u16).ok_or(EXPECTED))
                .transpose()?,
        })
    }

    /// Returns the twelve or sixteen digits of the element.
    #[must_use]
    pub fn digits(&self) -> ShortText {
        let mut digits = ShortText::new();
        digits.push(&self.batch.digits());
        digits.push_number(self.stan.map_or(0, |stan| u64::from(stan.number())), 6);
        if let Some(date) = self.date {
            digits.push(&date.digits());
        }
        digits
    }
}

const EXPECTED: ValueError = ValueError::new("DE 61", "12 digits or more, in sub-elements of full width");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn original_data_of_void_refund_and_addition() {
        let void = OriginalData::from_digits(b"000065002332").unwrap();
        assert_eq!((void.batch.number(), void.stan, void.date), (65, Stan::new(2332), None));
        for digits in ["000065002332", "0000000000000827", "0000000000000000"] {
            assert_eq!(OriginalData::from_digits(digits.as_bytes()).unwrap().digits().as_str(), digits);
        }
        assert!(OriginalData::from_digits(b"00006500233208").is_err());
    }
}
