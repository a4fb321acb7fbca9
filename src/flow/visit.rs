//! What only few iterations keep: of HTTP requests cookies, the last answer, and the request that is under way; of
//! devices what both ends say.

use super::BothEnds;
use crate::http::{Answer, Cookies, Request};
use serde_json::Value as Json;
use std::{borrow::Cow, cell::OnceCell, time::Duration};

/// What an iteration keeps between HTTP requests and of devices; iterations without either have none.
#[derive(Debug, Default)]
pub(super) struct Visit {
    pub(super) cookies: Cookies,
    answer: Option<Answer>,
    /// The body as JSON, read when somebody asks.
    json: OnceCell<Option<Json>>,
    pub(super) under_way: Option<UnderWay>,
    /// What both ends of a device say of its last step.
    pub(super) ends: Option<BothEnds>,
}

/// A step that may send its request more than once.
#[derive(Debug)]
pub(super) struct UnderWay {
    /// The request, the same one each time.
    pub(super) request: Request,
    /// How often it was sent again since the last answer that counts.
    pub(super) retries: u32,
    /// How much of the step's time is gone when it is sent next.
    pub(super) elapsed: Duration,
}

impl Visit {
    /// Keeps an answer, and forgets the one before; of a failure nothing is kept.
    pub(super) fn keep(&mut self, answer: Option<Answer>) {
        self.answer = answer;
        self.json = OnceCell::new();
    }

    pub(super) fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    pub(super) fn json(&self) -> Option<&Json> {
        self.json.get_or_init(|| serde_json::from_slice(&self.answer.as_ref()?.body).ok()).as_ref()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let headers = &self.answer.as_ref()?.headers;
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn body(&self) -> Option<Cow<'_, str>> {
        self.answer.as_ref().map(|answer| String::from_utf8_lossy(&answer.body))
    }
}
