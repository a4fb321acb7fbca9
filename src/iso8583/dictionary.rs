//! What data elements are called, and how much of each may be shown.

use super::de::De;

/// How much of an element may be shown to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// All of it.
    Open,
    /// First six and last four characters.
    Account,
    /// First six characters.
    Track,
    /// Its length only.
    Sealed,
    /// All but runs of digits as long as an account number.
    Scanned,
}

/// Returns what an element is called.
pub(super) fn name(de: De) -> &'static str {
    entry(de).map_or("private or national use", |entry| entry.1)
}

/// Returns how much of an element may be shown; what the table does not name is scanned.
pub(super) fn secrecy(de: De) -> Secrecy {
    entry(de).map_or(Scanned, |entry| entry.2)
}

fn entry(de: De) -> Option<&'static (u8, &'static str, Secrecy)> {
    TABLE.binary_search_by_key(&de.number(), |entry| entry.0).ok().and_then(|index| TABLE.get(index))
}

use Secrecy::{Account, Open, Scanned, Sealed, Track};

/// Sorted by number.
const TABLE: &[(u8, &str, Secrecy)] = &[
    (2, "primary account number", Account),
    (3, "processing code", Open),
    (4, "amount", Open),
    (5, "settlement amount", Open),
    (6, "billing amount", Open),
    (7, "transmission time", Open),
    (8, "billing fee", Open),
    (9, "settlement rate", Open),
    (10, "billing rate", Open),
    (11, "STAN", Open),
    (12, "local time", Open),
    (13, "local date", Open),
    (14, "expiry", Open),
    (15, "settlement date", Open),
    (16, "conversion date", Open),
    (17, "capture date", Open),
    (18, "merchant type", Open),
    (19, "acquirer country", Open),
    (20, "card country", Open),
    (21, "forwarder country", Open),
    (22, "entry mode", Open),
    (23, "card sequence number", Open),
    (24, "network id", Open),
    (25, "condition code", Open),
    (26, "PIN capture code", Open),
    (27, "approval code length", Open),
    (28, "transaction fee", Open),
    (29, "settlement fee", Open),
    (30, "transaction processing fee", Open),
    (31, "settlement processing fee", Open),
    (32, "acquirer id", Open),
    (33, "forwarder id", Open),
    (34, "extended account number", Account),
    (35, "track 2", Track),
    (36, "track 3", Sealed),
    (37, "RRN", Open),
    (38, "approval code", Open),
    (39, "response code", Open),
    (40, "service restriction", Open),
    (41, "terminal id", Open),
    (42, "merchant id", Open),
    (43, "merchant name and location", Open),
    (44, "additional response data", Open),
    (45, "track 1", Sealed),
    (46, "additional data, ISO", Scanned),
    (47, "additional data, national", Scanned),
    (48, "additional data, private", Scanned),
    (49, "currency", Open),
    (50, "settlement currency", Open),
    (51, "billing currency", Open),
    (52, "PIN block", Sealed),
    (53, "security control", Open),
    (54, "additional amounts", Open),
    (55, "chip data", Sealed),
    (56, "reserved, ISO", Scanned),
    (57, "reserved, national", Scanned),
    (58, "electronic purse", Sealed),
    (59, "private data", Scanned),
    (60, "private data", Open),
    (61, "original data", Open),
    (62, "private data", Sealed),
    (63, "private data", Scanned),
    (64, "MAC", Open),
    (66, "settlement code", Open),
    (67, "extended payment code", Open),
    (68, "receiver country", Open),
    (69, "settlement country", Open),
    (70, "network management code", Open),
    (71, "message number", Open),
    (72, "last message number", Open),
    (73, "action date", Open),
    (74, "credits, number", Open),
    (75, "credits reversed, number", Open),
    (76, "debits, number", Open),
    (77, "debits reversed, number", Open),
    (78, "transfers, number", Open),
    (79, "transfers reversed, number", Open),
    (80, "inquiries, number", Open),
    (81, "authorizations, number", Open),
    (82, "credits, processing fee", Open),
    (83, "credits, transaction fee", Open),
    (84, "debits, processing fee", Open),
    (85, "debits, transaction fee", Open),
    (86, "credits, amount", Open),
    (87, "credits reversed, amount", Open),
    (88, "debits, amount", Open),
    (89, "debits reversed, amount", Open),
    (90, "original elements", Open),
    (91, "file update code", Open),
    (92, "file security code", Open),
    (93, "response indicator", Open),
    (94, "service indicator", Open),
    (95, "replacement amounts", Open),
    (96, "message security code", Sealed),
    (97, "net settlement", Open),
    (98, "payee", Open),
    (99, "settlement institution", Open),
    (100, "receiver id", Open),
    (101, "file name", Open),
    (102, "account 1", Account),
    (103, "account 2", Account),
    (104, "transaction description", Scanned),
    (128, "MAC", Open),
];

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_names_every_element_of_the_shipped_specs() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for number in (2..=64).chain(66..=104) {
            assert_ne!(name(De::new(number).unwrap()), "private or national use", "{number}");
        }
    }
}
