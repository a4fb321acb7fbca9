//! A file that grows by whole records; what a record looks like is the business of its writers.

use super::{FolderError, parts::part_path};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

/// A file that grows by whole records.
///
/// There is no buffer in this process: what was appended survives its death, and a reader never sees half a record
/// unless the death came in the middle of the write.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    /// What every part begins with.
    head: Vec<u8>,
    /// The number of the present part, from 1.
    part: u32,
    /// The bytes of the present part.
    size: u64,
}

impl LogFile {
    /// Makes the file, which must not exist, with `head` in it.
    pub(super) fn create(path: PathBuf, head: &[u8]) -> Result<Self, FolderError> {
        match File::create_new(&path) {
            Ok(file) => Self { path, file, head: head.to_vec(), part: 1, size: 0 }.with(head),
            Err(source) => Err(FolderError::Create { path, source }),
        }
    }

    /// Adds `records` in one write.
    pub(super) fn append(&mut self, records: &[u8]) -> Result<(), FolderError> {
        self.size += records.len() as u64;
        self.file.write_all(records).map_err(|source| FolderError::Write { path: self.path.clone(), source })
    }

    /// Goes on in the next part.
    pub(super) fn rotate(&mut self) -> Result<(), FolderError> {
        let path = part_path(&self.path, self.part + 1);
        self.file = File::create_new(&path).map_err(|source| FolderError::Create { path, source })?;
        (self.part, self.size) = (self.part + 1, 0);
        let head = self.head.clone();
        self.append(&head)
    }

    /// The bytes of the present part.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn with(mut self, head: &[u8]) -> Result<Self, FolderError> {
        self.append(head)?;
        Ok(self)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    #[test]
    fn a_full_disk_is_told_with_the_path_and_what_to_do() {
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().write(true).open(&path).expect("Linux has it");
        let error = LogFile { path, file, head: Vec::new(), part: 1, size: 0 }
            .append(b"a record")
            .expect_err("the device is full");
        let text = error.to_string();
        assert!(text.starts_with("cannot write /dev/full: No space left on device"), "{text}");
        assert!(text.contains("see whether its disk is full"), "{text}");
        assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::StorageFull);
    }
}
