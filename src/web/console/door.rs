//! Who may use the console: whoever shows the token. Guessing is slow, and tells nothing by its time.

use crate::web::{Fault, problem::Failure};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header::AUTHORIZATION},
    middleware::Next,
    response::Response,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// The door of a console.
#[derive(Clone)]
pub(super) struct Door {
    token: Arc<str>,
    /// Held while a wrong token waits for its answer, so that all guesses together are as slow as one after the other.
    guesses: Arc<Mutex<()>>,
}

impl Door {
    pub(super) fn new(token: String) -> Self {
        Self { token: token.into(), guesses: Arc::default() }
    }
}

/// Lets whoever shows the token pass.
pub(super) async fn admit(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if is_same(shown(request.headers()).as_bytes(), door.token.as_bytes()) {
        return Ok(next.run(request).await);
    }
    let _turn = door.guesses.lock().await;
    tokio::time::sleep(GUESS).await;
    Err(Fault::TokenWrong.into())
}

/// The token of a request, empty when it shows none.
fn shown(headers: &HeaderMap) -> &str {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.strip_prefix("Bearer ").unwrap_or_default()
}

/// Compares in a time that tells nothing about where two texts of the same length differ.
fn is_same(shown: &[u8], token: &[u8]) -> bool {
    let differing = shown.iter().zip(token).fold(0, |differing, (a, b)| differing | (a ^ b));
    std::hint::black_box(differing) == 0 && shown.len() == token.len() && !token.is_empty()
}

/// How long each wrong token takes.
const GUESS: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        assert!(is_same(b"secret", b"secret"));
        for shown in ["", "s", "secre", "secret1", "Secret", "terces"] {
            assert!(!is_same(shown.as_bytes(), b"secret"), "{shown}");
        }
        assert!(!is_same(b"", b""), "a console without a token is open to nobody");
    }
}
