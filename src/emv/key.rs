//! The three levels of keys for application cryptograms: issuer, card, transaction (EMV Book 2, annex A1).

use sha1::{Digest as _, Sha1};
use std::fmt;

use crate::{
    card::Pan,
    crypto::{Algorithm, Key, KeyError, Tdes},
};

/// An issuer's master key for application cryptograms, expanded.
#[derive(Clone)]
pub struct IssuerKey(Tdes);

/// The key of one card, expanded.
#[derive(Clone)]
pub struct CardKey(Tdes);

/// The key of one transaction, expanded.
#[derive(Clone)]
pub struct SessionKey(Tdes);

/// How a card's key follows from the issuer's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardKeyDerivation {
    /// From the last 16 digits of PAN and sequence number.
    #[default]
    OptionA,
    /// For a PAN of 17 digits and more from 16 digits of a hash over all of it, else as option A.
    OptionB,
}

impl IssuerKey {
    /// Expands an issuer's master key.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`] if it is no double-length key.
    pub fn new(key: &Key) -> Result<Self, KeyError> {
        let unsuitable =
            KeyError::Unsuitable { use_of: "an application cryptogram", algorithm: key.algorithm() };
        match (key.algorithm(), key.bytes().try_into()) {
            (Algorithm::Tdes, Ok(bytes)) => Ok(Self(Tdes::double(bytes))),
            _ => Err(unsuitable),
        }
    }

    /// The key under which the test cards of this program are made. It protects nothing.
    pub fn test() -> Self {
        Self(Tdes::double(&TEST_KEY))
    }

    /// Derives the key of a card.
    pub fn card_key(&self, pan: &Pan, sequence: u8, derivation: CardKeyDerivation) -> CardKey {
        let digits = match derivation {
            CardKeyDerivation::OptionB if pan.len() > 16 => hashed_digits(pan, sequence),
            _ => last_digits(pan, sequence),
        };
        CardKey(diversified(&self.0, digits, inverted(digits)))
    }
}

impl CardKey {
    /// Takes a card's key as it was loaded into the card.
    pub fn new(key: &[u8; 16]) -> Self {
        Self(Tdes::double(key))
    }

    /// The session key of PBOC 3.0 (part 17, chapter 8): from the counter, and from its inverse.
    pub fn pboc_session_key(&self, counter: u16) -> SessionKey {
        let [plain, inverse] = [counter, !counter].map(|counter| u64::from(counter).to_be_bytes());
        SessionKey(diversified(&self.0, plain, inverse))
    }

    /// The common session key of EMV (annex A1.3.1) for eight bytes that differ by transaction.
    pub fn common_session_key(&self, diversifier: [u8; 8]) -> SessionKey {
        let [a, b, _, tail @ ..] = diversifier;
        let with = |third| {
            let [d, e, f, g, h] = tail;
            [a, b, third, d, e, f, g, h]
        };
        SessionKey(diversified(&self.0, with(0xF0), with(0x0F)))
    }
}

impl SessionKey {
    /// The application cryptogram over the data of a transaction (chapter 8.1.2).
    pub fn cryptogram(&self, data: &[u8]) -> [u8; 8] {
        self.0.retail_mac(data)
    }

    /// The issuer's answer to a cryptogram, method 1 (chapter 8.2.1).
    pub fn response_cryptogram(&self, arqc: [u8; 8], response_code: [u8; 2]) -> [u8; 8] {
        let [first, second] = response_code;
        let code = u64::from_be_bytes([first, second, 0, 0, 0, 0, 0, 0]);
        self.0.encrypt((u64::from_be_bytes(arqc) ^ code).to_be_bytes())
    }
}

/// Both halves of a key below `parent`.
fn diversified(parent: &Tdes, left: [u8; 8], right: [u8; 8]) -> Tdes {
    let mut key = zeroize::Zeroizing::new([0; 16]);
    key.copy_from_slice([parent.encrypt(left), parent.encrypt(right)].as_flattened());
    Tdes::double(&key)
}

fn inverted(digits: [u8; 8]) -> [u8; 8] {
    digits.map(|byte| !byte)
}

/// The last 16 digits of PAN and sequence number, zeros in front.
fn last_digits(pan: &Pan, sequence: u8) -> [u8; 8] {
    let mut packed = [0; 8];
    let (last, front) = packed.split_last_mut().expect("eight bytes have a last one");
    *last = packed_sequence(sequence);
    let mut digits = pan.as_bytes().iter().rev().map(|digit| digit & 0xF);
    for byte in front.iter_mut().rev() {
        let low = digits.next().unwrap_or(0);
        *byte = digits.next().unwrap_or(0) << 4 | low;
    }
    packed
}

/// The first 16 decimal digits of the SHA-1 of PAN and sequence number; where there are fewer, letters A to F as 0 to 5.
fn hashed_digits(pan: &Pan, sequence: u8) -> [u8; 8] {
    let hash = Sha1::digest(packed(pan, sequence));
    let nibbles = || hash.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    let decimals = nibbles().filter(|nibble| *nibble < 10);
    let letters = nibbles().filter(|nibble| *nibble >= 10).map(|nibble| nibble - 10);
    let mut digits = decimals.chain(letters);
    [(); 8].map(|()| digits.next().unwrap_or(0) << 4 | digits.next().unwrap_or(0))
}

/// PAN and sequence number as packed digits, a zero in front of an odd number of them.
fn packed(pan: &Pan, sequence: u8) -> Vec<u8> {
    let digits = pan.as_bytes().iter().map(|digit| digit & 0xF);
    let padded: Vec<u8> = std::iter::repeat_n(0, pan.len() % 2).chain(digits).collect();
    let mut bytes: Vec<u8> = padded.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.push(packed_sequence(sequence));
    bytes
}

fn packed_sequence(sequence: u8) -> u8 {
    16 * (sequence / 10 % 10) + sequence % 10
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuerKey(***)")
    }
}

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardKey(***)")
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(***)")
    }
}

/// Public by intent: whoever tests a host of his own loads it there.
const TEST_KEY: [u8; 16] =
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];
