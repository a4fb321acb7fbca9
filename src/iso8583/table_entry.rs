//! The items of the tables that a host sends: card applications and public keys, named and described by tags.
//!
//! A list names its items; a download brings what belongs to each (chapter 8.5 of the dialect).

use super::tlv::{DataObject, Tag, Tlv, TlvError};
use std::fmt;

/// Which table of tagged items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaggedTable {
    /// Card applications: AIDs with their limits and terminal action codes.
    Aid,
    /// The card schemes' public keys.
    Capk,
}

/// One tag of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryTag {
    /// The tag.
    pub tag: Tag,
    /// What it is called.
    pub name: &'static str,
    /// The fewest and the most bytes of its value.
    pub length: (usize, usize),
    /// Whether every item has it.
    pub mandatory: bool,
}

/// The bytes of a list or an item are not what the dialect says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// They are no tags with lengths and values.
    #[error(transparent)]
    Tags(#[from] TlvError),
    /// An item has no such tag.
    #[error("tag {0} is missing")]
    Missing(Tag),
    /// A value is too short or too long.
    #[error("tag {tag} has {length} bytes")]
    Length {
        /// Which tag.
        tag: Tag,
        /// How many bytes its value has.
        length: usize,
    },
    /// A list does not begin with the tag that begins its items.
    #[error("tag {0} stands before the first item")]
    Stray(Tag),
    /// An item is another than the one that was asked for.
    #[error("tag {0} is that of another item")]
    Other(Tag),
}

/// What names an item of a table: the bytes of its naming tags, as a download asks for it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct EntryName {
    bytes: [u8; Self::CAPACITY],
    length: u8,
}

impl TaggedTable {
    /// The tags of an item in the order in which they are sent.
    #[must_use]
    pub const fn tags(self) -> &'static [EntryTag] {
        match self {
            Self::Aid => AID_TAGS,
            Self::Capk => CAPK_TAGS,
        }
    }

    /// The tags that name an item.
    const fn naming(self) -> &'static [Tag] {
        match self {
            Self::Aid => &[AID],
            Self::Capk => &[AID, KEY_INDEX],
        }
    }

    /// Reads the names of the items of a page of the list; other tags of an item are left alone.
    ///
    /// # Errors
    /// When the page is cut off or broken anywhere; no name is returned then.
    pub fn names(self, page: &[u8]) -> Result<Vec<EntryName>, EntryError> {
        let mut names: Vec<EntryName> = Vec::new();
        for object in Tlv::new(page) {
            let object = object?;
            let Some(place) = self.naming().iter().position(|tag| *tag == object.tag) else {
                if names.is_empty() {
                    return Err(EntryError::Stray(object.tag));
                }
                continue;
            };
            self.check_length(&object)?;
            if place == 0 {
                self.check_name(names.last())?;
                names.push(EntryName::default());
            }
            names.last_mut().ok_or(EntryError::Stray(object.tag))?.push(&object)?;
        }
        self.check_name(names.last())?;
        Ok(names)
    }

    /// Checks what a download brought of one item.
    ///
    /// # Errors
    /// When it is cut off or broken, a mandatory tag is missing, a value is too short or too long, or it is another item.
    pub fn check(self, name: &EntryName, entry: &[u8]) -> Result<(), EntryError> {
        for object in Tlv::new(entry) {
            self.check_length(&object?)?;
        }
        let tags = Tlv::new(entry);
        let missing = self.tags().iter().find(|known| known.mandatory && tags.find(known.tag).is_none());
        if let Some(missing) = missing {
            return Err(EntryError::Missing(missing.tag));
        }
        match Tlv::new(name.as_bytes())
            .map_while(Result::ok)
            .find(|part| tags.find(part.tag) != Some(part.value))
        {
            Some(other) => Err(EntryError::Other(other.tag)),
            None => Ok(()),
        }
    }

    /// The name of the item that `entry` begins with; `None` when its naming tags are not there.
    #[must_use]
    pub fn name_of(self, entry: &[u8]) -> Option<EntryName> {
        let tags = Tlv::new(entry);
        let mut name = EntryName::default();
        for tag in self.naming() {
            name.append(*tag, tags.find(*tag)?)?;
        }
        Some(name)
    }

    fn check_name(self, name: Option<&EntryName>) -> Result<(), EntryError> {
        let Some(name) = name else { return Ok(()) };
        let parts = Tlv::new(name.as_bytes());
        let missing = self.naming().iter().find(|tag| parts.find(**tag).is_none());
        missing.map_or(Ok(()), |tag| Err(EntryError::Missing(*tag)))
    }

    fn check_length(self, object: &DataObject<'_>) -> Result<(), EntryError> {
        let known = self.tags().iter().find(|known| known.tag == object.tag);
        let fits = known.is_none_or(|known| (known.length.0..=known.length.1).contains(&object.value.len()));
        if fits { Ok(()) } else { Err(EntryError::Length { tag: object.tag, length: object.value.len() }) }
    }
}

impl EntryName {
    /// Tag and value of an AID, and of the index of a key.
    const CAPACITY: usize = 24;

    /// The bytes as they stand in DE 62.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn push(&mut self, object: &DataObject<'_>) -> Result<(), EntryError> {
        let length = object.value.len();
        self.append(object.tag, object.value).ok_or(EntryError::Length { tag: object.tag, length })
    }

    /// Appends one tag; `None` when there is no room.
    fn append(&mut self, tag: Tag, value: &[u8]) -> Option<()> {
        let mut part = Vec::with_capacity(Self::CAPACITY);
        super::tlv::append_tlv(&mut part, tag, value);
        let start = usize::from(self.length);
        self.bytes.get_mut(start..start + part.len())?.copy_from_slice(&part);
        self.length += part.len() as u8;
        Some(())
    }
}

