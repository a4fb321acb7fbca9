//! The format of a profile file: what it may say of the codec. What it says of terminals is in `settings`.
//!
//! Doc comments become the descriptions of the JSON Schema, so they speak to the writer of a file.

use super::words::{
    AlignWord, Base, BitmapWord, CharsetWord, CodingWord, ContentWord, LengthWord, MacPlace, MtiWord,
    PrefixWord, UnitWord,
};
use crate::scenario::named::Named;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt};

/// A profile of posfleet: how an acquirer's messages look and what its terminals do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// The version of the file format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[serde(rename = "schema")]
    pub _schema: u32,
    /// The name of the profile.
    pub name: String,
    /// Whose profile it is, in a sentence or two.
    #[serde(default)]
    pub description: String,
    /// The dialect that it changes.
    pub extends: Base,
    /// How the MTI is written.
    #[serde(default)]
    pub mti: Option<MtiWord>,
    /// How bitmaps are written.
    #[serde(default)]
    pub bitmap: Option<BitmapWord>,
    /// Whether there may be a second bitmap.
    #[serde(default)]
    pub second_bitmap: Option<bool>,
    /// What stands around a message.
    #[serde(default)]
    pub framing: FramingKeys,
    /// Where the MAC stands.
    #[serde(default)]
    pub mac_element: Option<MacPlace>,
    /// How people read the texts of all elements that say nothing else.
    #[serde(default)]
    pub charset: Option<CharsetWord>,
    /// The elements that differ, by number; `none` takes one away.
    #[serde(default)]
    pub elements: Named<ElementChange>,
}

/// What stands around a message, in this order.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FramingKeys {
    /// How the length in front is written.
    pub length: Option<LengthWord>,
    /// Whether the length counts its own bytes too.
    pub length_counts_itself: Option<bool>,
    /// Whether a TPDU of five bytes follows.
    pub tpdu: Option<bool>,
    /// Whether a header of six bytes follows.
    pub header: Option<bool>,
}

/// Another format of an element, or `none`.
#[derive(Clone, Debug)]
pub enum ElementChange {
    /// The profile does not have it.
    Gone,
    /// These keys are different.
    Keys(ElementKeys),
}

/// The format of an element; what is left out stays as it is in the dialect that the profile extends.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ElementKeys {
    /// What it holds and how that is coded.
    pub content: Option<ContentWord>,
    /// Its fixed length, in characters, or in bytes of a binary element.
    pub length: Option<u16>,
    /// The length in front of it.
    pub prefix: Option<PrefixWord>,
    /// The greatest length allowed, in what the prefix counts.
    pub max: Option<u32>,
    /// How the prefix is written.
    pub prefix_coding: Option<CodingWord>,
    /// What the prefix counts.
    pub counts: Option<UnitWord>,
    /// Where an odd count of packed digits leaves its unused nibble.
    pub align: Option<AlignWord>,
    /// What is written into the unused nibble: a hexadecimal digit.
    pub pad_nibble: Option<String>,
    /// What fills fixed text on the right: a character.
    pub pad_char: Option<String>,
    /// How people read its text.
    pub charset: Option<CharsetWord>,
}

impl<'de> Deserialize<'de> for ElementChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = ElementChange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the format of an element, or `none`")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ElementChange, E> {
                if word == GONE { Ok(ElementChange::Gone) } else { Err(E::unknown_variant(word, &[GONE])) }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ElementChange, A::Error> {
                ElementKeys::deserialize(MapAccessDeserializer::new(map)).map(ElementChange::Keys)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for ElementChange {
    fn schema_name() -> Cow<'static, str> {
        "Element".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = generator.subschema_for::<ElementKeys>();
        json_schema!({
            "description": "The format of an element, or `none`.",
            "anyOf": [{ "type": "string", "enum": [GONE] }, keys],
        })
    }
}

const GONE: &str = "none";
