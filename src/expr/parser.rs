//! Tokens to tree, by precedence; folds what is constant and finds what can never work.

use super::{
    Binding, EvalError, ParseError, Problem, Resolve, Scope, Value, ValueKind, VariableId,
    eval::{Arithmetic, Comparison, Node},
    function::{self, Signature},
    lexer::{Lexer, Token, TokenKind, error},
    nearest,
    query::{Query, Wanted},
};
use crate::rng::{Domain, Seed};
use std::ops::Range;

/// Parses the whole of `text`.
pub(super) fn expression(text: &str, resolve: Resolve<'_>) -> Result<Node, ParseError> {
    if text.len() > MAX_TEXT {
        return Err(error(0..text.len(), Problem::TooLong));
    }
    let mut parser = Parser::new(text, 0, resolve)?;
    let parsed = parser.binary(0)?;
    match parser.token.kind {
        TokenKind::End => Ok(parsed.node),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// Parses the hole that begins with the `${` at byte `start`; also says where the text goes on.
pub(super) fn hole(text: &str, start: usize, resolve: Resolve<'_>) -> Result<(Node, usize), ParseError> {
    let mut parser = Parser::new(text, start + "${".len(), resolve)?;
    let parsed = parser.binary(0)?;
    match parser.token.kind {
        TokenKind::Sign("}") => Ok((parsed.node, parser.token.range.end)),
        TokenKind::End => Err(error(start..start + "${".len(), Problem::OpenHole)),
        _ => Err(parser.unexpected("an operator or `}`")),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token<'t>,
    resolve: Resolve<'t>,
    depth: usize,
    nodes: usize,
}

/// A node with the bytes it was read from.
struct Parsed {
    node: Node,
    range: Range<usize>,
}

/// What a binary operator makes of its operands.
#[derive(Clone, Copy)]
enum Operator {
    Or,
    And,
    Compare(Comparison),
    Compute(Arithmetic),
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, position: usize, resolve: Resolve<'t>) -> Result<Self, ParseError> {
        let mut lexer = Lexer::new(text, position);
        let token = lexer.token()?;
        Ok(Self { lexer, token, resolve, depth: 0, nodes: 0 })
    }

    /// Operators that bind at least as strongly as `weakest`, and their operands.
    fn binary(&mut self, weakest: u8) -> Result<Parsed, ParseError> {
        let mut left = self.unary()?;
        while let Some((operator, strength)) = self.operator().filter(|(_, strength)| *strength >= weakest) {
            self.advance()?;
            let right = self.binary(strength + 1)?;
            left = self.join(operator, left, right)?;
            let chains = |next| matches!(next, Some((Operator::Compare(_), _)));
            if matches!(operator, Operator::Compare(_)) && chains(self.operator()) {
                return Err(error(self.token.range.clone(), Problem::ChainedComparison));
            }
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        let TokenKind::Sign(sign) = self.token.kind else { return None };
        OPERATORS
            .iter()
            .find(|(known, ..)| *known == sign)
            .map(|(_, operator, strength)| (*operator, *strength))
    }

    fn join(&mut self, operator: Operator, left: Parsed, right: Parsed) -> Result<Parsed, ParseError> {
        let range = left.range.start..right.range.end;
        match operator {
            Operator::Or | Operator::And => {
                wants(&left, ValueKind::Bool, "true or false")?;
                wants(&right, ValueKind::Bool, "true or false")?;
            }
            Operator::Compare(_) => comparable(&left, &right)?,
            Operator::Compute(_) => {}
        }
        let operands = Box::new((left.node, right.node));
        let node = match operator {
            Operator::Or => Node::Or(operands),
            Operator::And => Node::And(operands),
            Operator::Compare(comparison) => Node::Compare(comparison, operands),
            Operator::Compute(arithmetic) => Node::Compute(arithmetic, operands),
        };
        self.folded(node, range)
    }

    fn unary(&mut self) -> Result<Parsed, ParseError> {
        self.deeper()?;
        let start = self.token.range.start;
        let parsed = match self.token.kind {
            TokenKind::Sign("!") => {
                self.advance()?;
                let inner = self.unary()?;
                wants(&inner, ValueKind::Bool, "true or false")?;
                self.folded(Node::Not(Box::new(inner.node)), start..inner.range.end)?
            }
            TokenKind::Sign("-") => {
                self.advance()?;
                let inner = self.unary()?;
                self.folded(Node::Negate(Box::new(inner.node)), start..inner.range.end)?
            }
            _ => self.primary()?,
        };
        self.depth -= 1;
        Ok(parsed)
    }

    fn primary(&mut self) -> Result<Parsed, ParseError> {
        let range = self.token.range.clone();
        let node = match self.token.kind {
            TokenKind::Number(number) => Node::Literal(Value::Number(number)),
            TokenKind::Text(text) => Node::Literal(Value::text(text.to_owned())),
            TokenKind::Name("true") => Node::Literal(Value::Bool(true)),
            TokenKind::Name("false") => Node::Literal(Value::Bool(false)),
            TokenKind::Name("nothing") => Node::Literal(Value::Nothing),
            TokenKind::Name(name) => return self.name(name, range),
            TokenKind::Sign("(") => return self.parentheses(),
            _ => return Err(self.unexpected("a value")),
        };
        self.advance()?;
        Ok(Parsed { node, range })
    }

    fn parentheses(&mut self) -> Result<Parsed, ParseError> {
        let start = self.token.range.start;
        self.advance()?;
        let inner = self.binary(0)?;
        let end = self.expect(")", "`)`")?;
        Ok(Parsed { node: inner.node, range: start..end })
    }

    fn name(&mut self, name: &'t str, range: Range<usize>) -> Result<Parsed, ParseError> {
        self.advance()?;
        if self.token.kind == TokenKind::Sign("(") {
            return self.call(name, range);
        }
        let binding = (self.resolve)(name).map_err(|unknown| ParseError {
            range: range.clone(),
            problem: Problem::UnknownVariable(name.to_owned()),
            suggestions: unknown.suggestions,
        })?;
        let node = match binding {
            Binding::Variable(id) => Node::Variable(id),
            Binding::Constant(value) => Node::Literal(value),
        };
        Ok(Parsed { node, range })
    }

    fn call(&mut self, name: &str, range: Range<usize>) -> Result<Parsed, ParseError> {
        let signature = Signature::named(name).ok_or_else(|| ParseError {
            range: range.clone(),
            problem: Problem::UnknownFunction(name.to_owned()),
            suggestions: nearest(name, function::FUNCTIONS.iter().map(|known| known.name)),
        })?;
        self.advance()?;
        let arguments = self.arguments()?;
        let range = range.start..self.expect(")", "`,` or `)`")?;
        if !signature.arity.contains(&arguments.len()) {
            let problem = Problem::Arguments { usage: signature.usage, given: arguments.len() };
            return Err(error(range, problem));
        }
        for (number, argument) in arguments.iter().enumerate() {
            fits(argument, signature, number)?;
        }
        if let Some(wanted) = signature.function.wanted() {
            return query(&arguments, wanted, range);
        }
        let nodes = arguments.into_iter().map(|argument| argument.node).collect();
        self.folded(Node::Call(signature.function, nodes), range)
    }

    fn arguments(&mut self) -> Result<Vec<Parsed>, ParseError> {
        let mut arguments = Vec::new();
        if self.token.kind == TokenKind::Sign(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.binary(0)?);
            if self.token.kind != TokenKind::Sign(",") {
                return Ok(arguments);
            }
            self.advance()?;
        }
    }

    /// A node over constants is tried at once: it becomes its value, and what always fails is found before the run.
    fn folded(&mut self, node: Node, range: Range<usize>) -> Result<Parsed, ParseError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(error(range, Problem::TooLong));
        }
        if !node.has_constant_operands() {
            return Ok(Parsed { node, range });
        }
        let mut rng = Seed(0).stream(Domain::Iteration, 0, 0);
        let value = node.eval(&NoVariables, &mut rng).map(Value::into_owned);
        let value = value.map_err(|never| error(range.clone(), never.into()))?;
        let node = if node.varies() { node } else { Node::Literal(value) };
        Ok(Parsed { node, range })
    }

    fn advance(&mut self) -> Result<(), ParseError> {
        self.token = self.lexer.token()?;
        Ok(())
    }

    fn expect(&mut self, sign: &'static str, wanted: &'static str) -> Result<usize, ParseError> {
        if self.token.kind != TokenKind::Sign(sign) {
            return Err(self.unexpected(wanted));
        }
        let end = self.token.range.end;
        self.advance()?;
        Ok(end)
    }

    fn deeper(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(error(self.token.range.clone(), Problem::TooDeep)) } else { Ok(()) }
    }

    fn unexpected(&self, wanted: &'static str) -> ParseError {
        let found = match self.token.kind {
            TokenKind::Number(number) => format!("`{number}`"),
            TokenKind::Text(text) => format!("'{text}'"),
            TokenKind::Name(name) => format!("`{name}`"),
            TokenKind::Sign(sign) => format!("`{sign}`"),
            TokenKind::End => "the end".to_owned(),
        };
        let hint = match self.token.kind {
            TokenKind::Name("and") => Some("&&"),
            TokenKind::Name("or") => Some("||"),
            _ => None,
        };
        let suggestions = hint.map(str::to_owned).into_iter().collect();
        ParseError {
            range: self.token.range.clone(),
            problem: Problem::Unexpected { wanted, found },
            suggestions,
        }
    }
}

