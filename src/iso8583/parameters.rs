//! The parameters of a terminal that a host sends, and the state that a terminal reports (DE 62), in UnionPay's dialect.

use super::{charset::Charset, text::ValueError};

/// One parameter of a terminal or one part of its state: a tag of two digits and a value of fixed width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The two digits of the tag.
    pub tag: u8,
    /// What it is called.
    pub name: &'static str,
    /// How many bytes its value takes.
    pub width: usize,
    content: Content,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Digits,
    /// Text, filled up with spaces; Chinese in GBK.
    Text,
    Bytes,
}

impl Parameter {
    /// 11 to 27: what a parameter download brings (chapter 8.5).
    pub const DOWNLOADED: [Self; 17] = [
        digits(11, "type of application", 2),
        digits(12, "time-out in seconds", 2),
        digits(13, "retries of a call", 1),
        digits(14, "first telephone number", 14),
        digits(15, "second telephone number", 14),
        digits(16, "third telephone number", 14),
        digits(17, "telephone number of the management", 14),
        digits(18, "tips allowed", 1),
        digits(19, "highest tip in per cent", 2),
        digits(20, "card numbers may be keyed", 1),
        digits(21, "sign-out after a settlement", 1),
        Self { tag: 22, name: "name of the merchant", width: 40, content: Content::Text },
        digits(23, "resends of a message", 1),
        digits(24, "way of the offline upload", 1),
        digits(25, "number of the master key", 1),
        Self { tag: 26, name: "transactions allowed", width: 4, content: Content::Bytes },
        digits(27, "offline transactions before an upload", 2),
    ];

    /// 01 to 05 and 51: what a status upload tells; 61 to 63 are a convention of this program, for what the dialect
    /// leaves open.
    pub const REPORTED: [Self; 9] = [
        digits(1, "state of the card reader", 1),
        digits(2, "state of the PIN pad", 1),
        digits(3, "state of the printer", 1),
        digits(4, "state of the chip reader", 1),
        digits(5, "state of the contactless reader", 1),
        digits(51, "calls and failed calls", 12),
        digits(61, "charge of the battery in per cent", 3),
        Self { tag: 62, name: "version of the firmware", width: 12, content: Content::Text },
        Self { tag: 63, name: "serial number", width: 16, content: Content::Text },
    ];

    /// Writes a value the way people read it.
    #[must_use]
    pub fn show(&self, value: &[u8], charset: Charset) -> String {
        match self.content {
            Content::Digits => String::from_utf8_lossy(value).into_owned(),
            Content::Text => charset.decode(value.trim_ascii_end()),
            Content::Bytes => value.iter().map(|byte| format!("{byte:02X}")).collect(),
        }
    }

    /// Appends the parameter; `false`, and nothing appended, when the value is longer or no value of it.
    ///
    /// Numbers get zeros in front, text spaces behind; bytes must have the full width.
    pub fn append(&self, to: &mut Vec<u8>, value: &[u8]) -> bool {
        let Some(missing) = self.width.checked_sub(value.len()) else { return false };
        let fits = match self.content {
            Content::Digits => value.iter().all(u8::is_ascii_digit),
            Content::Text => true,
            Content::Bytes => missing == 0,
        };
        if !fits {
            return false;
        }
        to.extend_from_slice(&[b'0' + self.tag / 10, b'0' + self.tag % 10]);
        if self.content == Content::Digits {
            to.resize(to.len() + missing, b'0');
        }
        to.extend_from_slice(value);
        if self.content == Content::Text {
            to.resize(to.len() + missing, b' ');
        }
        true
    }
}

