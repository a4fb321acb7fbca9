//! Message authentication codes over the bytes of a message; which bytes and when is left to `iso8583` and above.

use sm4::Sm4;

use super::block::{BlockCipher, sm4_encrypt};
use super::des::{Des, DesState, Tdes};
use super::hex;
use super::key::KeyError;
use super::role::Mak;

/// How a MAC is computed. UnionPay terminals use [`MacAlgorithm::UnionPayEcb`]; the others are of other acquirers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// The UnionPay "ECB" algorithm: fold by exclusive or, then two encryptions; DES, 3DES or SM4 by the key.
    UnionPayEcb,
    /// ANSI X9.9, ISO 9797-1 algorithm 1 with padding 1: CBC with DES, or with 3DES by the key.
    X99,
    /// ANSI X9.19, ISO 9797-1 algorithm 3 with padding 1: CBC with the left part, then 3DES at the end.
    X919,
    /// PBOC, ISO 9797-1 algorithm 3 with padding 2 (80 00 …).
    Pboc,
    /// CBC with SM4 and padding of zeros, as automatic teller networks use it.
    Sm4Cbc,
}

/// How the MAC fills the eight bytes of DE 64 or DE 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacForm {
    /// The first four bytes as eight upper-case hexadecimal characters.
    Ascii8,
    /// The first four bytes, then four zero bytes.
    Raw4,
    /// Eight bytes.
    Raw8,
}

/// An expanded MAC key with its algorithm and form: made once per transaction, for request and response.
#[derive(Clone)]
pub struct MacSchedule {
    method: Method,
    form: MacForm,
}

/// The algorithm joined with the schedules it needs, so that a key that does not fit is found before use.
#[derive(Clone)]
enum Method {
    FoldDes(Des),
    FoldTdes(Tdes),
    FoldSm4(Sm4),
    CbcDes(Des),
    CbcTdes(Tdes),
    CbcSm4(Sm4),
    Retail(Tdes, Padding),
}

#[derive(Clone, Copy)]
enum Padding {
    /// ISO 9797-1 padding method 1: zeros up to a full block.
    Zeros,
    /// ISO 9797-1 padding method 2: always 80, then zeros.
    Mark80,
}

impl std::fmt::Debug for MacSchedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacSchedule(***)")
    }
}

impl MacSchedule {
    /// Expands a key for an algorithm.
    ///
    /// # Errors
    /// [`KeyError::Unsuitable`] if the algorithm cannot use a key of that kind.
    pub fn new(key: &Mak, algorithm: MacAlgorithm, form: MacForm) -> Result<Self, KeyError> {
        let method = match (algorithm, key.expand()) {
            (MacAlgorithm::UnionPayEcb, BlockCipher::Des(des)) => Method::FoldDes(des),
            (MacAlgorithm::UnionPayEcb, BlockCipher::Tdes(tdes)) => Method::FoldTdes(tdes),
            (MacAlgorithm::UnionPayEcb, BlockCipher::Sm4(sm4)) => Method::FoldSm4(sm4),
            (MacAlgorithm::X99, BlockCipher::Des(des)) => Method::CbcDes(des),
            (MacAlgorithm::X99, BlockCipher::Tdes(tdes)) => Method::CbcTdes(tdes),
            (MacAlgorithm::X919, BlockCipher::Tdes(tdes)) => Method::Retail(tdes, Padding::Zeros),
            (MacAlgorithm::Pboc, BlockCipher::Tdes(tdes)) => Method::Retail(tdes, Padding::Mark80),
            (MacAlgorithm::Sm4Cbc, BlockCipher::Sm4(sm4)) => Method::CbcSm4(sm4),
            _ => {
                return Err(KeyError::Unsuitable { use_of: algorithm.name(), algorithm: key.algorithm() });
            }
        };
        Ok(Self { method, form })
    }

    /// The MAC of `data` as it stands in DE 64.
    pub fn mac(&self, data: &[u8]) -> [u8; 8] {
        let mac = match &self.method {
            Method::FoldDes(des) => union_pay(fold(data), |state| state.encrypt(des)),
            Method::FoldTdes(tdes) => union_pay(fold(data), |state| state.encrypt3(tdes)),
            Method::FoldSm4(sm4) => union_pay_sm4(fold(data), sm4),
            Method::CbcDes(des) => cbc(data, Padding::Zeros, |state| state.encrypt(des)).store(),
            Method::CbcTdes(tdes) => cbc(data, Padding::Zeros, |state| state.encrypt3(tdes)).store(),
            Method::CbcSm4(sm4) => cbc_sm4(data, sm4),
            Method::Retail(tdes, padding) => retail(tdes, data, *padding),
        };
        self.form.wire(mac)
    }

    /// Whether `received` is the MAC of `data`, in time that does not depend on where they differ.
    ///
    /// Of [`MacForm::Raw4`] the four bytes after the MAC are not compared, since hosts fill them as they like.
    pub fn verify(&self, data: &[u8], received: &[u8; 8]) -> bool {
        let difference = u64::from_be_bytes(self.mac(data)) ^ u64::from_be_bytes(*received);
        std::hint::black_box(difference & self.form.compared()) == 0
    }
}

