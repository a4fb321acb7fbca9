//! The addresses that connections come from: `127.0.1.1`, or a range `127.0.1.1-127.0.1.8`.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::Arc,
};

/// Addresses of this machine that connections come from, in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Arc<[IpAddr]>);

/// Why a text is no address or range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Not an address.
    #[error("expected an address such as 127.0.1.1, or a range such as 127.0.1.1-127.0.1.8")]
    Address,
    /// The ends of a range are of two kinds, or reversed.
    #[error("the range is reversed, or of IPv4 and IPv6")]
    Reversed,
    /// A range beyond all reason.
    #[error("a range has {MOST} addresses at most")]
    TooMany,
}

impl Sources {
    /// All addresses of a list of addresses and ranges.
    #[must_use]
    pub fn of(ranges: impl IntoIterator<Item = Self>) -> Self {
        Self(ranges.into_iter().flat_map(|range| range.0.to_vec()).collect())
    }

    /// The address of the connection number `count`; `None` leaves it to the system.
    #[must_use]
    pub fn turn(&self, count: usize) -> Option<IpAddr> {
        self.0.get(count.checked_rem(self.0.len())?).copied()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.0.iter().copied()
    }
}

impl FromStr for Sources {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let address = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| SourceError::Address);
        let (low, high) = match (address(first)?, address(last)?) {
            (IpAddr::V4(low), IpAddr::V4(high)) => (u128::from(u32::from(low)), u128::from(u32::from(high))),
            (IpAddr::V6(low), IpAddr::V6(high)) => (u128::from(low), u128::from(high)),
            _ => return Err(SourceError::Reversed),
        };
        let is_v4 = !first.contains(':');
        match high.checked_sub(low) {
            None => Err(SourceError::Reversed),
            Some(more) if more >= MOST => Err(SourceError::TooMany),
            Some(_) => Ok(Self((low..=high).map(|bits| from_bits(bits, is_v4)).collect())),
        }
    }
}

fn from_bits(bits: u128, is_v4: bool) -> IpAddr {
    if is_v4 { Ipv4Addr::from(bits as u32).into() } else { Ipv6Addr::from(bits).into() }
}

const MOST: u128 = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_all_of_its_addresses_in_turn() {
        let range: Sources = "127.0.1.254-127.0.2.1".parse().expect("a range");
        let texts: Vec<String> = range.iter().map(|address| address.to_string()).collect();
        assert_eq!(texts, ["127.0.1.254", "127.0.1.255", "127.0.2.0", "127.0.2.1"]);
        assert_eq!(range.turn(5), range.turn(1));
        assert_eq!(Sources::default().turn(3), None);
        let both = Sources::of([range, "::1".parse().expect("an address")]);
        assert_eq!(both.turn(4), Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let error = |text: &str| text.parse::<Sources>().err();
        assert_eq!(error("127.0.1"), Some(SourceError::Address));
        assert_eq!(error("127.0.1.1-"), Some(SourceError::Address));
        assert_eq!(error("127.0.1.8-127.0.1.1"), Some(SourceError::Reversed));
        assert_eq!(error("127.0.0.1-::1"), Some(SourceError::Reversed));
        assert_eq!(error("10.0.0.0-10.255.255.255"), Some(SourceError::TooMany));
    }
}
