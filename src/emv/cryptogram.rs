//! What an application cryptogram covers, and in which order; the keys are in [`super::key`].

use super::key::{CardKey, CardKeyDerivation, SessionKey};
use crate::iso8583::{Tag, Tlv, TlvError};

/// How a card makes cryptograms, as the issuer application data (9F10) names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CryptogramVersion {
    /// 01: PBOC and UnionPay, with 3DES. Card key by option A; covers the card's verification results.
    #[default]
    UnionPay,
    /// 12 hex (18): EMV common session key. Card key by option B; covers the whole of the issuer application data.
    Common,
}

/// Which cryptogram a card makes (9F27).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptogramKind {
    /// AAC: the card declines.
    Declined,
    /// TC: the card approves.
    Approved,
    /// ARQC: the card asks the issuer.
    Online,
}

/// What terminal and card know of a transaction, as far as a cryptogram covers it (EMV Book 2, table 26).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// 9F02, packed digits.
    pub amount: [u8; 6],
    /// 9F03, packed digits.
    pub amount_other: [u8; 6],
    /// 9F1A.
    pub country: [u8; 2],
    /// 95.
    pub verification_results: [u8; 5],
    /// 5F2A.
    pub currency: [u8; 2],
    /// 9A, packed digits.
    pub date: [u8; 3],
    /// 9C.
    pub transaction_type: [u8; 1],
    /// 9F37.
    pub unpredictable: [u8; 4],
    /// 82.
    pub interchange_profile: [u8; 2],
    /// 9F36.
    pub counter: [u8; 2],
}

/// The issuer application data (9F10): which key, how cryptograms are made, what the card has verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerData {
    bytes: [u8; Self::BYTES_MAX],
    length: u8,
}

impl CryptogramVersion {
    /// All versions with their names in scenario files.
    pub const ALL: [(Self, &'static str); 2] = [(Self::UnionPay, "union-pay"), (Self::Common, "common")];

    /// The cryptogram version number.
    pub const fn number(self) -> u8 {
        match self {
            Self::UnionPay => 0x01,
            Self::Common => 0x12,
        }
    }

    /// The version of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().map(|(version, _)| *version).find(|version| version.number() == number)
    }

    /// How the card's key follows from the issuer's.
    pub const fn card_key_derivation(self) -> CardKeyDerivation {
        match self {
            Self::UnionPay => CardKeyDerivation::OptionA,
            Self::Common => CardKeyDerivation::OptionB,
        }
    }

    /// The key of the transaction with this counter.
    pub fn session_key(self, card: &CardKey, counter: [u8; 2]) -> SessionKey {
        let [high, low] = counter;
        match self {
            Self::UnionPay => card.pboc_session_key(u16::from_be_bytes(counter)),
            Self::Common => card.common_session_key([high, low, 0, 0, 0, 0, 0, 0]),
        }
    }

    /// The cryptogram under a session key.
    pub fn cryptogram(self, key: &SessionKey, terms: &Terms, issuer_data: &IssuerData) -> [u8; 8] {
        let mut data = [0; TERMS_LENGTH + IssuerData::BYTES_MAX];
        let mut end = 0;
        let tail = match self {
            Self::UnionPay => issuer_data.verification_results(),
            Self::Common => issuer_data.as_bytes(),
        };
        for part in terms.parts().into_iter().chain([tail]) {
            data[end..end + part.len()].copy_from_slice(part);
            end += part.len();
        }
        key.cryptogram(&data[..end])
    }
}

impl CryptogramKind {
    /// 9F27.
    pub const fn information(self) -> u8 {
        match self {
            Self::Declined => 0x00,
            Self::Approved => 0x40,
            Self::Online => 0x80,
        }
    }

