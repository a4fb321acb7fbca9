//! The issuer of the test cards: it verifies what is in DE 55 and answers with a cryptogram of its own.

use super::{
    card::TestCard,
    cryptogram::{CollectError, Terms},
    key::{IssuerKey, SessionKey},
};
use crate::card::Pan;

/// The issuer of the test cards.
#[derive(Clone, Debug)]
pub struct Issuer(IssuerKey);

/// A cryptogram that was verified, with the key that answers it.
#[derive(Clone, Debug)]
pub struct Verified {
    arqc: [u8; 8],
    key: SessionKey,
}

/// Why a cryptogram was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChipError {
    /// DE 55 cannot be read, or lacks what the cryptogram covers.
    #[error("the chip data cannot be verified: {0}")]
    Data(#[from] CollectError),
    /// The card is not one of this issuer's.
    #[error("the card's key has the index {0:02X}, which is not of this issuer")]
    Stranger(u8),
    /// The card makes cryptograms in a way that is not known here.
    #[error("cryptograms of version {0:02X} are not known")]
    Version(u8),
    /// The cryptogram is not that of the card for these data.
    #[error("the cryptogram is not that of the card for these data")]
    Cryptogram,
}

impl Issuer {
    /// The issuer that holds this master key.
    pub fn new(key: IssuerKey) -> Self {
        Self(key)
    }

    /// Verifies the ARQC, TC or AAC in DE 55.
    ///
    /// # Errors
    /// [`ChipError`] says what does not hold; [`ChipError::Stranger`] is not the card's fault.
    pub fn verify(&self, pan: &Pan, sequence: u8, de55: &[u8]) -> Result<Verified, ChipError> {
        let (terms, arqc, issuer_data) = Terms::collect(de55)?;
        if issuer_data.key_index() != TestCard::KEY_INDEX {
            return Err(ChipError::Stranger(issuer_data.key_index()));
        }
        let version = issuer_data.version().ok_or(ChipError::Version(issuer_data.version_number()))?;
        let card = self.0.card_key(pan, sequence, version.card_key_derivation());
        let key = version.session_key(&card, terms.counter);
        if version.cryptogram(&key, &terms, &issuer_data) != arqc {
            return Err(ChipError::Cryptogram);
        }
        Ok(Verified { arqc, key })
    }
}

impl Verified {
    /// 91: the ARPC of method 1 and the response code that it covers.
    pub fn authentication(&self, response_code: [u8; 2]) -> [u8; 10] {
        let mut value = [0; 10];
        value[..8].copy_from_slice(&self.key.response_cryptogram(self.arqc, response_code));
        value[8..].copy_from_slice(&response_code);
        value
    }
}
