//! Why a results folder cannot be read.

use std::{io, path::PathBuf};

/// Why a results folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is no such directory.
    #[error("{} is not a directory; name the results folder of a run", .0.display())]
    NotADirectory(PathBuf),
    /// No file in it is one of a run.
    #[error("{} is not a results folder: it has neither summary.json nor series.csv nor intervals.hlog", .0.display())]
    NotResults(PathBuf),
    /// A later version of this program wrote it.
    #[error("{}: schema {found} is newer than this program, which knows up to {known}; use a newer posfleet", .path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The latest version that is known here.
        known: u32,
    },
    /// A file that is needed here is missing, cut off or damaged.
    #[error("{}: {reason}", .path.display())]
    Incomplete {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
