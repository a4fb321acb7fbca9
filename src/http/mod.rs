//! HTTP requests and answers as values: between flows, which want something of a portal, and the driver that gets it.
//!
//! Nothing here knows a socket, a pool or a template.

mod answer;
mod cookies;
mod request;
mod server;

pub use answer::{Answer, Failure, Timing};
pub use cookies::Cookies;
pub use request::{Body, Method, Part, Request};
pub use server::{Server, Tls};
