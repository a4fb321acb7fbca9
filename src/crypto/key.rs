//! Key material of any algorithm in its shortest form; what a key is for is left to the roles.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::block::BlockCipher;
use super::des::{Des, Tdes};
use super::hex;

/// A secret key, 25 bytes without any schedule; wiped when dropped, never printed.
///
/// Parses from hexadecimal text: 16, 32 or 48 digits are DES and 3DES, `sm4:` or `aes:` before 32 digits names
/// the others.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Key(Material);

#[derive(Clone, PartialEq, Eq, Zeroize)]
enum Material {
    Des([u8; 8]),
    Tdes([u8; 16]),
    Tdes3([u8; 24]),
    Sm4([u8; 16]),
    Aes([u8; 16]),
}

/// The block cipher a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Single DES, 8 bytes.
    Des,
    /// Triple DES with a double-length key, 16 bytes.
    Tdes,
    /// Triple DES with a triple-length key, 24 bytes.
    Tdes3,
    /// SM4, 16 bytes.
    Sm4,
    /// AES-128, 16 bytes.
    Aes,
}

/// A key check value: the first four bytes of a block of zeros under the key. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kcv(pub [u8; 4]);

/// Why something is not a key, or not a key for that use. Never holds material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The number of bytes fits no key of the algorithm.
    #[error("a key of {0} has {expected} bytes, not {1}", expected = .0.key_len())]
    Length(Algorithm, usize),
    /// The text is not the hexadecimal digits of a key.
    #[error("a key is written as 16, 32 or 48 hexadecimal digits, with `sm4:` or `aes:` before 32 of them")]
    Text,
    /// Components of different algorithms cannot be combined.
    #[error("key components of {0} and {1} cannot be combined")]
    Components(Algorithm, Algorithm),
    /// The key's algorithm cannot do what was asked.
    #[error("{use_of} cannot use a key of {algorithm}")]
    Unsuitable {
        /// What was asked, such as `X9.19`.
        use_of: &'static str,
        /// What the key is for.
        algorithm: Algorithm,
    },
}

impl Key {
    /// Takes the bytes of a key.
    ///
    /// # Errors
    /// [`KeyError::Length`] if there are more or fewer than the algorithm needs.
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let material = match algorithm {
            Algorithm::Des => bytes.try_into().map(Material::Des),
            Algorithm::Tdes => bytes.try_into().map(Material::Tdes),
            Algorithm::Tdes3 => bytes.try_into().map(Material::Tdes3),
            Algorithm::Sm4 => bytes.try_into().map(Material::Sm4),
            Algorithm::Aes => bytes.try_into().map(Material::Aes),
        };
        material.map(Self).map_err(|_| KeyError::Length(algorithm, bytes.len()))
    }

    /// Makes a key from a source of random numbers.
    pub fn random(algorithm: Algorithm, mut next: impl FnMut() -> u64) -> Self {
        let mut bytes = [0; 24];
        for word in bytes.as_chunks_mut::<8>().0 {
            *word = next().to_be_bytes();
        }
        let key = Self::new(algorithm, &bytes[..algorithm.key_len()]).expect("the length is the algorithm's");
        bytes.zeroize();
        key
    }

    /// Adds a key component by exclusive or, as two custodians load a TMK.
    ///
    /// # Errors
    /// [`KeyError::Components`] if the algorithms differ.
    pub fn combine(&self, other: &Self) -> Result<Self, KeyError> {
        if self.algorithm() != other.algorithm() {
            return Err(KeyError::Components(self.algorithm(), other.algorithm()));
        }
        let mut sum = self.clone();
        for (byte, component) in sum.bytes_mut().iter_mut().zip(other.bytes()) {
            *byte ^= component;
        }
        Ok(sum)
    }

    /// The block cipher the key belongs to.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Material::Des(_) => Algorithm::Des,
            Material::Tdes(_) => Algorithm::Tdes,
            Material::Tdes3(_) => Algorithm::Tdes3,
            Material::Sm4(_) => Algorithm::Sm4,
            Material::Aes(_) => Algorithm::Aes,
        }
    }

    /// Expands the key schedule: about 0.1 µs per DES part.
    pub fn expand(&self) -> BlockCipher {
        match &self.0 {
            Material::Des(key) => BlockCipher::Des(Des::new(key)),
            Material::Tdes(key) => BlockCipher::Tdes(Tdes::double(key)),
            Material::Tdes3(key) => BlockCipher::Tdes(Tdes::triple(key)),
            Material::Sm4(key) => BlockCipher::Sm4(BlockCipher::sm4(key)),
            Material::Aes(key) => BlockCipher::Aes(BlockCipher::aes(key)),
        }
    }

    /// The key's check value.
    pub fn kcv(&self) -> Kcv {
        let cipher = self.expand();
        let mut block = [0; 16];
        cipher.encrypt_blocks(&mut block[..cipher.block_len()]);
        let [a, b, c, d, ..] = block;
        Kcv([a, b, c, d])
    }

    /// The secret itself, for wrapping under another key or loading into a device.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Material::Des(key) => key,
            Material::Tdes(key) | Material::Sm4(key) | Material::Aes(key) => key,
            Material::Tdes3(key) => key,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Material::Des(key) => key,
            Material::Tdes(key) | Material::Sm4(key) | Material::Aes(key) => key,
            Material::Tdes3(key) => key,
        }
    }
}

impl Algorithm {
    /// The length of a key in bytes.
    pub fn key_len(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Tdes | Self::Sm4 | Self::Aes => 16,
            Self::Tdes3 => 24,
        }
    }

    fn of_hex_digits(count: usize) -> Option<Self> {
        [Self::Des, Self::Tdes, Self::Tdes3].into_iter().find(|algorithm| 2 * algorithm.key_len() == count)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let material = match text.split_once(':') {
            Some(("sm4", digits)) => hex::decode(digits).map(Material::Sm4),
            Some(("aes", digits)) => hex::decode(digits).map(Material::Aes),
            Some(_) => None,
            None => match Algorithm::of_hex_digits(text.len()) {
                Some(Algorithm::Des) => hex::decode(text).map(Material::Des),
                Some(Algorithm::Tdes) => hex::decode(text).map(Material::Tdes),
                Some(Algorithm::Tdes3) => hex::decode(text).map(Material::Tdes3),
                _ => None,
            },
        };
        material.map(Self).ok_or(KeyError::Text)
    }
}

impl FromStr for Kcv {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        hex::decode(text).map(Self).ok_or(KeyError::Text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, kcv {})", self.algorithm(), self.kcv())
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Des => "DES",
            Self::Tdes => "3DES",
            Self::Tdes3 => "3DES-24",
            Self::Sm4 => "SM4",
            Self::Aes => "AES",
        })
    }
}

impl fmt::Display for Kcv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for Kcv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kcv({self})")
    }
}