struct NoVariables;

impl Scope for NoVariables {
    fn variable(&self, _: VariableId) -> Value<'_> {
        Value::Nothing
    }
}

/// The path that is the only argument.
fn query(arguments: &[Parsed], wanted: Wanted, range: Range<usize>) -> Result<Parsed, ParseError> {
    let at = arguments.first().map_or(range.clone(), |argument| argument.range.clone());
    let path = arguments.first().and_then(|argument| argument.node.literal());
    let Some(Value::Text(path)) = path else { return Err(error(at, Problem::JsonPathNotConstant)) };
    let query = Query::parse(path, wanted).map_err(|why| error(at, Problem::JsonPath(why)))?;
    Ok(Parsed { node: Node::Query(Box::new(query)), range })
}

fn wants(parsed: &Parsed, kind: ValueKind, wanted: &'static str) -> Result<(), ParseError> {
    match parsed.node.kind() {
        Some(found) if found != kind => {
            Err(error(parsed.range.clone(), EvalError::Kind { wanted, found }.into()))
        }
        _ => Ok(()),
    }
}

fn comparable(left: &Parsed, right: &Parsed) -> Result<(), ParseError> {
    match (left.node.kind(), right.node.kind()) {
        (Some(left_kind), Some(right_kind)) if !left_kind.compares_with(right_kind) => {
            let problem = EvalError::Incomparable { left: left_kind, right: right_kind };
            Err(error(left.range.start..right.range.end, problem.into()))
        }
        _ => Ok(()),
    }
}

