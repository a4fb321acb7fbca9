//! The values of expressions, and where the values of variables come from.

use super::EvalError;
use crate::money::Amount;
use std::{borrow::Cow, cmp::Ordering, fmt};

/// The number under which a [`Scope`] knows a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VariableId(pub u16);

/// The values of variables at one moment.
pub trait Scope {
    /// The variable's value; [`Value::Nothing`] when it has none yet.
    fn variable(&self, id: VariableId) -> Value<'_>;

    /// The body of the last HTTP answer, where it is JSON.
    fn json(&self) -> Option<&serde_json::Value> {
        None
    }

    /// The first header field of the last HTTP answer that has this name, in lower case.
    fn header(&self, _name: &str) -> Option<&str> {
        None
    }

    /// The element of this number in what a device last sent to the host of the run.
    fn host_field(&self, _number: u8) -> Option<&str> {
        None
    }
}

/// What an expression yields.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value: the approval code of a declined sale.
    Nothing,
    /// True or false.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// Money.
    Amount(Amount),
    /// Characters.
    Text(Cow<'a, str>),
}

/// The type of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// [`Value::Nothing`].
    Nothing,
    /// [`Value::Bool`].
    Bool,
    /// [`Value::Number`].
    Number,
    /// [`Value::Amount`].
    Amount,
    /// [`Value::Text`].
    Text,
}

impl<'a> Value<'a> {
    /// A text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// The same value, borrowed from this one.
    pub fn borrow(&self) -> Value<'_> {
        match self {
            Self::Nothing => Value::Nothing,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(*value),
            Self::Amount(value) => Value::Amount(*value),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
        }
    }

    /// The same value, owning its text.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Nothing => Value::Nothing,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(value) => Value::Number(value),
            Self::Amount(value) => Value::Amount(value),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Its type.
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Nothing => ValueKind::Nothing,
            Self::Bool(_) => ValueKind::Bool,
            Self::Number(_) => ValueKind::Number,
            Self::Amount(_) => ValueKind::Amount,
            Self::Text(_) => ValueKind::Text,
        }
    }

    /// The boolean.
    ///
    /// # Errors
    /// [`EvalError::Kind`] when it is something else.
    pub fn truth(&self) -> Result<bool, EvalError> {
        match self {
            Self::Bool(value) => Ok(*value),
            other => Err(EvalError::Kind { wanted: "true or false", found: other.kind() }),
        }
    }

    /// The amount; a number counts as major units and is rounded to the minor unit.
    ///
    /// # Errors
    /// [`EvalError::Kind`] for other types, [`EvalError::NotAnAmount`] when it is negative or too large.
    pub fn amount(&self) -> Result<Amount, EvalError> {
        match self {
            Self::Amount(amount) => Ok(*amount),
            Self::Number(number) => amount_of_minor(number * MINOR_PER_MAJOR),
            other => Err(EvalError::Kind { wanted: "an amount", found: other.kind() }),
        }
    }

    /// The number; an amount counts in major units.
    ///
    /// # Errors
    /// [`EvalError::Kind`] for other types.
    pub fn number(&self) -> Result<f64, EvalError> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Amount(amount) => Ok(amount.minor() as f64 / MINOR_PER_MAJOR),
            other => Err(EvalError::Kind { wanted: "a number", found: other.kind() }),
        }
    }

    pub(super) fn as_text(&self) -> Result<&str, EvalError> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(EvalError::Kind { wanted: "a text", found: other.kind() }),
        }
    }

    /// How it compares with `other` by the rules of the language; `None` where there is no order.
    pub(super) fn compare(&self, other: &Self) -> Result<Option<Ordering>, EvalError> {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => Ok(Some(Ordering::Equal)),
            (Self::Nothing, _) | (_, Self::Nothing) => Ok(None),
            (Self::Bool(left), Self::Bool(right)) => Ok((left == right).then_some(Ordering::Equal)),
            (Self::Text(left), Self::Text(right)) => Ok(Some(left.cmp(right))),
            (Self::Amount(left), Self::Amount(right)) => Ok(Some(left.cmp(right))),
            (Self::Number(left), Self::Number(right)) => Ok(left.partial_cmp(right)),
            (Self::Amount(left), Self::Number(right)) => {
                Ok((left.minor() as f64).partial_cmp(&minor(*right)))
            }
            (Self::Number(left), Self::Amount(right)) => {
                Ok(minor(*left).partial_cmp(&(right.minor() as f64)))
            }
            _ => Err(EvalError::Incomparable { left: self.kind(), right: other.kind() }),
        }
    }
}

impl ValueKind {
    /// Whether values of the two types can be compared.
    pub(super) fn compares_with(self, other: Self) -> bool {
        let is_numeric = |kind| matches!(kind, Self::Number | Self::Amount);
        self == other
            || self == Self::Nothing
            || other == Self::Nothing
            || is_numeric(self) && is_numeric(other)
    }
}

/// The text that a template writes for the value; nothing is written for nothing.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Amount(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Amount => "an amount",
            Self::Text => "a text",
        })
    }
}

/// An amount of so many minor units, rounded.
pub(super) fn amount_of_minor(minor: f64) -> Result<Amount, EvalError> {
    let rounded = minor.round();
    if (0.0..=Amount::MAX.minor() as f64).contains(&rounded) {
        Ok(Amount::from_minor(rounded as u64))
    } else {
        Err(EvalError::NotAnAmount)
    }
}

/// Major units as minor ones, free of the noise that binary fractions of hundredths bring.
fn minor(major: f64) -> f64 {
    let minor = major * MINOR_PER_MAJOR;
    if (minor - minor.round()).abs() < 1e-6 { minor.round() } else { minor }
}

const MINOR_PER_MAJOR: f64 = 100.0;
