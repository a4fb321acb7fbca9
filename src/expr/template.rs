//! Text with `${ }` holes.

use super::{
    ParseError, Problem, Resolve, Value,
    eval::Node,
    function::Function,
    lexer::error,
    parser::{self, MAX_NODES, MAX_TEXT},
    percent,
};

/// Parses a template; see the grammar of the module.
pub(super) fn parse(text: &str, resolve: Resolve<'_>) -> Result<Node, ParseError> {
    parts(text, resolve).map(join)
}

/// Parses the target of a request, whose holes are encoded.
pub(super) fn parse_target(text: &str, resolve: Resolve<'_>) -> Result<Node, ParseError> {
    let parts = parts(text, resolve)?;
    let parts = parts.into_iter().map(|part| match part {
        Part::Written(text) => Part::Written(percent::cleaned(&text)),
        Part::Hole(Node::Literal(value)) => Part::Written(percent::percent_encoded(&value.to_string())),
        Part::Hole(node) => Part::Hole(Node::Call(Function::UrlEncode, [node].into())),
    });
    Ok(join(parts.collect()))
}

/// A part of a template.
enum Part {
    Written(String),
    Hole(Node),
}

fn parts(text: &str, resolve: Resolve<'_>) -> Result<Vec<Part>, ParseError> {
    if text.len() > MAX_TEXT {
        return Err(error(0..text.len(), Problem::TooLong));
    }
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut position = 0;
    while let Some(length) = text[position..].find("${") {
        let at = position + length;
        if text[position..at].ends_with('$') {
            literal.push_str(&text[position..at]);
            literal.push('{');
            position = at + 2;
            continue;
        }
        literal.push_str(&text[position..at]);
        push_text(&mut parts, &mut literal);
        let (node, end) = parser::hole(text, at, resolve)?;
        parts.push(Part::Hole(node));
        position = end;
        if parts.len() > MAX_NODES {
            return Err(error(0..text.len(), Problem::TooLong));
        }
    }
    literal.push_str(&text[position..]);
    push_text(&mut parts, &mut literal);
    Ok(parts)
}

fn push_text(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Written(std::mem::take(literal)));
    }
}

fn join(parts: Vec<Part>) -> Node {
    let node = |part| match part {
        Part::Written(text) => Node::Literal(Value::text(text)),
        Part::Hole(node) => node,
    };
    let mut parts: Vec<Node> = parts.into_iter().map(node).collect();
    match parts.len() {
        0 => Node::Literal(Value::text("")),
        1 => parts.remove(0),
        _ if parts.iter().all(|part| matches!(part, Node::Literal(_))) => {
            let text =
                parts.iter().filter_map(|part| part.literal()).map(ToString::to_string).collect::<String>();
            Node::Literal(Value::text(text))
        }
        _ => Node::Join(parts.into()),
    }
}
