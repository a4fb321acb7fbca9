//! Splits the text of an expression into tokens.

use super::{ParseError, Problem};
use std::ops::Range;

/// A token with the bytes it stands at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind<'t>,
    pub(super) range: Range<usize>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenKind<'t> {
    Number(f64),
    Text(&'t str),
    /// A name or a dotted path.
    Name(&'t str),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Reads tokens one after the other from `position` on.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, position: usize) -> Self {
        Self { text, position }
    }

    pub(super) fn token(&mut self) -> Result<Token<'t>, ParseError> {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start().len();
        let start = self.position;
        let kind = self.kind()?;
        Ok(Token { kind, range: start..self.position })
    }

    fn kind(&mut self) -> Result<TokenKind<'t>, ParseError> {
        let rest = self.rest();
        match rest.chars().next() {
            None => Ok(TokenKind::End),
            Some('0'..='9') => self.number(),
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            Some(c) if c.is_alphabetic() || c == '_' => Ok(TokenKind::Name(self.take_while(is_path))),
            Some(c) => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    self.position += sign.len();
                    Ok(TokenKind::Sign(sign))
                }
                None => {
                    let doubled =
                        SIGNS.iter().find(|sign| sign.starts_with(c)).map(|sign| (*sign).to_owned());
                    let error = self.error(c.len_utf8(), Problem::Character(c));
                    Err(ParseError { suggestions: doubled.into_iter().collect(), ..error })
                }
            },
        }
    }

    fn number(&mut self) -> Result<TokenKind<'t>, ParseError> {
        let start = self.position;
        let text = self.take_while(|c| c.is_ascii_digit() || c == '.');
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && !text.ends_with('.') => Ok(TokenKind::Number(number)),
            Ok(number) if number.is_infinite() => Err(error(start..self.position, Problem::Number)),
            _ => {
                let found = format!("`{text}`");
                Err(error(start..self.position, Problem::Unexpected { wanted: "a number", found }))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<TokenKind<'t>, ParseError> {
        let rest = self.rest();
        let inside = &rest[quote.len_utf8()..];
        let length = inside.find(quote).ok_or_else(|| self.error(rest.len(), Problem::OpenText))?;
        self.position += length + 2 * quote.len_utf8();
        Ok(TokenKind::Text(&inside[..length]))
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn error(&self, length: usize, problem: Problem) -> ParseError {
        error(self.position..self.position + length, problem)
    }
}

pub(super) fn error(range: Range<usize>, problem: Problem) -> ParseError {
    ParseError { range, problem, suggestions: Vec::new() }
}

fn is_path(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// All signs, the longer ones before their beginnings.
const SIGNS: [&str; 18] =
    ["||", "&&", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", ",", "}"];
