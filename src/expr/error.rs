//! What can be wrong with an expression: when it is read, and when it is evaluated.

use super::ValueKind;
use std::ops::Range;

/// Why a text is not an expression, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub struct ParseError {
    /// The bytes of the text that are to blame.
    pub range: Range<usize>,
    /// What is wrong with them.
    #[source]
    pub problem: Problem,
    /// Names that may have been meant, the nearest first.
    pub suggestions: Vec<String>,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Something else should stand here.
    #[error("expected {wanted}, found {found}")]
    Unexpected {
        /// What may stand here.
        wanted: &'static str,
        /// What stands here.
        found: String,
    },
    /// A character that the language does not use.
    #[error("unexpected character `{0}`")]
    Character(char),
    /// A text without its closing quote.
    #[error("this text has no closing quote")]
    OpenText,
    /// A `${` without its `}`.
    #[error("this `${{` has no closing `}}`")]
    OpenHole,
    /// A number too large to be one.
    #[error("this number is too large")]
    Number,
    /// There is no variable of that name.
    #[error("unknown variable `{0}`")]
    UnknownVariable(String),
    /// There is no function of that name.
    #[error("unknown function `{0}`")]
    UnknownFunction(String),
    /// Too few or too many arguments.
    #[error("`{usage}` does not take {given} arguments")]
    Arguments {
        /// How the function is called.
        usage: &'static str,
        /// How many arguments there are.
        given: usize,
    },
    /// Two comparisons in a row.
    #[error("comparisons do not chain; join them with `&&`")]
    ChainedComparison,
    /// A path into JSON that is none (RFC 9535).
    #[error("this is no JSON path: {0}")]
    JsonPath(String),
    /// A path into JSON that would be known only during the run.
    #[error("a JSON path is a text such as '$.token', known before the run")]
    JsonPathNotConstant,
    /// It can never be evaluated.
    #[error("{0}")]
    Never(#[from] EvalError),
    /// Parentheses, signs or calls nested too deeply.
    #[error("this is nested too deeply")]
    TooDeep,
    /// Too many parts.
    #[error("this expression is too long")]
    TooLong,
}

/// The caller of the parser knows no variable of that name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Names that may have been meant, the nearest first.
    pub suggestions: Vec<String>,
}

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// An operator or function was given another type than it takes.
    #[error("expected {wanted}, found {found}")]
    Kind {
        /// What it takes.
        wanted: &'static str,
        /// What it was given.
        found: ValueKind,
    },
    /// The types have no comparison.
    #[error("{left} cannot be compared with {right}")]
    Incomparable {
        /// The left type.
        left: ValueKind,
        /// The right type.
        right: ValueKind,
    },
    /// The operator is not defined for the types.
    #[error("`{operator}` is not defined for {left} and {right}")]
    Operator {
        /// The operator.
        operator: &'static str,
        /// The left type.
        left: ValueKind,
        /// The right type.
        right: ValueKind,
    },
    /// A division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A result beyond all numbers.
    #[error("the result is too large")]
    Overflow,
    /// A negative amount, or one that DE 4 cannot say.
    #[error("an amount is between 0 and 9999999999.99")]
    NotAnAmount,
    /// The lower bound is above the upper one.
    #[error("the lower bound is above the upper one")]
    EmptyRange,
    /// A feeder without cards.
    #[error("there is no card to draw")]
    NoCard,
    /// A text of another form than is wanted; it may be a secret and is not shown.
    #[error("expected {wanted}, found something else")]
    Form {
        /// What is wanted.
        wanted: &'static str,
    },
    /// A count out of its range.
    #[error("expected a whole number from {low} to {high}")]
    Whole {
        /// The least.
        low: i64,
        /// The largest.
        high: i64,
    },
}
