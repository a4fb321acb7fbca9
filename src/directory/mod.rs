//! The merchants behind a fleet: names, phones, identity numbers and bank cards, made up out of a seed and a merchant number.
//!
//! Nobody keeps them: whoever needs to know something of a merchant asks, and gets the same answer each time. So a
//! simulated portal and the scenario that talks to it agree without telling each other. All of it is fictional: the
//! cards begin with numbers that no bank has, and identity numbers end in a region that does not exist.

use crate::{
    card::{Pan, luhn_digit},
    iso8583::MerchantId,
    rng::{Domain, Rng, Seed},
};

/// All merchants of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory {
    seed: Seed,
}

/// A merchant and its holder, with the cards that the holder has.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name, also on receipts.
    pub name: String,
    /// Where it trades.
    pub address: String,
    /// Legal holder, also whom to ask for.
    pub holder: String,
    /// Identity number of the holder (GB 11643), its check digit right.
    pub identity: String,
    /// The phone on file, 11 digits.
    pub phone: String,
    /// Number of the business licence.
    pub licence: String,
    /// Password of the portal.
    pub password: String,
    /// Password for queries by phone, of every card.
    pub query_password: String,
    /// Bank of every card.
    pub bank: String,
    /// The card that payouts go to in the beginning.
    pub card: Pan,
    /// Cards of the holder that may become settlement cards.
    pub spares: [Pan; SPARES],
    /// A card of the holder that was never activated.
    pub inactive: Pan,
    /// A card of the holder whose account is of class II.
    pub second_class: Pan,
}

impl Directory {
    /// The merchants of this seed.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { seed }
    }

    /// What there is to know of a merchant.
    #[must_use]
    pub fn entry(&self, merchant: MerchantId) -> Entry {
        let number = fingerprint(merchant.as_bytes());
        let mut rng = self.seed.stream(Domain::Directory, number, 0);
        let holder = format!("{}{}", pick(&mut rng, &SURNAMES), pick(&mut rng, &GIVEN_NAMES));
        let cards = rng.bits() % CARD_NUMBERS;
        let card = |place: u64| pan((cards + place * CARD_STEP) % CARD_NUMBERS);
        Entry {
            name: format!("{}{}{:04}", pick(&mut rng, &PLACES), pick(&mut rng, &TRADES), number % 10_000),
            address: format!("{}测试路{}号", pick(&mut rng, &PLACES), rng.between(1, 999)),
            holder,
            identity: identity(&mut rng),
            phone: format!("1{:010}", rng.between(3_000_000_000, 9_999_999_999)),
            licence: format!("9{:017}", rng.between(0, 99_999_999_999_999_999)),
            password: format!("Pw{:06}", rng.between(0, 999_999)),
            query_password: format!("{:06}", rng.between(0, 999_999)),
            bank: pick(&mut rng, &BANKS).to_owned(),
            card: card(0),
            spares: std::array::from_fn(|place| card(1 + place as u64)),
            inactive: card(1 + SPARES as u64),
            second_class: card(2 + SPARES as u64),
        }
    }
}

impl Entry {
    /// The spare card for the so-manyth change, counted from 0: they take turns.
    #[must_use]
    pub fn spare(&self, change: u64) -> Pan {
        self.spares[(change % SPARES as u64) as usize]
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).field("card", &self.card).finish_non_exhaustive()
    }
}

/// FNV-1a: the same number for the same merchant on every machine.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.between(0, words.len() as u64 - 1) as usize]
}

fn pan(number: u64) -> Pan {
    let payload = format!("{BIN}{number:09}");
    let check = char::from(luhn_digit(payload.as_bytes()));
    format!("{payload}{check}").parse().expect("sixteen digits are a PAN")
}

/// Seventeen digits and their check digit (ISO 7064 MOD 11-2), under the region 999999.
fn identity(rng: &mut Rng) -> String {
    let (year, month, day) = (rng.between(1950, 1999), rng.between(1, 12), rng.between(1, 28));
    let payload = format!("999999{year:04}{month:02}{day:02}{:03}", rng.between(0, 999));
    let sum = payload.bytes().fold(0, |sum, digit| (sum + u32::from(digit & 0xF)) * 2 % 11);
    let check = match (12 - sum) % 11 {
        10 => 'X',
        digit => char::from(b'0' + digit as u8),
    };
    format!("{payload}{check}")
}

/// Spare cards of every holder.
pub const SPARES: usize = 4;

const SURNAMES: [&str; 12] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙"];
const GIVEN_NAMES: [&str; 12] = ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳", "建国", "小明"];
const PLACES: [&str; 8] = ["城东", "城西", "南门", "北街", "中心", "河边", "山前", "新区"];
const TRADES: [&str; 8] = ["超市", "餐馆", "药店", "书店", "服装店", "水果店", "五金店", "面包房"];
const BANKS: [&str; 4] = ["测试银行", "示例银行", "模拟银行", "样本银行"];
/// A range that no bank was given.
const BIN: &str = "620000";
const CARD_NUMBERS: u64 = 1_000_000_000;
const CARD_STEP: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn entry(text: &str) -> Entry {
        Directory::new(Seed(7)).entry(text.parse().expect("a merchant number"))
    }

    #[test]
    fn a_merchant_is_the_same_whoever_asks_and_like_no_other() {
        let [one, two] = ["898310000000001", "898310000000002"].map(entry);
        assert_eq!(one, entry("898310000000001"));
        assert!(one.phone != two.phone && one.card != two.card && one.identity != two.identity);
    }

    #[test]
    fn its_cards_are_different_and_their_check_digits_right() {
        let entry = entry("898310000000001");
        let cards = [entry.card, entry.inactive, entry.second_class].into_iter().chain(entry.spares);
        let cards: Vec<Pan> = cards.collect();
        assert!(cards.iter().all(Pan::is_luhn_valid));
        assert_eq!(cards.iter().collect::<BTreeSet<_>>().len(), SPARES + 3);
        assert_eq!(entry.spare(0), entry.spare(SPARES as u64));
        assert_eq!((entry.phone.len(), entry.identity.len()), (11, 18));
    }
}