impl fmt::Debug for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

const fn tag(number: u32) -> Tag {
    match Tag::new(number) {
        Some(tag) => tag,
        None => panic!("the tables name tags"),
    }
}

const fn need(number: u32, name: &'static str, length: (usize, usize)) -> EntryTag {
    EntryTag { tag: tag(number), name, length, mandatory: true }
}

const fn may(number: u32, name: &'static str, length: (usize, usize)) -> EntryTag {
    EntryTag { mandatory: false, ..need(number, name, length) }
}

/// 9F06: an AID, or the first five bytes of it.
const AID: Tag = tag(0x9F06);
/// 9F22: the index of a public key.
const KEY_INDEX: Tag = tag(0x9F22);

const AID_TAGS: &[EntryTag] = &[
    need(0x9F06, "AID", (5, 16)),
    need(0xDF01, "whether a part of the AID is enough", (1, 1)),
    need(0x9F08, "version of the application", (2, 2)),
    need(0xDF11, "terminal action code, default", (5, 5)),
    need(0xDF12, "terminal action code, online", (5, 5)),
    need(0xDF13, "terminal action code, denial", (5, 5)),
    need(0x9F1B, "floor limit", (4, 4)),
    need(0xDF15, "threshold for random selection", (4, 4)),
    need(0xDF16, "highest target for random selection", (1, 1)),
    need(0xDF17, "target for random selection", (1, 1)),
    need(0xDF14, "default DDOL", (1, 252)),
    may(0xDF18, "whether a PIN may be entered online", (1, 1)),
    may(0x9F7B, "limit of electronic cash", (6, 6)),
    may(0xDF19, "floor limit without contact", (6, 6)),
    may(0xDF20, "limit of a transaction without contact", (6, 6)),
    may(0xDF21, "limit without cardholder verification", (6, 6)),
];

const CAPK_TAGS: &[EntryTag] = &[
    need(0x9F06, "RID", (5, 5)),
    need(0x9F22, "index of the key", (1, 1)),
    // Eight characters YYYYMMDD; some hosts pack them.
    need(0xDF05, "expiry of the key", (4, 8)),
    need(0xDF06, "algorithm of the hash", (1, 1)),
    need(0xDF07, "algorithm of the signature", (1, 1)),
    need(0xDF02, "modulus", (1, 248)),
    need(0xDF04, "exponent", (1, 3)),
    need(0xDF03, "check value", (20, 32)),
];

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    /// The page of the real answer to a list query, and the item of the real answer to a download.
    const LIST: &str = "9F0608A0000003330101069F0608A0000003330101039F0608A0000003330101029F0608A0000003330101019F0607A00000006510109F0607A00000000430609F0607A00000000410109F0607A00000000330109F0607A00000000320109F0607A0000000031010";
    const ENTRY: &str = "9F0607A0000000031010DF0101009F08020140DF1105D84000A800DF1205D84004F800DF130500100000009F1B0400000000DF150400000000DF160199DF170199DF14039F3704DF1801019F7B06000000010000DF1906000000000001DF2006000000010000DF2106000000010000";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn a_real_list_names_its_items_and_a_real_item_is_complete() {
        let names = TaggedTable::Aid.names(&bytes(LIST)).unwrap();
        assert_eq!(names.len(), 10);
        assert_eq!(names[9].as_bytes(), &bytes("9F0607A0000000031010"));
        assert_eq!(TaggedTable::Aid.check(&names[9], &bytes(ENTRY)), Ok(()));
        assert_eq!(TaggedTable::Aid.check(&names[8], &bytes(ENTRY)), Err(EntryError::Other(AID)));
        assert_eq!(TaggedTable::Aid.name_of(&bytes(ENTRY)), Some(names[9]));
    }

    #[test]
    fn keys_are_named_by_scheme_and_index() {
        let list = bytes(
            "9F0605A0000003339F220101DF050832303330313233319F0605A0000003339F220102DF05083230333031323331",
        );
        let names = TaggedTable::Capk.names(&list).unwrap();
        assert_eq!(names.len(), 2);
        assert_eq!(names[1].as_bytes(), &bytes("9F0605A0000003339F220102"));
        let without_index = bytes("9F0605A0000003339F0605A0000003339F220102");
        assert_eq!(TaggedTable::Capk.names(&without_index), Err(EntryError::Missing(KEY_INDEX)));
    }

    #[test]
    fn a_list_that_is_cut_off_inside_an_item_names_nothing() {
        let list = bytes(LIST);
        let mut ends: Vec<usize> = Tlv::new(&list).map(|object| object.unwrap().offset).collect();
        ends.push(list.len());
        for length in 0..=list.len() {
            let names = TaggedTable::Aid.names(&list[..length]);
            assert_eq!(names.is_ok(), ends.contains(&length), "{length} bytes");
        }
        assert_eq!(TaggedTable::Aid.names(&bytes("DF010100")), Err(EntryError::Stray(tag(0xDF01))));
    }

    #[test]
    fn an_item_that_is_cut_off_or_too_short_is_an_error() {
        let entry = bytes(ENTRY);
        let name = TaggedTable::Aid.name_of(&entry).unwrap();
        let mandatory_end = entry.len() - 4 * 9 - 4;
        for length in 0..mandatory_end {
            assert!(TaggedTable::Aid.check(&name, &entry[..length]).is_err(), "{length} bytes");
        }
        let short = bytes(&ENTRY.replace("DF1105D84000A800", "DF1104D84000A8"));
        assert_eq!(
            TaggedTable::Aid.check(&name, &short),
            Err(EntryError::Length { tag: tag(0xDF11), length: 4 })
        );
    }
}