    /// What the card's verification results say of both cryptograms (PBOC 3.0 part 5, byte 2, bits 8 to 5).
    const fn verification_byte(self) -> u8 {
        match self {
            Self::Online => 0xA0,
            Self::Approved => 0x60,
            Self::Declined => 0x20,
        }
    }
}

impl Terms {
    /// Collects them from the data objects of DE 55, with the cryptogram and the issuer application data beside them.
    ///
    /// # Errors
    /// The first thing that is wrong: broken data, or the tag of a data object that is missing or of another length.
    pub fn collect(de55: &[u8]) -> Result<(Self, [u8; 8], IssuerData), CollectError> {
        let mut terms = Self::default();
        let (mut arqc, mut issuer_data, mut found) = ([0; 8], None, [false; 11]);
        for object in Tlv::new(de55) {
            let object = object?;
            if object.tag == Tag::ISSUER_DATA {
                issuer_data = IssuerData::from_bytes(object.value);
            }
            if let Some(place) = ORDER.iter().position(|tag| *tag == object.tag)
                && let Some(part) = terms.parts_mut(&mut arqc).into_iter().nth(place)
            {
                found[place] = part.len() == object.value.len();
                part.iter_mut().zip(object.value).for_each(|(to, from)| *to = *from);
            }
        }
        if let Some(missing) = found.iter().position(|found| !found).and_then(|place| ORDER.get(place)) {
            return Err(CollectError::Missing(*missing));
        }
        let issuer_data = issuer_data.ok_or(CollectError::Missing(Tag::ISSUER_DATA))?;
        Ok((terms, arqc, issuer_data))
    }

    fn parts(&self) -> [&[u8]; 10] {
        [
            &self.amount,
            &self.amount_other,
            &self.country,
            &self.verification_results,
            &self.currency,
            &self.date,
            &self.transaction_type,
            &self.unpredictable,
            &self.interchange_profile,
            &self.counter,
        ]
    }

    fn parts_mut<'a>(&'a mut self, arqc: &'a mut [u8; 8]) -> [&'a mut [u8]; 11] {
        [
            &mut self.amount,
            &mut self.amount_other,
            &mut self.country,
            &mut self.verification_results,
            &mut self.currency,
            &mut self.date,
            &mut self.transaction_type,
            &mut self.unpredictable,
            &mut self.interchange_profile,
            &mut self.counter,
            arqc,
        ]
    }
}

/// Why DE 55 has no cryptogram that could be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// It is no BER-TLV.
    #[error(transparent)]
    Broken(#[from] TlvError),
    /// A data object is missing or of another length.
    #[error("{0} is missing or of another length")]
    Missing(Tag),
}

impl IssuerData {
    /// The most bytes of it.
    pub const BYTES_MAX: usize = 32;

    /// What a test card says: its length, the index of its key, the version, and the verification results (3 bytes and
    /// their length), for UnionPay the algorithm.
    pub fn new(version: CryptogramVersion, key_index: u8, kind: CryptogramKind) -> Self {
        let mut bytes = [0; Self::BYTES_MAX];
        let head = [0, key_index, version.number(), 3, kind.verification_byte(), 0, 0, ALGORITHM_TDES];
        let length = match version {
            CryptogramVersion::UnionPay => 8,
            CryptogramVersion::Common => 7,
        };
        bytes[..length].copy_from_slice(&head[..length]);
        bytes[0] = length as u8 - 1;
        Self { bytes, length: length as u8 }
    }

    /// Takes 9F10; `None` if it is too short for key index, version and verification results, or too long.
    pub fn from_bytes(value: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::BYTES_MAX];
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        (value.len() >= RESULTS_END).then_some(Self { bytes, length: value.len() as u8 })
    }

    /// All bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Which of the issuer's keys.
    pub fn key_index(&self) -> u8 {
        self.bytes[1]
    }

    /// How the cryptogram is made; `None` for a version that is not known here.
    pub fn version(&self) -> Option<CryptogramVersion> {
        CryptogramVersion::from_number(self.version_number())
    }

    /// The cryptogram version number.
    pub fn version_number(&self) -> u8 {
        self.bytes[2]
    }

    /// The card's verification results with their length, 4 bytes.
    fn verification_results(&self) -> &[u8] {
        &self.bytes[3..RESULTS_END]
    }
}

/// The tags of [`Terms`] in the order that a cryptogram covers them; the cryptogram itself at the end.
const ORDER: [Tag; 11] = [
    Tag::AMOUNT,
    Tag::AMOUNT_OTHER,
    Tag::COUNTRY,
    Tag::VERIFICATION_RESULTS,
    Tag::CURRENCY,
    Tag::DATE,
    Tag::TRANSACTION_TYPE,
    Tag::UNPREDICTABLE_NUMBER,
    Tag::INTERCHANGE_PROFILE,
    Tag::TRANSACTION_COUNTER,
    Tag::CRYPTOGRAM,
];
const TERMS_LENGTH: usize = 33;
const RESULTS_END: usize = 7;
const ALGORITHM_TDES: u8 = 1;
