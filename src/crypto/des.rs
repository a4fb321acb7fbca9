//! DES and 3DES from tables, fast enough to MAC every message of a fleet; modes of use are left to the callers.
//!
//! Each half of a block is kept *expanded*: eight bytes of six bits, one byte per S-box, the way the E table
//! lays them out. A round is then one exclusive-or with the subkey and eight look-ups, because the tables
//! already hold E(P(S(x))). The initial and final permutations happen once per chain ([`DesState::load`],
//! [`DesState::store`]), not once per DES: within 3DES and CBC chains they cancel out.
//!
//! Look-ups depend on the key, so this is **not constant time: test keys only**.

use std::ops::{BitXor, BitXorAssign};

use zeroize::ZeroizeOnDrop;

use super::des_tables::{PC2_LEFT, PC2_RIGHT, SP, expand_lanes};

/// An expanded single DES key: sixteen subkeys, one byte per S-box (FIPS 46-3).
#[derive(Clone, ZeroizeOnDrop)]
pub struct Des([u64; ROUNDS]);

/// An expanded triple DES key, encrypt–decrypt–encrypt (NIST SP 800-67).
#[derive(Clone, ZeroizeOnDrop)]
pub struct Tdes {
    /// The left part, which also runs the chain of the ANSI X9.19 MAC.
    pub first: Des,
    /// The part that decrypts.
    pub second: Des,
    /// `None` is the left part again, as in a double-length key: a third of what every MAC makes and moves would be a copy.
    /// It wipes itself.
    #[zeroize(skip)]
    third: Option<Box<Des>>,
}

/// A block between the initial and the final permutation, on which any number of DES runs follow each other.
#[derive(Clone, Copy)]
pub struct DesState {
    left: u64,
    right: u64,
}

impl Des {
    /// Expands a key; the parity bits are ignored.
    pub fn new(key: &[u8; 8]) -> Self {
        let columns = transpose(u64::from_le_bytes(*key));
        let mut subkeys = [0; ROUNDS];
        let (left, right) = (doubled(permuted_left(columns)), doubled(permuted_right(columns)));
        for (subkey, rotation) in subkeys.iter_mut().zip(ROTATIONS) {
            *subkey = u64::from(select(&PC2_LEFT, left >> (28 - rotation))) << 32
                | u64::from(select(&PC2_RIGHT, right >> (28 - rotation)));
        }
        Self(subkeys)
    }

    /// Encrypts one block.
    pub fn encrypt(&self, block: [u8; 8]) -> [u8; 8] {
        DesState::load(block).encrypt(self).store()
    }

    /// Decrypts one block.
    pub fn decrypt(&self, block: [u8; 8]) -> [u8; 8] {
        DesState::load(block).decrypt(self).store()
    }
}

impl Tdes {
    /// Expands a double-length key.
    pub fn double(key: &[u8; 16]) -> Self {
        let (parts, _) = key.as_chunks::<8>();
        Self { first: Des::new(&parts[0]), second: Des::new(&parts[1]), third: None }
    }

    /// Expands a triple-length key.
    pub fn triple(key: &[u8; 24]) -> Self {
        let (parts, _) = key.as_chunks::<8>();
        let third = Some(Box::new(Des::new(&parts[2])));
        Self { first: Des::new(&parts[0]), second: Des::new(&parts[1]), third }
    }

    /// The part that encrypts in the end: the left one again for a double-length key.
    pub fn third(&self) -> &Des {
        self.third.as_deref().unwrap_or(&self.first)
    }

    /// Encrypts one block.
    pub fn encrypt(&self, block: [u8; 8]) -> [u8; 8] {
        DesState::load(block).encrypt3(self).store()
    }

    /// Decrypts one block.
    pub fn decrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let state = DesState::load(block);
        state.decrypt(self.third()).encrypt(&self.second).decrypt(&self.first).store()
    }
}

impl DesState {
    /// The state of a block of zeros, the start of a CBC chain.
    pub const ZERO: Self = Self { left: 0, right: 0 };

    /// Applies the initial permutation.
    #[inline]
    pub fn load(block: [u8; 8]) -> Self {
        let columns = transpose(u64::from_le_bytes(block));
        Self { left: expand_bytes(columns & EVEN_BYTES), right: expand_bytes((columns >> 8) & EVEN_BYTES) }
    }

