//! What a host has for terminals to download, and which terminals it asks to fetch it.

use crate::{
    iso8583::{Parameter, Tag, TaggedTable, append_tlv},
    operation::Kind,
};
use std::sync::Arc;

/// What a host has for terminals to download.
///
/// The numbers are made up: no key of it is one of a card scheme, no card of it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStock {
    /// Card applications, each as the tags of chapter 8.5.
    pub applications: Arc<[Vec<u8>]>,
    /// Public keys, each as the tags of chapter 8.5.
    pub public_keys: Arc<[Vec<u8>]>,
    /// The parameters of a terminal, tags 11 to 27.
    pub parameters: Arc<[u8]>,
    /// All other tables, by the kind of download that brings them; one that is not here is empty.
    pub lists: Arc<[(Kind, Vec<u8>)]>,
    /// The most items on one page of the list of applications or keys.
    pub page_items: usize,
    /// The most bytes on one page of any other table.
    pub page_bytes: usize,
    /// Whether terminals get new master keys when they ask.
    pub renews_keys: bool,
    /// What terminals are asked to do, each once, by the processing request in the header of answers.
    pub requests: Vec<ProcessingRequest>,
}

/// Something that a host asks its terminals to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessingRequest {
    /// The digit in the header; versions of the dialect differ.
    pub digit: u8,
    /// What it asks for: a sign-in, a status upload or a download.
    pub kind: Kind,
}

impl TableStock {
    /// The items of a tagged table.
    pub(super) fn entries(&self, table: TaggedTable) -> &[Vec<u8>] {
        match table {
            TaggedTable::Aid => &self.applications,
            TaggedTable::Capk => &self.public_keys,
        }
    }

    /// The bytes of any other table.
    pub(super) fn list(&self, kind: Kind) -> &[u8] {
        self.lists.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, bytes)| bytes)
    }
}

impl Default for TableStock {
    /// Seven applications, three keys, all parameters, and a few records in every list.
    fn default() -> Self {
        let numbered = |text: &str, count: usize| -> Vec<u8> {
            (0..count).flat_map(|number| format!("{text}{number:04}").into_bytes()).collect()
        };
        Self {
            applications: APPLICATIONS.iter().map(|aid| application(aid)).collect(),
            public_keys: (1..=3).map(public_key).collect(),
            parameters: parameters().into(),
            lists: Arc::new([
                (Kind::RateDownload, numbered("840156000710", 3)),
                (Kind::BlacklistDownload, numbered("620000000000", 120)),
                (Kind::ContactlessDownload, numbered("100030000", 4)),
                (Kind::BinDownload, numbered("1962", 200)),
                (Kind::BinBlacklistDownload, numbered("1999", 20)),
            ]),
            page_items: 5,
            page_bytes: 480,
            renews_keys: true,
            requests: Vec::new(),
        }
    }
}

/// An application with the values that a common one has.
fn application(aid: &[u8]) -> Vec<u8> {
    let mut tags = Vec::new();
    let values: [(u32, &[u8]); 16] = [
        (0x9F06, aid),
        (0xDF01, &[0x00]),
        (0x9F08, &[0x01, 0x40]),
        (0xDF11, &[0xD8, 0x40, 0x00, 0xA8, 0x00]),
        (0xDF12, &[0xD8, 0x40, 0x04, 0xF8, 0x00]),
        (0xDF13, &[0x00, 0x10, 0x00, 0x00, 0x00]),
        (0x9F1B, &[0; 4]),
        (0xDF15, &[0; 4]),
        (0xDF16, &[0x99]),
        (0xDF17, &[0x99]),
        (0xDF14, &[0x9F, 0x37, 0x04]),
        (0xDF18, &[0x01]),
        (0x9F7B, &[0, 0, 0, 1, 0, 0]),
        (0xDF19, &[0; 6]),
        (0xDF20, &[0, 0, 0, 1, 0, 0]),
        (0xDF21, &[0, 0, 0, 1, 0, 0]),
    ];
    append_all(&mut tags, &values);
    tags
}

/// A public key of a scheme that does not exist; its modulus is no product of two primes.
fn public_key(index: u8) -> Vec<u8> {
    let byte = |place: usize| (place as u8).wrapping_mul(37) ^ index.wrapping_mul(91) | 1;
    let modulus: Vec<u8> = (0..128).map(byte).collect();
    let check: Vec<u8> = (128..148).map(byte).collect();
    let mut tags = Vec::new();
    let values: [(u32, &[u8]); 8] = [
        (0x9F06, &[0xA0, 0x00, 0x00, 0x03, 0x33]),
        (0x9F22, &[index]),
        (0xDF05, b"20391231"),
        (0xDF06, &[0x01]),
        (0xDF07, &[0x01]),
        (0xDF02, &modulus),
        (0xDF04, &[0x03]),
        (0xDF03, &check),
    ];
    append_all(&mut tags, &values);
    tags
}

fn append_all(tags: &mut Vec<u8>, values: &[(u32, &[u8])]) {
    for (number, value) in values {
        if let Some(tag) = Tag::new(*number) {
            append_tlv(tags, tag, value);
        }
    }
}

fn parameters() -> Vec<u8> {
    let mut bytes = Vec::new();
    for parameter in Parameter::DOWNLOADED {
        let value: &[u8] = match parameter.tag {
            12 => b"60",
            13 | 23 => b"3",
            19 => b"15",
            22 => b"TEST MERCHANT",
            26 => &[0xFF; 4],
            27 => b"10",
            _ => b"1",
        };
        parameter.append(&mut bytes, value);
    }
    bytes
}

const APPLICATIONS: [&[u8]; 7] = [
    &[0xA0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x01],
    &[0xA0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x02],
    &[0xA0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x03],
    &[0xA0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x06],
    &[0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10],
    &[0xA0, 0x00, 0x00, 0x00, 0x04, 0x10, 0x10],
    &[0xA0, 0x00, 0x00, 0x00, 0x65, 0x10, 0x10],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso8583::Parameters;

    #[test]
    fn what_is_built_in_is_of_the_dialect() {
        let stock = TableStock::default();
        for table in [TaggedTable::Aid, TaggedTable::Capk] {
            for entry in stock.entries(table) {
                let name = table.name_of(entry).expect("every item has a name");
                assert_eq!(table.check(&name, entry), Ok(()));
            }
        }
        assert_eq!(Parameters::downloaded(&stock.parameters).check(), Ok(17));
        for (kind, name) in Kind::ALL {
            let has_list = kind.is_download() && !stock.list(kind).is_empty();
            let has_other = matches!(
                kind,
                Kind::AidDownload | Kind::CapkDownload | Kind::ParameterDownload | Kind::KeyDownload
            );
            assert_eq!(has_list, kind.is_download() && !has_other, "{name}");
        }
    }
}
