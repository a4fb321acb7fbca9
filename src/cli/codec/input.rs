//! What the user gives to `decode`: digits, a file of digits, of bytes or of a capture, or the standard input.

use crate::inspect::{bytes_of_text, is_capture};
use std::{
    fs,
    io::{self, Read},
    path::Path,
};

/// What was given, told apart.
pub(super) enum Input {
    /// Bytes of messages.
    Bytes(Vec<u8>),
    /// The file of a capture.
    Capture(Vec<u8>),
}

/// How the user says that the input is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum As {
    /// As it looks.
    #[default]
    Guess,
    /// Bytes, whatever they look like.
    Raw,
    /// A capture.
    Capture,
}

impl Input {
    /// Reads what the argument means: `-` is the standard input, what is no file is digits.
    pub(super) fn read(argument: &str, read_as: As) -> Result<Self, String> {
        let path = Path::new(argument);
        let bytes = match argument {
            "-" => standard_input()?,
            _ if path.is_file() => {
                fs::read(path).map_err(|error| format!("cannot read {argument}: {error}"))?
            }
            _ => {
                let unclear = |error| format!("neither a file nor hexadecimal digits: {error}");
                let bytes = bytes_of_text(argument).map_err(unclear)?;
                let is_capture = read_as == As::Capture || is_capture(&bytes);
                return Ok(if is_capture { Self::Capture(bytes) } else { Self::Bytes(bytes) });
            }
        };
        let name = if argument == "-" { "standard input" } else { argument };
        Self::of(bytes, read_as).map_err(|error| format!("{name}: {error}"))
    }

    fn of(bytes: Vec<u8>, read_as: As) -> Result<Self, String> {
        match read_as {
            As::Raw => return Ok(Self::Bytes(bytes)),
            As::Capture => return Ok(Self::Capture(bytes)),
            As::Guess if is_capture(&bytes) => return Ok(Self::Capture(bytes)),
            As::Guess => {}
        }
        let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        match std::str::from_utf8(&bytes) {
            Ok(text) if bytes.iter().all(is_text) => match bytes_of_text(text) {
                Ok(bytes) => Ok(Self::Bytes(bytes)),
                Err(error) => Err(format!("{error}; write --raw for a file that holds the message itself")),
            },
            _ => Ok(Self::Bytes(bytes)),
        }
    }
}

pub(super) fn standard_input() -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| format!("cannot read the standard input: {error}"))
}
