//! A new master key under the old one, as a remote key download carries it (DE 62): the key and its check value.

use super::{
    key::Algorithm,
    role::{Role, Tmk},
    work_keys::{WorkKeyError, close_slot, fits, open_slot},
};

impl Tmk {
    /// Encrypts the key that follows this one, and appends its check value.
    ///
    /// # Errors
    /// [`WorkKeyError::Tmk`] if this key cannot carry one of that algorithm.
    pub fn wrap_successor(&self, successor: &Self) -> Result<Vec<u8>, WorkKeyError> {
        let (width, sm4) = (successor.algorithm().key_len(), self.algorithm() == Algorithm::Sm4);
        if self.algorithm() == Algorithm::Aes || !fits(successor.algorithm(), sm4) {
            return Err(WorkKeyError::Tmk(self.algorithm(), width));
        }
        let mut de62 = Vec::with_capacity(width + 4);
        close_slot(&self.expand(), successor, width, &mut de62);
        Ok(de62)
    }

    /// Decrypts the key that follows this one and checks its check value.
    ///
    /// # Errors
    /// [`WorkKeyError`] when the bytes are of no known length, do not have the check value sent with them, or this is
    /// a key that carries none.
    pub fn unwrap_successor(&self, de62: &[u8]) -> Result<Self, WorkKeyError> {
        if !matches!(de62.len(), 12 | 20 | 28) {
            return Err(WorkKeyError::Length(de62.len()));
        }
        if self.algorithm() == Algorithm::Aes {
            return Err(WorkKeyError::Tmk(Algorithm::Aes, de62.len()));
        }
        open_slot(&self.expand(), de62, Role::Tmk).map(Self)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_travels_under_its_predecessor() {
        for (old, new) in [
            ("0123456789ABCDEFFEDCBA9876543210", "11223344556677881020304050607080"),
            ("sm4:0123456789ABCDEFFEDCBA9876543210", "sm4:11223344556677881020304050607080"),
            ("0123456789ABCDEF", "112233445566778810203040506070801122334455667788"),
        ] {
            let (old, new): (Tmk, Tmk) = (old.parse().unwrap(), new.parse().unwrap());
            let sealed = old.wrap_successor(&new).unwrap();
            assert_eq!(old.unwrap_successor(&sealed), Ok(new.clone()));
            assert!(
                !sealed.windows(8).any(|part| new.bytes().starts_with(part)),
                "it does not travel in clear"
            );
            for place in 0..sealed.len() {
                let mut broken = sealed.clone();
                broken[place] ^= 0x10;
                assert!(old.unwrap_successor(&broken).is_err(), "byte {place}");
                assert!(old.unwrap_successor(&sealed[..place]).is_err(), "{place} bytes");
            }
        }
        let (sm4, des): (Tmk, Tmk) =
            ("sm4:0123456789ABCDEFFEDCBA9876543210".parse().unwrap(), "0123456789ABCDEF".parse().unwrap());
        assert!(sm4.wrap_successor(&des).is_err() && des.wrap_successor(&sm4).is_err());
    }
}
