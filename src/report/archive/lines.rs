//! Text files of a results folder as somebody reads them who trusts nothing: whole lines, bounded, and what is odd told.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// A longer line is none of ours, in bytes.
pub(super) const LINE_MAX: u64 = 1 << 20;

/// Tells `each` all lines of a file that have their end; what a crash has cut off is left out.
///
/// # Errors
/// When the file cannot be read, or is not text.
pub(super) fn whole_lines(path: &Path, mut each: impl FnMut(&str)) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = String::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE_MAX).read_line(&mut line)?;
        match line.strip_suffix('\n') {
            Some(text) => each(text.strip_suffix('\r').unwrap_or(text)),
            None if read as u64 == LINE_MAX => return Err(io::Error::other("a line is too long")),
            None => return Ok(()),
        }
    }
}

/// A whole text file of at most `bytes_max` bytes.
///
/// # Errors
/// When it cannot be read, is larger, or is not text.
pub(super) fn whole_file(path: &Path, bytes_max: u64) -> io::Result<String> {
    let size = fs::metadata(path)?.len();
    if size > bytes_max {
        return Err(io::Error::other(format!("it is {size} bytes large, more than {bytes_max}")));
    }
    let mut text = String::new();
    File::open(path)?.take(bytes_max).read_to_string(&mut text)?;
    Ok(text)
}
