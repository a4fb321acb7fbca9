//! A message as texts by element number: what `decode` prints as JSON and `encode` takes back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    charset::Charset,
    de::De,
    element::{Content, Element},
    error::PackError,
    frame::{FrameHead, Header, Tpdu},
    mask::{Masking, mask, without_pin_block},
    message::Message,
    mti::Mti,
    packer::Packer,
    spec::Spec,
    value::Value,
};

/// A message as texts: digits as they are, track nibbles with `D`, binary as hexadecimal digits, text as text.
///
/// In text, bytes that are no characters of the element's charset, and the backslash, are written `\xHH`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The transport address, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpdu: Option<Tpdu>,
    /// The header, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The message type indicator.
    pub mti: Mti,
    /// The elements by number.
    pub elements: BTreeMap<De, String>,
}

/// A transcript cannot be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// The text of an element is not one of its content.
    #[error("{0}: not a text of this element (is it masked?)")]
    BadText(De),
    /// The message cannot be written.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl Transcript {
    /// Writes down a message, with its head where it had one.
    #[must_use]
    pub fn of(message: &Message<'_>, head: Option<&FrameHead>, masking: Masking) -> Self {
        let framing = &message.spec().framing;
        Self {
            tpdu: head.filter(|_| framing.tpdu).map(|head| head.tpdu),
            header: head.filter(|_| framing.header).map(|head| head.header),
            mti: message.mti(),
            elements: message
                .elements()
                .map(|(de, value)| (de, shown(message, de, value, masking)))
                .collect(),
        }
    }

    /// Packs the message at the end of a buffer, framed as the spec says.
    ///
    /// # Errors
    /// When a text does not fit its element, or the message cannot be written.
    pub fn pack(&self, spec: &Spec, buffer: &mut Vec<u8>) -> Result<usize, TranscriptError> {
        let elements = self.logical(spec)?;
        let head = FrameHead { tpdu: self.tpdu.unwrap_or_default(), header: self.header.unwrap_or_default() };
        put_all(&elements, Packer::new(spec, buffer, &head, self.mti))
    }

    /// Packs the message with a MAC that `mac` computes over its bytes; a MAC of its own does not count.
    ///
    /// # Errors
    /// As [`Transcript::pack`], and when the spec has no MAC.
    pub fn pack_with_mac(
        &self,
        spec: &Spec,
        buffer: &mut Vec<u8>,
        mac: impl FnOnce(&[u8]) -> [u8; 8],
    ) -> Result<usize, TranscriptError> {
        let mut elements = self.logical(spec)?;
        elements.retain(|(de, _)| ![spec.mac_element(false), spec.mac_element(true)].contains(&Some(*de)));
        let head = FrameHead { tpdu: self.tpdu.unwrap_or_default(), header: self.header.unwrap_or_default() };
        let mut packer = Packer::new(spec, buffer, &head, self.mti);
        for (de, logical) in &elements {
            packer.put(*de, logical);
        }
        Ok(packer.finish_with_mac(mac)?)
    }

    /// Packs the message at the end of a buffer, without framing.
    ///
    /// # Errors
    /// As [`Transcript::pack`].
    pub fn pack_unframed(&self, spec: &Spec, buffer: &mut Vec<u8>) -> Result<usize, TranscriptError> {
        put_all(&self.logical(spec)?, Packer::unframed(spec, buffer, self.mti))
    }

    /// Turns every text into its logical form.
    fn logical(&self, spec: &Spec) -> Result<Vec<(De, Vec<u8>)>, TranscriptError> {
        let logical = |(de, text): (&De, &String)| {
            let element = spec.element(*de).ok_or(PackError::Undefined(*de))?;
            Ok((*de, logical(element, text).ok_or(TranscriptError::BadText(*de))?))
        };
        self.elements.iter().map(logical).collect()
    }
}

