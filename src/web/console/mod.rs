//! The operator's console: a page, and the little API behind it that nobody gets into without the token.
//!
//! The page itself is no secret and comes to everybody; it holds no data. It needs nothing from any other server.

mod decision;
mod door;
mod page;
mod row;
mod view;

use super::site::Site;
use axum::{Router, middleware::from_fn_with_state};
use door::Door;
use std::fmt;

/// What a console is told before it opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Console {
    /// What an operator shows to be let in.
    pub token: String,
}

impl Console {
    /// Where an operator finds the console of a server.
    #[must_use]
    pub fn url(&self, address: std::net::SocketAddr) -> String {
        format!("http://{address}{PATH}/#token={}", self.token)
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

/// The routes of the console, all below [`PATH`].
pub(super) fn routes(console: Console) -> Router<Site> {
    let door = Door::new(console.token);
    let behind = view::routes().merge(decision::routes()).layer(from_fn_with_state(door, door::admit));
    behind.merge(page::routes())
}

/// Where the console is.
const PATH: &str = "/console";
