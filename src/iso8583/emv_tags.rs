//! The data objects of EMV and PBOC cards by tag: names, how values read, and which of them must be hidden.

use super::{
    mask::{Masking, mask_middle},
    tlv::Tag,
};
use std::fmt::Write as _;

/// A data object that people know by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmvTag {
    /// The tag.
    pub tag: Tag,
    /// The name in EMV, PBOC or the terminal dialect.
    pub name: &'static str,
    content: Content,
    secrecy: Secrecy,
}

/// How a value reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Bytes, or packed digits: hexadecimal.
    Hex,
    /// Characters.
    Text,
}

/// Whether a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrecy {
    Open,
    /// The first six and the last four digits may.
    Account,
    /// The first six digits may.
    Track,
    Hidden,
}

impl EmvTag {
    /// Looks a tag up.
    #[must_use]
    pub fn of(tag: Tag) -> Option<&'static Self> {
        TABLE.binary_search_by_key(&tag, |known| known.tag).ok().and_then(|place| TABLE.get(place))
    }

    /// Writes a value the way people read it: text, or hexadecimal; card data is hidden unless told otherwise.
    ///
    /// The value of a template is hidden too: its parts are to be shown one by one.
    #[must_use]
    pub fn show(tag: Tag, value: &[u8], masking: Masking) -> String {
        let known = Self::of(tag);
        let readable = value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        let text = match known.map(|known| known.content) {
            Some(Content::Text) if readable => value.iter().copied().map(char::from).collect(),
            _ => hex(value),
        };
        let secrecy = known.map_or(Secrecy::Open, |known| known.secrecy);
        match (masking, secrecy) {
            (Masking::Masked, _) if tag.is_constructed() => mask_middle(&text, (0, 0)),
            (Masking::Unmasked, _) | (_, Secrecy::Open) => text,
            (Masking::Masked, Secrecy::Account) => masked_account(&text),
            (Masking::Masked, Secrecy::Track) => mask_middle(&text, (6, 0)),
            (Masking::Masked, Secrecy::Hidden) => mask_middle(&text, (0, 0)),
        }
    }
}

