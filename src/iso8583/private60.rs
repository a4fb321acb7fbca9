//! The sub-elements of DE 60 in the dialect of UnionPay's terminals.

use super::{
    identifier::BatchNo,
    text::{DigitCursor, ShortText, ValueError},
};

/// DE 60: what kind of message this is, and what the terminal can do. Sub-elements may be left out from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Private60 {
    /// 60.1: the kind of message, two digits; 0 for management.
    pub kind: u8,
    /// 60.2: the batch.
    pub batch: BatchNo,
    /// 60.3: the network management code, three digits; 0 in financial messages.
    pub management: Option<u16>,
    /// 60.4: what the terminal can read: 2 stripe, 5 and chip, 6 and contactless.
    pub read_capability: Option<u8>,
    /// 60.5: chip condition: 1 or 2 for a stripe read although there is a chip.
    pub ic_condition: Option<u8>,
    /// 60.6: whether the terminal takes partial approvals.
    pub partial: Option<u8>,
    /// 60.7: the type of account, three digits.
    pub account: Option<u16>,
}

impl Private60 {
    /// The eleven digits of a management message.
    #[must_use]
    pub const fn management(batch: BatchNo, code: u16) -> Self {
        Self {
            kind: 0,
            batch,
            management: Some(code),
            read_capability: None,
            ic_condition: None,
            partial: None,
            account: None,
        }
    }

    /// The fourteen digits of a financial message: no fallback, no partial approval.
    #[must_use]
    pub const fn financial(kind: u8, batch: BatchNo, read_capability: u8) -> Self {
        Self {
            kind,
            batch,
            management: Some(0),
            read_capability: Some(read_capability),
            ic_condition: Some(0),
            partial: Some(0),
            account: None,
        }
    }

    /// Reads the digits of the element; what follows 60.7 is left alone.
    ///
    /// # Errors
    /// When there are fewer than eight digits, something else, or a sub-element is cut off.
    pub fn from_digits(digits: &[u8]) -> Result<Self, ValueError> {
        let mut cursor = DigitCursor(digits);
        let private = Self {
            kind: cursor.need(2, EXPECTED)? as u8,
            batch: BatchNo::new(cursor.need(6, EXPECTED)? as u32).ok_or(EXPECTED)?,
            management: cursor.take(3, EXPECTED)?.map(|number| number as u16),
            read_capability: cursor.take(1, EXPECTED)?.map(|number| number as u8),
            ic_condition: cursor.take(1, EXPECTED)?.map(|number| number as u8),
            partial: cursor.take(1, EXPECTED)?.map(|number| number as u8),
            account: cursor.take(3, EXPECTED)?.map(|number| number as u16),
        };
        Ok(private)
    }

    /// Returns the digits of the element, up to the first sub-element that is left out.
    #[must_use]
    pub fn digits(&self) -> ShortText {
        let mut digits = ShortText::new();
        digits.push_number(u64::from(self.kind), 2);
        digits.push(&self.batch.digits());
        let rest = [
            (self.management, 3),
            (self.read_capability.map(u16::from), 1),
            (self.ic_condition.map(u16::from), 1),
            (self.partial.map(u16::from), 1),
            (self.account, 3),
        ];
        for (number, width) in rest.into_iter().map_while(|(number, width)| number.zip(Some(width))) {
            digits.push_number(u64::from(number), width);
        }
        digits
    }
}

const EXPECTED: ValueError = ValueError::new("DE 60", "8 digits or more, in sub-elements of full width");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn every_length_seen_in_the_field_reads_and_writes_back() {
        for digits in ["22000001", "00000001003", "2200000100050", "22000065000501", "22000001000501048"] {
            assert_eq!(Private60::from_digits(digits.as_bytes()).unwrap().digits().as_str(), digits);
        }
        let long = Private60::from_digits(b"2600000100060000000").unwrap();
        assert_eq!((long.kind, long.account), (26, Some(0)));
    }

    #[test]
    fn a_sub_element_cut_off_is_an_error() {
        for digits in [&b"2200000"[..], b"220000010", b"2200000100050100", b"22A00001", b""] {
            assert!(Private60::from_digits(digits).is_err(), "{}", digits.len());
        }
    }

    #[test]
    fn constructors_give_the_usual_lengths() {
        let batch = BatchNo::new(65).unwrap();
        assert_eq!(Private60::management(batch, 201).digits().as_str(), "00000065201");
        assert_eq!(Private60::financial(22, batch, 5).digits().as_str(), "22000065000500");
    }
}
