//! Values that say what a transaction is: processing code, entry mode, condition code, month and day.

use std::{fmt, str::FromStr};

use super::{
    identifier::fixed_number,
    text::{ValueError, serde_as_text},
};

fixed_number! {
    /// What a transaction does to which accounts, six digits (DE 3).
    ProcessingCode(u32), 6, 0..=999_999, "a processing code", "6 digits"
}

impl ProcessingCode {
    /// 000000: goods and services; sales and completions.
    pub const SALE: Self = Self(0);
    /// 000010: result of a payment by code.
    pub const CODE_QUERY: Self = Self(10);
    /// 030000: pre-authorization.
    pub const PRE_AUTHORIZATION: Self = Self(30_000);
    /// 170000: void of a cash load.
    pub const CASH_LOAD_VOID: Self = Self(170_000);
    /// 200000: voids and refunds.
    pub const VOID: Self = Self(200_000);
    /// 310000: balance.
    pub const BALANCE: Self = Self(310_000);
}

fixed_number! {
    /// How the account came in and whether a PIN did, three digits (DE 22).
    PosEntryMode(u16), 3, 0..=999, "an entry mode", "3 digits"
}

impl PosEntryMode {
    /// 011: keyed, with PIN.
    pub const KEYED_PIN: Self = Self(11);
    /// 012: keyed, no PIN.
    pub const KEYED: Self = Self(12);
    /// 021: magnetic stripe, with PIN.
    pub const STRIPE_PIN: Self = Self(21);
    /// 022: magnetic stripe, no PIN.
    pub const STRIPE: Self = Self(22);
    /// 032: bar or QR code, no PIN.
    pub const CODE: Self = Self(32);
    /// 051: chip, with PIN.
    pub const CHIP_PIN: Self = Self(51);
    /// 052: chip, no PIN.
    pub const CHIP: Self = Self(52);
    /// 071: contactless, with PIN.
    pub const CONTACTLESS_PIN: Self = Self(71);
    /// 072: contactless, no PIN.
    pub const CONTACTLESS: Self = Self(72);

    /// Returns the first two digits: how the account came in.
    #[must_use]
    pub const fn account_entry(self) -> u8 {
        (self.0 / 10) as u8
    }

    /// Returns the third digit: 1 with PIN, 2 without, 0 unknown.
    #[must_use]
    pub const fn pin_entry(self) -> u8 {
        (self.0 % 10) as u8
    }

    /// Returns what the first two digits say.
    #[must_use]
    pub const fn account_entry_text(self) -> &'static str {
        match self.account_entry() {
            1 => "keyed",
            2 => "magnetic stripe",
            3 => "bar or QR code",
            5 => "chip",
            7 => "contactless",
            9 => "soft POS",
            92 => "reservation without card",
            96 => "mobile chip",
            _ => "unspecified",
        }
    }

    /// Returns what the third digit says.
    #[must_use]
    pub const fn pin_entry_text(self) -> &'static str {
        match self.pin_entry() {
            1 => "with PIN",
            2 => "no PIN",
            _ => "PIN unknown",
        }
    }
}

fixed_number! {
    /// The circumstances of a transaction, two digits (DE 25).
    ConditionCode(u8), 2, 0..=99, "a condition code", "2 digits"
}

impl ConditionCode {
    /// 00: normal.
    pub const NORMAL: Self = Self(0);
    /// 06: the pre-authorization family.
    pub const PRE_AUTHORIZATION: Self = Self(6);
    /// 08: mail or telephone order.
    pub const REMOTE_ORDER: Self = Self(8);
    /// 18: mail or telephone order of the pre-authorization family.
    pub const REMOTE_PRE_AUTHORIZATION: Self = Self(18);
    /// 60: addition to a pre-authorization.
    pub const PRE_AUTHORIZATION_ADDITION: Self = Self(60);
    /// 64: payment by instalments.
    pub const INSTALMENT: Self = Self(64);
    /// 65: loyalty points.
    pub const POINTS: Self = Self(65);
}

fixed_number! {
    /// A date without a year, MMDD; 0000 where it is unknown (DE 13, 15, 61.3).
    MonthDay(u16), 4, 0..=1231, "a date", "4 digits MMDD"
}

impl MonthDay {
    /// The date is not known.
    pub const UNKNOWN: Self = Self(0);

    /// Returns the month, 1 to 12 in a real date.
    #[must_use]
    pub const fn month(self) -> u8 {
        (self.0 / 100) as u8
    }

    /// Returns the day, 1 to 31 in a real date.
    #[must_use]
    pub const fn day(self) -> u8 {
        (self.0 % 100) as u8
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn entry_mode_is_two_digits_and_one() {
        let mode: PosEntryMode = "051".parse().unwrap();
        assert_eq!((mode, mode.account_entry(), mode.pin_entry()), (PosEntryMode::CHIP_PIN, 5, 1));
        assert_eq!((mode.account_entry_text(), mode.pin_entry_text()), ("chip", "with PIN"));
        assert_eq!(&PosEntryMode::STRIPE_PIN.digits(), b"021");
        assert!("51".parse::<PosEntryMode>().is_err());
    }

    #[test]
    fn codes_keep_their_leading_zeros() {
        assert_eq!(ProcessingCode::PRE_AUTHORIZATION.to_string(), "030000");
        assert_eq!(ConditionCode::PRE_AUTHORIZATION.to_string(), "06");
        assert_eq!(MonthDay::from_digits(b"0827").map(|date| (date.month(), date.day())), Ok((8, 27)));
    }
}
