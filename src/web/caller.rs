//! Who asks: the session and the idempotency key, from the header.

use super::{Fault, problem::Failure};
use crate::portal::{Call, IdempotencyKey, Request, Token};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};

/// Who asks; whether that is enough is the portal's business.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    session: Option<Token>,
    key: Option<IdempotencyKey>,
}

impl Caller {
    pub(super) fn asks(self, request: Request) -> Call {
        let Self { session, key } = self;
        Call { session, key, request }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self { session: session(&parts.headers), key: key(&parts.headers)? })
    }
}

/// The token; what is none is as good as no token.
fn session(headers: &HeaderMap) -> Option<Token> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::from_text(token.trim()))?
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Failure> {
    let mut keys = headers.get_all(KEY).iter();
    let (Some(key), rest) = (keys.next(), keys.next()) else { return Ok(None) };
    let key = key.to_str().ok().filter(|text| (1..=KEY_MAX).contains(&text.len()) && rest.is_none());
    let key = key.ok_or_else(|| Failure::at(Fault::Header, KEY))?;
    Ok(Some(IdempotencyKey(key.to_owned())))
}

/// The name of the header.
pub(super) const KEY: &str = "Idempotency-Key";
/// Characters of a key.
pub(super) const KEY_MAX: usize = 128;