/// Walks through parameters; one that is unknown, broken or cut off ends the walk with an error.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    table: &'static [Parameter],
    left: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// The parameters of a download.
    #[must_use]
    pub fn downloaded(bytes: &'a [u8]) -> Self {
        Self { table: &Parameter::DOWNLOADED, left: bytes }
    }

    /// The parts of a status upload.
    #[must_use]
    pub fn reported(bytes: &'a [u8]) -> Self {
        Self { table: &Parameter::REPORTED, left: bytes }
    }

    /// Looks at all of them and says how many there are.
    ///
    /// # Errors
    /// When one is unknown, broken or cut off.
    pub fn check(mut self) -> Result<usize, ValueError> {
        self.try_fold(0, |count, parameter| parameter.map(|_| count + 1))
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<(Parameter, &'a [u8]), ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        let taken = take(self.table, self.left);
        self.left = taken.map_or(&[], |(_, rest)| rest);
        Some(taken.map(|(item, _)| item).ok_or(EXPECTED))
    }
}

type Item<'a> = (Parameter, &'a [u8]);

fn take<'a>(table: &'static [Parameter], bytes: &'a [u8]) -> Option<(Item<'a>, &'a [u8])> {
    let (tag, rest) = bytes.split_first_chunk::<2>()?;
    let tag = tag.iter().all(u8::is_ascii_digit).then(|| (tag[0] - b'0') * 10 + (tag[1] - b'0'))?;
    let parameter = table.iter().find(|parameter| parameter.tag == tag)?;
    let (value, rest) = rest.split_at_checked(parameter.width)?;
    let is_valid = parameter.content != Content::Digits || value.iter().all(u8::is_ascii_digit);
    is_valid.then_some(((*parameter, value), rest))
}

const fn digits(tag: u8, name: &'static str, width: usize) -> Parameter {
    Parameter { tag, name, width, content: Content::Digits }
}

const EXPECTED: ValueError =
    ValueError::new("DE 62 with parameters", "tags of 2 digits with values of the width of each");

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<u8> {
        let mut bytes = Vec::new();
        for parameter in Parameter::DOWNLOADED {
            let value: &[u8] = match parameter.content {
                Content::Digits => b"1",
                Content::Text => "TEST MERCHANT".as_bytes(),
                Content::Bytes => &[0xFF, 0xFE, 0x00, 0x31],
            };
            assert!(parameter.append(&mut bytes, value), "{}", parameter.name);
        }
        bytes
    }

    #[test]
    fn every_parameter_reads_and_writes_back() {
        let bytes = all();
        let mut again = Vec::new();
        for (parameter, value) in Parameters::downloaded(&bytes).map_while(Result::ok) {
            assert!(parameter.append(&mut again, value));
        }
        assert_eq!(again, bytes);
        assert_eq!(Parameters::downloaded(&bytes).check(), Ok(17));
    }

    #[test]
    fn what_is_cut_off_inside_a_parameter_is_an_error() {
        let bytes = all();
        let mut ends = vec![0];
        for parameter in Parameter::DOWNLOADED {
            ends.push(ends.last().copied().unwrap_or(0) + 2 + parameter.width);
        }
        for length in 0..=bytes.len() {
            let is_whole = Parameters::downloaded(&bytes[..length]).check().is_ok();
            assert_eq!(is_whole, ends.contains(&length), "{length} bytes");
        }
        for wrong in [&b"9901"[..], b"11A1", b"1x01"] {
            assert!(Parameters::downloaded(wrong).check().is_err());
        }
    }

    #[test]
    fn values_must_fit_their_parameter() {
        let mut bytes = Vec::new();
        for parameter in Parameter::DOWNLOADED.iter().chain(&Parameter::REPORTED) {
            assert!(!parameter.append(&mut bytes, &[b'1'; 41]), "{}", parameter.name);
        }
        let [reader, ..] = Parameter::REPORTED;
        assert!(!reader.append(&mut bytes, b"x") && bytes.is_empty());
        assert!(reader.append(&mut bytes, b"1"));
        assert_eq!((&bytes[..], Parameters::reported(&bytes).check()), (&b"011"[..], Ok(1)));
    }
}
