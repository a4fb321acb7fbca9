//! Bytes out of hexadecimal text: plain digits, and the dumps of `xxd` and `hexdump -C`.

/// Why a text is not hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Something else than a digit.
    #[error("line {line}, column {column}: not a hexadecimal digit")]
    NotHex {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
    },
    /// The last byte has one digit.
    #[error("an odd number of hexadecimal digits, {0}")]
    Odd(usize),
    /// A dump that leaves repeated lines out.
    #[error("line {0}: the dump leaves lines out; make it with `hexdump -Cv` or `xxd`")]
    LeftOut(usize),
    /// There is nothing.
    #[error("there are no hexadecimal digits")]
    Empty,
}

/// Reads the bytes of hexadecimal text: spaces, line ends, commas, colons and `0x` between digits count for nothing,
/// lines that begin with `#` are comments, and of dumps the addresses and the text beside them are left out.
///
/// # Errors
/// When something is no digit, or a digit is missing.
pub fn bytes_of_text(text: &str) -> Result<Vec<u8>, TextError> {
    let mut digits = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim() == "*" {
            return Err(TextError::LeftOut(index + 1));
        }
        let (start, end) = data_of(line);
        let data = line.get(start..end).unwrap_or_default();
        if !data.trim_start().starts_with('#') {
            take_digits(data, &mut digits)
                .map_err(|at| TextError::NotHex { line: index + 1, column: start + at + 1 })?;
        }
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    match (digits.len(), rest) {
        (0, _) => Err(TextError::Empty),
        (count, [_]) => Err(TextError::Odd(count)),
        _ => Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
    }
}

/// The part of a line that holds data: without the address in front of a dump and the text behind it.
fn data_of(line: &str) -> (usize, usize) {
    let end = line.find('|').unwrap_or(line.len());
    let indent = line.len() - line.trim_start().len();
    let rest = line.get(indent..end).unwrap_or_default();
    let address = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    let after = rest.get(address..).unwrap_or_default();
    let is_address = address >= 7;
    let is_hexdump = is_address && (end < line.len() || (after.trim().is_empty() && address == 8));
    match after.strip_prefix(':') {
        // `xxd`: the text stands behind two spaces.
        Some(data) if is_address && data.starts_with(' ') => {
            let start = indent + address + 1;
            let text = data.trim_start().find("  ").map(|at| at + data.len() - data.trim_start().len());
            (start, text.map_or(end, |at| start + at))
        }
        _ if is_hexdump && end < line.len() => (indent + address, end),
        _ => (0, line.len()),
    }
}

/// Appends the values of the digits; the place of what is none.
fn take_digits(data: &str, digits: &mut Vec<u8>) -> Result<(), usize> {
    let bytes = data.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'0', Some(b'x' | b'X')) => at += 1,
            (b' ' | b'\t' | b',' | b':' | b'\r', _) => {}
            (digit, _) => digits.push(char::from(*digit).to_digit(16).ok_or(at)? as u8),
        }
        at += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_write_digits_give_the_same_bytes() {
        let expected =
            Ok(vec![0x02, 0x00, 0x30, 0x20, 0x04, 0x2E, 0xC0, 0x20, 0xC0, 0x98, 0x11, 0, 0, 0, 0, 0, 0x41]);
        for text in [
            "020030 20042EC020C098110000000000 41",
            "0x02 0x00 0x30,0x20,0x04:2e c0 20 c0 98 11 00 00 00 00 00\n0x41\n",
            "# a comment\n00000000: 0200 3020 042e c020 c098 1100 0000 0000  ..0 . . ........\n00000010: 41  A\n",
            "00000000  02 00 30 20 04 2e c0 20  c0 98 11 00 00 00 00 00  |..0 ... ........|\n\
             00000010  41                                                |A|\n",
        ] {
            assert_eq!(bytes_of_text(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_digit_has_a_place() {
        assert_eq!(bytes_of_text("02 00\n0g"), Err(TextError::NotHex { line: 2, column: 2 }));
        assert_eq!(bytes_of_text("020"), Err(TextError::Odd(3)));
        assert_eq!(bytes_of_text(" \n# nothing\n"), Err(TextError::Empty));
        assert_eq!(bytes_of_text("00000000  02 00  |..|\n*\n"), Err(TextError::LeftOut(2)));
    }
}
