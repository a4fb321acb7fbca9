//! Amounts of money in the smallest unit of their currency.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Sub, SubAssign},
    str::FromStr,
};

/// An amount in minor units (fen, cents), at most the twelve digits of DE 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount that DE 4 can say.
    pub const MAX: Self = Self(999_999_999_999);

    /// An amount of `minor` units.
    pub const fn from_minor(minor: u64) -> Self {
        Self(minor)
    }

    /// The number of minor units.
    pub const fn minor(self) -> u64 {
        self.0
    }

    /// The difference, or `None` when `other` is larger.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an amount such as 12.50, at most 9999999999.99")]
pub struct AmountError;

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
            return Err(AmountError);
        }
        let whole: u64 = whole.parse().map_err(|_| AmountError)?;
        let minor: u64 = format!("{fraction:0<2}").parse().map_err(|_| AmountError)?;
        let total = whole.checked_mul(100).and_then(|w| w.checked_add(minor)).ok_or(AmountError)?;
        if total > Self::MAX.0 { Err(AmountError) } else { Ok(Self(total)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_it_prints() {
        for minor in [0, 1, 10, 99, 100, 123_456, Amount::MAX.minor()] {
            let amount = Amount::from_minor(minor);
            assert_eq!(amount.to_string().parse(), Ok(amount));
        }
        assert_eq!("12.5".parse(), Ok(Amount::from_minor(1250)));
        assert_eq!("12".parse(), Ok(Amount::from_minor(1200)));
    }

    #[test]
    fn refuses_what_is_not_money() {
        for text in ["", ".", "-1", "1.234", "1,00", "10000000000.00", "1.", "+1", "99999999999999999999"] {
            assert_eq!(text.parse::<Amount>(), Err(AmountError), "{text:?}");
        }
    }
}
