//! What a step that is an HTTP request may say: `server`, `json`, `retry`, `until` and so on.

use super::{
    duration::{Time, TimeRange},
    named::Named,
    words::choice,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
    ser::SerializeMap,
};
use std::{borrow::Cow, fmt};

/// Declares the keys of a request, each once: as a field, in files, and in the schema.
macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty = $key:literal,)+) => {
        /// What a request is told; the keys stand beside `http` in its step.
        #[derive(Clone, Debug, Default, JsonSchema)]
        pub struct HttpKeys {
            $($(#[doc = $doc])+ #[schemars(rename = $key)] pub $field: Option<$type>,)+
        }

        impl HttpKeys {
            /// The keys that are written, in the order of the reference.
            pub fn written(&self) -> impl Iterator<Item = &'static str> {
                [$(self.$field.is_some().then_some($key)),+].into_iter().flatten()
            }

            /// Takes the value of `key`; says whether it is one of a request.
            pub(super) fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
                match key {
                    $($key => self.$field = Some(map.next_value()?),)+
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// Writes what is written.
            pub(super) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $(if let Some(value) = &self.$field {
                    map.serialize_entry($key, value)?;
                })+
                Ok(())
            }
        }
    };
}

keys! {
    /// What is asked of a server: `POST /sessions`. Holes are percent-encoded.
    http: String = "http",
    /// The target with a `url` that is asked; the merchant portal inside the program without it.
    server: String = "server",
    /// What is added to the query; what is `nothing` is left out.
    query: Named<Word> = "query",
    /// Header fields; what is `nothing` is left out.
    headers: Named<Word> = "headers",
    /// A JSON body; a text that is one hole and nothing else keeps the type of its value.
    json: Json = "json",
    /// A body as HTML forms send it; what is `nothing` is left out.
    form: Named<Word> = "form",
    /// A body of several parts, by the names of their fields.
    multipart: Named<Field> = "multipart",
    /// A body of plain text.
    body: Word = "body",
    /// The token of `Authorization: Bearer`.
    bearer: Word = "bearer",
    /// The `Idempotency-Key`, the same for all attempts. Writes to the portal inside the program have one anyway.
    key: Word = "key",
    /// How long one answer may take; 10s without it.
    timeout: Time = "timeout",
    /// When it is sent again because it failed; never without it.
    retry: Retry = "retry",
    /// It is asked again until an answer fulfils this: `json('$.stage') == 'done'`.
    until: String = "until",
    /// The pause before it is asked again; 1s without it.
    every: Time = "every",
    /// How long after the first request the answer must have come; needed with `until`.
    within: Time = "within",
    /// The statuses that count as approved; 200 to 399 without it.
    expect: Vec<Status> = "expect",
}

/// A text, written as any scalar.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Word(pub String);

/// A status of HTTP.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Status(pub u16);

/// Any value, with holes in its texts.
#[derive(Clone, Debug)]
pub enum Json {
    /// A number or a boolean.
    Scalar(serde_json::Value),
    /// A text with holes.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// A map.
    Map(Named<Json>),
}

/// One field of a body of several parts.
#[derive(Clone, Debug)]
pub enum Field {
    /// Its text alone.
    Text(String),
    /// A file.
    File(FileField),
}

/// A file as one field of a body of several parts.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileField {
    /// What it holds, a text with holes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Word>,
    /// A text file that holds it, read before the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The name that the server is told; that of `file` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Its content type, such as `image/png`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// When a request is sent again because it failed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// How often at most.
    #[schemars(range(min = 1, max = 100))]
    pub times: u32,
    /// The pauses between: drawn from the shortest up to a bound that doubles until it is the longest; 100ms..2s
    /// without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<TimeRange>,
    /// What it is sent again after; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<RetryOn>>,
}

choice! {
    /// What a request is sent again after.
    RetryOn {
        /// No answer in time.
        Timeout = "timeout",
        /// No connection, or one that broke off.
        Connect = "connect",
        /// A status of 500 to 599.
        ServerError = "5xx",
        /// 429: too many requests.
        TooManyRequests = "429",
    }
}

impl JsonSchema for Word {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl JsonSchema for Status {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 100, "maximum": 599 })
    }
}

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean", "array", "object"] })
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => entries.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Scalar(value.into()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Json, E> {
                Ok(Json::Scalar(number.into()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Json, E> {
                Ok(Json::Scalar(number.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Json, E> {
                Ok(Json::Scalar(number.into()))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Json::List(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Json, A::Error> {
                Named::deserialize(MapAccessDeserializer::new(map)).map(Json::Map)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::File(file) => file.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a file")
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Field, E> {
                Ok(Field::Text(value.to_string()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Field, E> {
                Ok(Field::Text(number.to_string()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Field, E> {
                Ok(Field::Text(number.to_string()))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Field, E> {
                Ok(Field::Text(number.to_string()))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Field, E> {
                Ok(Field::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field, A::Error> {
                FileField::deserialize(MapAccessDeserializer::new(map)).map(Field::File)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Field {
    fn schema_name() -> Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let file = generator.subschema_for::<FileField>();
        json_schema!({
            "description": "A field of a body of several parts: its text, or a file.",
            "anyOf": [{ "type": ["string", "number", "boolean"] }, file],
        })
    }
}
