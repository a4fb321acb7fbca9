//! A protocol that somebody has written down instead of programmed: messages as templates, and what answers what.

mod exchange;
mod register;
mod template;
mod terminal;

pub use exchange::{Alternative, Exchange, Meaning, Script};
pub use register::Asking;
pub use template::{Message, Part, PartError, Slot, Values, Width};
pub use terminal::Answering;
