//! The steps of flows in the file format: `- sale: { … }`, `- think: 5s..20s`, or just `- sign-in`.

use super::{
    duration::TimeRange,
    named::Named,
    operation_keys::{self, OperationKeys},
    words::OnError,
};
use crate::operation::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
    ser::SerializeMap,
};
use std::{borrow::Cow, fmt};

/// One step of a flow, however it was written: one of the operations or `think`, and what goes with it.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What it does; a right step has one of these or `think`.
    pub operations: Vec<(Kind, OperationKeys)>,
    /// How long it waits.
    pub think: Option<TimeRange>,
    /// What goes with it.
    pub settings: Settings,
}

/// What goes with a step, whatever it does.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The name of the step in results and thresholds; without it the name of the operation.
    pub name: Option<String>,
    /// Conditions over request and answer: `code == '00'`. They are counted and decide nothing alone.
    pub checks: Vec<String>,
    /// What later steps need of the answer, by the name they use.
    pub capture: Named<String>,
    /// What a time-out or an error means for the rest of the iteration.
    pub on_error: Option<OnError>,
}

impl Step {
    /// The step that its name alone stands for.
    pub fn bare(name: &str) -> Option<Self> {
        if operation_keys::bare_complaint(name).is_some() {
            return None;
        }
        let kind = Kind::from_name(name)?;
        Some(Self { operations: vec![(kind, OperationKeys::default())], ..Self::default() })
    }

    /// The keys that say what the step does; a right step has one.
    pub fn actions(&self) -> Vec<&'static str> {
        let think = self.think.map(|_| THINK);
        self.operations.iter().map(|(kind, _)| kind.name()).chain(think).collect()
    }

    /// Takes the value of one key.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            THINK => self.think = Some(map.next_value()?),
            "name" => self.settings.name = Some(map.next_value()?),
            "checks" => self.settings.checks = map.next_value()?,
            "capture" => self.settings.capture = map.next_value()?,
            "onError" => self.settings.on_error = Some(map.next_value()?),
            _ => {
                let kind = Kind::from_name(key).filter(|kind| !kind.is_automatic());
                let kind = kind.ok_or_else(|| A::Error::custom(format!("unknown key `{key}`")))?;
                self.operations.push((kind, map.next_value()?));
            }
        }
        Ok(())
    }
}

/// All keys of a step that say what it does.
pub fn actions() -> Vec<&'static str> {
    operation_keys::kinds().map(|(_, name)| name).chain([THINK]).collect()
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Step;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a step")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Step, E> {
                Step::bare(name).ok_or_else(|| {
                    E::custom(operation_keys::bare_complaint(name).unwrap_or_else(|| "not a step".to_owned()))
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Step, A::Error> {
                let mut step = Step::default();
                while let Some(key) = map.next_key::<String>()? {
                    step.take(&key, &mut map)?;
                }
                Ok(step)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Settings { name, checks, capture, on_error } = &self.settings;
        let mut map = serializer.serialize_map(None)?;
        for (kind, keys) in &self.operations {
            map.serialize_entry(kind.name(), keys)?;
        }
        if let Some(think) = &self.think {
            map.serialize_entry(THINK, think)?;
        }
        if let Some(name) = name {
            map.serialize_entry("name", name)?;
        }
        if !checks.is_empty() {
            map.serialize_entry("checks", checks)?;
        }
        if !capture.is_empty() {
            map.serialize_entry("capture", capture)?;
        }
        if let Some(on_error) = on_error {
            map.serialize_entry("onError", on_error)?;
        }
        map.end()
    }
}

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut keys = Settings::json_schema(generator);
        if let Some(properties) = keys.get_mut("properties").and_then(|all| all.as_object_mut()) {
            let think = TimeRange::json_schema(generator);
            properties.insert(THINK.to_owned(), think.to_value());
            for (kind, name) in operation_keys::kinds() {
                properties.insert(name.to_owned(), operation_keys::schema_of(kind, generator).to_value());
            }
        }
        keys.remove("required");
        keys.insert("additionalProperties".to_owned(), false.into());
        json_schema!({
            "description": "What a terminal does: `sale: { … }`, `think: 5s..20s`, or just `sign-in`.",
            "anyOf": [{ "type": "string", "format": "step", "enum": operation_keys::bare_names() }, keys],
        })
    }
}

const THINK: &str = "think";
