//! DUKPT with triple DES (ANSI X9.24-1): a key for every use of a device, derived from its initial key by counter.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::des::{Des, Tdes};
use super::key::{Algorithm, Key, KeyError};
use super::ksn::TdesKsn;
use super::role::{Mak, Pik, Tdk};

/// The initial key of a device (IPEK), a double-length key.
#[derive(Clone, Debug, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct TdesInitialKey([Half; 2]);

/// The key of one use of a device, from which the keys for PIN, MAC and data are varied.
#[derive(Clone, Debug, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct TdesTransactionKey([Half; 2]);

/// One half of a key; never printed.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize)]
struct Half([u8; 8]);

impl TdesInitialKey {
    /// Derives the initial key of a device from the base key (BDK) and what names it.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`] if the base key is no double-length key.
    pub fn derive(base: &Key, ksn: &TdesKsn) -> Result<Self, KeyError> {
        let halves = halves(base)?;
        let left = double(halves).encrypt(ksn.key_id());
        let right = double(halves.map(|half| half ^ MASK)).encrypt(ksn.key_id());
        Ok(Self([Half(left), Half(right)]))
    }

    /// Takes an initial key as it was loaded into the device.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`] if it is no double-length key.
    pub fn new(key: &Key) -> Result<Self, KeyError> {
        halves(key).map(Self)
    }

    /// The key itself, for loading into a device.
    pub fn to_key(&self) -> Key {
        key(self.0)
    }

    /// Derives the key of one use: about 0.3 µs for each one-bit of the counter.
    pub fn transaction_key(&self, ksn: &TdesKsn) -> TdesTransactionKey {
        let counter = ksn.counter();
        let mut register = u64::from_be_bytes(ksn.register());
        let mut halves = self.0;
        for bit in (0..COUNTER_BITS).rev().map(|place| 1 << place).filter(|bit| counter & bit != 0) {
            register |= u64::from(bit);
            halves = step(halves, register.to_be_bytes());
        }
        TdesTransactionKey(halves)
    }
}

impl TdesTransactionKey {
    /// The key that encrypts the PIN.
    pub fn pin(&self) -> Pik {
        Pik(self.variant(0))
    }

    /// The key for the MAC of a request.
    pub fn mac_request(&self) -> Mak {
        Mak(self.variant(1))
    }

    /// The key for the MAC of a response.
    pub fn mac_response(&self) -> Mak {
        Mak(self.variant(3))
    }

    /// The key that encrypts data of a request: a variant, encrypted under itself by halves.
    pub fn data_request(&self) -> Tdk {
        let varied = self.0.map(|half| half ^ Half(variant_mask(2)));
        let cipher = double(varied);
        Tdk(key(varied.map(|half| Half(cipher.encrypt(half.0)))))
    }

    /// The key itself, which is used for nothing but comparing it with published values.
    pub fn to_key(&self) -> Key {
        key(self.0)
    }

    fn variant(&self, byte_from_right: usize) -> Key {
        key(self.0.map(|half| half ^ Half(variant_mask(byte_from_right))))
    }
}

/// One step of the derivation: the right half under the left one, then the same with both masked.
fn step(halves: [Half; 2], register: [u8; 8]) -> [Half; 2] {
    let one_way =
        |[left, right]: [Half; 2]| Half(Des::new(&left.0).encrypt((right ^ Half(register)).0)) ^ right;
    [one_way(halves.map(|half| half ^ MASK)), one_way(halves)]
}

/// FF in one byte, zeros elsewhere.
fn variant_mask(byte_from_right: usize) -> [u8; 8] {
    (0xFF_u64 << (8 * byte_from_right)).to_be_bytes()
}

fn double(halves: [Half; 2]) -> Tdes {
    let mut bytes = zeroize::Zeroizing::new([0; 16]);
    bytes.copy_from_slice(halves.map(|half| half.0).as_flattened());
    Tdes::double(&bytes)
}

fn key(halves: [Half; 2]) -> Key {
    Key::new(Algorithm::Tdes, halves.map(|half| half.0).as_flattened()).expect("two halves are 16 bytes")
}

fn halves(key: &Key) -> Result<[Half; 2], KeyError> {
    let unsuitable = KeyError::Unsuitable { use_of: "DUKPT with 3DES", algorithm: key.algorithm() };
    match (key.algorithm(), key.bytes().as_chunks::<8>().0) {
        (Algorithm::Tdes, [left, right]) => Ok([Half(*left), Half(*right)]),
        _ => Err(unsuitable),
    }
}

impl std::ops::BitXor for Half {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self((u64::from_be_bytes(self.0) ^ u64::from_be_bytes(other.0)).to_be_bytes())
    }
}

impl std::fmt::Debug for Half {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What is mixed into both halves of a key to derive a left half from it.
const MASK: Half = Half([0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0]);
const COUNTER_BITS: u32 = 21;
