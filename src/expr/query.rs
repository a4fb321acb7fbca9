//! Paths into the JSON of the last HTTP answer (RFC 9535), read when the expression is.

use super::Value;
use serde_json::Value as Json;
use serde_json_path::JsonPath;

/// A path, and what is wanted of what it finds.
#[derive(Clone, Debug)]
pub(super) struct Query {
    path: JsonPath,
    wanted: Wanted,
}

/// What is wanted of what a path finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The first value.
    First,
    /// How many values there are.
    Count,
}

impl Query {
    /// Reads a path; what is wrong with it comes as text.
    pub(super) fn parse(text: &str, wanted: Wanted) -> Result<Self, String> {
        if text.len() > MAX_PATH {
            return Err(format!("a path has at most {MAX_PATH} bytes"));
        }
        let path = JsonPath::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { path, wanted })
    }

    pub(super) fn wanted(&self) -> Wanted {
        self.wanted
    }

    pub(super) fn eval<'a>(&self, answer: Option<&'a Json>) -> Value<'a> {
        let found = answer.map(|answer| self.path.query(answer));
        match self.wanted {
            Wanted::Count => Value::Number(found.map_or(0, |found| found.len()) as f64),
            Wanted::First => found.and_then(|found| found.first()).map_or(Value::Nothing, value),
        }
    }
}

/// A list or a map is its JSON text; a whole number that a floating-point number cannot hold is its digits.
fn value(json: &Json) -> Value<'_> {
    match json {
        Json::Null => Value::Nothing,
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => Value::text(text.as_str()),
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() || float.abs() <= EXACT_MAX => Value::Number(float),
            _ => Value::text(number.to_string()),
        },
        Json::Array(_) | Json::Object(_) => Value::text(json.to_string()),
    }
}

const MAX_PATH: usize = 1024;
/// The whole numbers up to here are exact as floating-point numbers.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
