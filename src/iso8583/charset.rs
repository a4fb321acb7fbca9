//! Between the bytes of texts and the characters that people read: what is not printable is written `\\xHH`, and every
//! byte comes back as it was.

use encoding_rs::GBK;

/// How the bytes of texts are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// Printable ASCII; all other bytes stay bytes.
    #[default]
    Ascii,
    /// GBK: a byte below 80 is ASCII, two bytes are a Chinese character.
    Gbk,
}

impl Charset {
    /// All charsets with their names in profile files.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Ascii, "ascii"), (Self::Gbk, "gbk")];

    /// Returns the text of bytes; what is no character of the charset, and the backslash, is written `\xHH`.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len() * 2);
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            let character =
                rest.split_first_chunk::<2>().and_then(|(pair, after)| Some((self.character(*pair)?, after)));
            match (first, character) {
                (b'\\', _) => text.push_str("\\x5C"),
                (b' '..=b'~', _) => text.push(char::from(*first)),
                (_, Some((character, _))) => text.push(character),
                (_, None) => text.push_str(&format!("\\x{first:02X}")),
            }
            rest = character.map_or(after, |(_, after)| after);
        }
        text
    }

    /// Returns the bytes of a text; `None` when something is neither of the charset nor written `\xHH`.
    #[must_use]
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = rest.get(character.len_utf8()..)?;
            match character {
                '\\' => {
                    let digits = rest.strip_prefix('x')?.get(..2)?;
                    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                    bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
                    rest = rest.get(3..)?;
                }
                _ if character.is_ascii() => bytes.push(character as u8),
                _ => bytes.extend(self.two_bytes(character)?),
            }
        }
        Some(bytes)
    }

    /// The character of two bytes beyond ASCII; only one that becomes the same bytes again.
    fn character(self, pair: [u8; 2]) -> Option<char> {
        if self != Self::Gbk || pair[0].is_ascii() {
            return None;
        }
        let decoded = GBK.decode_without_bom_handling_and_without_replacement(&pair)?;
        let mut characters = decoded.chars();
        let character = characters.next().filter(|character| !character.is_control())?;
        let is_one = characters.next().is_none() && self.two_bytes(character) == Some(pair);
        is_one.then_some(character)
    }

    fn two_bytes(self, character: char) -> Option<[u8; 2]> {
        if self != Self::Gbk {
            return None;
        }
        let mut text = [0; 4];
        let (bytes, _, has_unmappable) = GBK.encode(character.encode_utf8(&mut text));
        bytes.as_ref().try_into().ok().filter(|_| !has_unmappable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_reads_and_becomes_the_same_bytes() {
        let bytes = b"01 \xD6\xD0\xB9\xFA\xD2\xF8\xC1\xAA\xB9\x5C";
        let text = Charset::Gbk.decode(bytes);
        assert_eq!(text, "01 中国银联筡");
        assert_eq!(Charset::Gbk.encode(&text).as_deref(), Some(&bytes[..]));
        assert_eq!(Charset::Ascii.decode(&bytes[..5]), "01 \\xD6\\xD0");
    }

    #[test]
    fn every_pair_of_bytes_comes_back() {
        for charset in [Charset::Ascii, Charset::Gbk] {
            for pair in 0..=u16::MAX {
                let [one, two] = pair.to_be_bytes();
                for bytes in [&[one, two][..], &[one, two, b'A'], &[b'\\', one, two], &[one]] {
                    let text = charset.decode(bytes);
                    assert_eq!(
                        charset.encode(&text).as_deref(),
                        Some(bytes),
                        "{charset:?} {bytes:02X?} {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_the_charset_has_not_is_refused() {
        for text in ["ñ", "\\", "\\x", "\\x1", "\\xG1", "\\x+1"] {
            assert_eq!(Charset::Gbk.encode(text), None, "{text}");
        }
        assert_eq!(Charset::Ascii.encode("中"), None);
    }
}
