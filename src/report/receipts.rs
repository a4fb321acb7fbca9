//! `receipts.txt`: what terminals printed, a line of hyphens between two receipts.

use super::{FolderError, log_file::LogFile};
use std::path::PathBuf;

/// The receipts of a run; the file is made with the first one.
#[derive(Debug)]
pub(super) struct ReceiptLog {
    path: PathBuf,
    file: Option<LogFile>,
    bytes: usize,
    size_max: usize,
    is_full: bool,
}

impl ReceiptLog {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None, bytes: 0, size_max: SIZE_MAX, is_full: false }
    }

    /// Adds receipts in one write; those that would make the file too large are left out, and its last line says so.
    pub(super) fn append(&mut self, texts: &[String]) -> Result<(), FolderError> {
        let mut lines = String::new();
        for text in texts {
            if self.is_full {
                break;
            }
            self.is_full = self.bytes + text.len() > self.size_max;
            let text = if self.is_full { FULL } else { text.trim_end() };
            if self.bytes > 0 {
                lines.push_str(SEPARATOR);
            }
            lines.push_str(text);
            lines.push('\n');
            self.bytes += text.len() + SEPARATOR.len() + 1;
        }
        if lines.is_empty() {
            return Ok(());
        }
        match &mut self.file {
            Some(file) => file.append(lines.as_bytes()),
            None => {
                let file = self.file.insert(LogFile::create(self.path.clone(), b"")?);
                file.append(lines.as_bytes())
            }
        }
    }
}

const SEPARATOR: &str = "--------------------------------\n";
const FULL: &str = "(more receipts were printed; this file keeps no more)";
const SIZE_MAX: usize = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn receipts_are_told_apart_and_a_full_file_says_so() {
        let folder = std::env::temp_dir().join(format!("posfleet-receipts-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a new directory");
        let path = folder.join("receipts.txt");
        let mut log = ReceiptLog { size_max: 60, ..ReceiptLog::new(path.clone()) };
        log.append(&[]).expect("nothing to write");
        assert!(!path.exists(), "no receipt, no file");
        let receipt = |number: u32| format!("SALE\nNO {number}\n");
        log.append(&[receipt(1), receipt(2)]).expect("space");
        log.append(&[receipt(3), receipt(4)]).expect("space");
        let line = SEPARATOR;
        let expected = format!("SALE\nNO 1\n{line}SALE\nNO 2\n{line}{FULL}\n");
        assert_eq!(fs::read_to_string(&path).expect("a file"), expected);
        fs::remove_dir_all(&folder).expect("removable");
    }
}
