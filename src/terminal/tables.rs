//! The tables that a terminal has downloaded.
//!
//! Thousands of terminals download the same tables, and nothing in them changes what a virtual terminal does. So a
//! terminal keeps of each only how much it was and a fingerprint, which tells whether two terminals hold the same.

use crate::operation::Kind;

/// The tables that a terminal has downloaded; none takes no memory of its own.
#[derive(Clone, Debug, Default)]
pub struct Tables(Option<Box<[Option<Table>; SHELVES]>>);

/// One downloaded table: as much as is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// How many items or pages it came in.
    pub items: u16,
    /// How many bytes they had.
    pub bytes: u32,
    /// Tells tables apart: that of the same items in the same order is the same (FNV-1a, 64 bits).
    pub fingerprint: u64,
}

impl Tables {
    /// The table that a download of this kind has brought.
    pub fn get(&self, kind: Kind) -> Option<&Table> {
        self.0.as_deref()?.get(shelf(kind)?)?.as_ref()
    }

    /// Puts a table in the place of the one that was there.
    pub(super) fn put(&mut self, kind: Kind, table: Table) {
        let shelves = self.0.get_or_insert_default();
        if let Some(place) = shelf(kind).and_then(|shelf| shelves.get_mut(shelf)) {
            *place = Some(table);
        }
    }
}

impl Table {
    /// A table of nothing.
    pub(super) const EMPTY: Self = Self { items: 0, bytes: 0, fingerprint: 0xCBF2_9CE4_8422_2325 };

    /// Adds an item or a page.
    pub(super) fn add(&mut self, item: &[u8]) {
        self.items = self.items.saturating_add(1);
        self.bytes = self.bytes.saturating_add(item.len() as u32);
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        self.fingerprint = item.iter().fold(self.fingerprint, hash);
    }
}

fn shelf(kind: Kind) -> Option<usize> {
    ON_SHELVES.iter().position(|known| *known == kind)
}

const SHELVES: usize = 8;
const ON_SHELVES: [Kind; SHELVES] = [
    Kind::ParameterDownload,
    Kind::AidDownload,
    Kind::CapkDownload,
    Kind::RateDownload,
    Kind::BlacklistDownload,
    Kind::ContactlessDownload,
    Kind::BinDownload,
    Kind::BinBlacklistDownload,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_same_items_are_told_from_others() {
        let of = |items: &[&[u8]]| {
            let mut table = Table::EMPTY;
            items.iter().for_each(|item| table.add(item));
            table
        };
        assert_eq!(of(&[b"one", b"two"]), of(&[b"one", b"two"]));
        for other in [of(&[b"one", b"twp"]), of(&[b"two", b"one"]), of(&[b"onetwo"]), of(&[])] {
            assert_ne!(of(&[b"one", b"two"]), other);
        }
    }

    #[test]
    fn every_download_but_that_of_a_key_has_its_place() {
        for (kind, name) in Kind::ALL {
            let mut tables = Tables::default();
            tables.put(kind, Table::EMPTY);
            let is_kept = kind.is_download() && kind != Kind::KeyDownload;
            assert_eq!(tables.get(kind).is_some(), is_kept, "{name}");
        }
        assert_eq!(size_of::<Tables>(), size_of::<usize>());
    }
}
