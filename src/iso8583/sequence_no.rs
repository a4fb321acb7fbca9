//! DE 62 of a sign-in, where a terminal tells it: the serial number of the device, in UnionPay's dialect.
//!
//! `Sequence No`, two digits for the length of what follows, four digits of a certificate number, the serial number.

/// Appends DE 62 of a sign-in; a serial number of more than 95 bytes is cut.
pub fn append_sequence_no(to: &mut Vec<u8>, serial: &str) {
    let serial = &serial.as_bytes()[..serial.len().min(LONGEST)];
    let length = CERTIFICATE.len() + serial.len();
    to.extend_from_slice(NAME);
    to.extend_from_slice(&[b'0' + (length / 10) as u8, b'0' + (length % 10) as u8]);
    to.extend_from_slice(CERTIFICATE);
    to.extend_from_slice(serial);
}

/// The serial number in DE 62 of a sign-in; `None` where there is none.
#[must_use]
pub fn serial_of_sequence_no(bytes: &[u8]) -> Option<&str> {
    let (length, rest) = bytes.strip_prefix(NAME)?.split_first_chunk::<2>()?;
    let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
    let serial = rest.get(..length)?.get(CERTIFICATE.len()..)?;
    std::str::from_utf8(serial).ok().map(str::trim_end).filter(|serial| !serial.is_empty())
}

const NAME: &[u8] = b"Sequence No";
/// There are no certificates here.
const CERTIFICATE: &[u8; 4] = b"0000";
const LONGEST: usize = 99 - CERTIFICATE.len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_comes_back_whatever_its_length() {
        for serial in ["SN10000001", "X", &"9".repeat(LONGEST)] {
            let mut bytes = Vec::new();
            append_sequence_no(&mut bytes, serial);
            assert_eq!(serial_of_sequence_no(&bytes), Some(serial));
        }
    }

    #[test]
    fn that_of_a_real_terminal_is_read() {
        assert_eq!(serial_of_sequence_no(b"Sequence No163150SXX-43304119"), Some("SXX-43304119"));
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_none() {
        for bytes in [
            &b""[..],
            b"Sequence No",
            b"Sequence No1",
            b"Sequence No143150SN1",
            b"Sequence No04ABCD",
            b"Serial No101234AAAAAA",
        ] {
            assert_eq!(serial_of_sequence_no(bytes), None);
        }
    }
}
