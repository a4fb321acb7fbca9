//! What the terminal that is looked at says and hears, as lines without card data and keys.

use crate::{
    driver::{
        Overheard,
        serial::{Murmur, Sound},
    },
    ecr::signal,
    iso8583::{Masking, Message, Spec, Transcript},
    metrics::{TraceLine, Way},
    rack::Direction,
    time::Instant,
};

/// The lines of what was overheard of a terminal that speaks `spec`.
pub(super) fn lines(spec: &Spec, overheard: Vec<Overheard>) -> Vec<TraceLine> {
    let line = |heard: &Overheard| TraceLine {
        at: heard.at.since(Instant::START),
        way: if heard.is_sent { Way::Out } else { Way::In },
        text: text(spec, &heard.bytes),
    };
    overheard.iter().map(line).collect()
}

/// A whole frame as its elements; of anything else no more than its length, because it may hold a card.
fn text(spec: &Spec, bytes: &[u8]) -> String {
    let opened = spec.framing.open(bytes).map_err(|error| error.to_string());
    let parsed = opened.and_then(|frame| {
        let message = Message::parse(spec, frame.body).map_err(|error| error.to_string())?;
        Ok(Transcript::of(&message, None, Masking::Masked))
    });
    match parsed {
        Ok(transcript) => {
            let elements = transcript.elements.iter().map(|(de, value)| format!("  {} {value}", de.number()));
            format!("{}{}", transcript.mti, elements.collect::<String>())
        }
        Err(error) => format!("{} bytes: {error}", bytes.len()),
    }
}

/// The lines of what was heard on the line of a device, which has no cards in it any more.
pub(super) fn line_of_device(heard: Vec<Murmur>) -> Vec<TraceLine> {
    let line = |murmur: Murmur| {
        let (way, text) = match murmur.sound {
            Sound::Bytes(Direction::Out, digits) => (Way::Out, readable(&digits)),
            Sound::Bytes(Direction::In, digits) => (Way::In, readable(&digits)),
            Sound::Words(words) => (Way::Note, words),
        };
        TraceLine { at: murmur.at.since(Instant::START), way, text }
    };
    heard.into_iter().map(line).collect()
}

/// Hexadecimal digits as text where they are text, with the names of control characters; else as they are.
fn readable(digits: &str) -> String {
    let bytes: Vec<&str> = digits.split(' ').collect();
    let signs: Vec<Option<String>> = bytes.iter().map(|byte| sign(byte)).collect();
    let letters = signs.iter().flatten().filter(|sign| sign.len() == 1).count();
    let is_text = letters * 2 > bytes.len() || (bytes.len() == 1 && signs.iter().all(Option::is_some));
    let shown = |(byte, sign): (&&str, Option<String>)| sign.unwrap_or_else(|| format!("<{byte}>"));
    if is_text { bytes.iter().zip(signs).map(shown).collect() } else { digits.to_owned() }
}

/// A byte as a letter, as the name of a control character, or as hidden.
fn sign(byte: &str) -> Option<String> {
    if byte.contains('*') {
        return Some("*".to_owned());
    }
    let byte = u8::from_str_radix(byte, 16).ok()?;
    let name = SIGNALS.iter().find(|(signal, _)| *signal == byte).map(|(_, name)| format!("<{name}>"));
    name.or_else(|| Some(char::from(byte).to_string()).filter(|_| byte.is_ascii_graphic() || byte == b' '))
}

const SIGNALS: [(u8, &str); 7] = [
    (signal::STX, "STX"),
    (signal::ETX, "ETX"),
    (signal::EOT, "EOT"),
    (signal::ENQ, "ENQ"),
    (signal::ACK, "ACK"),
    (signal::DLE, "DLE"),
    (signal::NAK, "NAK"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_as_text_and_everything_else_as_digits() {
        assert_eq!(readable("05"), "<ENQ>");
        assert_eq!(readable("02 30 31 2b ** 36 03 7f"), "<STX>01+*6<ETX><7f>");
        assert_eq!(
            readable("06 01 0a 04 00 00 00 00 12 50 49 09 78"),
            "06 01 0a 04 00 00 00 00 12 50 49 09 78"
        );
        assert_eq!(readable("ff"), "ff");
    }
}