fn fits(argument: &Parsed, signature: &Signature, number: usize) -> Result<(), ParseError> {
    match argument.node.kind() {
        Some(found) if !signature.takes(number, found) => {
            let wanted = signature.wanted(number);
            Err(error(argument.range.clone(), EvalError::Kind { wanted, found }.into()))
        }
        _ => Ok(()),
    }
}

/// All binary operators with how strongly they bind.
const OPERATORS: [(&str, Operator, u8); 13] = [
    ("||", Operator::Or, 0),
    ("&&", Operator::And, 1),
    ("==", Operator::Compare(Comparison::Equal), 2),
    ("!=", Operator::Compare(Comparison::NotEqual), 2),
    ("<", Operator::Compare(Comparison::Less), 2),
    ("<=", Operator::Compare(Comparison::AtMost), 2),
    (">", Operator::Compare(Comparison::Greater), 2),
    (">=", Operator::Compare(Comparison::AtLeast), 2),
    ("+", Operator::Compute(Arithmetic::Add), 3),
    ("-", Operator::Compute(Arithmetic::Subtract), 3),
    ("*", Operator::Compute(Arithmetic::Multiply), 4),
    ("/", Operator::Compute(Arithmetic::Divide), 4),
    ("%", Operator::Compute(Arithmetic::Remainder), 4),
];

/// The longest text that is read.
pub(super) const MAX_TEXT: usize = 16 * 1024;
/// The most operators and calls of one expression; it bounds the depth of the tree too.
pub(super) const MAX_NODES: usize = 256;
const MAX_DEPTH: usize = 48;
