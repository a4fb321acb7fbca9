//! Track 2 of a card: its layout and its digits, masked and wiped. Encrypting it is left to `crypto`.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{CardError, Expiry, Pan, ServiceCode};

/// Track 2 without sentinels (ISO/IEC 7813): PAN, `D`, YYMM, service code, discretionary data, 37 digits at most.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Track2 {
    digits: [u8; MAX_LEN],
    len: u8,
}

/// The parts of a track 2.
pub(super) struct Parts {
    pub pan: Pan,
    pub expiry: Expiry,
    pub service_code: ServiceCode,
    pub discretionary: Discretionary,
}

/// The issuer's own digits at the end of a track, two to a byte, filled up with F.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(super) struct Discretionary([u8; DISCRETIONARY_BYTES]);

impl Track2 {
    /// Takes ASCII digits with one `D` or `=` after the PAN.
    ///
    /// # Errors
    /// [`CardError::Track2`] if the layout is another one, and the error of the part that is wrong.
    pub fn from_ascii(text: &[u8]) -> Result<Self, CardError> {
        let mut track = Self { digits: [0; MAX_LEN], len: text.len().min(MAX_LEN) as u8 };
        let digits = track.digits.get_mut(..text.len()).ok_or(CardError::Track2)?;
        for (to, &from) in digits.iter_mut().zip(text) {
            *to = if from == b'=' { b'D' } else { from };
        }
        track.parts().map(|_| track)
    }

    /// Lays out a card's track; discretionary digits beyond the 37th are cut off.
    pub(super) fn new(
        pan: &Pan,
        expiry: Expiry,
        service_code: ServiceCode,
        discretionary: &Discretionary,
    ) -> Self {
        let mut track = Self { digits: [0; MAX_LEN], len: 0 };
        track.push(pan.as_bytes());
        track.push(b"D");
        track.push(&expiry.to_ascii());
        track.push(service_code.as_bytes());
        track.push(&discretionary.to_ascii()[..discretionary.len()]);
        track
    }

    /// All digits in ASCII, the separator as `D`, unmasked: for messages only.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }

    /// The primary account number on the track.
    pub fn pan(&self) -> Pan {
        self.valid_parts().pan
    }

    /// The expiry on the track.
    pub fn expiry(&self) -> Expiry {
        self.valid_parts().expiry
    }

    /// The service code on the track.
    pub fn service_code(&self) -> ServiceCode {
        self.valid_parts().service_code
    }

    pub(super) fn parts(&self) -> Result<Parts, CardError> {
        let digits = self.as_bytes();
        let separator = digits.iter().position(|&digit| digit == b'D').ok_or(CardError::Track2)?;
        let (pan, rest) = digits.split_at(separator);
        let (expiry, rest) = rest[1..].split_first_chunk::<4>().ok_or(CardError::Track2)?;
        let (service_code, discretionary) = rest.split_first_chunk::<3>().ok_or(CardError::Track2)?;
        Ok(Parts {
            pan: Pan::from_ascii(pan)?,
            expiry: Expiry::from_ascii(expiry)?,
            service_code: ServiceCode::from_ascii(service_code)?,
            discretionary: Discretionary::from_ascii(discretionary)?,
        })
    }

    fn valid_parts(&self) -> Parts {
        self.parts().expect("a track is checked when it is made")
    }

    /// Adds as many digits as there is room for.
    fn push(&mut self, digits: &[u8]) {
        let begin = usize::from(self.len);
        let count = digits.len().min(MAX_LEN - begin);
        self.digits[begin..begin + count].copy_from_slice(&digits[..count]);
        self.len += count as u8;
    }
}

impl Discretionary {
    /// Takes ASCII digits, at most what fits behind the shortest PAN.
    pub(super) fn from_ascii(text: &[u8]) -> Result<Self, CardError> {
        let mut packed = Self::default();
        if text.len() > 2 * DISCRETIONARY_BYTES - 1 || !text.iter().all(u8::is_ascii_digit) {
            return Err(CardError::Track2);
        }
        for (place, &digit) in text.iter().enumerate() {
            let value = digit & 0xF;
            packed.0[place / 2] &= if place % 2 == 0 { value << 4 | 0xF } else { 0xF0 | value };
        }
        Ok(packed)
    }

    /// The ASCII digits; what fills them up is no digit.
    fn to_ascii(&self) -> [u8; 2 * DISCRETIONARY_BYTES] {
        let mut digits = [0; 2 * DISCRETIONARY_BYTES];
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [b'0' + (byte >> 4), b'0' + (byte & 0xF)];
        }
        digits
    }

    /// How many digits there are before the first that fills up.
    fn len(&self) -> usize {
        self.0.iter().map(|byte| usize::from(byte >> 4 != 0xF) + usize::from(byte & 0xF != 0xF)).sum()
    }
}

impl Default for Discretionary {
    fn default() -> Self {
        Self([0xFF; DISCRETIONARY_BYTES])
    }
}

impl FromStr for Track2 {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        Self::from_ascii(text.as_bytes())
    }
}

impl fmt::Display for Track2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}D***", self.pan())
    }
}

impl fmt::Debug for Track2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Track2({self})")
    }
}

const MAX_LEN: usize = 37;
/// Behind a PAN of 8 digits there is room for 21 digits.
const DISCRETIONARY_BYTES: usize = 11;
