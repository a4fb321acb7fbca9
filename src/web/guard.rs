//! What stands around every route: a time-out, a net for panics, and the words for failures.

use super::{Fault, language::Language, problem::Failure};
use axum::{
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};

/// Answers within `limit`, whatever happens below.
pub(super) async fn guard(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let language = Language::preferred(request.headers());
    // What a panic leaves half done belongs to that request alone: routes share no state that they change.
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => put_into_words(response, language),
        Ok(Err(_)) => told(Fault::Internal.into(), language),
        Err(_) => told(Fault::TooSlow.into(), language),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn put_into_words(mut response: Response, language: Language) -> Response {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        return told(failure, language);
    }
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let mut told = told(Fault::MethodUnknown.into(), language);
    if let Some(methods) = response.headers_mut().remove(ALLOW) {
        told.headers_mut().insert(ALLOW, methods);
    }
    told
}

fn told(failure: Failure, language: Language) -> Response {
    let status = failure.status();
    let mut response = (status, failure.in_words(language)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
