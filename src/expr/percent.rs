//! Percent-encoding of what goes into a URL (RFC 3986, chapter 2.1).

use std::fmt::Write as _;

/// `text` as one component of a path or a query: everything but unreserved characters is encoded.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    encoded(text, is_unreserved)
}

/// `text` as somebody wrote a target: only what no URL may hold is encoded.
pub(super) fn cleaned(text: &str) -> String {
    encoded(text, |byte| is_unreserved(byte) || RESERVED.contains(&byte))
}

fn encoded(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What separates the parts of a URL, and `%`, which may be an encoding already.
const RESERVED: &[u8] = b":/?[]@!$&'()*+,;=%";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_component_and_written_targets_stay() {
        assert_eq!(percent_encoded("a b/c?d=e&f%王~"), "a%20b%2Fc%3Fd%3De%26f%25%E7%8E%8B~");
        assert_eq!(cleaned("/a b?x=1&y=%20#王"), "/a%20b?x=1&y=%20%23%E7%8E%8B");
    }
}
