//! DUKPT with AES (ANSI X9.24-3): a key for every use and purpose, derived from a device's initial key by counter.

use super::key::{Algorithm, Key, KeyError};
use super::ksn::AesKsn;
use super::role::{Mak, Pik, Tdk};

/// The initial key of a device (IK), AES-128.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AesInitialKey(Key);

/// The key of one use of a device, from which the keys for each purpose are derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AesTransactionKey {
    key: Key,
    ksn: AesKsn,
}

/// What a derived key is for (X9.24-3, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Usage {
    Pin = 0x1000,
    MacGeneration = 0x2000,
    MacVerification = 0x2001,
    DataEncryption = 0x3000,
    Derivation = 0x8000,
    InitialKey = 0x8001,
}

/// The cipher of a derived key; both take 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AesWorkingKey {
    /// Double-length triple DES: fits the 8 bytes of PIN blocks and MACs.
    Tdes,
    /// AES-128.
    #[default]
    Aes,
}

impl AesInitialKey {
    /// Derives the initial key of a device from the base key (BDK) and what names it.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`] if the base key is no AES-128 key.
    pub fn derive(base: &Key, ksn: &AesKsn) -> Result<Self, KeyError> {
        Ok(Self(derived(&checked(base)?, Usage::InitialKey, AesWorkingKey::Aes, ksn.key_id())))
    }

    /// Takes an initial key as it was loaded into the device.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`] if it is no AES-128 key.
    pub fn new(key: &Key) -> Result<Self, KeyError> {
        checked(key).map(Self)
    }

    /// The key itself, for loading into a device.
    pub fn to_key(&self) -> Key {
        self.0.clone()
    }

    /// Derives the key of one use: one AES block for each one-bit of the counter.
    pub fn transaction_key(&self, ksn: &AesKsn) -> AesTransactionKey {
        let counter = ksn.counter();
        let (mut key, mut walked) = (self.0.clone(), 0);
        for bit in (0..u32::BITS).rev().map(|place| 1 << place).filter(|bit| counter & bit != 0) {
            walked |= bit;
            key = derived(&key, Usage::Derivation, AesWorkingKey::Aes, tail(ksn, walked));
        }
        AesTransactionKey { key, ksn: *ksn }
    }
}

impl AesTransactionKey {
    /// The key that encrypts the PIN.
    pub fn pin(&self, cipher: AesWorkingKey) -> Pik {
        Pik(self.working(Usage::Pin, cipher))
    }

    /// The key with which the device makes the MAC of a request.
    pub fn mac_request(&self, cipher: AesWorkingKey) -> Mak {
        Mak(self.working(Usage::MacGeneration, cipher))
    }

    /// The key with which the device verifies the MAC of a response.
    pub fn mac_response(&self, cipher: AesWorkingKey) -> Mak {
        Mak(self.working(Usage::MacVerification, cipher))
    }

    /// The key with which the device encrypts data.
    pub fn data_request(&self, cipher: AesWorkingKey) -> Tdk {
        Tdk(self.working(Usage::DataEncryption, cipher))
    }

    /// The key itself, which is used for nothing but comparing it with published values.
    pub fn to_key(&self) -> Key {
        self.key.clone()
    }

    fn working(&self, usage: Usage, cipher: AesWorkingKey) -> Key {
        derived(&self.key, usage, cipher, tail(&self.ksn, self.ksn.counter()))
    }
}

/// The end of the derivation data: the rightmost four bytes of the initial key id, and the counter so far.
fn tail(ksn: &AesKsn, counter: u32) -> [u8; 8] {
    let ([_, _, _, _, e, f, g, h], [i, j, k, l]) = (ksn.key_id(), counter.to_be_bytes());
    [e, f, g, h, i, j, k, l]
}

/// The derivation data, encrypted under the parent key: version, block, usage, algorithm, bits, and the rest.
fn derived(parent: &Key, usage: Usage, cipher: AesWorkingKey, tail: [u8; 8]) -> Key {
    let [usage_high, usage_low] = (usage as u16).to_be_bytes();
    let mut block = zeroize::Zeroizing::new([0; 16]);
    let head = [VERSION, FIRST_BLOCK, usage_high, usage_low, 0, cipher.indicator(), 0, BITS];
    block.copy_from_slice([head, tail].as_flattened());
    parent.expand().encrypt_blocks(block.as_mut_slice());
    Key::new(cipher.algorithm(), block.as_slice()).expect("both algorithms have keys of 16 bytes")
}

fn checked(key: &Key) -> Result<Key, KeyError> {
    match key.algorithm() {
        Algorithm::Aes => Ok(key.clone()),
        algorithm => Err(KeyError::Unsuitable { use_of: "DUKPT with AES", algorithm }),
    }
}

impl AesWorkingKey {
    fn indicator(self) -> u8 {
        match self {
            Self::Tdes => 0,
            Self::Aes => 2,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Tdes => Algorithm::Tdes,
            Self::Aes => Algorithm::Aes,
        }
    }
}

const VERSION: u8 = 1;
const FIRST_BLOCK: u8 = 1;
const BITS: u8 = 128;
