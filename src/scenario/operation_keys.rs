//! What a step that is an operation may say: `amount`, `card`, `of` and so on, and which of it goes with which kind.
//!
//! Which keys a kind takes follows from the table of kinds; nothing here names a kind but for its code and its tip.

use super::words::Entry;
use crate::operation::{Effect, Kind, Variant as Of};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt};

/// What an operation is told.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OperationKeys {
    /// The amount: `12.50`, or `${ amount(1.00, 500.00) }`; of an adjustment the new total; of a `tip-adjust` that
    /// leaves it out, the original's and the tip.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_number")]
    pub amount: Option<String>,
    /// The tip that is part of the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_number")]
    pub tip: Option<String>,
    /// The card: `${ cards.next }` draws the next one of the feeder `cards`, `${ cards.current }` takes it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// How the card is read; chip without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
    /// Whether the holder enters the PIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<bool>,
    /// What makes it a mail order, an instalment plan and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variant>,
    /// The earlier transaction that it is about; without it the newest that fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Original>,
    /// The code that the payer shows; without it `${ paymentCode() }`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_number")]
    pub code: Option<String>,
}

/// What makes a transaction a mail order, an instalment plan and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant(pub Of);

/// The earlier transaction that an operation is about.
#[derive(Clone, Debug)]
pub enum Original {
    /// The one of the open batch with this STAN.
    Stan(String),
    /// One that the terminal need not know.
    Receipt(Receipt),
}

/// What a receipt says of a transaction; each is a text such as `${ rrn }`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Receipt {
    /// DE 37, 12 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrn: Option<String>,
    /// DE 38, 6 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_code: Option<String>,
    /// DE 13: month and day, 4 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// DE 60.2, 6 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// DE 11, 6 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stan: Option<String>,
}

/// Whether a step of some kind takes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Never,
    Maybe,
    Always,
}

/// Says whether steps of a kind take a key.
type Goes = fn(Kind) -> Use;

/// The kinds that flows can ask for, with the names of their steps.
pub fn kinds() -> impl Iterator<Item = (Kind, &'static str)> {
    Kind::ALL.into_iter().filter(|(kind, _)| !kind.is_automatic())
}

/// The keys that a step of `kind` may say.
pub fn keys_of(kind: Kind) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(move |(_, goes)| goes(kind) != Use::Never).map(|(key, _)| *key)
}

/// The keys that a step of `kind` must say.
pub fn needs_of(kind: Kind) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(move |(_, goes)| goes(kind) == Use::Always).map(|(key, _)| *key)
}

/// The names of the kinds that may be written without any key.
pub fn bare_names() -> Vec<&'static str> {
    kinds().filter(|(kind, _)| needs_of(*kind).next().is_none()).map(|(_, name)| name).collect()
}

/// What is wrong with a step that is the bare word `name`; `None` where nothing is.
pub(super) fn bare_complaint(name: &str) -> Option<String> {
    let Some(kind) = Kind::from_name(name) else { return Some(format!("unknown step `{name}`")) };
    if kind.is_automatic() {
        return Some(format!("terminals send `{name}` of their own accord: there is no step for it"));
    }
    let needs: Vec<String> = needs_of(kind).map(|key| format!("`{key}`")).collect();
    (!needs.is_empty()).then(|| format!("`{name}` cannot stand alone: it needs {}", needs.join(" and ")))
}

/// The schema of a step of `kind`: the keys that it takes, and no others.
pub(super) fn schema_of(kind: Kind, generator: &mut SchemaGenerator) -> Schema {
    let all = OperationKeys::json_schema(generator);
    let property = |key: &str| {
        (key.to_owned(), all.get("properties").map_or_else(Default::default, |all| all[key].clone()))
    };
    let properties: serde_json::Map<String, serde_json::Value> = keys_of(kind).map(property).collect();
    json_schema!({
        "type": "object",
        "description": about(kind),
        "properties": properties,
        "required": needs_of(kind).collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

/// One sentence for editors: the message that the step sends.
fn about(kind: Kind) -> String {
    let form = kind.form();
    let network = (form.network_management > 0).then(|| format!(", DE 60.3 {:03}", form.network_management));
    let code = form.processing_code.map(|code| format!(", processing code {code:06}"));
    let detail = code.or(network).unwrap_or_default();
    format!("{}: message type {}{detail}.", kind.name(), form.mti)
}

/// Whether some variant of `kind` exists.
fn has_variants(kind: Kind) -> bool {
    VARIANTS.iter().any(|(_, variant)| variant.applies_to(kind)) || Of::Instalments(1).applies_to(kind)
}

fn maybe(goes: bool) -> Use {
    if goes { Use::Maybe } else { Use::Never }
}

impl Variant {
    /// The word of the file format.
    pub fn word(self) -> &'static str {
        let word = VARIANTS.iter().find(|(_, variant)| *variant == self.0).map(|(word, _)| *word);
        word.unwrap_or(INSTALMENTS)
    }
}

impl Serialize for Variant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Of::Instalments(count) => serializer.collect_map([(INSTALMENTS, count)]),
            _ => serializer.serialize_str(self.word()),
        }
    }
}

