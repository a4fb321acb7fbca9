//! The issuer of the test cards: it verifies what is in DE 55 and answers with a cryptogram of its own.

use super::{
    card::TestCard,
    cryptogram::{CollectError, IssuerData, Terms},
    key::{IssuerKey, SessionKey},
};
use crate::{
    card::Pan,
    iso8583::{Tag, Tlv},
};

/// The issuer of the test cards.
#[derive(Clone, Debug)]
pub struct Issuer(IssuerKey);

/// A cryptogram that was verified, with the key that answers it.
#[derive(Clone, Debug)]
pub struct Verified {
    arqc: [u8; 8],
    counter: [u8; 2],
    key: SessionKey,
}

/// Why a cryptogram was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChipError {
    /// DE 55 cannot be read, or lacks what the cryptogram covers.
    #[error("the chip data cannot be verified: {0}")]
    Data(#[from] CollectError),
    /// The card is not one of this issuer's: the index of its key is another, or not said.
    #[error("the card's key is not of this issuer")]
    Stranger(Option<u8>),
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
        let (terms, arqc, issuer_data) = match Terms::collect(de55) {
            Err(CollectError::Missing(_)) if !is_ours(key_index(de55)) => {
                return Err(ChipError::Stranger(key_index(de55)));
            }
            collected => collected?,
        };
        if !is_ours(Some(issuer_data.key_index())) {
            return Err(ChipError::Stranger(Some(issuer_data.key_index())));
        }
        let version = issuer_data.version().ok_or(ChipError::Version(issuer_data.version_number()))?;
        let card = self.0.card_key(pan, sequence, version.card_key_derivation());
        let key = version.session_key(&card, terms.counter);
        if version.cryptogram(&key, &terms, &issuer_data) != arqc {
            return Err(ChipError::Cryptogram);
        }
        Ok(Verified { arqc, counter: terms.counter, key })
    }
}

/// Which of the issuer's keys 9F10 names.
fn key_index(de55: &[u8]) -> Option<u8> {
    Tlv::new(de55).find(Tag::ISSUER_DATA).and_then(IssuerData::from_bytes).map(|data| data.key_index())
}

fn is_ours(key_index: Option<u8>) -> bool {
    key_index == Some(TestCard::KEY_INDEX)
}

impl Verified {
    /// 9F36: the card's transaction counter.
    pub fn counter(&self) -> [u8; 2] {
        self.counter
    }

    /// 91: the ARPC of method 1 and the response code that it covers.
    pub fn authentication(&self, response_code: [u8; 2]) -> [u8; 10] {
        let mut value = [0; 10];
        value[..8].copy_from_slice(&self.key.response_cryptogram(self.arqc, response_code));
        value[8..].copy_from_slice(&response_code);
        value
    }
}
