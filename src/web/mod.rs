//! The merchant portal and the operator's console over HTTP: routes, JSON, OpenAPI and pages, and no rule of their own.
//!
//! A request goes through these gates; the first that refuses it answers:
//!
//! | gate                                                     | answer                       |
//! |----------------------------------------------------------|------------------------------|
//! | header complete in time and not too large                | closed, or 431               |
//! | a route and a method that there are                      | 404 (9008), 405 (9009)       |
//! | readable header, path, query and body                    | 400, 413, 415, 422 (900x)    |
//! | the portal, see [`crate::portal`]                        | its refusal, see [`status`]  |
//!
//! One noun a file: each holds its routes, and the JSON that goes in and out. [`guard`] puts every failure into words.

mod activation;
mod application;
mod balance;
mod body;
mod caller;
mod card_change;
mod cards;
mod clock;
mod console;
mod device;
mod fault;
mod guard;
mod inbox;
mod instant;
mod language;
mod merchant;
mod merchant_change;
mod message;
mod moment;
mod openapi;
mod payout;
mod problem;
mod refusals;
mod segment;
mod server;
mod session;
mod site;
mod status;
mod terminal_order;
mod text;
mod transaction;
mod unbind;

pub use console::Console;
pub use fault::Fault;
pub use openapi::document;
pub use server::{WebLimits, WebServer};
pub use status::status;
