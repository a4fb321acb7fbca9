//! The application data unit: class, instruction, length, data.

use std::fmt;

/// One command or answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Apdu {
    /// Class and instruction.
    pub control: u16,
    /// What follows the length, at most 65,535 bytes.
    pub data: Vec<u8>,
}

/// Why bytes are no ZVT message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// The length does not agree with the bytes.
    #[error("the length of the APDU is wrong")]
    Length,
    /// A bitmap is not known: its length cannot be, either.
    #[error("bitmap {0:02x} is not known")]
    Bitmap(u8),
    /// A field is cut off or unreadable.
    #[error("bitmap {0:02x} is wrong")]
    Field(u8),
    /// The TLV container is broken.
    #[error("the TLV container is broken")]
    Tlv,
}

impl Apdu {
    /// A command with its data.
    pub fn new(control: u16, data: Vec<u8>) -> Self {
        Self { control, data }
    }

    /// The bytes; data over 65,535 bytes are cut.
    pub fn write(&self) -> Vec<u8> {
        let count = self.data.len().min(usize::from(u16::MAX));
        let mut bytes = self.control.to_be_bytes().to_vec();
        match count {
            ..ESCAPE => bytes.push(count as u8),
            _ => bytes.extend([&[0xFF][..], &(count as u16).to_le_bytes()].concat()),
        }
        bytes.extend(self.data.iter().take(count));
        bytes
    }

    /// Takes bytes apart.
    ///
    /// # Errors
    /// When the length does not agree with them.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let (control, rest) = bytes.split_first_chunk::<2>().ok_or(ApduError::Length)?;
        let (count, data) = match rest {
            [0xFF, low, high, data @ ..] => (usize::from(u16::from_le_bytes([*low, *high])), data),
            [count, data @ ..] => (usize::from(*count), data),
            _ => return Err(ApduError::Length),
        };
        let agrees = data.len() == count;
        let control = u16::from_be_bytes(*control);
        if agrees { Ok(Self::new(control, data.to_vec())) } else { Err(ApduError::Length) }
    }
}

/// Data of so many bytes or more have a length of three bytes.
const ESCAPE: usize = 0xFF;

impl fmt::Debug for Apdu {
    /// Shows no data: they may hold a card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x} ({} bytes)", self.control, self.data.len())
    }
}
