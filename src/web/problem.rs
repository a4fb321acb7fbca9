//! The one body of every answer that is not what was asked for.

use super::{Fault, language::Language, status::status_code};
use crate::portal::Refusal;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Four digits; the first tells the area, and 9 is the server's own.
    #[schema(example = "3005", pattern = "^[0-9]{4}$")]
    code: &'static str,
    /// The text in the language that `Accept-Language` prefers, English without it.
    #[schema(example = "the card number's check digit is wrong")]
    message: &'static str,
    /// The text in Chinese.
    #[schema(example = "卡号校验失败")]
    chinese: &'static str,
    /// The text in English.
    #[schema(example = "the card number's check digit is wrong")]
    english: &'static str,
    /// Where in the request, if that can be told: a path into the body, or the name of a header or parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "newCard.pan", nullable = false)]
    place: Option<String>,
}

/// Why a request was not done, before it is put into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The portal says no.
    Refused(Refusal),
    /// The portal was not asked, or did not answer; with the place in the request.
    Fault(Fault, Option<String>),
}

impl Failure {
    /// Something is wrong at a place of the request.
    pub(super) fn at(fault: Fault, place: impl Into<String>) -> Self {
        let place: String = place.into();
        Self::Fault(fault, Some(place.chars().take(PLACE_MAX).collect()))
    }

    /// The portal gave an answer to another question.
    pub(super) fn confused() -> Self {
        Fault::Internal.into()
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => status_code(*refusal),
            Self::Fault(fault, _) => fault.status_code(),
        }
    }

    /// The body.
    pub(super) fn in_words(self, language: Language) -> Json<Problem> {
        let (code, chinese, english, place) = match self {
            Self::Refused(refusal) => (refusal.code(), refusal.chinese(), refusal.english(), None),
            Self::Fault(fault, place) => (fault.code(), fault.chinese(), fault.english(), place),
        };
        let message = if language == Language::Chinese { chinese } else { english };
        Json(Problem { code, message, chinese, english, place })
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault, None)
    }
}

impl IntoResponse for Failure {
    /// An answer without a body; [`super::guard`] knows the language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Characters of a place: it may hold what the client has sent.
const PLACE_MAX: usize = 120;
