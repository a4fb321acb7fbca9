//! The parts of a file that rotates: when the next one begins, and what it is called.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// When the files of a results folder go on in their next parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// After so much time.
    Every(Duration),
    /// When all of them together have so many bytes.
    Bytes(u64),
}

/// A text that says no rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 1h or a size such as 256MiB, of a minute or a mebibyte at least")]
pub struct RotationError;

impl Rotation {
    /// Whether parts of this age and size are full.
    pub(super) fn is_due(self, age: Duration, bytes: u64) -> bool {
        match self {
            Self::Every(length) => age >= length,
            Self::Bytes(size) => bytes >= size,
        }
    }
}

impl FromStr for Rotation {
    type Err = RotationError;

    fn from_str(text: &str) -> Result<Self, RotationError> {
        let at = text.find(|c: char| !c.is_ascii_digit()).ok_or(RotationError)?;
        let number: u64 = text[..at].parse().map_err(|_| RotationError)?;
        let factor = |factor: u64| number.checked_mul(factor).filter(|all| *all > 0).ok_or(RotationError);
        Ok(match &text[at..] {
            "m" => Self::Every(Duration::from_secs(factor(60)?)),
            "h" => Self::Every(Duration::from_secs(factor(3600)?)),
            "d" => Self::Every(Duration::from_secs(factor(86_400)?)),
            "MiB" => Self::Bytes(factor(1 << 20)?),
            "GiB" => Self::Bytes(factor(1 << 30)?),
            _ => return Err(RotationError),
        })
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(length) => write!(f, "{}m", length.as_secs() / 60),
            Self::Bytes(size) => write!(f, "{}MiB", size >> 20),
        }
    }
}

/// Part number `number` of the file at `path`, counted from 1: `events.ndjson`, `events-2.ndjson` and so on.
pub(super) fn part_path(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{end}"))
}

/// All parts of the file at `path` that are there, in their order; the first one also when it is not.
pub(super) fn parts(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let path = path.to_owned();
    let numbered = (1..=PARTS_MAX).map(move |number| (number, part_path(&path, number)));
    numbered.take_while(|(number, path)| *number == 1 || path.is_file()).map(|(_, path)| path)
}

/// More than a year of hours.
const PARTS_MAX: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_times_or_sizes() {
        assert_eq!("90m".parse(), Ok(Rotation::Every(Duration::from_secs(5400))));
        assert_eq!("256MiB".parse(), Ok(Rotation::Bytes(256 << 20)));
        for wrong in ["", "0h", "1", "h", "1s", "-1h", "99999999999999999999h", "18446744073709551615h"] {
            assert_eq!(wrong.parse::<Rotation>(), Err(RotationError), "{wrong}");
        }
        assert!(Rotation::Bytes(10).is_due(Duration::ZERO, 10));
        assert!(!Rotation::Every(Duration::from_secs(60)).is_due(Duration::from_secs(59), u64::MAX));
    }

    #[test]
    fn parts_are_numbered_before_the_end_of_the_name() {
        let path = |number| part_path(Path::new("a.b/events.ndjson"), number);
        assert_eq!([path(1), path(12)], ["a.b/events.ndjson", "a.b/events-12.ndjson"].map(PathBuf::from));
        assert_eq!(parts(Path::new("/nowhere/at-all")).count(), 1);
    }
}