impl<'de> Deserialize<'de> for Variant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Variant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a variant")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Variant, E> {
                let known = VARIANTS.iter().find(|(known, _)| *known == word);
                known.map(|(_, variant)| Variant(*variant)).ok_or_else(|| E::custom("unknown variant"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Variant, A::Error> {
                match map.next_entry::<String, u8>()? {
                    Some((key, count)) if key == INSTALMENTS => Ok(Variant(Of::Instalments(count))),
                    _ => Err(serde::de::Error::custom("expected `instalments`")),
                }
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Variant {
    fn schema_name() -> Cow<'static, str> {
        "Variant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = VARIANTS.iter().map(|(word, _)| *word).collect();
        json_schema!({
            "description": "What makes a transaction a mail order, an instalment plan and so on.",
            "anyOf": [{ "type": "string", "enum": words }, {
                "type": "object",
                "properties": { INSTALMENTS: {
                    "type": "integer", "minimum": 2, "maximum": 99, "description": "In how many instalments it is paid.",
                } },
                "required": [INSTALMENTS],
                "additionalProperties": false,
            }],
        })
    }
}

impl Serialize for Original {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Stan(text) => serializer.serialize_str(text),
            Self::Receipt(receipt) => receipt.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Original {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Original;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a STAN or what stands on a receipt")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Original, E> {
                Ok(Original::Stan(text.to_owned()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Original, E> {
                Ok(Original::Stan(number.to_string()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Original, A::Error> {
                Receipt::deserialize(MapAccessDeserializer::new(map)).map(Original::Receipt)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Original {
    fn schema_name() -> Cow<'static, str> {
        "Original".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let receipt = generator.subschema_for::<Receipt>();
        json_schema!({
            "description": "The earlier transaction: its STAN, or what stands on its receipt.",
            "anyOf": [{ "type": ["string", "number"] }, receipt],
        })
    }
}

fn text_or_number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "number"] })
}

/// Which keys go with which kinds.
const KEYS: [(&str, Goes); 8] = [
    ("amount", |kind| match kind.takes_amount() {
        false => Use::Never,
        // Without it a tip is added to the original's amount.
        true if kind.amount_is_originals() || kind == Kind::TipAdjust => Use::Maybe,
        true => Use::Always,
    }),
    ("tip", |kind| match kind {
        Kind::TipAdjust => Use::Always,
        _ => maybe(kind.form().effect == Effect::Adjust),
    }),
    ("card", |kind| maybe(kind.takes_card())),
    ("entry", |kind| maybe(kind.takes_card())),
    ("pin", |kind| maybe(kind.takes_card())),
    ("variant", |kind| maybe(has_variants(kind))),
    ("of", |kind| maybe(!kind.originals().is_empty())),
    ("code", |kind| maybe(kind == Kind::QrSale)),
];
const VARIANTS: [(&str, Of); 3] =
    [("mail-order", Of::MailOrder), ("points", Of::Points), ("reservation", Of::Reservation)];
const INSTALMENTS: &str = "instalments";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_kind_follow_from_its_form() {
        let keys = |kind| keys_of(kind).collect::<Vec<_>>().join(" ");
        assert_eq!(keys(Kind::Echo), "");
        assert_eq!(keys(Kind::Settlement), "");
        assert_eq!(keys(Kind::Sale), "amount card entry pin variant");
        assert_eq!(keys(Kind::Void), "amount card entry pin variant of");
        assert_eq!(keys(Kind::Balance), "card entry pin variant");
        assert_eq!(keys(Kind::TipAdjust), "amount tip card entry pin of");
        assert_eq!(keys(Kind::QrSale), "amount code");
        assert_eq!(keys(Kind::QrQuery), "of");
        assert_eq!(keys(Kind::ESignature), "of");
    }

    #[test]
    fn what_a_step_needs_decides_whether_it_may_stand_alone() {
        let bare = bare_names();
        for name in ["sign-in", "balance", "void", "qr-query", "settlement", "aid-download", "e-signature"] {
            assert!(bare.contains(&name) && bare_complaint(name).is_none(), "{name}");
        }
        for name in ["sale", "refund", "qr-order", "completion", "load", "reversal", "batch-upload"] {
            assert!(!bare.contains(&name) && bare_complaint(name).is_some(), "{name}");
        }
        assert_eq!(
            bare_complaint("tip-adjust").as_deref(),
            Some("`tip-adjust` cannot stand alone: it needs `tip`")
        );
    }
}
