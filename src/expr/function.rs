//! The functions of expressions: one table of signatures, and what each does.

use super::{EvalError, Scope, Value, ValueKind, eval::Node, percent_encoded, query::Wanted};
use crate::{money::Amount, rng::Rng};
use std::ops::RangeInclusive;

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `amount`
    Amount,
    /// `integer`
    Integer,
    /// `number`
    Number,
    /// `digits`
    Digits,
    /// `paymentCode`
    PaymentCode,
    /// `pick`
    Pick,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `round`
    Round,
    /// `length`
    Length,
    /// `padded`
    Padded,
    /// `upper`
    Upper,
    /// `lower`
    Lower,
    /// `contains`
    Contains,
    /// `startsWith`
    StartsWith,
    /// `if`
    If,
    /// `json`
    Json,
    /// `jsonLast`
    JsonLast,
    /// `jsonCount`
    JsonCount,
    /// `header`
    Header,
    /// `hostField`
    HostField,
    /// `uuid`
    Uuid,
    /// `urlEncode`
    UrlEncode,
}

/// How a function is called.
#[derive(Debug)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// Which function it is.
    pub function: Function,
    /// The call as it is written.
    pub usage: &'static str,
    /// What it yields.
    pub about: &'static str,
    /// How many arguments it takes.
    pub arity: RangeInclusive<usize>,
    /// The type of its value where that is always the same.
    pub result: Option<ValueKind>,
    /// What its first argument is; `None` takes all types.
    first: Option<Parameter>,
    /// What its other arguments are.
    others: Option<Parameter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parameter {
    Bool,
    /// A number or an amount.
    Numeric,
    Text,
}

impl Signature {
    /// The function of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|signature| signature.name == name)
    }

    pub(super) fn of(function: Function) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|signature| signature.function == function)
    }

    pub(super) fn takes(&self, argument: usize, kind: ValueKind) -> bool {
        match self.parameter(argument) {
            None => true,
            Some(Parameter::Bool) => kind == ValueKind::Bool,
            Some(Parameter::Numeric) => matches!(kind, ValueKind::Number | ValueKind::Amount),
            Some(Parameter::Text) => kind == ValueKind::Text,
        }
    }

    pub(super) fn wanted(&self, argument: usize) -> &'static str {
        match self.parameter(argument) {
            None => "a value",
            Some(Parameter::Bool) => "true or false",
            Some(Parameter::Numeric) => "a number",
            Some(Parameter::Text) => "a text",
        }
    }

    fn parameter(&self, argument: usize) -> Option<Parameter> {
        if argument == 0 { self.first } else { self.others }
    }
}

impl Function {
    /// Whether a call with so many arguments is drawn by chance, or is about an answer.
    pub(super) fn varies(self, arguments: usize) -> bool {
        match self {
            Self::Amount => arguments == 2,
            Self::Integer | Self::Number | Self::Digits | Self::PaymentCode | Self::Pick | Self::Uuid => true,
            _ => matches!(self, Self::Header | Self::HostField),
        }
    }

    /// What is wanted of the JSON path that is its argument, where it takes one.
    pub(super) fn wanted(self) -> Option<Wanted> {
        match self {
            Self::Json => Some(Wanted::First),
            Self::JsonLast => Some(Wanted::Last),
            Self::JsonCount => Some(Wanted::Count),
            _ => None,
        }
    }

