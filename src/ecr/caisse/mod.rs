//! Caisse-AP V3: the tagged text of French cash registers, bare on TCP or in the sessions of Concert on serial lines.

mod message;
mod register;
mod terminal;

pub use message::{Action, Message, Tags, TextError};
pub use register::Asking;
pub use terminal::Answering;
