//! The pages of lists and tables that a host sends (DE 62), and the question for them, in UnionPay's dialect.

use super::text::{ValueError, digits_to_number};

/// DE 62 of a question for a page: `1` and the place of the first item that is wanted, two digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// How many items were received before; 0 asks for the first page.
    pub from: u8,
}

impl PageQuery {
    /// The most items that a question can name.
    pub const FROM_MAX: u8 = 99;

    /// Returns the characters of the element; `100` asks for the first page.
    #[must_use]
    pub const fn text(self) -> [u8; 3] {
        [b'1', b'0' + self.from / 10 % 10, b'0' + self.from % 10]
    }

    /// Reads the characters of the element.
    ///
    /// # Errors
    /// When they are not `1` and two digits.
    pub fn from_text(text: &[u8]) -> Result<Self, ValueError> {
        let from = match text {
            [b'1', from @ ..] if from.len() == 2 => digits_to_number(from),
            _ => None,
        };
        from.map(|from| Self { from: from as u8 }).ok_or(QUERY)
    }
}

/// The first character of a page: whether more follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageMarker(u8);

impl PageMarker {
    /// `0`: there is nothing.
    pub const NONE: Self = Self(b'0');
    /// `1`: this is all, or the last of it.
    pub const LAST: Self = Self(b'1');
    /// `2`: there are more pages.
    pub const MORE: Self = Self(b'2');
    /// `3`: the last of several pages, with hosts that tell it apart from `1`.
    pub const LAST_OF_MANY: Self = Self(b'3');

    /// Returns the character.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Whether another page must be asked for.
    #[must_use]
    pub fn is_followed(self) -> bool {
        self == Self::MORE
    }
}

/// DE 62 of an answer: the marker, and what the page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// Whether more follow.
    pub marker: PageMarker,
    /// The bytes of the page: tags, or the fixed records of the table.
    pub body: &'a [u8],
}

impl<'a> Page<'a> {
    /// Reads the bytes of the element.
    ///
    /// # Errors
    /// When there are none, or the first is no marker.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, ValueError> {
        let (marker, body) = bytes.split_first().ok_or(PAGE)?;
        if !(b'0'..=b'3').contains(marker) {
            return Err(PAGE);
        }
        Ok(Self { marker: PageMarker(*marker), body })
    }

    /// Returns the bytes of the element.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.body.len());
        bytes.push(self.marker.0);
        bytes.extend_from_slice(self.body);
        bytes
    }
}

const QUERY: ValueError = ValueError::new("DE 62 of a question for a page", "1 and 2 digits");
const PAGE: ValueError = ValueError::new("DE 62 of a page", "a marker from 0 to 3, and the page");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_read_and_write_back() {
        for from in 0..=PageQuery::FROM_MAX {
            assert_eq!(PageQuery::from_text(&PageQuery { from }.text()), Ok(PageQuery { from }));
        }
        assert_eq!(&PageQuery::default().text(), b"100");
        for wrong in [&b"10"[..], b"1000", b"200", b"1A0", b""] {
            assert!(PageQuery::from_text(wrong).is_err());
        }
    }

    #[test]
    fn a_page_begins_with_its_marker() {
        for (bytes, followed) in [(&b"0"[..], false), (b"1x", false), (b"2xy", true), (b"3", false)] {
            let page = Page::from_bytes(bytes);
            assert_eq!(
                page.map(|page| (page.marker.is_followed(), page.to_bytes())),
                Ok((followed, bytes.to_vec()))
            );
        }
        for wrong in [&b""[..], b"4", b"\x01"] {
            assert!(Page::from_bytes(wrong).is_err());
        }
    }
}
