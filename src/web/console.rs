//! The operator's console: pages behind a token of their own.

use super::site::Site;
use axum::Router;

/// What a console is told before it opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Console {
    /// What an operator shows to be let in.
    pub token: String,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

/// The routes below [`PATH`].
pub(super) fn routes(_: Console) -> Router<Site> {
    Router::new()
}

/// Where the console is.
pub(super) const PATH: &str = "/console";
