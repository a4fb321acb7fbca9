//! Between YAML text and the tree of nodes: the only place that knows the YAML library.

use super::{
    diagnostic::Problem,
    node::{Entry, Node, Scalar, ScalarKind, Span, Value},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};
use std::fmt;

/// Reads the text of source number `source`.
pub(super) fn parse(source: usize, text: &str) -> Result<Node, Box<Problem>> {
    let options = serde_saphyr::options! {
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: 48 },
    };
    let root: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Box::new(malformed(source, text, &error)))?;
    let reader = Reader { source, text };
    let top = Span { source, range: 0..0 };
    Ok(reader.node(root, Some(&top)))
}

/// Writes a value as YAML.
pub(super) fn to_yaml(value: &impl Serialize) -> Result<String, fmt::Error> {
    serde_saphyr::to_string(value).map_err(|_| fmt::Error)
}

fn malformed(source: usize, text: &str, error: &serde_saphyr::Error) -> Problem {
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let start = offset(text, location);
    let message = match error.without_snippet() {
        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{key}` is there twice")
        }
        serde_saphyr::Error::Budget { .. } => "the file is too large or nested too deeply".to_owned(),
        other => {
            let rendered = other.render();
            let line = rendered.lines().next().unwrap_or("this is not YAML");
            line.split(" at line ").next().unwrap_or(line).to_owned()
        }
    };
    Problem::new(Span { source, range: start..end_of_line(text, start) }, message)
}

/// The byte at a location, which may be known by line and column only.
fn offset(text: &str, location: Location) -> usize {
    let line = (location.line() as usize).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = (location.column() as usize).saturating_sub(1);
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(column).map_or(rest.len(), |(index, _)| index);
    (start + within).min(text.len())
}

fn end_of_line(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.find('\n').unwrap_or(rest.len())
}

/// What the YAML library says of a node.
enum Raw {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

/// Turns what the library says into nodes.
struct Reader<'t> {
    source: usize,
    text: &'t str,
}

impl Reader<'_> {
    /// The node of `raw`; maps and lists take the place of their `key`.
    fn node(&self, raw: Spanned<Raw>, key: Option<&Span>) -> Node {
        let own = self.span(raw.referenced);
        let scalar = |text, kind| Value::Scalar(Scalar { text, kind });
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(value) => scalar(self.written(raw.defined), ScalarKind::Bool(value)),
            Raw::Number => scalar(self.written(raw.defined), ScalarKind::Number),
            Raw::Text(text) => scalar(text, ScalarKind::Text),
            Raw::List(items) => Value::List(items.into_iter().map(|item| self.node(item, None)).collect()),
            Raw::Map(entries) => {
                Value::Map(entries.into_iter().map(|(key, raw)| self.entry(key, raw)).collect())
            }
        };
        let span = match (&value, key) {
            (Value::Scalar(_), _) => own,
            (_, Some(key)) => key.clone(),
            (Value::Map(entries), None) => entries.first().map_or(own, |entry| entry.key_span.clone()),
            _ => own,
        };
        Node::new(span, value)
    }

    fn entry(&self, key: Spanned<String>, raw: Spanned<Raw>) -> Entry {
        let key_span = self.span(key.referenced);
        let node = self.node(raw, Some(&key_span));
        Entry { key: key.value, key_span, node }
    }

    fn span(&self, location: Location) -> Span {
        let start =
            location.span().byte_offset().map_or_else(|| offset(self.text, location), |at| at as usize);
        let length = location.span().byte_len().unwrap_or(0) as usize;
        let end = (start + length).clamp(start, end_of_line(self.text, start));
        let written = self.text.get(start..end).unwrap_or_default();
        Span { source: self.source, range: start..start + written.trim_end().len() }
    }

    fn written(&self, location: Location) -> String {
        self.text.get(self.span(location).range).unwrap_or_default().to_owned()
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
