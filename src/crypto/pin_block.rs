//! PIN blocks of DE 52: ISO 9564-1 format 0 with and without PAN. Format 4 is in `pin_block_iso4`.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::hex;
use super::key::Algorithm;
use super::role::Pik;
use crate::card::{Pan, Pin};

/// Whether the PAN is mixed into the block: the first digit of DE 53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PanBinding {
    /// Exclusive or with the 12 digits before the check digit (DE 53 = 2…; ISO format 0).
    #[default]
    WithPan,
    /// The PIN alone (DE 53 = 1…).
    WithoutPan,
}

/// How the first byte writes a PIN length of ten and more; shorter lengths are the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PinLengthCode {
    /// One nibble, A to C, as ISO 9564-1 has it.
    #[default]
    Nibble,
    /// Two decimal digits, as some terminals have it.
    Decimal,
}

/// The format of a PIN block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PinFormat {
    /// Whether the PAN is mixed in.
    pub pan: PanBinding,
    /// How long PINs are announced.
    pub length: PinLengthCode,
}

/// An encrypted PIN block: 8 bytes under DES and 3DES, 16 under SM4 and AES.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PinBlock {
    bytes: [u8; 16],
    len: u8,
}

/// A PIN block before encryption; wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ClearPinBlock {
    bytes: [u8; 16],
    len: u8,
}

/// Why a PIN block gave no PIN: a wrong key, a wrong PAN or a wrong format. Never holds the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinBlockError {
    /// The block's length is not that of the key's cipher.
    #[error("a PIN block under this key has {expected} bytes, not {found}")]
    Length {
        /// The cipher's block length.
        expected: usize,
        /// What was sent.
        found: usize,
    },
    /// What was decrypted is not a PIN field.
    #[error("the PIN block does not decrypt to a PIN with this key, PAN and format")]
    Content,
}

impl Pik {
    /// Encrypts a PIN as the terminal does.
    pub fn encrypt_pin(&self, pin: &Pin, pan: &Pan, format: PinFormat) -> PinBlock {
        let cipher = self.expand();
        let mut block = ClearPinBlock::new(pin, pan, format, cipher.block_len());
        cipher.encrypt_blocks(block.bytes_mut());
        PinBlock { bytes: block.bytes, len: block.len }
    }

    /// Decrypts a PIN as the issuer does.
    ///
    /// # Errors
    /// [`PinBlockError`] if the block has the wrong length or does not hold a PIN.
    pub fn decrypt_pin(&self, block: &[u8], pan: &Pan, binding: PanBinding) -> Result<Pin, PinBlockError> {
        let cipher = self.expand();
        let expected = cipher.block_len();
        if block.len() != expected {
            return Err(PinBlockError::Length { expected, found: block.len() });
        }
        let mut clear = ClearPinBlock { bytes: [0; 16], len: expected as u8 };
        clear.bytes_mut().copy_from_slice(block);
        cipher.decrypt_blocks(clear.bytes_mut());
        clear.pin(pan, binding)
    }

    /// The length in bytes of a PIN block under this key.
    pub fn pin_block_len(&self) -> usize {
        match self.algorithm() {
            Algorithm::Des | Algorithm::Tdes | Algorithm::Tdes3 => 8,
            Algorithm::Sm4 | Algorithm::Aes => 16,
        }
    }
}

impl ClearPinBlock {
    /// Lays out a PIN: length, digits, F up to the end; with the PAN's digits mixed into the last six bytes.
    ///
    /// A 16-byte block is the same field filled up with F, the PAN's digits at its end.
    fn new(pin: &Pin, pan: &Pan, format: PinFormat, block_len: usize) -> Self {
        let mut block = Self { bytes: [0; 16], len: block_len as u8 };
        let (field, _) = block.bytes.split_at_mut(block_len);
        field.fill(0xFF);
        field[0] = format.length.encode(pin.len());
        field[1..7].copy_from_slice(pin.packed());
        if format.pan == PanBinding::WithPan {
            mix(field, pan);
        }
        block
    }

    /// The block for an 8-byte cipher.
    pub fn short(pin: &Pin, pan: &Pan, format: PinFormat) -> Self {
        Self::new(pin, pan, format, 8)
    }

    /// Reads the PIN back, in either way of writing its length.
    ///
    /// # Errors
    /// [`PinBlockError::Content`] if this is no PIN field.
    pub fn pin(&self, pan: &Pan, binding: PanBinding) -> Result<Pin, PinBlockError> {
        let mut field = self.clone();
        if binding == PanBinding::WithPan {
            mix(field.bytes_mut(), pan);
        }
        let (length, rest) = field.bytes().split_first().ok_or(PinBlockError::Content)?;
        let (packed, filler) = rest.split_first_chunk::<6>().ok_or(PinBlockError::Content)?;
        let pin = Pin::from_packed(*packed).ok_or(PinBlockError::Content)?;
        let announced = [PinLengthCode::Nibble, PinLengthCode::Decimal].map(|code| code.encode(pin.len()));
        if announced.contains(length) && filler.iter().all(|&byte| byte == 0xFF) {
            Ok(pin)
        } else {
            Err(PinBlockError::Content)
        }
    }

    /// The clear bytes: a secret.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..usize::from(self.len)]
    }
}

impl PinBlock {
    pub(super) fn long(bytes: [u8; 16]) -> Self {
        Self { bytes, len: 16 }
    }

    /// The bytes as they stand in the message.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl PinLengthCode {
    fn encode(self, len: usize) -> u8 {
        match self {
            Self::Nibble => len as u8,
            Self::Decimal => (len / 10 * 16 + len % 10) as u8,
        }
    }
}

/// Exclusive or of the last six bytes with the twelve digits before the PAN's check digit.
fn mix(field: &mut [u8], pan: &Pan) {
    for (byte, digits) in field.iter_mut().rev().zip(account_digits(pan).into_iter().rev()) {
        *byte ^= digits;
    }
}

/// The twelve digits before the check digit, two a byte, zeros in front of a short PAN.
fn account_digits(pan: &Pan) -> [u8; 6] {
    let mut digits = pan.as_bytes().iter().rev().skip(1).map(|digit| digit - b'0');
    let mut packed = [0; 6];
    for byte in packed.iter_mut().rev() {
        let low = digits.next().unwrap_or(0);
        *byte = digits.next().unwrap_or(0) << 4 | low;
    }
    packed
}

impl fmt::Debug for PinBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinBlock(")?;
        hex::write(f, self.as_bytes())?;
        f.write_str(")")
    }
}

impl fmt::Debug for ClearPinBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClearPinBlock(***)")
    }
}
