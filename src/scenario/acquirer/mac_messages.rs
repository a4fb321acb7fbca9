//! Which messages have a MAC: a word, or a list of operations and message types.

use crate::{
    expr::nearest,
    operation::{Kind, KindSet},
    scenario::{diagnostic::Problem, node::Node},
    terminal::Customs,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// Which messages have a MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MacMessages {
    /// One of [`WORDS`].
    Word(String),
    /// Names of operations, and message types such as 0200.
    Listed(Vec<String>),
}

impl MacMessages {
    /// The kinds whose messages have one.
    pub(super) fn kinds(&self) -> KindSet {
        let kinds_of = |set: KindSet, text: &String| {
            Kind::ALL.into_iter().filter(|kind| means(text, *kind)).fold(set, |set, (kind, _)| set.with(kind))
        };
        match self {
            Self::Word(word) if word == FINANCIAL => Customs::FINANCIAL,
            Self::Word(word) if word == ALL => KindSet::ALL,
            Self::Word(_) => KindSet::EMPTY,
            Self::Listed(texts) => texts.iter().fold(KindSet::EMPTY, kinds_of),
        }
    }

    /// What is wrong with the entries of a list.
    pub(super) fn problems(&self, node: &Node) -> Vec<Problem> {
        let Self::Listed(texts) = self else { return Vec::new() };
        let wrong = |(place, text): (usize, &String)| {
            Some(Problem::new(node.item(place).span.clone(), complaint(text)?))
        };
        let near = |problem: Problem, text: &String| {
            problem.did_you_mean(&nearest(text, Kind::ALL.iter().map(|(_, known)| *known)))
        };
        texts.iter().enumerate().filter_map(|entry| Some(near(wrong(entry)?, entry.1))).collect()
    }
}

/// Whether an entry of a list names a kind, or its message type.
fn means(text: &str, (kind, name): (Kind, &str)) -> bool {
    text == name || text == kind.form().mti.to_string()
}

fn complaint(text: &str) -> Option<String> {
    let mut meant = Kind::ALL.into_iter().filter(|kind| means(text, *kind)).peekable();
    if meant.peek().is_none() {
        return Some(format!("there is no operation and no message type `{text}`"));
    }
    let may_have = meant.any(|(kind, _)| Customs::default().with_macs(KindSet::ALL).has_mac(kind));
    (!may_have).then(|| format!("`{text}` may be sent before a sign-in has brought a key for a MAC"))
}

impl<'de> Deserialize<'de> for MacMessages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = MacMessages;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("financial, all, none, or a list of operations and message types")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<MacMessages, E> {
                if WORDS.contains(&word) {
                    return Ok(MacMessages::Word(word.to_owned()));
                }
                Err(E::unknown_variant(word, WORDS))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<MacMessages, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(MacMessages::Listed(texts))
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for MacMessages {
    fn schema_name() -> Cow<'static, str> {
        "MacMessages".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "financial, all, none, or a list of operations and message types.",
            "anyOf": [
                { "type": "string", "enum": WORDS },
                { "type": "array", "items": { "type": "string" } },
            ],
        })
    }
}

/// All messages about money, and what is said of them: reversals and results of scripts.
const FINANCIAL: &str = "financial";
/// Also messages of management, as far as none may be sent before a sign-in.
const ALL: &str = "all";
const WORDS: &[&str] = &[FINANCIAL, ALL, "none"];