impl Tdes {
    /// The MAC of ISO 9797-1 algorithm 3 with padding 2, which EMV uses for application cryptograms (Book 2, annex A1.2).
    pub fn retail_mac(&self, data: &[u8]) -> [u8; 8] {
        retail(self, data, Padding::Mark80)
    }
}

impl MacAlgorithm {
    /// The form in which acquirers that use the algorithm send it.
    pub fn usual_form(self) -> MacForm {
        match self {
            Self::UnionPayEcb => MacForm::Ascii8,
            Self::X99 | Self::X919 | Self::Pboc | Self::Sm4Cbc => MacForm::Raw8,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::UnionPayEcb => "the UnionPay ECB MAC",
            Self::X99 => "the X9.9 MAC",
            Self::X919 => "the X9.19 MAC",
            Self::Pboc => "the PBOC MAC",
            Self::Sm4Cbc => "the SM4-CBC MAC",
        }
    }
}

impl MacForm {
    /// The bits of the big-endian eight bytes that carry the MAC.
    fn compared(self) -> u64 {
        match self {
            Self::Raw4 => u64::MAX << 32,
            Self::Ascii8 | Self::Raw8 => u64::MAX,
        }
    }

    fn wire(self, mac: [u8; 8]) -> [u8; 8] {
        let [a, b, c, d, ..] = mac;
        match self {
            Self::Ascii8 => hex::encode4([a, b, c, d]),
            Self::Raw4 => [a, b, c, d, 0, 0, 0, 0],
            Self::Raw8 => mac,
        }
    }
}

/// The exclusive or of all blocks, the last one filled with zeros.
fn fold<const N: usize>(data: &[u8]) -> [u8; N] {
    let (blocks, rest) = data.as_chunks::<N>();
    let tail = pad(rest, Padding::Zeros);
    blocks.iter().fold(tail, |sum, block| xor(sum, *block))
}

/// The two encryptions of the UnionPay algorithm: C = E(A), MAC = E(C ⊕ B), A and B the hexadecimal halves.
fn union_pay(folded: [u8; 8], encrypt: impl Fn(DesState) -> DesState) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h] = folded;
    let upper = DesState::load(hex::encode4([a, b, c, d]));
    let lower = DesState::load(hex::encode4([e, f, g, h]));
    encrypt(encrypt(upper) ^ lower).store()
}

fn union_pay_sm4(folded: [u8; 16], sm4: &Sm4) -> [u8; 8] {
    let mut digits = [[0; 8]; 4];
    for (digits, bytes) in digits.iter_mut().zip(folded.as_chunks::<4>().0) {
        *digits = hex::encode4(*bytes);
    }
    let [upper, lower] = [[digits[0], digits[1]], [digits[2], digits[3]]].map(join);
    first_half(sm4_encrypt(sm4, xor(sm4_encrypt(sm4, upper), lower)))
}

/// CBC with the left part, then the right part backwards and the left one forwards.
fn retail(tdes: &Tdes, data: &[u8], padding: Padding) -> [u8; 8] {
    let chain = cbc(data, padding, |state| state.encrypt(&tdes.first));
    chain.decrypt(&tdes.second).encrypt(tdes.third()).store()
}

/// The state after the last block of a CBC chain from zero.
fn cbc(data: &[u8], padding: Padding, encrypt: impl Fn(DesState) -> DesState) -> DesState {
    let (blocks, rest) = data.as_chunks::<8>();
    let mut state = DesState::ZERO;
    for block in blocks {
        state = encrypt(state ^ DesState::load(*block));
    }
    if padding.needs_block(data.len(), rest.len()) {
        state = encrypt(state ^ DesState::load(pad(rest, padding)));
    }
    state
}

fn cbc_sm4(data: &[u8], sm4: &Sm4) -> [u8; 8] {
    let (blocks, rest) = data.as_chunks::<16>();
    let mut state = [0; 16];
    for block in blocks {
        state = sm4_encrypt(sm4, xor(state, *block));
    }
    if Padding::Zeros.needs_block(data.len(), rest.len()) {
        state = sm4_encrypt(sm4, xor(state, pad(rest, Padding::Zeros)));
    }
    first_half(state)
}

impl Padding {
    /// Whether a padded block follows the whole ones; empty data is one block of padding.
    fn needs_block(self, data_len: usize, rest_len: usize) -> bool {
        match self {
            Self::Zeros => rest_len > 0 || data_len == 0,
            Self::Mark80 => true,
        }
    }
}

/// Fills up a partial block; `rest` is shorter than a block.
fn pad<const N: usize>(rest: &[u8], padding: Padding) -> [u8; N] {
    let mut block = [0; N];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    if let (Padding::Mark80, Some(mark)) = (padding, block.get_mut(rest.len())) {
        *mark = 0x80;
    }
    block
}

fn xor<const N: usize>(mut a: [u8; N], b: [u8; N]) -> [u8; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a ^= b;
    }
    a
}

fn join(halves: [[u8; 8]; 2]) -> [u8; 16] {
    let mut whole = [0; 16];
    whole.copy_from_slice(halves.as_flattened());
    whole
}

fn first_half(block: [u8; 16]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = block;
    [a, b, c, d, e, f, g, h]
}
