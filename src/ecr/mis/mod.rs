//! The `STX length data ETX LRC` family of Chinese cash-register terminals, in which the terminal may have the register
//! carry its ISO 8583 messages to the host.

mod allinpay;
mod dftlv;
mod fields;
mod message;
mod register;
mod terminal;

pub use dftlv::Codes;
pub use fields::{Coding, FieldError, Fields};
pub use message::{Message, Packet, Preset};
pub use register::Asking;
pub use terminal::Answering;
