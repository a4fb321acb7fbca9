//! The rows of a statement in JSON: one array of objects, or one object after the other.
//!
//! A key of the mapping may lead into an object: `amount.value`.

use super::statement::{Cells, Sink, StatementError};
use crate::reconcile::{Column, Source};
use serde::{
    Deserializer as _,
    de::{SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::{
    borrow::Cow,
    fmt,
    io::{BufRead, Read},
};

/// Reads all rows.
pub(super) fn read(mut file: impl BufRead, sink: &mut Sink<'_>) -> Result<(), StatementError> {
    let first = file.fill_buf().unwrap_or_default().iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    let mut rows = Rows { sink, number: 0, failure: None };
    let read = if first == Some(b'[') { array(file, &mut rows) } else { objects(file, &mut rows) };
    match (rows.failure, read) {
        (Some(failure), _) => Err(failure),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => Err(sink.wrong(error.line() as u64, format!("this is not JSON: {error}"))),
    }
}

/// The rows as far as they are read.
struct Rows<'r, 's> {
    sink: &'r mut Sink<'s>,
    number: u64,
    failure: Option<StatementError>,
}

fn array(file: impl Read, rows: &mut Rows<'_, '_>) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(file);
    json.deserialize_seq(rows)?;
    json.end()
}

fn objects(file: impl Read, rows: &mut Rows<'_, '_>) -> serde_json::Result<()> {
    for value in serde_json::Deserializer::from_reader(file).into_iter::<Value>() {
        if !rows.take(&value?) {
            break;
        }
    }
    Ok(())
}

impl<'de> Visitor<'de> for &mut Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(value) = items.next_element::<Value>()? {
            if !self.take(&value) {
                return Err(serde::de::Error::custom("a row cannot be read"));
            }
        }
        Ok(())
    }
}

impl Rows<'_, '_> {
    /// Takes one row; `false` when it cannot be read.
    fn take(&mut self, value: &Value) -> bool {
        self.number += 1;
        let taken = match value {
            Value::Object(object) => self.object(object),
            _ => Err(self.sink.wrong(self.number, "this is not an object".to_owned())),
        };
        self.failure = taken.err();
        self.failure.is_none()
    }

    fn object(&mut self, object: &Map<String, Value>) -> Result<(), StatementError> {
        let mapping = self.sink.mapping;
        let mut texts: [Option<Cow<'_, str>>; Column::ALL.len()] = Default::default();
        for (column, source) in &mapping.sources {
            let Source::Named(key) = source else { continue };
            let text = find(object, key).map(text).transpose();
            let text =
                text.map_err(|()| self.sink.wrong(self.number, format!("`{key}` is a list or an object")))?;
            if let Some(known) = texts.get_mut(*column as usize) {
                *known = text.flatten();
            }
        }
        self.first_has_all(object)?;
        let cells: Cells<'_> = texts.each_ref().map(Option::as_deref);
        self.sink.row(self.number, &cells)
    }

    /// Keys may be missing where they have no value, but not one of ours in all rows: the first one shows it.
    fn first_has_all(&self, object: &Map<String, Value>) -> Result<(), StatementError> {
        if self.number > 1 {
            return Ok(());
        }
        let is_needed =
            |column: &Column| matches!(column, Column::Amount | Column::State | Column::Stan | Column::Batch);
        let wanted = self.sink.mapping.sources.iter().filter(|(column, _)| is_needed(column));
        for (column, source) in wanted {
            if let Source::Named(key) = source
                && find(object, key).is_none()
            {
                let has = object.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                let name = column.name();
                let message = format!(
                    "the key `{key}` is missing, the object has {has}; say below `columns` in the mapping which of them is `{name}`"
                );
                return Err(self.sink.wrong(self.number, message));
            }
        }
        Ok(())
    }
}

/// The value of a key, or of the key in an object of that name: `amount.value`.
fn find<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    object.get(key).or_else(|| {
        let (outer, inner) = key.split_once('.')?;
        find(object.get(outer)?.as_object()?, inner)
    })
}

/// A value as text; nothing for `null`.
fn text(value: &Value) -> Result<Option<Cow<'_, str>>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Cow::Borrowed(text))),
        Value::Number(number) => Ok(Some(Cow::Owned(number.to_string()))),
        Value::Bool(flag) => Ok(Some(Cow::Owned(flag.to_string()))),
        Value::Array(_) | Value::Object(_) => Err(()),
    }
}
