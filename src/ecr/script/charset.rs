//! The character sets in which terminals write what people read.

use std::borrow::Cow;

/// A character set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// Bytes as they are: U+0000 to U+00FF.
    #[default]
    Bytes,
    /// UTF-8.
    Utf8,
    /// GBK, as GB 18030 writes it.
    Gbk,
    /// ISO 8859-15: western Europe with the euro.
    Latin9,
    /// IBM code page 437: what printers of PCs had.
    Cp437,
}

impl Charset {
    /// The bytes of a character; `None` when the set does not have it.
    pub(super) fn encode_char(self, letter: char) -> Option<Vec<u8>> {
        let text = letter.encode_utf8(&mut [0; 4]).to_owned();
        match self {
            Self::Bytes => u8::try_from(u32::from(letter)).ok().map(|byte| vec![byte]),
            Self::Utf8 => Some(text.into_bytes()),
            Self::Cp437 if letter.is_ascii() => Some(text.into_bytes()),
            Self::Cp437 => Some(vec![0x80 + CP437.chars().position(|known| known == letter)? as u8]),
            Self::Gbk | Self::Latin9 => {
                let (bytes, _, is_unknown) = self.coding().encode(&text);
                (!is_unknown).then(|| bytes.into_owned())
            }
        }
    }

    /// The bytes of a text in UTF-8; `?` for what the set does not have.
    pub(super) fn encode(self, text: &[u8]) -> Vec<u8> {
        if self == Self::Bytes {
            return text.to_vec();
        }
        let text = String::from_utf8_lossy(text);
        text.chars().flat_map(|letter| self.encode_char(letter).unwrap_or_else(|| vec![b'?'])).collect()
    }

    /// The text of bytes in UTF-8; as they are where nothing is known of them.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<u8> {
        let letter = |byte: &u8| match byte.checked_sub(0x80) {
            None => char::from(*byte),
            Some(at) => CP437.chars().nth(usize::from(at)).unwrap_or('?'),
        };
        match self {
            Self::Bytes | Self::Utf8 => bytes.to_vec(),
            Self::Cp437 => bytes.iter().map(letter).collect::<String>().into_bytes(),
            Self::Gbk | Self::Latin9 => {
                let (text, _): (Cow<'_, str>, _) = self.coding().decode_without_bom_handling(bytes);
                text.into_owned().into_bytes()
            }
        }
    }

    fn coding(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Gbk => encoding_rs::GBK,
            Self::Latin9 => encoding_rs::ISO_8859_15,
            Self::Bytes | Self::Utf8 | Self::Cp437 => encoding_rs::UTF_8,
        }
    }
}

/// The upper half of code page 437.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_reads_what_it_writes() {
        assert_eq!(CP437.chars().count(), 128);
        for (set, text, bytes) in [
            (Charset::Gbk, "交易成功", &b"\xbd\xbb\xd2\xd7\xb3\xc9\xb9\xa6"[..]),
            (Charset::Latin9, "5 €", b"5 \xa4"),
            (Charset::Cp437, "Größe", b"Gr\x94\xe1e"),
            (Charset::Utf8, "签", "签".as_bytes()),
            (Charset::Bytes, "OK", b"OK"),
        ] {
            assert_eq!(set.encode(text.as_bytes()), bytes, "{set:?}");
            assert_eq!(set.decode(bytes), text.as_bytes(), "{set:?}");
        }
        assert_eq!(Charset::Cp437.encode_char('签'), None);
        assert_eq!(Charset::Latin9.encode("签".as_bytes()), b"?");
    }
}
