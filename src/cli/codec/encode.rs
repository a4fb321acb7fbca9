//! `posfleet encode`: writes the bytes of the messages that `decode --format json` shows.

use super::{Dialect, input::standard_input, mac::Rule, message::Extras};
use crate::{
    cli::{Exit, complain, print},
    crypto::Mak,
    inspect::framing_from_text,
    iso8583::{Content, Framing, Spec, Transcript},
};
use clap::Args;
use serde_json::Value;
use std::{
    fs,
    io::{self, Write},
    process::ExitCode,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct EncodeArguments {
    /// Messages as `decode --format json` prints them, a file of them, or - for the standard input.
    #[arg(value_name = "JSON|FILE|-", default_value = "-")]
    input: String,
    #[command(flatten)]
    dialect: Dialect,
    /// Computes the MACs with this key, hexadecimal digits, `sm4:` in front of one of SM4.
    #[arg(long, value_name = "KEY", value_parser = key)]
    mac_key: Option<Mak>,
    /// Prints bytes, not digits.
    #[arg(long)]
    raw: bool,
}

pub(in crate::cli) fn encode(arguments: &EncodeArguments) -> ExitCode {
    match try_encode(arguments) {
        Ok(()) => Exit::Pass.into(),
        Err(exit) => exit.into(),
    }
}

fn try_encode(arguments: &EncodeArguments) -> Result<(), Exit> {
    let acquirer = arguments.dialect.acquirer()?;
    let rule = arguments.mac_key.as_ref();
    let rule = rule.map(|key| Rule::new(key, &acquirer, arguments.dialect.mac)).transpose().map_err(bad)?;
    let encoder = Encoder { spec: acquirer.spec, framing: arguments.dialect.framing(acquirer.spec)?, rule };
    let text = text(&arguments.input).map_err(bad)?;
    let mut count = 0;
    for (index, message) in serde_json::Deserializer::from_str(&text).into_iter::<Value>().enumerate() {
        let number = index + 1;
        let message = message.map_err(|error| bad(format!("message {number}: not JSON: {error}")))?;
        let bytes = encoder.encode(message).map_err(|error| bad(format!("message {number}: {error}")))?;
        output(&bytes, arguments.raw);
        count = number;
    }
    if count == 0 {
        return Err(bad("there is no message"));
    }
    Ok(())
}

struct Encoder {
    spec: &'static Spec,
    framing: Option<Framing>,
    rule: Option<Rule>,
}

impl Encoder {
    fn encode(&self, mut message: Value) -> Result<Vec<u8>, String> {
        let extras: Extras = serde_json::from_value(message.clone()).map_err(|error| error.to_string())?;
        if let Some(map) = message.as_object_mut() {
            map.retain(|key, _| !BESIDE.contains(&key.as_str()));
        }
        let transcript: Transcript = serde_json::from_value(message).map_err(|error| error.to_string())?;
        let framing = self.framing(&extras)?;
        let spec = padded(self.spec.clone().with_framing(Framing { length: None, ..framing }), &extras)?;
        let payload = self.payload(&transcript, &spec, extras.mac_is_missing)?;
        let Some(length) = framing.length else { return Ok(payload) };
        let said = extras.length.unwrap_or(payload.len());
        let mut bytes = vec![0; length.size() + said];
        length.write(&mut bytes).ok_or(format!("{said} bytes are more than the length in front can say"))?;
        bytes.truncate(length.size());
        bytes.extend_from_slice(&payload);
        Ok(bytes)
    }

    fn framing(&self, extras: &Extras) -> Result<Framing, String> {
        match (self.framing, &extras.framing) {
            (Some(framing), _) => Ok(framing),
            (None, Some(text)) => {
                framing_from_text(text, self.spec).ok_or_else(|| format!("`{text}` is no framing"))
            }
            (None, None) => Ok(self.spec.framing),
        }
    }

    /// TPDU, header and message.
    fn payload(&self, transcript: &Transcript, spec: &Spec, mac_is_missing: bool) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let packed = match &self.rule {
            Some(rule) => transcript.pack_with_mac(spec, &mut bytes, |data| rule.mac(data)),
            None if mac_is_missing => transcript.pack_with_mac(spec, &mut bytes, |_| [b'0'; 8]),
            None => transcript.pack(spec, &mut bytes),
        };
        packed.map_err(|error| error.to_string())?;
        if mac_is_missing && self.rule.is_none() {
            let has_second_bitmap = transcript.elements.keys().any(|de| de.number() > 64);
            let mac = spec.mac_element(has_second_bitmap).and_then(|de| spec.element(de));
            let size = match mac.map(|element| element.content) {
                Some(Content::HexText) => 16,
                _ => 8,
            };
            bytes.truncate(bytes.len().saturating_sub(size));
        }
        Ok(bytes)
    }
}

/// The dialect with other unused nibbles.
fn padded(mut spec: Spec, extras: &Extras) -> Result<Spec, String> {
    for (de, digit) in &extras.pads {
        let nibble = u8::from_str_radix(digit, 16).ok().filter(|nibble| *nibble < 16);
        let nibble = nibble.ok_or_else(|| format!("{de}: a pad is one hexadecimal digit"))?;
        if let Some(element) = spec.element(*de).copied() {
            spec = spec.with(*de, element.pad_nibble(nibble));
        }
    }
    Ok(spec)
}

fn text(input: &str) -> Result<String, String> {
    let bytes = match input {
        "-" => standard_input()?,
        _ if input.trim_start().starts_with('{') => return Ok(input.to_owned()),
        path => fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?,
    };
    String::from_utf8(bytes).map_err(|_| format!("{input}: not UTF-8"))
}

/// Prints a message; a reader that has gone away is not an error.
fn output(bytes: &[u8], raw: bool) {
    if raw {
        let _ = io::stdout().write_all(bytes);
    } else {
        print(&bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>());
    }
}

fn bad(error: impl std::fmt::Display) -> Exit {
    complain(error);
    Exit::BadConfiguration
}

fn key(text: &str) -> Result<Mak, crate::crypto::KeyError> {
    text.parse()
}

/// Keys of a line of `decode` that are not part of the message itself.
const BESIDE: [&str; 10] =
    ["time", "stream", "from", "to", "framing", "length", "pads", "macIsMissing", "mac", "errors"];
