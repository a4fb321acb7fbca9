//! The work keys of a terminal as DE 62 of a sign-in response carries them; when to sign in is left to the machines.

use super::block::BlockCipher;
use super::key::{Algorithm, Kcv, Key};
use super::role::{Mak, Pik, Role, Tdk, Tmk};

/// The keys a host hands out at sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkKeys {
    /// The PIN key.
    pub pik: Pik,
    /// The MAC key.
    pub mak: Mak,
    /// The track data key, where the layout has one.
    pub tdk: Option<Tdk>,
}

/// Which kinds of keys a host makes; the length of DE 62 follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkKeyLayout {
    /// The PIN key's algorithm.
    pub pik: Algorithm,
    /// The MAC key's algorithm; single DES beside a longer PIN key is filled up with zero bytes.
    pub mak: Algorithm,
    /// The track data key's algorithm, if there is one.
    pub tdk: Option<Algorithm>,
}

/// Why a DE 62 gave no work keys. Names keys by role, never by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkKeyError {
    /// The length is that of no known layout.
    #[error("work keys take 24, 40, 56, 60 or 84 bytes, not {0}")]
    Length(usize),
    /// The decrypted key does not have the check value sent with it.
    #[error("the check value of the {0} does not match: sent {sent}, computed {computed}", sent = .1, computed = .2)]
    CheckValue(Role, Kcv, Kcv),
    /// The master key cannot carry keys in that layout.
    #[error("a TMK of {0} cannot carry work keys in slots of {1} bytes")]
    Tmk(Algorithm, usize),
}

impl WorkKeys {
    /// Decrypts DE 62 of a sign-in response and checks every key's check value.
    ///
    /// The layout is known by its length and by the TMK's algorithm: an SM4 TMK carries SM4 keys, a DES or 3DES
    /// TMK carries DES keys, whose zero filler is not decrypted.
    ///
    /// # Errors
    /// [`WorkKeyError`] names what is wrong, and with which key.
    pub fn unwrap(tmk: &Tmk, de62: &[u8]) -> Result<Self, WorkKeyError> {
        let (width, count) = slots(de62.len())?;
        if !carries(tmk.algorithm(), width) {
            return Err(WorkKeyError::Tmk(tmk.algorithm(), width));
        }
        let cipher = tmk.expand();
        let mut parts = de62.chunks_exact(width + KCV_LEN);
        let mut next = |role| open_slot(&cipher, parts.next().unwrap_or_default(), role);
        Ok(Self {
            pik: Pik(next(Role::Pik)?),
            mak: Mak(next(Role::Mak)?),
            tdk: if count == 3 { Some(Tdk(next(Role::Tdk)?)) } else { None },
        })
    }

    /// Appends the keys, encrypted under the TMK and each with its check value, as the host sends them in DE 62.
    ///
    /// # Errors
    /// [`WorkKeyError::Tmk`] if the TMK cannot carry keys of these algorithms.
    pub fn wrap(&self, tmk: &Tmk, de62: &mut Vec<u8>) -> Result<(), WorkKeyError> {
        let keys = [Some(&self.pik.0), Some(&self.mak.0), self.tdk.as_ref().map(|tdk| &tdk.0)];
        let keys = || keys.into_iter().flatten();
        let width = keys().map(|key| key.algorithm().key_len()).max().unwrap_or_default();
        let sm4 = tmk.algorithm() == Algorithm::Sm4;
        if !carries(tmk.algorithm(), width) || keys().any(|key| !fits(key.algorithm(), sm4)) {
            return Err(WorkKeyError::Tmk(tmk.algorithm(), width));
        }
        let cipher = tmk.expand();
        keys().for_each(|key| close_slot(&cipher, key, width, de62));
        Ok(())
    }

    /// Makes new keys from a source of random numbers.
    pub fn random(layout: WorkKeyLayout, mut next: impl FnMut() -> u64) -> Self {
        Self {
            pik: Pik(Key::random(layout.pik, &mut next)),
            mak: Mak(Key::random(layout.mak, &mut next)),
            tdk: layout.tdk.map(|algorithm| Tdk(Key::random(algorithm, &mut next))),
        }
    }
}

