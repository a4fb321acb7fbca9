//! One face for the block ciphers a key may belong to; chaining and padding are left to the callers.

use aes::Aes128;
use cipher::{Array, BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use sm4::Sm4;

use super::des::{Des, Tdes};

/// An expanded key of any algorithm: a few hundred bytes, made for use and dropped after it.
#[derive(Clone)]
pub enum BlockCipher {
    /// Single DES, 8-byte blocks.
    Des(Des),
    /// Triple DES, 8-byte blocks.
    Tdes(Tdes),
    /// SM4 (GB/T 32907), 16-byte blocks.
    Sm4(Sm4),
    /// AES-128 (FIPS 197), 16-byte blocks.
    Aes(Box<Aes128>),
}

impl BlockCipher {
    /// The block length in bytes: 8 or 16.
    pub fn block_len(&self) -> usize {
        match self {
            Self::Des(_) | Self::Tdes(_) => 8,
            Self::Sm4(_) | Self::Aes(_) => 16,
        }
    }

    /// Encrypts every whole block of `data` by itself (ECB); a partial block at the end stays as it is.
    pub fn encrypt_blocks(&self, data: &mut [u8]) {
        match self {
            Self::Des(des) => for_blocks(data, |block| des.encrypt(block)),
            Self::Tdes(tdes) => for_blocks(data, |block| tdes.encrypt(block)),
            Self::Sm4(sm4) => for_blocks(data, |block| sm4_encrypt(sm4, block)),
            Self::Aes(aes) => for_blocks(data, |block| {
                let mut block = Array::from(block);
                aes.encrypt_block(&mut block);
                block.0
            }),
        }
    }

    /// Decrypts every whole block of `data` by itself (ECB); a partial block at the end stays as it is.
    pub fn decrypt_blocks(&self, data: &mut [u8]) {
        match self {
            Self::Des(des) => for_blocks(data, |block| des.decrypt(block)),
            Self::Tdes(tdes) => for_blocks(data, |block| tdes.decrypt(block)),
            Self::Sm4(sm4) => for_blocks(data, |block| {
                let mut block = Array::from(block);
                sm4.decrypt_block(&mut block);
                block.0
            }),
            Self::Aes(aes) => for_blocks(data, |block| {
                let mut block = Array::from(block);
                aes.decrypt_block(&mut block);
                block.0
            }),
        }
    }

    pub(super) fn sm4(key: &[u8; 16]) -> Sm4 {
        Sm4::new(&Array::from(*key))
    }

    pub(super) fn aes(key: &[u8; 16]) -> Box<Aes128> {
        Box::new(Aes128::new(&Array::from(*key)))
    }
}

/// Encrypts one SM4 block.
pub(super) fn sm4_encrypt(sm4: &Sm4, block: [u8; 16]) -> [u8; 16] {
    let mut block = Array::from(block);
    sm4.encrypt_block(&mut block);
    block.0
}

fn for_blocks<const N: usize>(data: &mut [u8], apply: impl Fn([u8; N]) -> [u8; N]) {
    for block in data.as_chunks_mut::<N>().0 {
        *block = apply(*block);
    }
}
