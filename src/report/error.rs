//! Why results cannot be kept: each error names the path, and says what to do.

use std::{io, path::PathBuf};

/// Why results cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A directory or file cannot be made.
    #[error("cannot create {}: {source}; name a directory that you may write to with --out", .path.display())]
    Create {
        /// What was to be made.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}; see whether its disk is full, or name another directory with --out", .path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The path of a directory leads to something else.
    #[error("{} is not a directory; move it away, or name another directory with --out", .0.display())]
    NotADirectory(PathBuf),
    /// The directory holds something already.
    #[error("{} is not empty; name a new or an empty directory with --out", .0.display())]
    NotEmpty(PathBuf),
    /// There are too many folders of that name.
    #[error("{} and all its numbered successors exist; name another directory with --out", .0.display())]
    NoFreeName(PathBuf),
}

impl From<FolderError> for io::Error {
    fn from(error: FolderError) -> Self {
        let kind = match &error {
            FolderError::Create { source, .. } | FolderError::Write { source, .. } => source.kind(),
            FolderError::NotADirectory(_) => io::ErrorKind::NotADirectory,
            FolderError::NotEmpty(_) => io::ErrorKind::DirectoryNotEmpty,
            FolderError::NoFreeName(_) => io::ErrorKind::AlreadyExists,
        };
        Self::new(kind, error)
    }
}
