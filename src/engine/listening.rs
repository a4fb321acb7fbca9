//! What the terminal that is looked at says and hears, as lines without card data and keys.

use crate::{
    driver::Overheard,
    iso8583::{Masking, Message, Spec, Transcript},
    metrics::{TraceLine, Way},
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
