//! What can be asked of a run under way, as values: orders, who gave them, and the lines in which they come.
//!
//! Carrying them out is the business of the engine, the sockets that of the driver.

mod order;
mod record;
mod request;

pub use order::{Order, RateChange, RateError};
pub use record::{OrderRecord, Source};
pub use request::{Prompt, Request, RequestError};
