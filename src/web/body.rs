//! The body of a request: JSON of a bounded length that has exactly the members it should.

use super::{Fault, problem::Failure};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::error::Category;
use std::{fmt, marker::PhantomData};

/// The JSON of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(Fault::MediaType.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let is_large = rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE;
            Failure::from(if is_large { Fault::TooLarge } else { Fault::Malformed })
        })?;
        read(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Reads a body; a failure names the place and never what stands there, which may be a secret.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut source, &mut track);
    let value = object(tracked).map_err(|error| failure(&error, &track.path().to_string()))?;
    source.end().map_err(|error| failure(&error, "."))?;
    Ok(value)
}

/// Reads an object and nothing else: the members of a form have names, and an array of them is no form.
///
/// # Errors
/// Those of the source.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<T, D::Error> {
    source.deserialize_map(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

fn failure(error: &serde_json::Error, path: &str) -> Failure {
    if error.classify() != Category::Data {
        return Failure::at(Fault::Malformed, format!("line {} column {}", error.line(), error.column()));
    }
    let text = error.to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    Failure::at(Fault::Shape, missing.map_or_else(|| path.to_owned(), |name| below(path, name)))
}

/// A member of what stands at a path.
fn below(path: &str, name: &str) -> String {
    if path == "." { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(deserialize_with = "object")]
        inner: Inner,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        secret: u8,
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place_alone() {
        let read = |text: &str| read::<Outer>(text.as_bytes());
        assert_eq!(read(r#"{"inner":{"secret":7}}"#), Ok(Outer { inner: Inner { secret: 7 } }));
        for (text, fault, place) in [
            ("", Fault::Malformed, "line 1 column 0"),
            ("{", Fault::Malformed, "line 1 column 1"),
            (r#"{"inner":{"secret":7}} x"#, Fault::Malformed, "line 1 column 24"),
            ("7", Fault::Shape, "."),
            ("[[7]]", Fault::Shape, "."),
            ("{}", Fault::Shape, "inner"),
            (r#"{"inner":[7]}"#, Fault::Shape, "inner"),
            (r#"{"inner":{}}"#, Fault::Shape, "inner.secret"),
            (r#"{"inner":{"secret":"4711"}}"#, Fault::Shape, "inner.secret"),
            (r#"{"inner":{"secret":7,"more":1}}"#, Fault::Shape, "inner.more"),
            (r#"{"inner":{"secret":7,"secret":8}}"#, Fault::Shape, "inner"),
        ] {
            assert_eq!(read(text), Err(Failure::at(fault, place)), "{text}");
        }
    }
}
