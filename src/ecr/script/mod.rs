//! A protocol that somebody has written down instead of programmed: messages as templates, and what answers what.

mod charset;
mod exchange;
mod memory;
mod register;
mod tags;
mod template;
mod terminal;
mod values;

pub use charset::Charset;
pub use exchange::{Action, Alternative, Exchange, Meaning, OnTimeout, Script, Stage};
pub use register::Asking;
pub use tags::{Field, TagForm, TagLength, TagWidth, Tagged};
pub use template::{Dictionary, Message, Padding, Part, PartError, Width};
pub use terminal::Answering;
pub use values::{Slot, Values};
