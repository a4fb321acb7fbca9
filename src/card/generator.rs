//! Test cards out of a seed: the card of an index is always the same, whoever asks first. Never real cards.

use std::fmt;
use std::str::FromStr;

use super::pan::luhn_digit;
use super::track2::Discretionary;
use super::{Card, Expiry, Pan, Pin, ServiceCode};

/// A bank identification number: the 6 to 12 digits a PAN starts with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bin {
    digits: [u8; BIN_MAX],
    len: u8,
}

/// Which cards to make. The default is 100,000 cards of 16 digits under three BINs made up for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRange {
    /// The BINs, used in turn.
    pub bins: Vec<Bin>,
    /// How many different cards there are.
    pub count: u64,
    /// The number of digits of a PAN, 13 to 19.
    pub pan_len: usize,
    /// The number of digits of a PIN, 4 to 12.
    pub pin_len: usize,
    /// The service code of every card.
    pub service_code: ServiceCode,
}

/// Why there are no such cards: all of these are mistakes of whoever wrote the scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardRangeError {
    /// Not a BIN.
    #[error("a BIN has 6 to 12 digits")]
    Bin,
    /// No BIN to start PANs with.
    #[error("cards need at least one BIN")]
    NoBin,
    /// Two BINs could yield the same PAN.
    #[error("BIN {0} is the beginning of BIN {1}, so that they share cards")]
    Overlap(Bin, Bin),
    /// A PAN length that is out of range.
    #[error("the PANs of generated cards have 13 to 19 digits, not {0}")]
    PanLength(usize),
    /// A PIN length that is out of range.
    #[error("a PIN has 4 to 12 digits, not {0}")]
    PinLength(usize),
    /// More cards than there are numbers.
    #[error("these BINs and PAN length give {capacity} cards, not {wanted}")]
    Count {
        /// How many there are.
        capacity: u64,
        /// How many were asked for.
        wanted: u64,
    },
}

/// Makes the cards of a [`CardRange`]: PANs with a right check digit, no two alike, expiring one to five years on.
#[derive(Clone, Debug)]
pub struct CardGenerator {
    range: CardRange,
    seed: u64,
    today: Expiry,
}

impl CardGenerator {
    /// Checks the range; `today` is the month from which the expiry is in the future.
    ///
    /// # Errors
    /// [`CardRangeError`].
    pub fn new(range: CardRange, seed: u64, today: Expiry) -> Result<Self, CardRangeError> {
        range.check()?;
        Ok(Self { range, seed, today })
    }

    /// The card of an index, which counts from 0; indices from the range's count on start over.
    pub fn card(&self, index: u64) -> Card {
        let index = index % self.range.count;
        let bins = self.range.bins.len() as u64;
        let bin = &self.range.bins[(index % bins) as usize];
        let mut random = SplitMix64(mix(self.seed ^ mix(index)));
        Card {
            pan: self.pan(bin, index / bins),
            expiry: self.today.plus_months(12 + random.below(48) as u16),
            sequence: Some(1),
            service_code: self.range.service_code,
            pin: Some(self.pin(&mut random)),
            discretionary: self.discretionary(&mut random),
        }
    }

    /// All cards in the order of their indices.
    pub fn iter(&self) -> impl Iterator<Item = Card> + '_ {
        (0..self.range.count).map(|index| self.card(index))
    }

    /// The number of different cards.
    pub fn count(&self) -> u64 {
        self.range.count
    }

    fn pan(&self, bin: &Bin, number: u64) -> Pan {
        let mut digits = [b'0'; 19];
        let digits = &mut digits[..self.range.pan_len];
        let (payload, check) = digits.split_at_mut(self.range.pan_len - 1);
        let (start, account) = payload.split_at_mut(bin.as_bytes().len());
        start.copy_from_slice(bin.as_bytes());
        write_decimal(account, shuffle(number, self.seed, capacity(account.len())));
        check[0] = luhn_digit(payload);
        Pan::from_ascii(digits).expect("the digits of a checked range make a PAN")
    }

    fn pin(&self, random: &mut SplitMix64) -> Pin {
        let mut packed = [0xFF; 6];
        for place in 0..self.range.pin_len {
            let digit = random.below(10) as u8;
            packed[place / 2] &= if place % 2 == 0 { digit << 4 | 0xF } else { 0xF0 | digit };
        }
        Pin::from_packed(packed).expect("the digits of a checked range make a PIN")
    }

    /// Fills the track up to its 37 digits.
    fn discretionary(&self, random: &mut SplitMix64) -> Discretionary {
        let mut digits = [0; 37];
        let digits = &mut digits[..37 - 8 - self.range.pan_len];
        digits.fill_with(|| b'0' + random.below(10) as u8);
        Discretionary::from_ascii(digits).expect("the rest of a track fits")
    }
}

