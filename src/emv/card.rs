//! A test card: it makes the cryptograms of a transaction and checks what the issuer answers.

use super::{
    cryptogram::{CryptogramKind, CryptogramVersion, IssuerData, Terms},
    key::{CardKey, IssuerKey},
};
use crate::card::Pan;

/// A test card. The same card makes the same cryptogram for the same terms: nothing in it is drawn by chance.
#[derive(Clone, Debug)]
pub struct TestCard {
    key: CardKey,
    version: CryptogramVersion,
}

/// What a card answers when it is asked for a cryptogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    /// 9F26.
    pub cryptogram: [u8; 8],
    /// 9F27.
    pub information: u8,
    /// 9F10.
    pub issuer_data: IssuerData,
}

impl TestCard {
    /// The index of the test cards' key in 9F10; schemes count theirs from 01.
    pub const KEY_INDEX: u8 = 0xF1;

    /// The card with this number.
    pub fn new(issuer: &IssuerKey, pan: &Pan, sequence: u8, version: CryptogramVersion) -> Self {
        Self { key: issuer.card_key(pan, sequence, version.card_key_derivation()), version }
    }

    /// What the card's 9F10 says beside a cryptogram of that kind.
    pub fn issuer_data(version: CryptogramVersion, kind: CryptogramKind) -> IssuerData {
        IssuerData::new(version, Self::KEY_INDEX, kind)
    }

    /// Makes a cryptogram: ARQC to ask the issuer, TC or AAC at the end.
    pub fn generate(&self, kind: CryptogramKind, terms: &Terms) -> Generated {
        let issuer_data = Self::issuer_data(self.version, kind);
        let key = self.version.session_key(&self.key, terms.counter);
        let cryptogram = self.version.cryptogram(&key, terms, &issuer_data);
        Generated { cryptogram, information: kind.information(), issuer_data }
    }

    /// Whether the issuer's answer (91: ARPC and response code) belongs to the ARQC of the transaction with this counter.
    pub fn accepts(&self, counter: [u8; 2], arqc: [u8; 8], issuer_authentication: &[u8]) -> bool {
        let Ok::<&[u8; 10], _>([sent @ .., first, second]) = issuer_authentication.try_into() else {
            return false;
        };
        let key = self.version.session_key(&self.key, counter);
        key.response_cryptogram(arqc, [*first, *second]) == *sent
    }
}
