//! Hides card data and keys in what is shown to people.

use super::{
    de::De,
    dictionary::{self, Secrecy},
    mti::Mti,
    private59::Private59,
};

/// Whether card data and keys are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Masking {
    /// Hidden behind `*`.
    #[default]
    Masked,
    /// Shown in full: for test data only.
    Unmasked,
}

/// Hides what must not be shown of an element's text.
pub(super) fn mask(de: De, mti: Mti, text: String) -> String {
    let keep = match dictionary::secrecy(de) {
        Secrecy::Open => return text,
        Secrecy::Scanned if de == De::PRIVATE_48 && is_settlement(mti) => return text,
        Secrecy::Scanned => return mask_accounts(&text),
        Secrecy::Account => (6, 4),
        Secrecy::Track => (6, 0),
        Secrecy::Sealed => (0, 0),
    };
    mask_middle(&text, keep)
}

/// Totals of 62 digits look like account numbers but are none.
fn is_settlement(mti: Mti) -> bool {
    mti == Mti::SETTLEMENT || mti == Mti::SETTLEMENT.response()
}

/// DE 59 with stars for the PIN block that one of its tags may hold.
pub(super) fn without_pin_block(tags: &[u8]) -> Vec<u8> {
    let mut open = tags.to_vec();
    let mut end = 0;
    for (tag, value) in Private59::new(tags).map_while(Result::ok) {
        let start = end + HEAD_59;
        end = start + value.len();
        if tag == Private59::PIN_BLOCK
            && let Some(block) = open.get_mut(start..end)
        {
            block.fill(b'*');
        }
    }
    open
}

/// Keeps some characters at both ends; all are hidden when too few would be.
pub(super) fn mask_middle(text: &str, (front, back): (usize, usize)) -> String {
    let length = text.chars().count();
    let hidden = if length >= front + back + 3 { front..length - back } else { 0..length };
    text.chars().enumerate().map(|(index, char)| if hidden.contains(&index) { '*' } else { char }).collect()
}

/// Hides runs of thirteen digits and more.
pub(super) fn mask_accounts(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        let (run, after) = rest.split_at(digits);
        let others = after.find(|char: char| char.is_ascii_digit()).unwrap_or(after.len());
        let (between, next) = after.split_at(others);
        masked.push_str(&if run.len() >= ACCOUNT_DIGITS_MIN {
            mask_middle(run, (0, 4))
        } else {
            run.to_owned()
        });
        masked.push_str(between);
        rest = next;
    }
    masked
}

/// Tag and length of a value of DE 59.
const HEAD_59: usize = 5;
/// The shortest account number in use (ISO/IEC 7812).
const ACCOUNT_DIGITS_MIN: usize = 13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_keep_six_and_four() {
        assert_eq!(mask(De::PAN, Mti::FINANCIAL, "6212260000000005573".into()), "621226*********5573");
        assert_eq!(mask(De::PAN, Mti::FINANCIAL, "621226000".into()), "*********");
        assert_eq!(mask(De::TRACK2, Mti::FINANCIAL, "6212260000D30".into()), "621226*******");
        assert_eq!(mask(De::PIN_BLOCK, Mti::FINANCIAL, "0011223344556677".into()), "****************");
    }

    #[test]
    fn private_texts_are_searched_for_account_numbers() {
        let batch = mask(De::PRIVATE_48, Mti::BATCH_UPLOAD, "tip 12 of 6212260000000005573.".into());
        assert_eq!(batch, "tip 12 of ***************5573.");
        let digits = "0".repeat(62);
        assert_eq!(mask(De::PRIVATE_48, Mti::SETTLEMENT, digits.clone()), digits);
    }
}
