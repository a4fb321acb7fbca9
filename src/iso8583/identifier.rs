//! Values that name things: terminals, merchants, transactions. All small, `Copy`, text on the outside.

use std::{fmt, str::FromStr};

use super::text::{ValueError, serde_as_text};

/// Declares a text of fixed width: printable ASCII, spaces on the right where the text is shorter.
macro_rules! fixed_text {
    ($(#[$doc:meta])* $name:ident, $width:literal, $what:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $width]);

        impl $name {
            /// Takes up to the full width of printable ASCII, adding spaces on the right.
            ///
            /// # Errors
            /// When the text is empty, too long or not printable ASCII.
            pub const fn from_bytes(text: &[u8]) -> Result<Self, ValueError> {
                let mut bytes = [b' '; $width];
                let mut index = 0;
                while index < text.len() {
                    if index >= $width || text[index] < b' ' || text[index] > b'~' {
                        return Err(ValueError::new($what, $expected));
                    }
                    bytes[index] = text[index];
                    index += 1;
                }
                if index == 0 { Err(ValueError::new($what, $expected)) } else { Ok(Self(bytes)) }
            }

            /// Returns the text at its full width.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $width] {
                &self.0
            }

            /// Returns the text without the spaces on its right.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(self.0.trim_ascii_end()).expect("checked to be ASCII when it was made")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::from_bytes(text.as_bytes())
            }
        }

        serde_as_text!($name);
    };
}
pub(super) use fixed_text;

/// Declares a number of a fixed count of decimal digits.
macro_rules! fixed_number {
    ($(#[$doc:meta])* $name:ident($repr:ty), $width:literal, $range:expr, $what:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($repr);

        impl $name {
            /// Returns the value with this number, `None` outside its range.
            #[must_use]
            pub const fn new(number: $repr) -> Option<Self> {
                let range: std::ops::RangeInclusive<$repr> = $range;
                if number >= *range.start() && number <= *range.end() { Some(Self(number)) } else { None }
            }

            /// Returns the number.
            #[must_use]
            pub const fn number(self) -> $repr {
                self.0
            }

            /// Returns the digits at full width.
            #[must_use]
            pub const fn digits(self) -> [u8; $width] {
                let mut digits = [b'0'; $width];
                $crate::iso8583::text::decimal(self.0 as u64, &mut digits);
                digits
            }

            /// Reads the digits at full width.
            ///
            /// # Errors
            /// When the count of digits is another, a character is no digit, or the number is out of range.
            pub fn from_digits(digits: &[u8]) -> Result<Self, ValueError> {
                let number = if digits.len() == $width { $crate::iso8583::text::digits_to_number(digits) } else { None };
                number.and_then(|number| Self::new(number as $repr)).ok_or(ValueError::new($what, $expected))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:0width$}", self.0, width = $width)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::from_digits(text.as_bytes())
            }
        }

        serde_as_text!($name);
    };
}
pub(super) use fixed_number;

fixed_number! {
    /// A system trace audit number, 1 to 999,999 (DE 11).
    Stan(u32), 6, 1..=999_999, "a STAN", "6 digits from 000001 to 999999"
}

impl Stan {
    /// The first number of a terminal, and the one after the last.
    pub const FIRST: Self = Self(1);

    /// Returns the next number; 1 follows 999,999.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 == 999_999 { Self::FIRST } else { Self(self.0 + 1) }
    }
}

fixed_number! {
    /// The number of a batch, 0 to 999,999; 0 stands for "none yet" (DE 60.2).
    BatchNo(u32), 6, 0..=999_999, "a batch number", "6 digits"
}

impl BatchNo {
    /// 000001, the batch of a terminal that was just unpacked.
    pub const FIRST: Self = Self(1);

    /// No batch.
    pub const NONE: Self = Self(0);

    /// Returns the next number; 1 follows 999,999.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 == 999_999 { Self(1) } else { Self(self.0 + 1) }
    }
}

fixed_text! {
    /// A retrieval reference number: what the host calls a transaction (DE 37).
    Rrn, 12, "an RRN", "1 to 12 printable ASCII characters"
}

fixed_text! {
    /// The code of an approval (DE 38).
    ApprovalCode, 6, "an approval code", "1 to 6 printable ASCII characters"
}

fixed_text! {
    /// The id of a terminal (DE 41).
    TerminalId, 8, "a terminal id", "1 to 8 printable ASCII characters"
}

fixed_text! {
    /// The id of a merchant (DE 42).
    MerchantId, 15, "a merchant id", "1 to 15 printable ASCII characters"
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn stan_wraps_to_one() {
        assert_eq!(Stan::new(999_999).unwrap().next(), Stan::FIRST);
        assert_eq!(Stan::new(41).unwrap().next().to_string(), "000042");
        assert_eq!((Stan::new(0), Stan::new(1_000_000)), (None, None));
        assert!("000000".parse::<Stan>().is_err() && "1".parse::<Stan>().is_err());
    }

    #[test]
    fn batch_after_the_last_is_one() {
        assert_eq!(BatchNo::new(999_999).unwrap().next().number(), 1);
        assert_eq!(BatchNo::NONE.digits(), *b"000000");
    }

    #[test]
    fn short_ids_are_filled_with_spaces_that_display_leaves_out() {
        let id: TerminalId = "T1".parse().unwrap();
        assert_eq!((id.as_bytes(), id.to_string().as_str()), (b"T1      ", "T1"));
        assert!(TerminalId::from_bytes(b"123456789").is_err());
        assert!(TerminalId::from_bytes(b"").is_err());
        assert!(Rrn::from_bytes(&[0xB9; 12]).is_err());
    }

    #[test]
    fn serde_uses_text() {
        assert_eq!(serde_json::to_string(&Stan::FIRST).unwrap(), "\"000001\"");
        let merchant: MerchantId = serde_json::from_str("\"898100012340001\"").unwrap();
        assert_eq!(merchant.as_str(), "898100012340001");
        assert!(serde_json::from_str::<Stan>("\"12345x\"").is_err());
    }

    #[test]
    fn numbers_do_not_wrap_into_range() {
        assert_eq!(BatchNo::new(u32::MAX), None);
        assert!(Stan::from_digits(b"0000001").is_err());
    }
}
