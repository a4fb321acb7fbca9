//! Which earlier transaction an operation is about, and the code that a payer shows.

use crate::iso8583::{ApprovalCode, BatchNo, MonthDay, Rrn, Stan};
use std::fmt;

/// Which earlier transaction an operation is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Original {
    /// The newest one in the terminal's log that it can be about.
    #[default]
    Newest,
    /// The one of the open batch with this STAN.
    Stan(Stan),
    /// One that the terminal need not know: what stands on its receipt.
    Receipt(TransactionRef),
}

/// What a receipt says of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionRef {
    /// DE 60.2, where it is known.
    pub batch: BatchNo,
    /// DE 11, where it is known.
    pub stan: Option<Stan>,
    /// DE 37.
    pub rrn: Option<Rrn>,
    /// DE 38.
    pub approval_code: Option<ApprovalCode>,
    /// DE 13.
    pub date: Option<MonthDay>,
}

/// The digits of the code that a payer shows (DE 59, tag A3): 16 to 24; prints masked, for it pays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PaymentCode {
    digits: [u8; 24],
    length: u8,
}

impl PaymentCode {
    /// The code with these digits; `None` when they are fewer than 16, more than 24, or something else.
    pub fn from_digits(digits: &[u8]) -> Option<Self> {
        let fits = (16..=24).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        let mut code = Self { digits: [b'0'; 24], length: digits.len() as u8 };
        code.digits.get_mut(..digits.len())?.copy_from_slice(digits);
        fits.then_some(code)
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        self.digits.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentCode({} digits)", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_codes_have_16_to_24_digits_and_do_not_print_them() {
        let code = PaymentCode::from_digits(b"6222095947245984168").expect("19 digits");
        assert_eq!(code.as_bytes(), b"6222095947245984168");
        assert_eq!(format!("{code:?}"), "PaymentCode(19 digits)");
        for wrong in [&b"622209594724598"[..], b"6222095947245984168622209", b"62220959472459841x8"] {
            assert_eq!(PaymentCode::from_digits(wrong), None);
        }
    }
}
