//! The tags of DE 59: payment codes, vouchers, orders and what else newer terminals say.

use super::text::ValueError;

/// Walks through the tags of DE 59: two characters of tag, three digits of length, and the value.
///
/// A tag that is cut off ends the walk with an error.
#[derive(Clone, Debug)]
pub struct Private59<'a>(&'a [u8]);

impl<'a> Private59<'a> {
    /// A3: the code that a payer shows.
    pub const PAYMENT_CODE: [u8; 2] = *b"A3";
    /// A4: the number of the voucher of a payment by code.
    pub const VOUCHER: [u8; 2] = *b"A4";
    /// K1, K2, K3: the key serial number under which PIN, MAC and track are, hexadecimal.
    pub const KSN: [[u8; 2]; 3] = [*b"K1", *b"K2", *b"K3"];
    /// P1: a PIN block of 16 bytes, which DE 52 cannot hold, hexadecimal.
    pub const PIN_BLOCK: [u8; 2] = *b"P1";
    /// A5: the address behind a code that the terminal shows.
    pub const ORDER_ADDRESS: [u8; 2] = *b"A5";
    /// A6: what became of an order: `WAITING`, `PAID`, `CLOSED` or `EXPIRED`.
    pub const ORDER_STATE: [u8; 2] = *b"A6";

    /// The tags of this element.
    pub fn new(value: &'a [u8]) -> Self {
        Self(value)
    }

    /// The value of a tag; `None` when it is not there or behind something broken.
    pub fn find(&self, tag: [u8; 2]) -> Option<&'a [u8]> {
        self.clone().map_while(Result::ok).find(|(known, _)| *known == tag).map(|(_, value)| value)
    }

    /// Appends a tag; `false` when the value is longer than 999 bytes.
    pub fn append(to: &mut Vec<u8>, tag: [u8; 2], value: &[u8]) -> bool {
        let length = value.len();
        if length > 999 {
            return false;
        }
        let digit = |number: usize| b'0' + (number % 10) as u8;
        to.extend_from_slice(&tag);
        to.extend_from_slice(&[digit(length / 100), digit(length / 10), digit(length)]);
        to.extend_from_slice(value);
        true
    }
}

impl<'a> Iterator for Private59<'a> {
    type Item = Result<([u8; 2], &'a [u8]), ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let taken = take(self.0);
        self.0 = taken.map_or(&[], |(_, rest)| rest);
        Some(taken.map(|(item, _)| item).ok_or(EXPECTED))
    }
}

type Tagged<'a> = ([u8; 2], &'a [u8]);

fn take(bytes: &[u8]) -> Option<(Tagged<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<3>()?;
    let length = Some(length).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some(((*tag, value), rest))
}

const EXPECTED: ValueError = ValueError::new("DE 59", "tags of 2 characters, 3 digits of length and a value");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_and_written_back() {
        let text = b"A30196222095947245984168A4002OK";
        let tags = Private59::new(text);
        assert_eq!(tags.find(Private59::PAYMENT_CODE), Some(&b"6222095947245984168"[..]));
        assert_eq!(tags.find(Private59::VOUCHER), Some(&b"OK"[..]));
        assert_eq!(tags.find(*b"ZZ"), None);
        let mut written = Vec::new();
        for (tag, value) in tags.map_while(Result::ok) {
            assert!(Private59::append(&mut written, tag, value));
        }
        assert_eq!(written, text);
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_ends_the_walk() {
        for broken in [&b"A"[..], b"A3", b"A30", b"A3005abc", b"A3xyzabc", b"A3+01a"] {
            let items: Vec<_> = Private59::new(broken).collect();
            assert!(items.len() == 1 && items[0].is_err(), "{broken:?}");
        }
    }
}
