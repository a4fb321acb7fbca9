//! A protocol that somebody has written down instead of programmed: messages as templates, and what answers what.

mod charset;
mod exchange;
mod memory;
mod register;
mod secrets;
mod tags;
mod template;
mod terminal;
mod values;

pub use charset::Charset;
pub use exchange::{Action, Alternative, Exchange, Meaning, OnTimeout, Script, Stage};
pub use register::Asking;
pub use secrets::{Secrecy, Secret, Secrets};
pub use tags::{Field, Lead, TagForm, TagLength, TagWidth, Tagged, width};
pub use template::{Column, Dictionary, Message, Padding, Part, PartError, Width};
pub use terminal::Answering;
pub use values::{Slot, Values};
