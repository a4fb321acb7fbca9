//! How the length of a field is known: by its name alone, or by what stands before its value.

use super::frame::LengthForm;

/// How the length of a field is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldLength {
    /// It is always so many bytes, and stands nowhere.
    Fixed(usize),
    /// It stands before the value.
    Written(LengthForm),
    /// It stands before the value as in BER: one byte below 80, or 81 and one, or 82 and two.
    Ber,
}

impl FieldLength {
    /// The size of the length at the front of these bytes, and the length; `None` when it is none.
    pub(super) fn read(self, bytes: &[u8]) -> Option<(usize, usize)> {
        match (self, bytes) {
            (Self::Fixed(count), _) => Some((0, count)),
            (Self::Written(form), _) => form.read(bytes).ok()?.map(|(count, size)| (size, count)),
            (Self::Ber, [count @ ..=0x7F, ..]) => Some((1, usize::from(*count))),
            (Self::Ber, [0x81, count, ..]) => Some((2, usize::from(*count))),
            (Self::Ber, [0x82, high, low, ..]) => Some((3, usize::from(u16::from_be_bytes([*high, *low])))),
            (Self::Ber, _) => None,
        }
    }

    /// The length of a value of so many bytes; `None` when it cannot be said.
    pub(super) fn write(self, count: usize) -> Option<Vec<u8>> {
        match self {
            Self::Fixed(size) => (size == count).then(Vec::new),
            Self::Written(form) => form.write(count).ok(),
            Self::Ber => {
                let wide = u16::try_from(count).ok()?;
                Some(match wide {
                    ..0x80 => vec![wide as u8],
                    0x80..0x100 => vec![0x81, wide as u8],
                    _ => [&[0x82][..], &wide.to_be_bytes()].concat(),
                })
            }
        }
    }
}