impl CardRange {
    fn check(&self) -> Result<(), CardRangeError> {
        if self.bins.is_empty() {
            return Err(CardRangeError::NoBin);
        }
        if let Some((shorter, longer)) = self.overlap() {
            return Err(CardRangeError::Overlap(shorter, longer));
        }
        // Within 13 digits a BIN of 12 leaves no account number, so that the capacity is one card.
        if !(13..=19).contains(&self.pan_len) {
            return Err(CardRangeError::PanLength(self.pan_len));
        }
        if !(4..=12).contains(&self.pin_len) {
            return Err(CardRangeError::PinLength(self.pin_len));
        }
        match self.capacity() {
            capacity if self.count == 0 || self.count > capacity => {
                Err(CardRangeError::Count { capacity, wanted: self.count })
            }
            _ => Ok(()),
        }
    }

    fn overlap(&self) -> Option<(Bin, Bin)> {
        let mut sorted = self.bins.clone();
        sorted.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        let pairs = sorted.windows(2).map(|pair| (pair[0], pair[1]));
        pairs.into_iter().find(|(shorter, longer)| longer.as_bytes().starts_with(shorter.as_bytes()))
    }

    /// BINs take turns, so the longest one, which has the fewest account numbers, decides.
    fn capacity(&self) -> u64 {
        let longest = self.bins.iter().map(|bin| bin.as_bytes().len()).max().unwrap_or_default();
        capacity(self.pan_len.saturating_sub(longest + 1)).saturating_mul(self.bins.len() as u64)
    }
}

impl Default for CardRange {
    fn default() -> Self {
        let bins = TEST_BINS.map(|digits| digits.parse().expect("the test BINs are BINs"));
        let service_code = ServiceCode::default();
        Self { bins: bins.to_vec(), count: 100_000, pan_len: 16, pin_len: 6, service_code }
    }
}

impl Bin {
    /// The ASCII digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }
}

impl FromStr for Bin {
    type Err = CardRangeError;

    fn from_str(text: &str) -> Result<Self, CardRangeError> {
        if !(6..=BIN_MAX).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CardRangeError::Bin);
        }
        let mut digits = [0; BIN_MAX];
        digits[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { digits, len: text.len() as u8 })
    }
}

impl fmt::Display for Bin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|&digit| write!(f, "{}", char::from(digit)))
    }
}

impl fmt::Debug for Bin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bin({self})")
    }
}

/// A stream of well mixed numbers from one seed, the same on every machine and in every version.
struct SplitMix64(u64);

impl SplitMix64 {
    /// A number below `bound`; the bias is far below what a test could see.
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(GOLDEN);
        (((mix(self.0) >> 32) * u64::from(bound)) >> 32) as u32
    }
}

/// The finalizer of SplitMix64.
fn mix(mut value: u64) -> u64 {
    value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// One of the permutations of the numbers below a power of ten, chosen by the seed.
///
/// `number * factor + offset` visits every number once because the factor ends in 1, 3, 7 or 9.
fn shuffle(number: u64, seed: u64, modulus: u64) -> u64 {
    let factor = (mix(seed ^ GOLDEN) >> 8) / 10 * 10 + [1, 3, 7, 9][(seed % 4) as usize];
    let offset = mix(seed);
    let modulus = u128::from(modulus);
    ((u128::from(number) * u128::from(factor) + u128::from(offset)) % modulus) as u64
}

fn capacity(account_digits: usize) -> u64 {
    10_u64.pow(account_digits as u32)
}

fn write_decimal(digits: &mut [u8], mut value: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Numbers in the UnionPay range made up for tests.
const TEST_BINS: [&str; 3] = ["62123450", "62123451", "62123452"];
const BIN_MAX: usize = 12;
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
