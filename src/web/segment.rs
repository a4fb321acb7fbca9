//! The parameters of paths and queries.

use super::{Fault, problem::Failure};
use crate::portal::ApplicationNo;
use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

/// The one parameter of a path, as text of a bounded length.
#[derive(Clone, Debug)]
pub(super) struct Segment(pub(super) String);

/// The parameters of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<T>(pub(super) T);

impl Segment {
    /// The application of this number; the number 0, which none has, when it is no number.
    pub(super) fn application(&self) -> ApplicationNo {
        let digits =
            self.0.strip_prefix('A').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        ApplicationNo(digits.and_then(|digits| digits.parse().ok()).unwrap_or(0))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok().map(|Path(text)| text);
        let is_fine = |text: &String| text.len() <= SEGMENT_MAX && !text.chars().any(char::is_control);
        text.filter(is_fine).map(Self).ok_or_else(|| Failure::at(Fault::Parameter, "path"))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Terms<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let terms = Query::<T>::from_request_parts(parts, state).await;
        terms.map(|Query(terms)| Self(terms)).map_err(|_| Failure::at(Fault::Parameter, "query"))
    }
}

/// Bytes of a parameter.
const SEGMENT_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_an_application_is_the_one_that_none_has() {
        let number = |text: &str| Segment(text.to_owned()).application().0;
        assert_eq!((number("A00000000017"), number("A18446744073709551615")), (17, u64::MAX));
        for text in ["", "A", "17", "A+17", "A-1", "a17", "A99999999999999999999", "A1'; DROP TABLE"] {
            assert_eq!(number(text), 0, "{text}");
        }
    }
}
