//! The totals of a batch in DE 48 of a settlement, in the dialect of UnionPay's terminals.

use super::text::{DigitCursor, ShortText, ValueError};

/// DE 48 of 0500 and 0510, 62 digits: what terminal or host believes the batch adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettlementTotals {
    /// Cards of this country.
    pub domestic: Totals,
    /// Cards of others.
    pub foreign: Totals,
}

/// One half of the totals, 31 digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sales and completions, in minor units.
    pub debit_amount: u64,
    /// How many they are.
    pub debit_count: u16,
    /// Voids and refunds, in minor units.
    pub credit_amount: u64,
    /// How many they are.
    pub credit_count: u16,
    /// What the host says of them; unset in a request.
    pub verdict: Verdict,
}

/// What the host says of one half of the totals, one digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict(u8);

impl Verdict {
    /// 0: not said, as in a request.
    pub const UNSET: Self = Self(0);
    /// 1: balanced.
    pub const BALANCED: Self = Self(1);
    /// 2: not balanced.
    pub const UNBALANCED: Self = Self(2);
    /// 3: error.
    pub const ERROR: Self = Self(3);

    /// Returns the digit.
    #[must_use]
    pub const fn digit(self) -> u8 {
        self.0
    }

    /// Returns the meaning in English.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self.0 {
            0 => "not said",
            1 => "balanced",
            2 => "not balanced",
            3 => "error",
            _ => "unknown",
        }
    }
}

impl SettlementTotals {
    /// Reads the 62 digits.
    ///
    /// # Errors
    /// When there are more, fewer, or something else than digits.
    pub fn from_digits(digits: &[u8]) -> Result<Self, ValueError> {
        if digits.len() != 62 {
            return Err(EXPECTED);
        }
        let mut cursor = DigitCursor(digits);
        Ok(Self { domestic: Totals::take(&mut cursor)?, foreign: Totals::take(&mut cursor)? })
    }

    /// Returns the 62 digits; amounts and counts keep their last digits.
    #[must_use]
    pub fn digits(&self) -> ShortText {
        let mut digits = ShortText::new();
        for totals in [self.domestic, self.foreign] {
            digits.push_number(totals.debit_amount, 12);
            digits.push_number(u64::from(totals.debit_count), 3);
            digits.push_number(totals.credit_amount, 12);
            digits.push_number(u64::from(totals.credit_count), 3);
            digits.push_number(u64::from(totals.verdict.0), 1);
        }
        digits
    }
}

impl Totals {
    /// Counts a sale or a completion of so many minor units.
    pub fn add_debit(&mut self, amount: u64) {
        self.debit_amount = self.debit_amount.saturating_add(amount);
        self.debit_count = self.debit_count.saturating_add(1);
    }

    /// Counts a void or a refund of so many minor units.
    pub fn add_credit(&mut self, amount: u64) {
        self.credit_amount = self.credit_amount.saturating_add(amount);
        self.credit_count = self.credit_count.saturating_add(1);
    }

    /// Whether two halves add up to the same, whatever is said of them; counts are compared as they are written.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let written = |totals: &Self| {
            let amounts = (totals.debit_amount % AMOUNT_END, totals.credit_amount % AMOUNT_END);
            (amounts, totals.debit_count % COUNT_END, totals.credit_count % COUNT_END)
        };
        written(self) == written(other)
    }

    fn take(cursor: &mut DigitCursor<'_>) -> Result<Self, ValueError> {
        Ok(Self {
            debit_amount: cursor.need(12, EXPECTED)?,
            debit_count: cursor.need(3, EXPECTED)? as u16,
            credit_amount: cursor.need(12, EXPECTED)?,
            credit_count: cursor.need(3, EXPECTED)? as u16,
            verdict: Verdict(cursor.need(1, EXPECTED)? as u8),
        })
    }
}

/// Amounts have twelve digits, counts three; larger ones keep their last.
const AMOUNT_END: u64 = 1_000_000_000_000;
const COUNT_END: u16 = 1_000;
const EXPECTED: ValueError = ValueError::new("settlement totals", "62 digits");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn totals_read_and_write_back() {
        let digits = b"00000000001101100000000000200210000000000000000000000000000001";
        let totals = SettlementTotals::from_digits(digits).unwrap();
        assert_eq!((totals.domestic.debit_amount, totals.domestic.debit_count), (11, 11));
        assert_eq!((totals.domestic.credit_amount, totals.domestic.credit_count), (2, 2));
        assert_eq!((totals.domestic.verdict, totals.foreign.verdict), (Verdict::BALANCED, Verdict::BALANCED));
        assert_eq!(*totals.digits(), *digits);
        assert!(SettlementTotals::from_digits(&digits[1..]).is_err());
    }
}
