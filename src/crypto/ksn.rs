//! Key serial numbers of DUKPT: which initial key a device holds, and how often it was used. Keys are derived elsewhere.

use std::fmt;
use std::str::FromStr;

use super::hex;

/// A key serial number of ANSI X9.24-1, 10 bytes: 59 bits name the initial key, 21 count its uses.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TdesKsn([u8; 10]);

/// A key serial number of ANSI X9.24-3, 12 bytes: 8 name the initial key, 4 count its uses.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AesKsn([u8; 12]);

/// Why there is no (such) key serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KsnError {
    /// Every counter was used: the device needs a new initial key.
    #[error("all counters of the initial key are used up")]
    Exhausted,
    /// The counter is zero, too large or has too many one-bits.
    #[error("no key belongs to the counter {0:X}")]
    Counter(u32),
    /// The text is not the hexadecimal digits of a key serial number.
    #[error("a key serial number is written as 20 (3DES) or 24 (AES) hexadecimal digits")]
    Text,
}

impl TdesKsn {
    /// The number with counter zero, from which a device starts; the low five bits of `key_id` are not of it.
    pub fn initial(key_id: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = key_id;
        Self([a, b, c, d, e, f, g, h & 0xE0, 0, 0])
    }

    /// How often the initial key was used.
    pub fn counter(&self) -> u32 {
        let [.., h, i, j] = self.0;
        u32::from_be_bytes([0, h & 0x1F, i, j])
    }

    /// The same initial key at another use.
    ///
    /// # Errors
    /// [`KsnError::Counter`] if no key belongs to the counter.
    pub fn with_counter(&self, counter: u32) -> Result<Self, KsnError> {
        if !Self::COUNTERS.contains(counter) {
            return Err(KsnError::Counter(counter));
        }
        let mut bytes = Self::initial(self.key_id()).0;
        for (byte, part) in bytes[7..].iter_mut().zip(&counter.to_be_bytes()[1..]) {
            *byte |= part;
        }
        Ok(Self(bytes))
    }

    /// The number of the next use.
    ///
    /// # Errors
    /// [`KsnError::Exhausted`] after the last one.
    pub fn next(&self) -> Result<Self, KsnError> {
        self.with_counter(Self::COUNTERS.after(self.counter()).ok_or(KsnError::Exhausted)?)
    }

    /// The leftmost 8 bytes with the counter's bits cleared: what names the initial key.
    pub fn key_id(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        [a, b, c, d, e, f, g, h & 0xE0]
    }

    /// The rightmost 8 bytes with the counter's bits cleared: where the derivation of keys starts.
    pub(super) fn register(&self) -> [u8; 8] {
        let [_, _, c, d, e, f, g, h, ..] = self.0;
        [c, d, e, f, g, h & 0xE0, 0, 0]
    }

    /// X9.24-1, annex A: about a million keys.
    const COUNTERS: Counters = Counters { ones_max: 10, last: 0x1F_F800 };
}

impl AesKsn {
    /// The number with counter zero, from which a device starts.
    pub fn initial(key_id: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = key_id;
        Self([a, b, c, d, e, f, g, h, 0, 0, 0, 0])
    }

    /// How often the initial key was used.
    pub fn counter(&self) -> u32 {
        let [.., a, b, c, d] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The same initial key at another use.
    ///
    /// # Errors
    /// [`KsnError::Counter`] if no key belongs to the counter.
    pub fn with_counter(&self, counter: u32) -> Result<Self, KsnError> {
        if !Self::COUNTERS.contains(counter) {
            return Err(KsnError::Counter(counter));
        }
        let mut bytes = self.0;
        bytes[8..].copy_from_slice(&counter.to_be_bytes());
        Ok(Self(bytes))
    }

    /// The number of the next use.
    ///
    /// # Errors
    /// [`KsnError::Exhausted`] after the last one.
    pub fn next(&self) -> Result<Self, KsnError> {
        self.with_counter(Self::COUNTERS.after(self.counter()).ok_or(KsnError::Exhausted)?)
    }

    /// The initial key id, 8 bytes.
    pub fn key_id(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        [a, b, c, d, e, f, g, h]
    }

    /// X9.24-3, chapter 6: about two thousand million keys.
    const COUNTERS: Counters = Counters { ones_max: 16, last: 0xFFFF_0000 };
}

/// The counters to which keys belong: the derivation takes a step for each one-bit, and their number is bounded.
struct Counters {
    ones_max: u32,
    last: u32,
}

impl Counters {
    fn contains(&self, counter: u32) -> bool {
        (1..=self.last).contains(&counter) && counter.count_ones() <= self.ones_max
    }