fn put_all(elements: &[(De, Vec<u8>)], mut packer: Packer<'_>) -> Result<usize, TranscriptError> {
    for (de, logical) in elements {
        packer.put(*de, logical);
    }
    Ok(packer.finish()?)
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<_> = self.elements.keys().map(|de| de.number()).collect();
        f.debug_struct("Transcript").field("mti", &self.mti).field("elements", &numbers).finish()
    }
}

/// Returns the text of a value of a message, masked or not.
pub(super) fn shown(message: &Message<'_>, de: De, value: Value<'_>, masking: Masking) -> String {
    let charset = message.spec().element(de).map(|element| element.charset).unwrap_or_default();
    match masking {
        Masking::Masked if de == De::PRIVATE_59 => {
            let open: Vec<u8> = value.chars().collect();
            mask(de, message.mti(), charset.decode(&without_pin_block(&open)))
        }
        Masking::Masked => mask(de, message.mti(), text(value, charset)),
        Masking::Unmasked => text(value, charset),
    }
}

fn text(value: Value<'_>, charset: Charset) -> String {
    match value.content() {
        Content::Binary | Content::HexText => value.chars().map(|byte| format!("{byte:02X}")).collect(),
        Content::Text => charset.decode(value.raw()),
        _ => charset.decode(&value.chars().collect::<Vec<u8>>()),
    }
}

fn logical(element: &Element, text: &str) -> Option<Vec<u8>> {
    match element.content {
        Content::Binary | Content::HexText => bytes(text.as_bytes()),
        _ => element.charset.encode(text),
    }
}

fn bytes(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(hex(*high)? << 4 | hex(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

fn hex(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    const SIGN_IN: &str = r#"{"tpdu":"6000030000","header":"603100310001","mti":"0800","elements":{"11":"000001","41":"10000001","42":"898100012340001","60":"00000001003","62":"0102","63":"01 \\xB9\\x5C"}}"#;

    #[test]
    fn json_goes_through_bytes_and_comes_back() {
        let spec = Spec::unionpay();
        let transcript: Transcript = serde_json::from_str(SIGN_IN).unwrap();
        let mut buffer = Vec::new();
        transcript.pack(spec, &mut buffer).unwrap();
        let frame = spec.framing.open(&buffer).unwrap();
        let message = Message::parse(spec, frame.body).unwrap();
        assert!(message.get(De::PRIVATE_63).unwrap().is(b"01 \xB9\\"));
        let again = Transcript::of(&message, Some(&frame.head), Masking::Unmasked);
        assert_eq!(serde_json::to_string(&again).unwrap(), SIGN_IN);
    }

    #[test]
    fn masked_and_broken_texts_do_not_pack() {
        let spec = Spec::unionpay();
        for (de, text) in
            [(De::PIN_BLOCK, "****************"), (De::PIN_BLOCK, "001"), (De::PRIVATE_63, "\\x1")]
        {
            let elements = BTreeMap::from([(de, text.to_owned())]);
            let transcript = Transcript { tpdu: None, header: None, mti: Mti::FINANCIAL, elements };
            let mut buffer = vec![7];
            assert_eq!(transcript.pack(spec, &mut buffer), Err(TranscriptError::BadText(de)));
            assert_eq!(buffer, [7]);
        }
        let elements = BTreeMap::from([(De::PAN, "621226*********5573".to_owned())]);
        let transcript = Transcript { tpdu: None, header: None, mti: Mti::FINANCIAL, elements };
        let error = transcript.pack(spec, &mut Vec::new()).unwrap_err();
        assert_eq!(error, TranscriptError::Pack(PackError::BadCharacter(De::PAN)));
    }

    #[test]
    fn debug_shows_no_values() {
        let transcript: Transcript = serde_json::from_str(SIGN_IN).unwrap();
        assert_eq!(
            format!("{transcript:?}"),
            "Transcript { mti: Mti(0800), elements: [11, 41, 42, 60, 62, 63] }"
        );
    }
}