    /// Applies the final permutation.
    #[inline]
    pub fn store(self) -> [u8; 8] {
        transpose(contract_bytes(self.left) | contract_bytes(self.right) << 8).to_le_bytes()
    }

    /// Runs single DES forwards.
    #[inline]
    #[must_use]
    pub fn encrypt(self, key: &Des) -> Self {
        let Self { mut left, mut right } = self;
        for [even, odd] in key.0.as_chunks::<2>().0 {
            // The odd subkey is added before the look-ups are in, which takes it off the critical path.
            let odd_left = left ^ odd;
            let change = substitute(right ^ even);
            left ^= change;
            right ^= substitute(odd_left ^ change);
        }
        Self { left: right, right: left }
    }

    /// Runs single DES backwards.
    #[inline]
    #[must_use]
    pub fn decrypt(self, key: &Des) -> Self {
        let Self { mut left, mut right } = self;
        for [even, odd] in key.0.as_chunks::<2>().0.iter().rev() {
            let even_left = left ^ even;
            let change = substitute(right ^ odd);
            left ^= change;
            right ^= substitute(even_left ^ change);
        }
        Self { left: right, right: left }
    }

    /// Runs triple DES forwards.
    #[inline]
    #[must_use]
    pub fn encrypt3(self, key: &Tdes) -> Self {
        self.encrypt(&key.first).decrypt(&key.second).encrypt(key.third())
    }
}

impl BitXor for DesState {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self { left: self.left ^ other.left, right: self.right ^ other.right }
    }
}

impl BitXorAssign for DesState {
    fn bitxor_assign(&mut self, other: Self) {
        *self = *self ^ other;
    }
}

/// The round function on an expanded half that has met its subkey: E(P(S(x))).
#[inline(always)]
fn substitute(half: u64) -> u64 {
    let [a, b, c, d, e, f, g, h] = half.to_le_bytes().map(|byte| usize::from(byte & 63));
    let low = (SP[0][a] ^ SP[1][b]) ^ (SP[2][c] ^ SP[3][d]);
    let high = (SP[4][e] ^ SP[5][f]) ^ (SP[6][g] ^ SP[7][h]);
    low ^ high
}

/// Turns an 8×8 bit matrix over its diagonal; DES numbers bits by column where bytes are rows.
#[inline]
fn transpose(mut bits: u64) -> u64 {
    for (distance, mask) in
        [(7, 0x00AA_00AA_00AA_00AA), (14, 0x0000_CCCC_0000_CCCC), (28, 0x0000_0000_F0F0_F0F0)]
    {
        let swap = (bits ^ (bits >> distance)) & mask;
        bits ^= swap ^ (swap << distance);
    }
    bits
}

/// Expands four bytes, given one per 16-bit lane, to a half of a [`DesState`].
#[inline]
fn expand_bytes(bytes: u64) -> u64 {
    expand_lanes((bytes << 4 | bytes) & LOW_NIBBLES)
}

/// The reverse of [`expand_bytes`].
#[inline]
fn contract_bytes(half: u64) -> u64 {
    let nibbles = (half >> 1) & LOW_NIBBLES;
    (nibbles | nibbles >> 4) & EVEN_BYTES
}

/// Permuted choice 1, left half: columns 1, 2, 3 of the key and the upper part of column 4.
fn permuted_left(columns: u64) -> u64 {
    columns >> 36
}

/// Permuted choice 1, right half: columns 7, 6, 5 and the lower part of column 4.
fn permuted_right(columns: u64) -> u64 {
    let column = |number: u64| columns >> (64 - 8 * number) & 0xFF;
    column(7) << 20 | column(6) << 12 | column(5) << 4 | column(4) & 0xF
}

/// Two copies of 28 bits in a row, so that a rotation is a shift.
fn doubled(half: u64) -> u64 {
    half << 28 | half
}

/// Permuted choice 2 of one half, seven bits at a time.
#[inline]
fn select(tables: &[[u32; 128]; 4], half: u64) -> u32 {
    let part = |table: usize| tables[table][(half >> (7 * table) & 127) as usize];
    (part(0) | part(1)) | (part(2) | part(3))
}

const ROUNDS: usize = 16;
/// By how many bits the key halves have been rotated when each round takes its subkey.
const ROTATIONS: [u32; ROUNDS] = [1, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 27, 28];
const EVEN_BYTES: u64 = 0x00FF_00FF_00FF_00FF;
const LOW_NIBBLES: u64 = 0x0F0F_0F0F_0F0F_0F0F;
