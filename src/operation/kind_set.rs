//! Sets of kinds of operations: what a kind of terminal may do.

use super::Kind;

/// A set of kinds of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KindSet(u64);

impl KindSet {
    /// No kind.
    pub const EMPTY: Self = Self(0);
    /// All kinds.
    pub const ALL: Self = Self((1 << Kind::ALL.len()) - 1);

    /// The set of these kinds.
    pub const fn of(kinds: &[Kind]) -> Self {
        let (mut set, mut place) = (Self::EMPTY, 0);
        while place < kinds.len() {
            set = set.with(kinds[place]);
            place += 1;
        }
        set
    }

    /// This set and `kind`.
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u64)
    }

    /// This set without the kinds of another.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is both in this set and in another.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `kind` is in it.
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u64) != 0
    }

    /// The kinds in it, in the order of [`Kind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().map(|(kind, _)| kind).filter(move |kind| self.has(*kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        let set = KindSet::of(&[Kind::Sale, Kind::KeyDownload]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Kind::Sale, Kind::KeyDownload]);
        assert!(!set.has(Kind::Void) && KindSet::ALL.without(set).has(Kind::Void));
        assert_eq!(KindSet::ALL.iter().count(), Kind::ALL.len());
    }
}
