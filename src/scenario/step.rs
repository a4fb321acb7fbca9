//! The steps of flows in the file format: `- sale: { … }`, `- think: 5s..20s`, or just `- sign-in`.

use super::{duration::TimeRange, named::Named};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt};

/// One step of a flow, however it was written.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Step(pub StepKeys);

/// A step: one of the operations, or `think`, and what goes with it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StepKeys {
    /// The name of the step in results and thresholds; without it the name of the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Signs in: brings the work keys.
    #[serde(rename = "sign-in", skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<Empty>,
    /// Signs out.
    #[serde(rename = "sign-out", skip_serializing_if = "Option::is_none")]
    pub sign_out: Option<Empty>,
    /// Asks whether the host is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo: Option<Empty>,
    /// Asks for the balance of a card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<CardKeys>,
    /// Sells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<Sale>,
    /// Waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub think: Option<TimeRange>,
    /// Conditions over request and answer: `code == '00'`. They are counted and decide nothing alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// What later steps need of the answer, by the name they use.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub capture: Named<String>,
    /// What a time-out or an error means for the rest of the iteration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
}

/// No settings.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// A sale.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sale {
    /// The amount: `12.50`, or `${ amount(1.00, 500.00) }`.
    #[schemars(schema_with = "text_or_number")]
    pub amount: String,
    /// The card: `${ cards.next }` draws the next one of the feeder `cards`, `${ cards.current }` takes it again.
    #[serde(default = "next_card")]
    pub card: String,
    /// How the card is read.
    #[serde(default)]
    pub entry: Entry,
    /// Whether the holder enters the PIN.
    #[serde(default)]
    pub pin: bool,
}

/// A card and how it is read.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CardKeys {
    /// The card: `${ cards.next }` draws the next one of the feeder `cards`, `${ cards.current }` takes it again.
    #[serde(default = "next_card")]
    pub card: String,
    /// How the card is read.
    #[serde(default)]
    pub entry: Entry,
    /// Whether the holder enters the PIN.
    #[serde(default)]
    pub pin: bool,
}

/// How a card is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// Contact chip.
    #[default]
    Chip,
    /// Contactless chip.
    Contactless,
    /// Magnetic stripe.
    Stripe,
    /// Keyed by hand.
    Keyed,
}

/// What a time-out or an error of a step means for the rest of the iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The iteration ends.
    #[default]
    Abort,
    /// The next step is done all the same.
    Continue,
}

/// The operations that need no settings and may be written as their name alone.
pub const BARE: [&str; 4] = ["sign-in", "sign-out", "echo", "balance"];

/// All keys of a step that say what it does.
pub const ACTIONS: [&str; 6] = ["sign-in", "sign-out", "echo", "balance", "sale", "think"];

impl StepKeys {
    /// The keys that say what the step does; a right step has one.
    pub fn actions(&self) -> Vec<&'static str> {
        let present = [
            self.sign_in.is_some(),
            self.sign_out.is_some(),
            self.echo.is_some(),
            self.balance.is_some(),
            self.sale.is_some(),
            self.think.is_some(),
        ];
        ACTIONS.into_iter().zip(present).filter(|(_, is_present)| *is_present).map(|(name, _)| name).collect()
    }

    fn bare(name: &str) -> Option<Self> {
        let empty = Some(Empty {});
        match name {
            "sign-in" => Some(Self { sign_in: empty, ..Self::default() }),
            "sign-out" => Some(Self { sign_out: empty, ..Self::default() }),
            "echo" => Some(Self { echo: empty, ..Self::default() }),
            "balance" => Some(Self { balance: Some(CardKeys::default()), ..Self::default() }),
            _ => None,
        }
    }
}

impl Step {
    /// The step that its name alone stands for.
    pub fn bare(name: &str) -> Option<Self> {
        StepKeys::bare(name).map(Self)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Step;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a step")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Step, E> {
                Step::bare(name).ok_or_else(|| E::unknown_variant(name, &BARE))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Step, A::Error> {
                StepKeys::deserialize(MapAccessDeserializer::new(map)).map(Step)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = generator.subschema_for::<StepKeys>();
        json_schema!({
            "description": "What a terminal does: `sale: { … }`, `think: 5s..20s`, or just `sign-in`.",
            "anyOf": [{ "type": "string", "enum": BARE }, keys],
        })
    }
}

impl Default for CardKeys {
    fn default() -> Self {
        Self { card: next_card(), entry: Entry::default(), pin: false }
    }
}

fn next_card() -> String {
    "${ cards.next }".to_owned()
}

fn text_or_number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "number"] })
}