/// The filling behind an odd number of digits stays outside of the digits that are shown.
fn masked_account(text: &str) -> String {
    let digits = text.trim_end_matches('F');
    let mut masked = mask_middle(digits, (6, 4));
    masked.push_str(text.get(digits.len()..).unwrap_or_default());
    masked
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

const fn open(number: u32, name: &'static str) -> EmvTag {
    EmvTag { tag: known(number), name, content: Content::Hex, secrecy: Secrecy::Open }
}

const fn text(number: u32, name: &'static str) -> EmvTag {
    EmvTag { content: Content::Text, ..open(number, name) }
}

const fn account(number: u32, name: &'static str) -> EmvTag {
    EmvTag { secrecy: Secrecy::Account, ..open(number, name) }
}

const fn track(number: u32, name: &'static str) -> EmvTag {
    EmvTag { secrecy: Secrecy::Track, ..open(number, name) }
}

const fn hidden(number: u32, name: &'static str) -> EmvTag {
    EmvTag { secrecy: Secrecy::Hidden, ..open(number, name) }
}

const fn hidden_text(number: u32, name: &'static str) -> EmvTag {
    EmvTag { content: Content::Text, ..hidden(number, name) }
}

const fn known(number: u32) -> Tag {
    match Tag::new(number) {
        Some(tag) => tag,
        None => panic!("the table holds only well-formed tags"),
    }
}

/// Tags that machines use by name.
impl Tag {
    /// 57: track 2 equivalent data.
    pub const TRACK2: Self = known(0x57);
    /// 5A: application PAN.
    pub const PAN: Self = known(0x5A);
    /// 5F2A: transaction currency code.
    pub const CURRENCY: Self = known(0x5F2A);
    /// 5F34: application PAN sequence number.
    pub const PAN_SEQUENCE: Self = known(0x5F34);
    /// 71: issuer script template 1, before the final cryptogram.
    pub const SCRIPT_1: Self = known(0x71);
    /// 72: issuer script template 2, after the final cryptogram.
    pub const SCRIPT_2: Self = known(0x72);
    /// 82: application interchange profile.
    pub const INTERCHANGE_PROFILE: Self = known(0x82);
    /// 84: dedicated file name.
    pub const FILE_NAME: Self = known(0x84);
    /// 86: issuer script command.
    pub const SCRIPT_COMMAND: Self = known(0x86);
    /// 8A: authorisation response code.
    pub const RESPONSE_CODE: Self = known(0x8A);
    /// 91: issuer authentication data.
    pub const ISSUER_AUTHENTICATION: Self = known(0x91);
    /// 95: terminal verification results.
    pub const VERIFICATION_RESULTS: Self = known(0x95);
    /// 9A: transaction date.
    pub const DATE: Self = known(0x9A);
    /// 9C: transaction type.
    pub const TRANSACTION_TYPE: Self = known(0x9C);
    /// 9F02: amount, authorised.
    pub const AMOUNT: Self = known(0x9F02);
    /// 9F03: amount, other.
    pub const AMOUNT_OTHER: Self = known(0x9F03);
    /// 9F09: application version number of the terminal.
    pub const APPLICATION_VERSION: Self = known(0x9F09);
    /// 9F10: issuer application data.
    pub const ISSUER_DATA: Self = known(0x9F10);
    /// 9F18: issuer script identifier.
    pub const SCRIPT_ID: Self = known(0x9F18);
    /// 9F1A: terminal country code.
    pub const COUNTRY: Self = known(0x9F1A);
    /// 9F1E: interface device serial number.
    pub const SERIAL_NUMBER: Self = known(0x9F1E);
    /// 9F26: application cryptogram.
    pub const CRYPTOGRAM: Self = known(0x9F26);
    /// 9F27: cryptogram information data.
    pub const CRYPTOGRAM_INFORMATION: Self = known(0x9F27);
    /// 9F33: terminal capabilities.
    pub const CAPABILITIES: Self = known(0x9F33);
    /// 9F34: cardholder verification method results.
    pub const CVM_RESULTS: Self = known(0x9F34);
    /// 9F35: terminal type.
    pub const TERMINAL_TYPE: Self = known(0x9F35);
    /// 9F36: application transaction counter.
    pub const TRANSACTION_COUNTER: Self = known(0x9F36);
    /// 9F37: unpredictable number.
    pub const UNPREDICTABLE_NUMBER: Self = known(0x9F37);
    /// 9F41: transaction sequence counter.
    pub const SEQUENCE_COUNTER: Self = known(0x9F41);
    /// DF31: issuer script results.
    pub const SCRIPT_RESULTS: Self = known(0xDF31);
}

/// EMV Books 3 and 4, PBOC 3.0, and what terminals of the dialect add; ascending.
const TABLE: &[EmvTag] = &[
    open(0x42, "issuer identification number"),
    open(0x4F, "application identifier"),
    text(0x50, "application label"),
    track(0x56, "track 1 data"),
    track(0x57, "track 2 equivalent data"),
    account(0x5A, "application PAN"),
    open(0x61, "application template"),
    open(0x6F, "file control information template"),
    open(0x70, "read record template"),
    open(0x71, "issuer script template 1"),
    open(0x72, "issuer script template 2"),
    open(0x73, "directory discretionary template"),
    open(0x77, "response message template format 2"),
    open(0x80, "response message template format 1"),
    open(0x81, "amount, authorised (binary)"),
    open(0x82, "application interchange profile"),
    open(0x83, "command template"),
    open(0x84, "dedicated file name"),
    open(0x86, "issuer script command"),
    open(0x87, "application priority indicator"),
    open(0x88, "short file identifier"),
    text(0x89, "authorisation code"),
    text(0x8A, "authorisation response code"),
    open(0x8C, "card risk management data object list 1"),
    open(0x8D, "card risk management data object list 2"),
    open(0x8E, "cardholder verification method list"),
    open(0x8F, "certification authority public key index"),
    open(0x90, "issuer public key certificate"),
    open(0x91, "issuer authentication data"),
    open(0x92, "issuer public key remainder"),
    open(0x93, "signed static application data"),
    open(0x94, "application file locator"),
    open(0x95, "terminal verification results"),
    open(0x97, "transaction certificate data object list"),
    open(0x98, "transaction certificate hash value"),
    hidden(0x99, "transaction PIN data"),
    open(0x9A, "transaction date"),
    open(0x9B, "transaction status information"),
    open(0x9C, "transaction type"),
    open(0x9D, "directory definition file name"),
    open(0xA5, "file control information proprietary template"),
    hidden_text(0x5F20, "cardholder name"),
    hidden(0x5F24, "application expiration date"),
    open(0x5F25, "application effective date"),
    open(0x5F28, "issuer country code"),
    open(0x5F2A, "transaction currency code"),
    text(0x5F2D, "language preference"),
    hidden(0x5F30, "service code"),
    open(0x5F34, "application PAN sequence number"),
    open(0x5F36, "transaction currency exponent"),
    text(0x5F50, "issuer URL"),
    hidden(0x5F53, "international bank account number"),
    text(0x5F54, "bank identifier code"),
    text(0x5F55, "issuer country code (alpha 2)"),
    text(0x5F56, "issuer country code (alpha 3)"),
    open(0x9F01, "acquirer identifier"),
    open(0x9F02, "amount, authorised"),
    open(0x9F03, "amount, other"),
    open(0x9F04, "amount, other (binary)"),
    open(0x9F05, "application discretionary data"),
    open(0x9F06, "application identifier of the terminal"),
    open(0x9F07, "application usage control"),
    open(0x9F08, "application version number of the card"),
    open(0x9F09, "application version number of the terminal"),
    hidden_text(0x9F0B, "cardholder name extended"),
    open(0x9F0D, "issuer action code, default"),
    open(0x9F0E, "issuer action code, denial"),
    open(0x9F0F, "issuer action code, online"),
    open(0x9F10, "issuer application data"),
    open(0x9F11, "issuer code table index"),
    text(0x9F12, "application preferred name"),
    open(0x9F13, "last online application transaction counter"),
    open(0x9F14, "lower consecutive offline limit"),
    open(0x9F15, "merchant category code"),
    text(0x9F16, "merchant identifier"),
    open(0x9F17, "PIN try counter"),
    open(0x9F18, "issuer script identifier"),
    open(0x9F1A, "terminal country code"),
    open(0x9F1B, "terminal floor limit"),
    text(0x9F1C, "terminal identification"),
    open(0x9F1D, "terminal risk management data"),
    text(0x9F1E, "interface device serial number"),
    track(0x9F1F, "track 1 discretionary data"),
    hidden(0x9F20, "track 2 discretionary data"),
    open(0x9F21, "transaction time"),
    open(0x9F22, "certification authority public key index of the terminal"),
    open(0x9F23, "upper consecutive offline limit"),
    open(0x9F26, "application cryptogram"),
    open(0x9F27, "cryptogram information data"),
    open(0x9F2D, "ICC PIN encipherment public key certificate"),
    open(0x9F2E, "ICC PIN encipherment public key exponent"),
    open(0x9F2F, "ICC PIN encipherment public key remainder"),
    open(0x9F32, "issuer public key exponent"),
    open(0x9F33, "terminal capabilities"),
    open(0x9F34, "cardholder verification method results"),
    open(0x9F35, "terminal type"),
    open(0x9F36, "application transaction counter"),
    open(0x9F37, "unpredictable number"),
    open(0x9F38, "processing options data object list"),
    open(0x9F39, "point-of-service entry mode"),
    open(0x9F3A, "amount, reference currency"),
    open(0x9F3B, "application reference currency"),
    open(0x9F3C, "transaction reference currency code"),
    open(0x9F3D, "transaction reference currency exponent"),
    open(0x9F40, "additional terminal capabilities"),
    open(0x9F41, "transaction sequence counter"),
    open(0x9F42, "application currency code"),
    open(0x9F43, "application reference currency exponent"),
    open(0x9F44, "application currency exponent"),
    open(0x9F45, "data authentication code"),
    open(0x9F46, "ICC public key certificate"),
    open(0x9F47, "ICC public key exponent"),
    open(0x9F48, "ICC public key remainder"),
    open(0x9F49, "dynamic data authentication data object list"),
    open(0x9F4A, "static data authentication tag list"),
    open(0x9F4B, "signed dynamic application data"),
    open(0x9F4C, "ICC dynamic number"),
    open(0x9F4D, "log entry"),
    text(0x9F4E, "merchant name and location"),
    open(0x9F4F, "log format"),
    open(0x9F51, "application currency code (PBOC)"),
    open(0x9F52, "application default action"),
    open(0x9F53, "transaction category code"),
    open(0x9F54, "cumulative total transaction amount limit"),
    open(0x9F56, "issuer authentication indicator"),
    open(0x9F57, "issuer country code (PBOC)"),
    open(0x9F5A, "contactless program identifier"),
    open(0x9F5D, "available offline spending amount"),
    hidden(0x9F61, "cardholder identity number (PBOC)"),
    open(0x9F62, "cardholder identity type (PBOC)"),
    open(0x9F63, "card product identification (PBOC)"),
    open(0x9F66, "terminal transaction qualifiers"),
    track(0x9F6B, "track 2 data of a contactless card"),
    open(0x9F6C, "card transaction qualifiers"),
    open(0x9F6E, "form factor indicator"),
    open(0x9F74, "electronic cash issuer authorisation code"),
    open(0x9F77, "electronic cash balance limit"),
    open(0x9F78, "electronic cash single transaction limit"),
    open(0x9F79, "electronic cash balance"),
    open(0x9F7A, "electronic cash terminal support indicator"),
    open(0x9F7B, "electronic cash terminal transaction limit"),
    open(0x9F7C, "customer exclusive data"),
    open(0x9F7D, "unpredictable number of a contactless card"),
    open(0xBF0C, "file control information issuer discretionary data"),
    open(0xDF01, "application selection indicator"),
    open(0xDF02, "certification authority public key modulus"),
    open(0xDF03, "certification authority public key check sum"),
    open(0xDF04, "certification authority public key exponent"),
    text(0xDF05, "certification authority public key expiry"),
    open(0xDF06, "certification authority hash algorithm"),
    open(0xDF07, "certification authority signature algorithm"),
    open(0xDF11, "terminal action code, default"),
    open(0xDF12, "terminal action code, online"),
    open(0xDF13, "terminal action code, denial"),
    open(0xDF14, "default dynamic data authentication data object list"),
    open(0xDF15, "threshold of biased random selection"),
    open(0xDF16, "maximum target percentage of biased random selection"),
    open(0xDF17, "target percentage of random selection"),
    open(0xDF18, "terminal online PIN capability"),
    open(0xDF19, "contactless offline floor limit"),
    open(0xDF20, "contactless transaction limit"),
    open(0xDF21, "contactless cardholder verification limit"),
    open(0xDF31, "issuer script results"),
    open(0xDF32, "chip serial number"),
    open(0xDF33, "session key data"),
    open(0xDF34, "terminal reading time"),
    text(0xFF00, "merchant name"),
    text(0xFF01, "transaction type in words"),
    text(0xFF02, "operator"),
    text(0xFF03, "acquirer"),
    text(0xFF04, "issuer"),
    hidden_text(0xFF05, "expiry"),
    text(0xFF06, "date and time"),
    text(0xFF07, "approval code"),
    open(0xFF08, "tip"),
    text(0xFF09, "card organisation"),
    text(0xFF0A, "currency"),
    hidden_text(0xFF0B, "cardholder's telephone number"),
    open(0xFF70, "print count"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ascends_and_every_tag_is_found() {
        assert!(TABLE.is_sorted_by(|a, b| a.tag < b.tag));
        for known in TABLE {
            assert_eq!(EmvTag::of(known.tag), Some(known));
        }
        assert_eq!(EmvTag::of(known(0xDF7F)), None);
    }

    #[test]
    fn card_data_is_hidden_and_the_rest_reads_as_it_should() {
        let masked = |tag, value: &[u8]| EmvTag::show(tag, value, Masking::Masked);
        assert_eq!(masked(Tag::PAN, &[0x62, 0x12, 0x34, 0x50, 0x00, 0x00, 0x00, 0x01]), "621234******0001");
        assert_eq!(
            masked(Tag::PAN, &[0x62, 0x12, 0x34, 0x50, 0x00, 0x00, 0x00, 0x00, 0x01, 0x7F]),
            "621234*********0017F"
        );
        assert_eq!(masked(Tag::TRACK2, &[0x62, 0x12, 0x34, 0x50, 0x0D, 0x29]), "621234******");
        assert_eq!(masked(known(0x5F20), b"LI LEI"), "******");
        assert_eq!(masked(known(0x5F24), &[0x29, 0x12, 0x31]), "******");
        assert_eq!(masked(Tag::CRYPTOGRAM, &[0xAB, 0x01]), "AB01");
        assert_eq!(masked(Tag::RESPONSE_CODE, b"00"), "00");
        assert_eq!(masked(Tag::RESPONSE_CODE, &[0, 1]), "0001");
        assert_eq!(masked(known(0x70), &[0x5A, 0x01, 0x62]), "******");
        assert_eq!(EmvTag::show(known(0x5F24), &[0x29, 0x12, 0x31], Masking::Unmasked), "291231");
    }
}
