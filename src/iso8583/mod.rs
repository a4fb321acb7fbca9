//! The spec-driven codec for ISO 8583: dialects as values, frames, messages in and out, and a readable form.
//!
//! It knows what a message looks like, not what a terminal or a host does with it; keys and MACs are computed elsewhere.

mod code;
mod de;
mod deframer;
mod digits;
mod element;
mod error;
mod frame;
mod identifier;
mod message;
mod mti;
mod packer;
mod plan;
mod response_code;
mod spec;
mod tables;
mod text;
mod value;

pub use code::{ConditionCode, MonthDay, PosEntryMode, ProcessingCode};
pub use de::{De, NoSuchElement};
pub use deframer::Deframer;
pub use element::{Align, Content, Element, Length, Prefix, PrefixCoding, Unit};
pub use error::{Flaw, PackError, ParseError, Place};
pub use frame::{Frame, FrameError, FrameHead, Framing, Header, LengthCoding, LengthHeader, Tpdu};
pub use identifier::{ApprovalCode, BatchNo, MerchantId, Rrn, Stan, TerminalId};
pub use message::Message;
pub use mti::Mti;
pub use packer::Packer;
pub use response_code::{Action, Category, ResponseCode};
pub use spec::{BitmapCoding, MacElement, MacForm, MacRule, MtiCoding, Spec};
pub use text::{ShortText, ValueError};
pub use value::Value;
