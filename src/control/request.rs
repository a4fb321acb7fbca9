//! The lines of the control socket: one JSON object each, of which nothing is trusted.
//!
//! ```text
//! {"order":"pause"} {"order":"resume"} {"order":"stop"} {"order":"abort"}
//! {"order":"rate","change":"+5%","scenario":"day"}    {"order":"scenario","name":"day","on":false}
//! {"order":"mark","note":"failover"}                  {"ask":"status"} {"ask":"prompts"}
//! {"answer":3,"text":"yes"}                           {"subscribe":"snapshots"}
//! {"subscribe":"dashboard","version":1}               {"window":{"first":0,"count":60,…}}
//! ```

use super::Order;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// An order.
    Order(Order),
    /// How the run is.
    Status,
    /// Which questions wait for an operator.
    Prompts,
    /// An operator's answer to one of them.
    Answer {
        /// The number of the question.
        prompt: u64,
        /// What he says.
        text: String,
    },
    /// All snapshots from now on, at most four a second.
    Subscribe,
    /// The same for a dashboard: a greeting, and then frames in this version.
    Dashboard {
        /// The version of frames that the dashboard knows.
        version: u64,
    },
    /// These rows of the fleet are what a dashboard shows.
    Window(Value),
}

/// A question of the run that waits for an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Its number, by which it is answered.
    pub number: u64,
    /// What is asked.
    pub text: String,
}

/// Why a line is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is not a JSON object.
    #[error("expected one JSON object a line")]
    NotAnObject,
    /// It is an order, but none that exists.
    #[error("no order: {0}")]
    Order(String),
    /// It asks for something that does not exist.
    #[error("expected `order`, `ask`, `answer`, `subscribe` or `window`")]
    Unknown,
}

impl Request {
    /// Reads one line without its end.
    ///
    /// # Errors
    /// When it is none of those above.
    pub fn parse(line: &str) -> Result<Self, RequestError> {
        let value: Value = serde_json::from_str(line).map_err(|_| RequestError::NotAnObject)?;
        if !value.is_object() {
            return Err(RequestError::NotAnObject);
        }
        if value.get("order").is_some() {
            let order = Order::deserialize(&value).map_err(|error| RequestError::Order(error.to_string()))?;
            return Ok(Self::Order(order));
        }
        if let Some(window) = value.get("window") {
            return Ok(Self::Window(window.clone()));
        }
        let version = value.get("version").and_then(Value::as_u64);
        let word = |key: &str| value.get(key).and_then(Value::as_str);
        match (word("ask"), word("subscribe"), value.get("answer").and_then(Value::as_u64), word("text")) {
            (Some("status"), ..) => Ok(Self::Status),
            (Some("prompts"), ..) => Ok(Self::Prompts),
            (None, Some("dashboard"), ..) => {
                version.map(|version| Self::Dashboard { version }).ok_or(RequestError::Unknown)
            }
            (None, Some("snapshots"), ..) => Ok(Self::Subscribe),
            (None, None, Some(prompt), Some(text)) => Ok(Self::Answer { prompt, text: text.to_owned() }),
            _ => Err(RequestError::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::RateChange;

    #[test]
    fn lines_are_requests_or_refused() {
        let rate = Order::Rate { scenario: Some("day".into()), change: RateChange::By(5.0) };
        for (line, expected) in [
            (r#"{"order":"pause"}"#, Some(Request::Order(Order::Pause))),
            (r#"{"order":"rate","change":"+5%","scenario":"day"}"#, Some(Request::Order(rate))),
            (r#"{"order":"mark","note":"x"}"#, Some(Request::Order(Order::Mark { note: "x".into() }))),
            (r#"{"ask":"status"}"#, Some(Request::Status)),
            (r#"{"answer":3,"text":"yes"}"#, Some(Request::Answer { prompt: 3, text: "yes".into() })),
            (r#"{"subscribe":"snapshots"}"#, Some(Request::Subscribe)),
            (r#"{"subscribe":"dashboard","version":1}"#, Some(Request::Dashboard { version: 1 })),
            (r#"{"subscribe":"dashboard"}"#, None),
            (r#"{"window":{"first":3}}"#, Some(Request::Window(serde_json::json!({"first": 3})))),
            (r#"{"order":"explode"}"#, None),
            (r#"{"order":"rate","change":"fast"}"#, None),
            (r#"{"order":"rate","change":"+5%","more":1}"#, None),
            (r#"{"order":{"order":"pause"}}"#, None),
            (r#"{"subscribe":"cards"}"#, None),
            ("[]", None),
            ("", None),
            ("{", None),
            ("null", None),
        ] {
            assert_eq!(Request::parse(line).ok(), expected, "{line}");
        }
    }

    #[test]
    fn every_order_reads_back() {
        for order in [
            Order::Pause,
            Order::Stop,
            Order::Scenario { name: "day".into(), on: false },
            Order::Rate { scenario: None, change: RateChange::To(120.0) },
        ] {
            let line = serde_json::to_string(&order).expect("an order is JSON");
            assert_eq!(Request::parse(&line), Ok(Request::Order(order)));
        }
    }
}
