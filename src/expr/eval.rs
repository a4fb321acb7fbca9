//! The tree of an expression and its evaluation; numbers and comparisons allocate nothing.

use super::{
    EvalError, Scope, Value, ValueKind, VariableId,
    function::{Function, Signature},
    query::{Query, Wanted},
    value::amount_of_minor,
};
use crate::{money::Amount, rng::Rng};
use std::{cmp::Ordering, fmt::Write as _};

/// A node of the tree.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Value<'static>),
    Variable(VariableId),
    Not(Box<Node>),
    Negate(Box<Node>),
    Or(Box<(Node, Node)>),
    And(Box<(Node, Node)>),
    Compare(Comparison, Box<(Node, Node)>),
    Compute(Arithmetic, Box<(Node, Node)>),
    Call(Function, Box<[Node]>),
    /// A path into the JSON of the last HTTP answer.
    Query(Box<Query>),
    /// The parts of a template.
    Join(Box<[Node]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Node {
    pub(super) fn eval<'a>(&'a self, scope: &'a dyn Scope, rng: &mut Rng) -> Result<Value<'a>, EvalError> {
        match self {
            Self::Literal(value) => Ok(value.borrow()),
            Self::Variable(id) => Ok(scope.variable(*id)),
            Self::Not(inner) => Ok(Value::Bool(!inner.eval(scope, rng)?.truth()?)),
            Self::Negate(inner) => match inner.eval(scope, rng)? {
                Value::Number(number) => Ok(Value::Number(-number)),
                other => Err(EvalError::Kind { wanted: "a number", found: other.kind() }),
            },
            Self::Or(sides) => {
                Ok(Value::Bool(sides.0.eval(scope, rng)?.truth()? || sides.1.eval(scope, rng)?.truth()?))
            }
            Self::And(sides) => {
                Ok(Value::Bool(sides.0.eval(scope, rng)?.truth()? && sides.1.eval(scope, rng)?.truth()?))
            }
            Self::Compare(comparison, sides) => {
                let order = sides.0.eval(scope, rng)?.compare(&sides.1.eval(scope, rng)?)?;
                Ok(Value::Bool(comparison.holds(order)))
            }
            Self::Compute(arithmetic, sides) => {
                arithmetic.apply(&sides.0.eval(scope, rng)?, &sides.1.eval(scope, rng)?)
            }
            Self::Call(function, arguments) => function.call(arguments, scope, rng),
            Self::Query(query) => Ok(query.eval(scope.json())),
            Self::Join(parts) => join(parts, scope, rng),
        }
    }

    /// The type every value has, `None` where that depends on variables.
    pub(super) fn kind(&self) -> Option<ValueKind> {
        match self {
            Self::Literal(value) => Some(value.kind()),
            Self::Variable(_) | Self::Compute(..) => None,
            Self::Negate(_) => Some(ValueKind::Number),
            Self::Not(_) | Self::Or(_) | Self::And(_) | Self::Compare(..) => Some(ValueKind::Bool),
            Self::Call(function, _) => Signature::of(*function).and_then(|signature| signature.result),
            Self::Query(query) => (query.wanted() == Wanted::Count).then_some(ValueKind::Number),
            Self::Join(_) => Some(ValueKind::Text),
        }
    }

    pub(super) fn literal(&self) -> Option<&Value<'static>> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Whether all its operands are constant, so that evaluating it once tells about all times.
    pub(super) fn has_constant_operands(&self) -> bool {
        let constant = |node: &Self| node.literal().is_some();
        match self {
            Self::Literal(_) => true,
            Self::Variable(_) | Self::Query(_) => false,
            Self::Not(inner) | Self::Negate(inner) => constant(inner),
            Self::Or(sides) | Self::And(sides) | Self::Compare(_, sides) | Self::Compute(_, sides) => {
                constant(&sides.0) && constant(&sides.1)
            }
            Self::Call(_, arguments) | Self::Join(arguments) => arguments.iter().all(constant),
        }
    }

    /// Whether the node has another value each time, even with the same operands.
    pub(super) fn varies(&self) -> bool {
        matches!(self, Self::Call(function, arguments) if function.varies(arguments.len()))
    }
}

fn join<'a>(parts: &'a [Node], scope: &'a dyn Scope, rng: &mut Rng) -> Result<Value<'a>, EvalError> {
    let mut text = String::new();
    for part in parts {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", part.eval(scope, rng)?);
    }
    Ok(Value::text(text))
}

impl Comparison {
    /// `None` is no order: such values differ, and none is the greater one.
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl Arithmetic {
    fn apply(self, left: &Value<'_>, right: &Value<'_>) -> Result<Value<'static>, EvalError> {
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => self.numbers(*left, *right).map(Value::Number),
            (Value::Amount(left), Value::Amount(right)) => self.amounts(*left, *right),
            (Value::Amount(amount), Value::Number(number)) => self.scale(*amount, *number),
            (Value::Number(number), Value::Amount(amount)) => match self {
                Self::Multiply => self.scale(*amount, *number),
                Self::Add | Self::Subtract => self.amounts(Value::Number(*number).amount()?, *amount),
                _ => Err(self.undefined(left, right)),
            },
            _ => Err(self.undefined(left, right)),
        }
    }

    fn numbers(self, left: f64, right: f64) -> Result<f64, EvalError> {
        let result = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide | Self::Remainder if right == 0.0 => return Err(EvalError::DivisionByZero),
            Self::Divide => left / right,
            Self::Remainder => left % right,
        };
        if result.is_finite() { Ok(result) } else { Err(EvalError::Overflow) }
    }

    fn amounts(self, left: Amount, right: Amount) -> Result<Value<'static>, EvalError> {
        let (a, b) = (left.minor() as f64, right.minor() as f64);
        match self {
            Self::Add | Self::Subtract => self.numbers(a, b).and_then(amount_of_minor).map(Value::Amount),
            Self::Divide => self.numbers(a, b).map(Value::Number),
            _ => Err(self.undefined(&Value::Amount(left), &Value::Amount(right))),
        }
    }

    fn scale(self, amount: Amount, number: f64) -> Result<Value<'static>, EvalError> {
        match self {
            Self::Add | Self::Subtract => self.amounts(amount, Value::Number(number).amount()?),
            Self::Multiply | Self::Divide => {
                self.numbers(amount.minor() as f64, number).and_then(amount_of_minor).map(Value::Amount)
            }
            Self::Remainder => Err(self.undefined(&Value::Amount(amount), &Value::Number(number))),
        }
    }

    fn undefined(self, left: &Value<'_>, right: &Value<'_>) -> EvalError {
        EvalError::Operator { operator: self.sign(), left: left.kind(), right: right.kind() }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}