impl WorkKeyLayout {
    /// 24 bytes: single DES PIK and MAK.
    pub const DES: Self = Self { pik: Algorithm::Des, mak: Algorithm::Des, tdk: None };
    /// 40 bytes: 3DES PIK, single DES MAK with zero filler. The most common one.
    pub const TDES: Self = Self { pik: Algorithm::Tdes, mak: Algorithm::Des, tdk: None };
    /// 40 bytes: 3DES PIK and MAK.
    pub const TDES_MAK: Self = Self { mak: Algorithm::Tdes, ..Self::TDES };
    /// 60 bytes: 3DES PIK, single DES MAK with zero filler, 3DES TDK.
    pub const TDES_TRACK: Self = Self { tdk: Some(Algorithm::Tdes), ..Self::TDES };
    /// 60 bytes: 3DES PIK, MAK and TDK.
    pub const TDES_MAK_TRACK: Self = Self { mak: Algorithm::Tdes, ..Self::TDES_TRACK };
    /// 60 bytes: SM4 PIK, MAK and TDK.
    pub const SM4_TRACK: Self = Self { pik: Algorithm::Sm4, mak: Algorithm::Sm4, tdk: Some(Algorithm::Sm4) };
}

/// The width of a key in bytes and the number of keys, by the length of DE 62.
fn slots(len: usize) -> Result<(usize, usize), WorkKeyError> {
    match len {
        24 => Ok((8, 2)),
        40 => Ok((16, 2)),
        60 => Ok((16, 3)),
        56 => Ok((24, 2)),
        84 => Ok((24, 3)),
        _ => Err(WorkKeyError::Length(len)),
    }
}

fn carries(tmk: Algorithm, width: usize) -> bool {
    match tmk {
        Algorithm::Des | Algorithm::Tdes | Algorithm::Tdes3 => true,
        Algorithm::Sm4 => width == 16,
        Algorithm::Aes => false,
    }
}

pub(super) fn fits(key: Algorithm, sm4_tmk: bool) -> bool {
    match key {
        Algorithm::Des | Algorithm::Tdes | Algorithm::Tdes3 => !sm4_tmk,
        Algorithm::Sm4 => sm4_tmk,
        Algorithm::Aes => false,
    }
}

/// Decrypts one key and compares its check value, the last four bytes of the slot.
pub(super) fn open_slot(tmk: &BlockCipher, slot: &[u8], role: Role) -> Result<Key, WorkKeyError> {
    let (sealed, sent) = slot.split_last_chunk::<KCV_LEN>().ok_or(WorkKeyError::Length(slot.len()))?;
    let algorithm = match tmk {
        BlockCipher::Sm4(_) => Algorithm::Sm4,
        _ => des_by_filler(sealed),
    };
    let mut material = zeroize::Zeroizing::new([0; 24]);
    let material = material.get_mut(..algorithm.key_len()).unwrap_or_default();
    for (to, from) in material.iter_mut().zip(sealed) {
        *to = *from;
    }
    tmk.decrypt_blocks(material);
    let key = Key::new(algorithm, material).map_err(|_| WorkKeyError::Length(slot.len()))?;
    match key.kcv() {
        Kcv(computed) if computed == *sent => Ok(key),
        computed => Err(WorkKeyError::CheckValue(role, Kcv(*sent), computed)),
    }
}

/// The length of a DES key in a slot that may end in blocks of zero filler.
fn des_by_filler(sealed: &[u8]) -> Algorithm {
    let used = sealed.chunks(8).rposition(|block| block.iter().any(|&byte| byte != 0));
    match used {
        None | Some(0) => Algorithm::Des,
        Some(1) => Algorithm::Tdes,
        Some(_) => Algorithm::Tdes3,
    }
}

pub(super) fn close_slot(tmk: &BlockCipher, key: &Key, width: usize, de62: &mut Vec<u8>) {
    let start = de62.len();
    de62.extend_from_slice(key.bytes());
    tmk.encrypt_blocks(de62.get_mut(start..).unwrap_or_default());
    de62.resize(start + width, 0);
    de62.extend_from_slice(&key.kcv().0);
}

const KCV_LEN: usize = 4;
