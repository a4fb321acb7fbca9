//! Text with `${ }` holes.

use super::{
    ParseError, Problem, Resolve, Value,
    eval::Node,
    lexer::error,
    parser::{self, MAX_NODES, MAX_TEXT},
};

/// Parses a template; see the grammar of the module.
pub(super) fn parse(text: &str, resolve: Resolve<'_>) -> Result<Node, ParseError> {
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
        parts.push(node);
        position = end;
        if parts.len() > MAX_NODES {
            return Err(error(0..text.len(), Problem::TooLong));
        }
    }
    literal.push_str(&text[position..]);
    push_text(&mut parts, &mut literal);
    Ok(join(parts))
}

fn push_text(parts: &mut Vec<Node>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Node::Literal(Value::text(std::mem::take(literal))));
    }
}

fn join(mut parts: Vec<Node>) -> Node {
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
