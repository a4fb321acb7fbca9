//! Values that scenario files write as text of a form of their own: amounts, ranges, percentages.

use crate::{
    iso8583::{self, ValueError},
    money::Amount,
};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive, str::FromStr};

/// Makes a type with a text form part of the file format: serde, JSON Schema, and the check by format.
macro_rules! text_form {
    ($name:ident, $format:literal, $description:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": ["string", "number"],
                    "format": $format,
                    "description": $description,
                })
            }
        }
    };
}
pub(super) use text_form;

/// An amount of money: `12.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money(pub Amount);

/// A range of amounts: `10.00..20.00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyRange(pub RangeInclusive<Amount>);

/// A probability: `5%`, or `0.05`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentage(pub f64);

/// A currency: three digits of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(pub [u8; 3]);

/// A TPDU: ten hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpdu(pub iso8583::Tpdu);

/// A header: twelve hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header(pub iso8583::Header);

/// Hours of a day: `8..22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first hour.
    pub from: u8,
    /// The hour at which it is over, at most 24.
    pub until: u8,
}

/// Why a text does not have the form that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Not an amount.
    #[error("expected an amount such as 12.50, at most 9999999999.99")]
    Money,
    /// Not a range of amounts.
    #[error("expected an amount such as 12.50, or a range such as 10.00..20.00")]
    MoneyRange,
    /// The first amount is larger than the second.
    #[error("the range is reversed: the smaller amount comes first")]
    Reversed,
    /// Not a probability.
    #[error("expected a percentage such as 5%, from 0% to 100%")]
    Percentage,
    /// Not hours of a day.
    #[error("expected hours of the day such as 8..22, within 0..24")]
    Hours,
    /// The first hour is not before the second.
    #[error("there is no hour in it: the first is before the second, such as in 8..22")]
    NoHours,
    /// Not a currency.
    #[error("a currency is three digits of ISO 4217, such as 156")]
    Currency,
    /// Not a TPDU.
    #[error("a TPDU is ten hexadecimal digits")]
    Tpdu,
    /// Not a header.
    #[error("a header is twelve hexadecimal digits")]
    Header,
}

impl FromStr for Money {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        text.trim().parse().map(Self).map_err(|_| FormError::Money)
    }
}

impl FromStr for MoneyRange {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let bound = |text: &str| text.trim().parse::<Amount>().map_err(|_| FormError::MoneyRange);
        let (low, high) = (bound(low)?, bound(high)?);
        if low > high { Err(FormError::Reversed) } else { Ok(Self(low..=high)) }
    }
}

impl FromStr for Percentage {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let text = text.trim();
        let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 0.01));
        let number: f64 = number.trim().parse().map_err(|_| FormError::Percentage)?;
        let fraction = number * unit;
        if (0.0..=1.0).contains(&fraction) { Ok(Self(fraction)) } else { Err(FormError::Percentage) }
    }
}

impl FromStr for Hours {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let (from, until) = text.split_once("..").ok_or(FormError::Hours)?;
        let hour = |text: &str| text.trim().parse().ok().filter(|hour| *hour <= 24).ok_or(FormError::Hours);
        let (from, until): (u8, u8) = (hour(from)?, hour(until)?);
        if from < until { Ok(Self { from, until }) } else { Err(FormError::NoHours) }
    }
}

impl FromStr for Currency {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let digits = <[u8; 3]>::try_from(text.as_bytes()).ok();
        digits.filter(|all| all.iter().all(u8::is_ascii_digit)).map(Self).ok_or(FormError::Currency)
    }
}

impl FromStr for Tpdu {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        text.parse().map(Self).map_err(|_: ValueError| FormError::Tpdu)
    }
}

impl FromStr for Header {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        text.parse().map(Self).map_err(|_: ValueError| FormError::Header)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for MoneyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start(), self.0.end())
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * 1e8).round() / 1e6)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.until)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

impl fmt::Display for Tpdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(Money, "money", "An amount in major units such as `12.50`.");
text_form!(MoneyRange, "money-range", "An amount such as `12.50`, or a range such as `10.00..20.00`.");
text_form!(Percentage, "percentage", "A percentage such as `5%`.");
text_form!(Hours, "hours", "Hours of the day such as `8..22`.");
text_form!(Currency, "currency", "Three digits of ISO 4217, such as `156`.");
text_form!(Tpdu, "tpdu", "Ten hexadecimal digits.");
text_form!(Header, "header", "Twelve hexadecimal digits.");

/// What is wrong with `text` by the rules of a format of the JSON Schema; `None` where nothing is.
pub(super) fn complaint(format: &str, text: &str) -> Option<String> {
    use super::duration::{Time, TimeRange};
    fn parse<T: FromStr<Err: fmt::Display>>(text: &str) -> Option<String> {
        text.parse::<T>().err().map(|error| error.to_string())
    }
    match format {
        "time" => parse::<Time>(text),
        "time-range" => parse::<TimeRange>(text),
        "money" => parse::<Money>(text),
        "money-range" => parse::<MoneyRange>(text),
        "percentage" => parse::<Percentage>(text),
        "hours" => parse::<Hours>(text),
        "step" => super::operation_keys::bare_complaint(text),
        "currency" => parse::<Currency>(text),
        "tpdu" => parse::<Tpdu>(text),
        "header" => parse::<Header>(text),
        "bandwidth" => parse::<super::network::Bandwidth>(text),
        "byte-range" => parse::<super::network::ByteRange>(text),
        "source-range" => parse::<super::connection::SourceRange>(text),
        "port" => parse::<super::rack::Port>(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_lie_within_one_day() {
        assert_eq!("8..22".parse::<Hours>().map(|hours| hours.to_string()), Ok("8..22".to_owned()));
        assert_eq!("0 .. 24".parse(), Ok(Hours { from: 0, until: 24 }));
        for text in ["", "8", "8..", "8..25", "-1..8", "8-22", "8..256", "8:00..9:00"] {
            assert_eq!(text.parse::<Hours>(), Err(FormError::Hours), "{text:?}");
        }
        for text in ["22..8", "8..8", "24..24"] {
            assert_eq!(text.parse::<Hours>(), Err(FormError::NoHours), "{text:?}");
        }
    }

    #[test]
    fn ranges_and_percentages() {
        let range = "10..20.5".parse::<MoneyRange>().map(|range| range.to_string());
        assert_eq!(range, Ok("10.00..20.50".to_owned()));
        assert_eq!("20..10".parse::<MoneyRange>(), Err(FormError::Reversed));
        assert_eq!("0.1%".parse::<Percentage>().map(|p| p.to_string()), Ok("0.1%".to_owned()));
        assert_eq!("0.05".parse::<Percentage>().map(|p| p.to_string()), Ok("5%".to_owned()));
        for text in ["101%", "-1%", "", "%", "NaN", "five"] {
            assert_eq!(text.parse::<Percentage>(), Err(FormError::Percentage), "{text:?}");
        }
    }
}
