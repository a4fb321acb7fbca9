//! Encryption of one block within a track (DE 35, DE 36) under a TDK; whether to do it is left to DE 53's owner.

use std::ops::Range;

use super::block::BlockCipher;
use super::hex;
use super::role::Tdk;

/// An expanded track data key.
///
/// A track is a list of nibbles written as ASCII digits, the separator as `D`. The block is the 16 digits
/// (32 under SM4) that end right before the last byte of the packed track: one digit stays plain behind it if
/// the track has an odd number of digits, two if even. The cipher's digits take its place, any of `0`–`F`.
pub struct TrackCipher {
    cipher: BlockCipher,
}

/// Why a track was neither encrypted nor decrypted. Never holds the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    /// Something other than a hexadecimal digit.
    #[error("the track has something other than a digit at position {0}")]
    Digit(usize),
    /// Too short to hold an encrypted block.
    #[error("an encrypted track has at least {least} digits, not {found}")]
    Length {
        /// The fewest digits.
        least: usize,
        /// What was sent.
        found: usize,
    },
}

impl TrackCipher {
    /// Expands a track data key.
    pub fn new(key: &Tdk) -> Self {
        Self { cipher: key.expand() }
    }

    /// Encrypts in place, as the terminal does; a track too short for a block is first filled with `F` on the left.
    ///
    /// # Errors
    /// [`TrackError::Digit`], and the track is unchanged.
    pub fn encrypt(&self, track: &mut Vec<u8>) -> Result<(), TrackError> {
        check_digits(track)?;
        let missing = self.least().saturating_sub(track.len());
        track.splice(0..0, std::iter::repeat_n(FILLER, missing));
        self.transform(track, |cipher, block| cipher.encrypt_blocks(block));
        Ok(())
    }

    /// Decrypts in place, as the host does, and takes filling digits away.
    ///
    /// # Errors
    /// [`TrackError`] if this cannot be an encrypted track; it is then unchanged.
    pub fn decrypt(&self, track: &mut Vec<u8>) -> Result<(), TrackError> {
        check_digits(track)?;
        let (least, found) = (self.least(), track.len());
        if found < least {
            return Err(TrackError::Length { least, found });
        }
        self.transform(track, |cipher, block| cipher.decrypt_blocks(block));
        if found == least {
            let filling = track.iter().take_while(|&&digit| digit == FILLER).count();
            track.drain(..filling);
        }
        Ok(())
    }

    fn transform(&self, track: &mut [u8], apply: impl Fn(&BlockCipher, &mut [u8])) {
        let place = self.place(track.len());
        let digits = track.get_mut(place).unwrap_or_default();
        let mut block = [0; 16];
        for (byte, pair) in block.iter_mut().zip(digits.as_chunks::<2>().0) {
            *byte = pair.iter().fold(0, |sum, &digit| sum << 4 | hex::nibble(digit).unwrap_or_default());
        }
        apply(&self.cipher, &mut block[..self.cipher.block_len()]);
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(block) {
            *pair = [hex::digit(byte >> 4), hex::digit(byte & 0xF)];
        }
    }

    /// Where the block lies in a track of `len` digits; `len` is at least [`Self::least`].
    fn place(&self, len: usize) -> Range<usize> {
        let end = len - if len % 2 == 1 { 1 } else { 2 };
        end - 2 * self.cipher.block_len()..end
    }

    /// The fewest digits that hold a block and one plain digit.
    fn least(&self) -> usize {
        2 * self.cipher.block_len() + 1
    }
}

fn check_digits(track: &[u8]) -> Result<(), TrackError> {
    match track.iter().position(|&digit| hex::nibble(digit).is_none()) {
        None => Ok(()),
        Some(position) => Err(TrackError::Digit(position)),
    }
}

const FILLER: u8 = b'F';
