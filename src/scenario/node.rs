//! The tree of a scenario file: what was written and where, before anybody asks what it means.

use std::{cell::Cell, ops::Range};

/// Where something was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The number of the source: 0 is the scenario file, the others are settings of the command line.
    pub source: usize,
    /// The bytes of the source.
    pub range: Range<usize>,
}

/// A value of the file.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it stands; of a map or a list, where its key stands.
    pub(super) span: Span,
    pub(super) value: Value,
    /// Complained about already; whoever reads the tree later passes over it.
    pub(super) is_bad: Cell<bool>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and what stands behind it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) node: Node,
}

/// A value without parts; who reads it decides whether `0200` is a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar {
    /// The characters as written.
    pub(super) text: String,
    /// What YAML takes it for.
    pub(super) kind: ScalarKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarKind {
    Bool(bool),
    Number,
    Text,
}

impl Node {
    pub(super) fn new(span: Span, value: Value) -> Self {
        Self { span, value, is_bad: Cell::new(false) }
    }

    /// A text that stands at `span`.
    pub(super) fn text(span: Span, text: impl Into<String>) -> Self {
        Self::new(span, Value::Scalar(Scalar { text: text.into(), kind: ScalarKind::Text }))
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// The value of `key`, or this node where there is none, so that a complaint always has a place.
    pub(super) fn child(&self, key: &str) -> &Self {
        self.entry(key).map_or(self, |entry| &entry.node)
    }

    /// The item number `index` among those that are not bad, or this node where there is none.
    pub(super) fn item(&self, index: usize) -> &Self {
        self.items().iter().filter(|item| !item.is_bad.get()).nth(index).unwrap_or(self)
    }

    /// The place of the value of `key`, or of this node.
    pub(super) fn at(&self, key: &str) -> Span {
        self.child(key).span.clone()
    }

    /// The place of the key itself, or of this node.
    pub(super) fn at_key(&self, key: &str) -> Span {
        self.entry(key).map_or(&self.span, |entry| &entry.key_span).clone()
    }

    /// The entry of `key`, which is added where it is missing; anything but a map becomes an empty one first.
    pub(super) fn entry_or_insert(&mut self, key: &str, span: &Span) -> &mut Self {
        if !matches!(self.value, Value::Map(_)) {
            self.value = Value::Map(Vec::new());
        }
        let Value::Map(entries) = &mut self.value else { unreachable!("made a map above") };
        let index = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
            let node = Self::new(span.clone(), Value::Map(Vec::new()));
            entries.push(Entry { key: key.to_owned(), key_span: span.clone(), node });
            entries.len() - 1
        });
        &mut entries[index].node
    }

    /// Lays `over` onto this node: maps are merged, everything else is replaced.
    pub(super) fn overlay(&mut self, over: &Self) {
        match &over.value {
            Value::Map(entries) if matches!(self.value, Value::Map(_)) => {
                for entry in entries {
                    self.entry_or_insert(&entry.key, &entry.key_span).overlay(&entry.node);
                }
            }
            _ => *self = over.clone(),
        }
    }

    /// The places of all values of `key`, at any depth.
    pub(super) fn places_of(&self, key: &str) -> Vec<Span> {
        let own = self.entries().iter().filter(|entry| entry.key == key).map(|entry| entry.node.span.clone());
        let below = self.entries().iter().map(|entry| &entry.node).chain(self.items());
        own.chain(below.flat_map(|node| node.places_of(key))).collect()
    }

    /// What kind of thing it is, in the words of messages.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Scalar(scalar) => format!("`{}`", scalar.text),
        }
    }
}
