//! The steps of flows in the file format: `- sale: { … }`, `- http: POST /sessions`, `- think: 5s..20s`, or just `- sign-in`.

use super::{
    duration::{Time, TimeRange},
    http_keys::{HttpKeys, Word},
    named::Named,
    network::Network,
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

/// One step of a flow, however it was written: what it does, and what goes with it.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What the terminal does; a right step has one of these, or one of those below.
    pub operations: Vec<(Kind, OperationKeys)>,
    /// How long it waits.
    pub think: Option<TimeRange>,
    /// How long after the begin of the iteration, or the last pace, it goes on.
    pub pace: Option<TimeRange>,
    /// For how many terminals it waits.
    pub rendezvous: Option<RendezvousKeys>,
    /// What is asked of a server; its key `http` says that it is.
    pub request: HttpKeys,
    /// What an operator loads into the terminal.
    pub load: Option<LoadKeys>,
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
    /// What the network is like while the terminal does this; that of its group without it.
    pub network: Option<Network>,
}

/// Other numbers and another master key for the terminal, as an operator loads them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadKeys {
    /// DE 41, 8 characters.
    pub terminal_id: Word,
    /// DE 42, 15 characters.
    pub merchant_id: Word,
    /// The terminal master key in hexadecimal digits.
    pub master_key: Word,
    /// The serial number of the device, where it is another one from now on: out of the parcel of an activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Word>,
}

/// Where terminals wait for each other.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RendezvousKeys {
    /// How many go on together.
    #[schemars(range(min = 1))]
    pub terminals: u32,
    /// How long one waits at most; then it goes on alone.
    #[serde(default = "default_timeout")]
    pub timeout: Time,
}

fn default_timeout() -> Time {
    Time::from_secs(30)
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
        let http = self.request.http.as_ref().map(|_| HTTP);
        let load = self.load.as_ref().map(|_| LOAD);
        let pace = self.pace.map(|_| PACE);
        let rendezvous = self.rendezvous.map(|_| RENDEZVOUS);
        let others = [think, http, load, pace, rendezvous].into_iter().flatten();
        self.operations.iter().map(|(kind, _)| kind.name()).chain(others).collect()
    }

    /// Takes the value of one key.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if self.request.take(key, map)? {
            return Ok(());
        }
        match key {
            LOAD => self.load = Some(map.next_value()?),
            THINK => self.think = Some(map.next_value()?),
            PACE => self.pace = Some(map.next_value()?),
            RENDEZVOUS => self.rendezvous = Some(map.next_value()?),
            "name" => self.settings.name = Some(map.next_value()?),
            "checks" => self.settings.checks = map.next_value()?,
            "capture" => self.settings.capture = map.next_value()?,
            "network" => self.settings.network = Some(map.next_value()?),
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
    operation_keys::kinds().map(|(_, name)| name).chain([HTTP, LOAD, THINK, PACE, RENDEZVOUS]).collect()
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
        let Settings { name, checks, capture, on_error, network } = &self.settings;
        let mut map = serializer.serialize_map(None)?;
        for (kind, keys) in &self.operations {
            map.serialize_entry(kind.name(), keys)?;
        }
        self.request.write(&mut map)?;
        if let Some(load) = &self.load {
            map.serialize_entry(LOAD, load)?;
        }
        if let Some(think) = &self.think {
            map.serialize_entry(THINK, think)?;
        }
        if let Some(pace) = &self.pace {
            map.serialize_entry(PACE, pace)?;
        }
        if let Some(rendezvous) = &self.rendezvous {
            map.serialize_entry(RENDEZVOUS, rendezvous)?;
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
        if let Some(network) = network {
            map.serialize_entry("network", network)?;
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
        let request = HttpKeys::json_schema(generator).remove("properties");
        let request = request.and_then(|all| all.as_object().cloned()).unwrap_or_default();
        if let Some(properties) = keys.get_mut("properties").and_then(|all| all.as_object_mut()) {
            let think = TimeRange::json_schema(generator);
            properties.insert(THINK.to_owned(), think.clone().to_value());
            properties.insert(PACE.to_owned(), think.to_value());
            let rendezvous = generator.subschema_for::<RendezvousKeys>();
            properties.insert(RENDEZVOUS.to_owned(), rendezvous.to_value());
            properties.insert(LOAD.to_owned(), generator.subschema_for::<LoadKeys>().to_value());
            properties.extend(request);
            for (kind, name) in operation_keys::kinds() {
                properties.insert(name.to_owned(), operation_keys::schema_of(kind, generator).to_value());
            }
        }
        keys.remove("required");
        keys.insert("additionalProperties".to_owned(), false.into());
        json_schema!({
            "description": "What a terminal does: `sale: { … }`, `http: POST /sessions`, `think: 5s..20s`, or just `sign-in`.",
            "anyOf": [{ "type": "string", "format": "step", "enum": operation_keys::bare_names() }, keys],
        })
    }
}

/// The key of a step that asks a server.
pub const HTTP: &str = "http";
/// The key of a step that loads a terminal.
pub const LOAD: &str = "load-terminal";
const THINK: &str = "think";
/// The key of a step that keeps a cadence.
pub const PACE: &str = "pace";
/// The key of a step at which terminals wait for each other.
pub const RENDEZVOUS: &str = "rendezvous";
