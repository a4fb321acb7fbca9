//! From the tree of nodes to the structs of the file format; passes over what has been complained about already.

use super::node::{Entry, Node, Scalar, ScalarKind, Span, Value};
use serde::{
    Deserialize,
    de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use std::fmt;

/// Reads a value out of `node`.
///
/// # Errors
/// The first thing that does not fit. The check against the schema comes first and finds them all, so this is the
/// second line of defence.
pub(super) fn decode<'n, T: Deserialize<'n>>(node: &'n Node) -> Result<T, DecodeError> {
    T::deserialize(node)
}

/// Why a node does not fit the file format.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct DecodeError {
    pub(super) message: String,
    pub(super) span: Option<Span>,
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None }
    }
}

impl Node {
    fn locate(&self, error: DecodeError) -> DecodeError {
        DecodeError { span: error.span.or_else(|| Some(self.span.clone())), ..error }
    }

    fn visit<'n, V: Visitor<'n>>(&'n self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Scalar(scalar) => scalar.visit(visitor),
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            Value::Map(entries) => visitor.visit_map(Entries { rest: entries.iter(), value: None }),
        }
    }
}

impl Scalar {
    fn visit<'n, V: Visitor<'n>>(&'n self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.kind {
            ScalarKind::Bool(value) => visitor.visit_bool(value),
            ScalarKind::Text => visitor.visit_borrowed_str(&self.text),
            ScalarKind::Number => {
                match (self.text.parse::<u64>(), self.text.parse::<i64>(), self.text.parse::<f64>()) {
                    (Ok(number), ..) => visitor.visit_u64(number),
                    (_, Ok(number), _) => visitor.visit_i64(number),
                    (.., Ok(number)) => visitor.visit_f64(number),
                    _ => visitor.visit_borrowed_str(&self.text),
                }
            }
        }
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.visit(visitor).map_err(|error| self.locate(error))
    }

    /// Whoever wants text gets it as written, so that `mti: 0200` needs no quotes.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Scalar(scalar) => {
                visitor.visit_borrowed_str(&scalar.text).map_err(|error: DecodeError| self.locate(error))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let variant = self.scalar().map_or("", |scalar| &scalar.text);
        visitor.visit_enum(variant.into_deserializer()).map_err(|error: DecodeError| self.locate(error))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// The items of a list.
struct Items<'n>(std::slice::Iter<'n, Node>);

impl<'n> SeqAccess<'n> for Items<'n> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'n>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let good = self.0.find(|item| !item.is_bad.get());
        good.map(|item| seed.deserialize(item)).transpose()
    }
}

/// The entries of a map.
struct Entries<'n> {
    rest: std::slice::Iter<'n, Entry>,
    value: Option<&'n Node>,
}

impl<'n> MapAccess<'n> for Entries<'n> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'n>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(entry) = self.rest.find(|entry| !entry.node.is_bad.get()) else { return Ok(None) };
        self.value = Some(&entry.node);
        let key = de::value::BorrowedStrDeserializer::<DecodeError>::new(&entry.key);
        seed.deserialize(key).map(Some).map_err(|error| DecodeError {
            span: error.span.or_else(|| Some(entry.key_span.clone())),
            ..error
        })
    }

    fn next_value_seed<V: DeserializeSeed<'n>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let node = self.value.take().ok_or_else(|| de::Error::custom("a value was read before its key"))?;
        seed.deserialize(node)
    }
}
