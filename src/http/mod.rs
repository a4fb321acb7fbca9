//! HTTP requests and answers as values: between flows, which want something of a portal, and the driver that gets it.
//!
//! Nothing here knows a socket, a pool or a template.

mod answer;
mod cookie_date;
mod cookies;
mod encoding;
mod request;
mod server;

pub use answer::{Answer, Failure, Timing};
pub use cookies::{Cookies, Site};
pub use encoding::{Encoded, form};
pub use request::{Body, Method, Part, Request};
pub use server::{Server, Tls};
