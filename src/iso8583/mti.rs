//! The message type indicator.

use std::{fmt, str::FromStr};

use super::text::{ValueError, serde_as_text};

/// A message type indicator as four packed digits: `0x0200` is a financial request (ISO 8583:1987, 4.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mti(u16);

impl Mti {
    /// 0100: authorization, the pre-authorization family.
    pub const AUTHORIZATION: Self = Self(0x0100);
    /// 0200: financial request.
    pub const FINANCIAL: Self = Self(0x0200);
    /// 0220: financial advice: refund, completion notice, offline notice.
    pub const ADVICE: Self = Self(0x0220);
    /// 0320: batch upload.
    pub const BATCH_UPLOAD: Self = Self(0x0320);
    /// 0400: reversal.
    pub const REVERSAL: Self = Self(0x0400);
    /// 0500: batch settlement.
    pub const SETTLEMENT: Self = Self(0x0500);
    /// 0620: result of an issuer script.
    pub const SCRIPT_RESULT: Self = Self(0x0620);
    /// 0800: network management: sign-in, downloads.
    pub const NETWORK: Self = Self(0x0800);
    /// 0820: network management advice: sign-out, echo, queries.
    pub const NETWORK_ADVICE: Self = Self(0x0820);

    /// Returns the indicator with these four packed digits, `None` when one is above 9.
    #[must_use]
    pub const fn new(packed: u16) -> Option<Self> {
        if super::digits::bcd_flaw(packed as u64) == 0 { Some(Self(packed)) } else { None }
    }

    /// Returns the four packed digits.
    #[must_use]
    pub const fn packed(self) -> u16 {
        self.0
    }

    /// Returns the indicator of the response: 0200 becomes 0210, a response stays itself.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | 0x0010)
    }

    /// Says whether this is a response (odd function digit).
    #[must_use]
    pub const fn is_response(self) -> bool {
        self.0 & 0x0010 != 0
    }

    /// Returns the four digits as text.
    #[must_use]
    pub const fn digits(self) -> [u8; 4] {
        let [_, _, _, _, a, b, c, d] = super::digits::unpack_nibbles(self.0 as u32).to_be_bytes();
        [a, b, c, d]
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mti({self})")
    }
}

impl FromStr for Mti {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let packed = super::digits::pack_digits(super::digits::load_digits(text.as_bytes()));
        let packed = if text.len() == 4 { packed } else { None };
        packed
            .map(|packed| Self(packed as u16))
            .ok_or(ValueError::new("a message type indicator", "4 digits"))
    }
}

serde_as_text!(Mti);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn response_adds_ten() {
        assert_eq!(Mti::FINANCIAL.response().to_string(), "0210");
        assert_eq!(Mti::NETWORK_ADVICE.response(), "0830".parse().unwrap());
        assert!(Mti::FINANCIAL.response().is_response() && !Mti::ADVICE.is_response());
    }

    #[test]
    fn only_four_digits_are_an_indicator() {
        for text in ["", "200", "02000", "02A0", "+200", "0xFF"] {
            assert!(text.parse::<Mti>().is_err(), "{text}");
        }
        assert_eq!(Mti::new(0x02A0), None);
        assert_eq!(&Mti::REVERSAL.digits(), b"0400");
    }
}