    /// The next counter with few enough one-bits: where there are too many, the lowest of them is carried upwards.
    fn after(&self, counter: u32) -> Option<u32> {
        let mut next = counter.checked_add(1)?;
        while next.count_ones() > self.ones_max {
            next = next.checked_add(next & next.wrapping_neg())?;
        }
        (next <= self.last).then_some(next)
    }
}

impl FromStr for TdesKsn {
    type Err = KsnError;

    fn from_str(text: &str) -> Result<Self, KsnError> {
        hex::decode(text).map(Self).ok_or(KsnError::Text)
    }
}

impl FromStr for AesKsn {
    type Err = KsnError;

    fn from_str(text: &str) -> Result<Self, KsnError> {
        hex::decode(text).map(Self).ok_or(KsnError::Text)
    }
}

impl fmt::Display for TdesKsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Display for AesKsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for TdesKsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TdesKsn({self})")
    }
}

impl fmt::Debug for AesKsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AesKsn({self})")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn counters_skip_what_has_too_many_one_bits_and_end() {
        let at = |counter| TdesKsn::initial([0xFF; 8]).with_counter(counter).unwrap();
        assert_eq!(TdesKsn::initial([0xFF; 8]).next().unwrap().counter(), 1);
        assert_eq!(at(0x3FF).next().unwrap().counter(), 0x400);
        assert_eq!(at(0x7FE).next().unwrap().counter(), 0x800);
        assert_eq!(at(0x1F_F400).next().unwrap().counter(), 0x1F_F800);
        assert_eq!(at(0x1F_F800).next(), Err(KsnError::Exhausted));
        assert_eq!(at(1).with_counter(0), Err(KsnError::Counter(0)));
        assert_eq!(at(1).with_counter(0x7FF), Err(KsnError::Counter(0x7FF)));
        assert_eq!(at(1).with_counter(0x20_0000), Err(KsnError::Counter(0x20_0000)));

        let at = |counter| AesKsn::initial([0xFF; 8]).with_counter(counter).unwrap();
        assert_eq!(at(0xFFFF).next().unwrap().counter(), 0x1_0000);
        assert_eq!(at(0xFFFF_0000).next(), Err(KsnError::Exhausted));
    }

    #[test]
    fn as_many_keys_as_the_standard_says() {
        let mut ksn = TdesKsn::initial([0; 8]);
        let mut keys = 0;
        while let Ok(next) = ksn.next() {
            assert!(next.counter() > ksn.counter());
            ksn = next;
            keys += 1;
        }
        // X9.24-1 annex A: 1,048,575 keys.
        assert_eq!(keys, 1_048_575);
    }

    #[test]
    fn the_parts_of_a_number() {
        let ksn: TdesKsn = "FFFF9876543210E00003".parse().unwrap();
        assert_eq!(ksn.counter(), 3);
        assert_eq!(ksn.key_id(), [0xFF, 0xFF, 0x98, 0x76, 0x54, 0x32, 0x10, 0xE0]);
        assert_eq!(ksn.register(), [0x98, 0x76, 0x54, 0x32, 0x10, 0xE0, 0, 0]);
        assert_eq!(ksn.to_string(), "FFFF9876543210E00003");
        assert_eq!(TdesKsn::initial(ksn.key_id()).with_counter(3), Ok(ksn));
        assert_eq!("FFFF".parse::<TdesKsn>(), Err(KsnError::Text));
    }
}
