//! ZVT (PA00P015, PA00P016): the protocol of German cash registers, on serial lines and TCP.

mod apdu;
mod bmp;
mod message;
mod register;
mod terminal;

pub use apdu::{Apdu, ApduError};
pub use bmp::{Bmps, find_tlv, form as field_length, tlv};
pub use message::{Message, Status};
pub use register::Asking;
pub use terminal::Answering;
