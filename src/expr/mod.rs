//! The expression language of scenario files: `${ amount(1.00, 500.00) }`, `code == '00' && amount == request.amount`.
//!
//! Which variables exist is left to the caller of [`parse_expression`]; their values come from a [`Scope`].
//!
//! ```text
//! template   = { text | "${" expression "}" | "$${" }      "$${" writes "${"
//! expression = and { "||" and }
//! and        = comparison { "&&" comparison }
//! comparison = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]
//! sum        = product { ( "+" | "-" ) product }
//! product    = unary { ( "*" | "/" | "%" ) unary }
//! unary      = ( "!" | "-" ) unary | primary
//! primary    = number | text | "true" | "false" | "nothing" | variable | call | "(" expression ")"
//! call       = name "(" [ expression { "," expression } ] ")"
//! variable   = name { "." name }
//! number     = digits [ "." digits ]
//! text       = "'" { character } "'" | '"' { character } '"'    no escapes
//! ```
//!
//! What is compared with what:
//! - a number with a number, an amount with an amount, a text with a text (by character), a boolean with a boolean
//!   (`==` and `!=` only);
//! - an amount with a number, which counts as major units: `amount > 12.50`;
//! - nothing (the code of an answer that never came) equals nothing only, and is neither less nor greater than anything;
//! - everything else is an error, so that `code == 0` cannot be silently false.
//!
//! `amount ± amount`, `amount ± number`, `amount * number` and `amount / number` are amounts, rounded to the minor unit;
//! `amount / amount` is a number. `+` does not join texts: templates do.

mod error;
mod eval;
mod function;
mod lexer;
mod nearest;
mod parser;
mod percent;
mod query;
mod template;
mod value;

pub use error::{EvalError, ParseError, Problem, Unknown};
pub use function::{FUNCTIONS, Signature};
pub use nearest::nearest;
pub use percent::percent_encoded;
pub use value::{Scope, Value, ValueKind, VariableId};

use crate::rng::Rng;
use eval::Node;

/// A parsed expression, ready to be evaluated many times.
#[derive(Clone, Debug)]
pub struct Expr(Node);

/// Tells the parser what a path such as `request.amount` stands for.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Result<Binding, Unknown>;

/// What a name in an expression stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// A variable, whose value the [`Scope`] knows.
    Variable(VariableId),
    /// A value that is known already.
    Constant(Value<'static>),
}

/// Parses a bare expression, the form of conditions and captures.
///
/// # Errors
/// [`ParseError`] with the place inside `text`.
pub fn parse_expression(text: &str, resolve: Resolve<'_>) -> Result<Expr, ParseError> {
    parser::expression(text, resolve).map(Expr)
}

/// Parses text with `${ }` holes.
///
/// A template that is one hole and nothing else keeps the type of its value; all others are text.
///
/// # Errors
/// [`ParseError`] with the place inside `text`.
pub fn parse_template(text: &str, resolve: Resolve<'_>) -> Result<Expr, ParseError> {
    template::parse(text, resolve).map(Expr)
}

/// Parses the target of an HTTP request: text with `${ }` holes whose values are percent-encoded.
///
/// # Errors
/// [`ParseError`] with the place inside `text`.
pub fn parse_target(text: &str, resolve: Resolve<'_>) -> Result<Expr, ParseError> {
    template::parse_target(text, resolve).map(Expr)
}

impl Expr {
    /// An expression that always has this value.
    pub fn constant(value: Value<'static>) -> Self {
        Self(Node::Literal(value))
    }

    /// The value, given what `scope` says of the variables and what `rng` draws.
    ///
    /// # Errors
    /// [`EvalError`] when the values do not fit the operators and functions.
    pub fn eval<'a>(&'a self, scope: &'a dyn Scope, rng: &mut Rng) -> Result<Value<'a>, EvalError> {
        self.0.eval(scope, rng)
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// [`EvalError`], also when the value is no boolean.
    pub fn holds(&self, scope: &dyn Scope, rng: &mut Rng) -> Result<bool, EvalError> {
        self.eval(scope, rng)?.truth()
    }

    /// The value, if it is the same in every scope and draws nothing.
    pub fn as_constant(&self) -> Option<&Value<'static>> {
        match &self.0 {
            Node::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the value is the same in every scope and draws nothing.
    pub fn is_constant(&self) -> bool {
        self.as_constant().is_some()
    }

    /// The type every value of it has, `None` where that depends on variables.
    pub fn kind(&self) -> Option<ValueKind> {
        self.0.kind()
    }
}
