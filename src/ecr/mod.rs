//! Cash-register protocols of payment terminals, both ends, without I/O: frames, links, and what is said on them.
//!
//! A machine takes one input with the time and leaves outputs in an [`Outbox`], to be polled to [`Output::Wait`].
//! Ports, sockets and clocks are for the drivers.

mod bcd;
pub mod caisse;
mod checksum;
pub mod concert;
mod deframer;
mod field_length;
mod frame;
mod link;
pub mod mis;
mod outbox;
mod policy;
mod preset;
mod register;
pub mod script;
pub mod signal;
mod terminal;
mod vocabulary;
pub mod zvt;

pub use checksum::Checksum;
pub use deframer::{Deframer, Piece};
pub use field_length::FieldLength;
pub use frame::{Body, Coverage, Frame, FrameError, LengthField, LengthForm};
pub use link::{Link, Notice};
pub use outbox::{Deed, Opaque, Outbox, Output, RegisterEvent, RegisterInput, TerminalEvent, TerminalInput};
pub use policy::{LinkPolicy, Role, Signalling, Signals};
pub use register::{Dialogue, Patience, Register};
pub use terminal::{Serving, Terminal};
pub use vocabulary::{Address, Answer, MaskedCard, Original, Request, Service, Text, Verdict};
