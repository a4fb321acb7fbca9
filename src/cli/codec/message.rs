//! A message as JSON says it: the elements and all else that is needed to write the same bytes again.

use super::mac::Verdict;
use crate::{
    inspect::{Cut, framing_text},
    iso8583::{Align, Content, De, Framing, Masking, Message, Transcript},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was captured of a message.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Origin {
    /// When its last byte was captured, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<String>,
    /// The number of the connection in the capture.
    pub(super) stream: usize,
    pub(super) from: String,
    pub(super) to: String,
}

/// What a message has beside its elements; left out where it is as the dialect says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Extras {
    /// What stands around it: `length,tpdu,header`, fewer of them, or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) framing: Option<String>,
    /// What the length says, where it is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<usize>,
    /// What stands in unused nibbles, as a hexadecimal digit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) pads: BTreeMap<De, String>,
    /// Whether it ends before its MAC.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) mac_is_missing: bool,
}

/// What is wrong with a message.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fault {
    /// What is wrong.
    pub(super) message: String,
    /// Where the part stands, in bytes from the first of the input, or of the stream's direction.
    pub(super) offset: usize,
    /// The same, from the first byte of the MTI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_message: Option<usize>,
}

/// A line of JSON.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    #[serde(flatten)]
    pub(super) origin: Option<&'a Origin>,
    #[serde(flatten)]
    pub(super) transcript: Option<Transcript>,
    #[serde(flatten)]
    pub(super) extras: Extras,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mac: Option<&'a Verdict>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<Fault>,
}

impl Extras {
    pub(super) fn of(cut: &Cut<'_>, framing: Framing, own: Framing) -> Self {
        Self {
            framing: (framing != own).then(|| framing_text(framing)),
            length: cut.wrong_length,
            pads: cut.message.as_ref().map(pads).unwrap_or_default(),
            mac_is_missing: cut.mac_is_missing,
        }
    }
}

/// The unused nibbles that are not what the dialect writes.
fn pads(message: &Message<'_>) -> BTreeMap<De, String> {
    let odd = message.elements().filter(|(_, value)| value.len() % 2 == 1);
    let pads = odd.filter_map(|(de, value)| {
        let element = message.spec().element(de)?;
        let is_packed = matches!(element.content, Content::Digits | Content::Nibbles);
        let wire = message.wire(de).filter(|_| is_packed)?;
        let nibble = match element.align {
            Align::Left => wire.last()? & 0x0F,
            Align::Right => wire.get(wire.len() - value.len().div_ceil(2))? >> 4,
        };
        (nibble != element.pad_nibble).then(|| (de, format!("{nibble:X}")))
    });
    pads.collect()
}

/// The transcript of what can be read of a message.
pub(super) fn transcript(cut: &Cut<'_>, framing: Framing, masking: Masking) -> Option<Transcript> {
    let mut transcript = Transcript::of(cut.message.as_ref()?, None, masking);
    transcript.tpdu = cut.head.filter(|_| framing.tpdu).map(|head| head.tpdu);
    transcript.header = cut.head.filter(|_| framing.header).map(|head| head.header);
    Some(transcript)
}

/// What is wrong with a message and its frame.
pub(super) fn faults(cut: &Cut<'_>) -> Vec<Fault> {
    let frame = cut.frame_error.map(|error| Fault {
        message: error.to_string(),
        offset: cut.start,
        in_message: None,
    });
    let body = cut.error.map(|error| Fault {
        message: format!("{}: {}", error.place, error.flaw),
        offset: cut.body_start + error.offset,
        in_message: Some(error.offset),
    });
    frame.into_iter().chain(body).collect()
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (at byte {} of the input", self.message, self.offset)?;
        self.in_message.map_or(Ok(()), |offset| write!(f, ", {offset} of the message"))?;
        f.write_str(")")
    }
}