    pub(super) fn call<'a>(
        self,
        arguments: &'a [Node],
        scope: &'a dyn Scope,
        rng: &mut Rng,
    ) -> Result<Value<'a>, EvalError> {
        match self {
            Self::If => {
                let holds = argument(arguments, 0, scope, rng)?.truth()?;
                argument(arguments, if holds { 1 } else { 2 }, scope, rng)
            }
            Self::PaymentCode => {
                let tail = (0..PAYMENT_CODE_TAIL).map(|_| digit(rng));
                Ok(Value::text(PAYMENT_CODE_BEGIN.chars().chain(tail).collect::<String>()))
            }
            Self::Uuid => Ok(Value::text(uuid(rng))),
            Self::Header => {
                let name = argument(arguments, 0, scope, rng)?.as_text()?.to_ascii_lowercase();
                Ok(scope.header(&name).map_or(Value::Nothing, Value::text))
            }
            Self::HostField => {
                let number = whole(&argument(arguments, 0, scope, rng)?, 2, 128)?;
                let number = u8::try_from(number).unwrap_or_default();
                Ok(scope.host_field(number).map_or(Value::Nothing, Value::text))
            }
            Self::Pick => {
                let last = (arguments.len() as u64).saturating_sub(1);
                argument(arguments, rng.between(0, last) as usize, scope, rng)
            }
            Self::Min | Self::Max => self.extreme(arguments, scope, rng),
            Self::Amount | Self::Integer | Self::Number if arguments.len() == 2 => {
                let low = argument(arguments, 0, scope, rng)?;
                let high = argument(arguments, 1, scope, rng)?;
                self.draw(&low, &high, rng)
            }
            Self::Padded => {
                let value = argument(arguments, 0, scope, rng)?.to_string();
                let width = whole(&argument(arguments, 1, scope, rng)?, 1, MAX_DIGITS)? as usize;
                Ok(Value::text(format!("{value:0>width$}")))
            }
            Self::Contains | Self::StartsWith => {
                let text = argument(arguments, 0, scope, rng)?;
                let part = argument(arguments, 1, scope, rng)?;
                let (text, part) = (text.as_text()?, part.as_text()?);
                let holds = if self == Self::Contains { text.contains(part) } else { text.starts_with(part) };
                Ok(Value::Bool(holds))
            }
            _ => {
                let value = argument(arguments, 0, scope, rng)?;
                self.of_one(value, rng)
            }
        }
    }

    fn of_one<'a>(self, value: Value<'a>, rng: &mut Rng) -> Result<Value<'a>, EvalError> {
        match self {
            Self::Amount => value.amount().map(Value::Amount),
            Self::Round => Ok(Value::Number(value.number()?.round())),
            Self::Digits => {
                let count = whole(&value, 1, MAX_DIGITS)?;
                Ok(Value::text((0..count).map(|_| digit(rng)).collect::<String>()))
            }
            Self::Length => Ok(Value::Number(value.as_text()?.chars().count() as f64)),
            Self::Upper => Ok(Value::text(value.as_text()?.to_uppercase())),
            Self::Lower => Ok(Value::text(value.as_text()?.to_lowercase())),
            Self::UrlEncode => Ok(Value::text(percent_encoded(&value.to_string()))),
            _ => Ok(value),
        }
    }

    fn draw(self, low: &Value<'_>, high: &Value<'_>, rng: &mut Rng) -> Result<Value<'static>, EvalError> {
        match self {
            Self::Amount => {
                let (low, high) = ordered(low.amount()?, high.amount()?)?;
                Ok(Value::Amount(Amount::from_minor(rng.between(low.minor(), high.minor()))))
            }
            Self::Integer => {
                let (low, high) =
                    ordered(whole(low, -MAX_WHOLE, MAX_WHOLE)?, whole(high, -MAX_WHOLE, MAX_WHOLE)?)?;
                Ok(Value::Number(low as f64 + rng.between(0, high.abs_diff(low)) as f64))
            }
            _ => {
                let (low, high) = ordered(low.number()?, high.number()?)?;
                Ok(Value::Number(low + (high - low) * rng.unit()))
            }
        }
    }

    /// The least or largest argument; the first one of equal ones.
    fn extreme<'a>(
        self,
        arguments: &'a [Node],
        scope: &'a dyn Scope,
        rng: &mut Rng,
    ) -> Result<Value<'a>, EvalError> {
        let mut best = argument(arguments, 0, scope, rng)?;
        for node in arguments.iter().skip(1) {
            let value = node.eval(scope, rng)?;
            let is_less = value.number()? < best.number()?;
            let is_greater = value.number()? > best.number()?;
            if if self == Self::Min { is_less } else { is_greater } {
                best = value;
            }
        }
        best.number().map(|_| best)
    }
}

fn argument<'a>(
    arguments: &'a [Node],
    number: usize,
    scope: &'a dyn Scope,
    rng: &mut Rng,
) -> Result<Value<'a>, EvalError> {
    arguments.get(number).map_or(Ok(Value::Nothing), |node| node.eval(scope, rng))
}

fn whole(value: &Value<'_>, low: i64, high: i64) -> Result<i64, EvalError> {
    let number = value.number()?;
    if number.fract() == 0.0 && (low as f64..=high as f64).contains(&number) {
        Ok(number as i64)
    } else {
        Err(EvalError::Whole { low, high })
    }
}

fn ordered<T: PartialOrd>(low: T, high: T) -> Result<(T, T), EvalError> {
    if low <= high { Ok((low, high)) } else { Err(EvalError::EmptyRange) }
}

fn digit(rng: &mut Rng) -> char {
    char::from(b'0' + rng.between(0, 9) as u8)
}

/// A random UUID (RFC 9562, version 4).
fn uuid(rng: &mut Rng) -> String {
    let (high, low) = (rng.bits(), rng.bits());
    let (time, mid) = (high >> 32, high >> 16 & 0xFFFF);
    let (version, variant) = (0x4000 | high & 0x0FFF, 0x8000 | low >> 48 & 0x3FFF);
    format!("{time:08x}-{mid:04x}-{version:04x}-{variant:04x}-{:012x}", low & 0xFFFF_FFFF_FFFF)
}

