//! The spec-driven codec for ISO 8583: dialects as values, frames, messages in and out, and a readable form.
//!
//! It knows what a message looks like, not what a terminal or a host does with it; keys and MACs are computed elsewhere.

mod code;
mod de;
mod deframer;
mod describe;
mod dictionary;
mod digits;
mod element;
mod emv_tags;
mod error;
mod frame;
mod identifier;
mod mask;
mod measure;
mod message;
mod mti;
mod original_data;
mod packer;
mod plan;
mod private59;
mod private60;
mod response_code;
mod settlement;
mod spec;
mod tables;
mod text;
mod tlv;
mod transcript;
mod value;
mod writer;

pub use code::{ConditionCode, MonthDay, PosEntryMode, ProcessingCode};
pub use de::{De, NoSuchElement};
pub use deframer::Deframer;
pub use describe::{Description, Part, Row};
pub use element::{Align, Content, Element, Length, Prefix, PrefixCoding, Unit};
pub use emv_tags::EmvTag;
pub use error::{Flaw, PackError, ParseError, Place};
pub use frame::{Frame, FrameError, FrameHead, Framing, Header, LengthCoding, LengthHeader, Tpdu};
pub use identifier::{ApprovalCode, BatchNo, MerchantId, Rrn, Stan, TerminalId};
pub use mask::Masking;
pub use message::Message;
pub use mti::Mti;
pub use original_data::OriginalData;
pub use packer::Packer;
pub use private59::Private59;
pub use private60::Private60;
pub use response_code::{Action, Category, ResponseCode};
pub use settlement::{SettlementTotals, Totals, Verdict};
pub use spec::{BitmapCoding, MacElement, MacForm, MacRule, MtiCoding, Spec};
pub use text::{ShortText, ValueError};
pub use tlv::{DataObject, IccData, Tag, Tlv, TlvError, TlvFlaw, append_template, append_tlv};
pub use transcript::{Transcript, TranscriptError};
pub use value::Value;
