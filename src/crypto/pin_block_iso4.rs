//! ISO 9564-1 format 4: a 16-byte PIN block under AES in two passes, the PAN mixed in between them.

use super::block::BlockCipher;
use super::key::{Algorithm, Key, KeyError};
use super::pin_block::{PinBlock, PinBlockError};
use crate::card::{Pan, Pin};

/// An expanded AES key for PIN blocks of format 4.
pub struct Iso4PinKey(BlockCipher);

impl Iso4PinKey {
    /// Expands the key.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`] if it is no AES key.
    pub fn new(key: &Key) -> Result<Self, KeyError> {
        match key.algorithm() {
            Algorithm::Aes => Ok(Self(key.expand())),
            algorithm => Err(KeyError::Unsuitable { use_of: "an ISO format 4 PIN block", algorithm }),
        }
    }

    /// Encrypts a PIN; `random` must be fresh for every block.
    pub fn encrypt(&self, pin: &Pin, pan: &Pan, random: [u8; 8]) -> PinBlock {
        let mut block = pin_field(pin, random);
        self.0.encrypt_blocks(&mut block);
        mix(&mut block, pan_field(pan));
        self.0.encrypt_blocks(&mut block);
        PinBlock::long(block)
    }

    /// Decrypts a PIN.
    ///
    /// # Errors
    /// [`PinBlockError`] if the block has the wrong length or does not hold a PIN for this PAN.
    pub fn decrypt(&self, block: &[u8], pan: &Pan) -> Result<Pin, PinBlockError> {
        let mut block: [u8; 16] =
            block.try_into().map_err(|_| PinBlockError::Length { expected: 16, found: block.len() })?;
        self.0.decrypt_blocks(&mut block);
        mix(&mut block, pan_field(pan));
        self.0.decrypt_blocks(&mut block);
        read_field(&zeroize::Zeroizing::new(block)).ok_or(PinBlockError::Content)
    }
}

/// Control nibble 4, length, digits, A up to the middle, then the random half.
fn pin_field(pin: &Pin, random: [u8; 8]) -> [u8; 16] {
    let mut field = [FILL; 16];
    field[0] = CONTROL | pin.len() as u8;
    for (place, digit) in pin.digits().enumerate() {
        let byte = &mut field[1 + place / 2];
        *byte = if place % 2 == 0 { digit << 4 | FILL & 0xF } else { *byte & 0xF0 | digit };
    }
    field[8..].copy_from_slice(&random);
    field
}

fn read_field(field: &[u8; 16]) -> Option<Pin> {
    let mut packed = [0; 6];
    for (to, byte) in packed.iter_mut().zip(&field[1..7]) {
        *to = [byte >> 4, byte & 0xF].into_iter().fold(0, |sum, nibble| sum << 4 | filler_as_f(nibble));
    }
    let pin = Pin::from_packed(packed)?;
    (field[0] == CONTROL | pin.len() as u8 && field[7] == FILL).then_some(pin)
}

/// [`Pin`] packs with F where this format has A; a real F is no digit either way.
fn filler_as_f(nibble: u8) -> u8 {
    match nibble {
        0xA => 0xF,
        0xF => 0xA,
        digit => digit,
    }
}

/// The number of PAN digits beyond twelve, then all digits, then zeros; a short PAN has zeros in front.
fn pan_field(pan: &Pan) -> [u8; 16] {
    let beyond = pan.len().saturating_sub(12);
    let leading = 12_usize.saturating_sub(pan.len());
    let digits = std::iter::repeat_n(0, leading).chain(pan.as_bytes().iter().map(|digit| digit - b'0'));
    let mut field = [0; 16];
    for (place, nibble) in std::iter::once(beyond as u8).chain(digits).enumerate() {
        field[place / 2] |= if place % 2 == 0 { nibble << 4 } else { nibble };
    }
    field
}

fn mix(block: &mut [u8; 16], pan_field: [u8; 16]) {
    for (byte, pan) in block.iter_mut().zip(pan_field) {
        *byte ^= pan;
    }
}

const CONTROL: u8 = 0x40;
const FILL: u8 = 0xAA;