const MAX_DIGITS: i64 = 64;
/// What codes of UnionPay payers begin with.
const PAYMENT_CODE_BEGIN: &str = "62";
const PAYMENT_CODE_TAIL: usize = 17;
/// The whole numbers up to here are exact as floating-point numbers.
const MAX_WHOLE: i64 = 1 << 53;

/// Every function there is.
#[rustfmt::skip]
pub const FUNCTIONS: [Signature; 23] = [
    signature("amount", Function::Amount, "amount(low, high)", "an amount between the two, to the minor unit; `amount(x)` is the number as an amount", 1..=2, Some(ValueKind::Amount), NUMERIC, NUMERIC),
    signature("integer", Function::Integer, "integer(low, high)", "a whole number between the two, both included", 2..=2, Some(ValueKind::Number), NUMERIC, NUMERIC),
    signature("number", Function::Number, "number(low, high)", "a number between the two", 2..=2, Some(ValueKind::Number), NUMERIC, NUMERIC),
    signature("digits", Function::Digits, "digits(count)", "so many random digits", 1..=1, Some(ValueKind::Text), NUMERIC, None),
    signature("paymentCode", Function::PaymentCode, "paymentCode()", "a test code of a payer: 19 digits that begin with 62", 0..=0, Some(ValueKind::Text), None, None),
    signature("pick", Function::Pick, "pick(a, b, …)", "one of the arguments, each as likely as the others", 1..=64, None, None, None),
    signature("min", Function::Min, "min(a, b, …)", "the least argument", 1..=64, None, NUMERIC, NUMERIC),
    signature("max", Function::Max, "max(a, b, …)", "the largest argument", 1..=64, None, NUMERIC, NUMERIC),
    signature("round", Function::Round, "round(x)", "the nearest whole number", 1..=1, Some(ValueKind::Number), NUMERIC, None),
    signature("length", Function::Length, "length(text)", "the number of characters", 1..=1, Some(ValueKind::Number), TEXT, None),
    signature("padded", Function::Padded, "padded(value, width)", "the value with zeros in front of it, up to so many characters", 2..=2, Some(ValueKind::Text), None, NUMERIC),
    signature("upper", Function::Upper, "upper(text)", "the text in upper case", 1..=1, Some(ValueKind::Text), TEXT, None),
    signature("lower", Function::Lower, "lower(text)", "the text in lower case", 1..=1, Some(ValueKind::Text), TEXT, None),
    signature("contains", Function::Contains, "contains(text, part)", "whether the part occurs in the text", 2..=2, Some(ValueKind::Bool), TEXT, TEXT),
    signature("startsWith", Function::StartsWith, "startsWith(text, part)", "whether the text begins with the part", 2..=2, Some(ValueKind::Bool), TEXT, TEXT),
    signature("if", Function::If, "if(condition, a, b)", "a where the condition holds, else b", 3..=3, None, BOOL, None),
    signature("json", Function::Json, "json('$.path')", "what the path finds in the last HTTP answer, the first where it finds several, `nothing` where it finds none", 1..=1, None, TEXT, None),
    signature("jsonLast", Function::JsonLast, "jsonLast('$.path')", "the last of what the path finds in the last HTTP answer, `nothing` where it finds nothing", 1..=1, None, TEXT, None),
    signature("jsonCount", Function::JsonCount, "jsonCount('$.path')", "how much the path finds in the last HTTP answer", 1..=1, Some(ValueKind::Number), TEXT, None),
    signature("header", Function::Header, "header('Name')", "the header field of the last HTTP answer, `nothing` where it has none", 1..=1, None, TEXT, None),
    signature("hostField", Function::HostField, "hostField(4)", "the data element in what the device of the last step sent to the host of the run, card data masked; `nothing` where it sent none", 1..=1, None, NUMERIC, None),
    signature("uuid", Function::Uuid, "uuid()", "a random UUID", 0..=0, Some(ValueKind::Text), None, None),
    signature("urlEncode", Function::UrlEncode, "urlEncode(value)", "the value percent-encoded", 1..=1, Some(ValueKind::Text), None, None),
];

const BOOL: Option<Parameter> = Some(Parameter::Bool);
const NUMERIC: Option<Parameter> = Some(Parameter::Numeric);
const TEXT: Option<Parameter> = Some(Parameter::Text);

#[expect(clippy::too_many_arguments, reason = "the columns of the table above")]
const fn signature(
    name: &'static str,
    function: Function,
    usage: &'static str,
    about: &'static str,
    arity: RangeInclusive<usize>,
    result: Option<ValueKind>,
    first: Option<Parameter>,
    others: Option<Parameter>,
) -> Signature {
    Signature { name, function, usage, about, arity, result, first, others }
}
