//! The details and the count of a batch upload (DE 48 of 0320), in the dialect of UnionPay's terminals.

use super::{
    identifier::Stan,
    text::{DigitCursor, ShortText, ValueError, digits_to_number},
};

/// One transaction of a stripe or keyed card, as 40 digits of DE 48; its card number does not print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchDetail {
    /// Whether the card is of another country: card type 01, else 00.
    pub foreign: bool,
    /// DE 11 of the transaction.
    pub stan: Stan,
    /// Its amount in minor units.
    pub amount: u64,
    pan: ShortText,
}

impl BatchDetail {
    /// How many digits one takes.
    pub const DIGITS: usize = 40;

    /// A detail; `None` when the card number is none of 1 to 19 digits or the amount has more than 12.
    #[must_use]
    pub fn new(foreign: bool, stan: Stan, pan: &[u8], amount: u64) -> Option<Self> {
        digits_to_number(pan)?;
        let mut text = ShortText::new();
        text.push(pan);
        (amount < AMOUNT_END).then_some(Self { foreign, stan, amount, pan: text })
    }

    /// Returns the digits of the card number.
    #[must_use]
    pub fn pan(&self) -> &[u8] {
        &self.pan
    }

    /// Reads forty digits.
    fn from_digits(digits: &[u8]) -> Result<Self, ValueError> {
        let mut cursor = DigitCursor(digits);
        let foreign = match cursor.need(2, DETAILS)? {
            0 => false,
            1 => true,
            _ => return Err(DETAILS),
        };
        let stan = Stan::new(cursor.need(6, DETAILS)? as u32).ok_or(DETAILS)?;
        let (pan, rest) = cursor.0.split_at_checked(PAN_WIDTH).ok_or(DETAILS)?;
        let amount = DigitCursor(rest).need(12, DETAILS)?;
        let start = pan.iter().position(|digit| *digit != b'0').ok_or(DETAILS)?;
        Self::new(foreign, stan, pan.get(start..).ok_or(DETAILS)?, amount).ok_or(DETAILS)
    }

    fn append_to(&self, digits: &mut Vec<u8>) {
        digits.extend_from_slice(if self.foreign { b"01" } else { b"00" });
        digits.extend_from_slice(&self.stan.digits());
        digits.resize(digits.len() + PAN_WIDTH.saturating_sub(self.pan.len()), b'0');
        digits.extend_from_slice(&self.pan);
        let mut amount = ShortText::new();
        amount.push_number(self.amount, 12);
        digits.extend_from_slice(&amount);
    }
}

/// DE 48 of an 0320 with details: a count of two digits, and up to eight details.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchDetails(Vec<BatchDetail>);

impl BatchDetails {
    /// The most details of one message: 322 digits hold no more.
    pub const MAX: usize = 8;

    /// Takes one more; `false` when there are eight already.
    pub fn push(&mut self, detail: BatchDetail) -> bool {
        let fits = self.0.len() < Self::MAX;
        if fits {
            self.0.push(detail);
        }
        fits
    }

    /// Returns the details in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[BatchDetail] {
        &self.0
    }

    /// Returns the digits of the element.
    #[must_use]
    pub fn digits(&self) -> Vec<u8> {
        let mut digits = Vec::with_capacity(2 + self.0.len() * BatchDetail::DIGITS);
        digits.extend_from_slice(&[b'0', b'0' + self.0.len() as u8]);
        self.0.iter().for_each(|detail| detail.append_to(&mut digits));
        digits
    }

    /// Reads the digits of the element.
    ///
    /// # Errors
    /// When the count is above eight or not that of the details, or a detail is cut off or broken; none is taken then.
    pub fn from_digits(digits: &[u8]) -> Result<Self, ValueError> {
        let (count, rest) = digits.split_at_checked(2).ok_or(DETAILS)?;
        let count = digits_to_number(count).ok_or(DETAILS)? as usize;
        if count > Self::MAX || rest.len() != count * BatchDetail::DIGITS {
            return Err(DETAILS);
        }
        rest.chunks(BatchDetail::DIGITS).map(BatchDetail::from_digits).collect::<Result<_, _>>().map(Self)
    }
}

/// DE 48 of the message that ends an upload, four digits: how many transactions were uploaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploadCount(pub u16);

impl UploadCount {
    /// Returns the digits; a count above 9999 keeps its last four.
    #[must_use]
    pub fn digits(self) -> [u8; 4] {
        let mut digits = [b'0'; 4];
        super::text::decimal(u64::from(self.0), &mut digits);
        digits
    }

    /// Reads the digits of the element.
    ///
    /// # Errors
    /// When they are not four digits.
    pub fn from_digits(digits: &[u8]) -> Result<Self, ValueError> {
        let number = digits_to_number(digits).filter(|_| digits.len() == 4).ok_or(COUNT)?;
        Ok(Self(number as u16))
    }
}

/// The card number stands right-aligned in so many digits.
const PAN_WIDTH: usize = 20;
const AMOUNT_END: u64 = 1_000_000_000_000;
const DETAILS: ValueError =
    ValueError::new("DE 48 of a batch upload", "2 digits of count, up to 8, and 40 digits for each detail");
const COUNT: ValueError = ValueError::new("the count of a batch upload", "4 digits");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    fn detail(stan: u32) -> BatchDetail {
        BatchDetail::new(stan.is_multiple_of(2), Stan::new(stan).unwrap(), b"6200000000000005", 1_050)
            .unwrap()
    }

    #[test]
    fn details_read_and_write_back() {
        let mut details = BatchDetails::default();
        for count in 0..=BatchDetails::MAX {
            let digits = details.digits();
            assert_eq!(digits.len(), 2 + 40 * count);
            assert_eq!(BatchDetails::from_digits(&digits).unwrap(), details);
            assert_eq!(details.push(detail(count as u32 + 1)), count < BatchDetails::MAX);
        }
        let first = &details.digits()[..42];
        assert_eq!(
            first,
            b"08000000010000620000000000000500000000".iter().chain(b"1050").copied().collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_detail_that_is_cut_off_or_broken_is_an_error() {
        let mut details = BatchDetails::default();
        details.push(detail(1));
        details.push(detail(2));
        let whole = details.digits();
        for length in 0..whole.len() {
            assert!(BatchDetails::from_digits(&whole[..length]).is_err(), "{length} digits");
        }
        for (place, digit) in [(0, b'1'), (1, b'3'), (3, b'7'), (9, b'A'), (41, b' ')] {
            let mut broken = whole.clone();
            broken[place] = digit;
            assert!(BatchDetails::from_digits(&broken).is_err(), "digit {place}");
        }
        let mut no_stan = whole.clone();
        no_stan[4..10].fill(b'0');
        assert!(BatchDetails::from_digits(&no_stan).is_err());
    }

    #[test]
    fn a_detail_holds_what_fits_and_does_not_print_the_card() {
        assert_eq!(BatchDetail::new(false, Stan::FIRST, b"62000000000000000000", 1), None);
        assert_eq!(BatchDetail::new(false, Stan::FIRST, b"62", AMOUNT_END), None);
        assert!(!format!("{:?}", detail(1)).contains("6200"));
    }

    #[test]
    fn the_count_has_four_digits() {
        assert_eq!(UploadCount::from_digits(b"0012"), Ok(UploadCount(12)));
        assert_eq!(&UploadCount(300).digits(), b"0300");
        for wrong in [&b"012"[..], b"00012", b"00A2", b""] {
            assert!(UploadCount::from_digits(wrong).is_err());
        }
    }
}
