//! `journal/terminals.csv`: what every terminal believes, one line an entry, as fast as a run makes them.
//!
//! Ten thousand sales a second make as many lines, so they are put together digit by digit in one buffer.
//! When a file is full the next is `terminals-2.csv`, and so on; each has the header.

use super::{FolderError, log_file::LogFile};
use crate::{card::Pan, reconcile::Entry};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The journal of all terminals of a run.
#[derive(Debug)]
pub(super) struct Journal {
    directory: PathBuf,
    /// The number of the present file, from 1.
    number: u32,
    file: LogFile,
    size: usize,
    size_max: usize,
    /// The lines of one batch.
    lines: Vec<u8>,
}

impl Journal {
    pub(super) fn create(directory: PathBuf) -> Result<Self, FolderError> {
        Self::with_size_max(directory, SIZE_MAX)
    }

    fn with_size_max(directory: PathBuf, size_max: usize) -> Result<Self, FolderError> {
        if let Err(source) = fs::create_dir(&directory) {
            return Err(FolderError::Create { path: directory, source });
        }
        let file = create_file(&directory, 1)?;
        Ok(Self { directory, number: 1, file, size: HEADER.len(), size_max, lines: Vec::new() })
    }

    /// Adds the lines of `entries`.
    pub(super) fn append(&mut self, entries: &[Entry]) -> Result<(), FolderError> {
        self.lines.clear();
        entries.iter().for_each(|entry| push_line(&mut self.lines, entry));
        if self.size > HEADER.len() && self.size + self.lines.len() > self.size_max {
            self.rotate()?;
        }
        self.size += self.lines.len();
        self.file.append(&self.lines)
    }

    /// Goes on in the next file.
    pub(super) fn rotate(&mut self) -> Result<(), FolderError> {
        self.number += 1;
        self.file = create_file(&self.directory, self.number)?;
        self.size = HEADER.len();
        Ok(())
    }
}

fn create_file(directory: &Path, number: u32) -> Result<LogFile, FolderError> {
    LogFile::create(directory.join(file_name(number)), HEADER.as_bytes())
}

/// The name of the file with this number, counted from 1.
pub(super) fn file_name(number: u32) -> String {
    if number == 1 { "terminals.csv".to_owned() } else { format!("terminals-{number}.csv") }
}

fn push_line(line: &mut Vec<u8>, entry: &Entry) {
    push_number(line, entry.at.as_millis() as u64);
    line.push(b',');
    push_text(line, entry.terminal.as_str());
    line.push(b',');
    line.extend_from_slice(&entry.batch.digits());
    line.push(b',');
    line.extend_from_slice(&entry.stan.digits());
    line.push(b',');
    line.extend_from_slice(entry.kind.name().as_bytes());
    line.push(b',');
    push_number(line, entry.amount.minor());
    line.push(b',');
    if let Some(card) = &entry.card {
        push_masked(line, card);
    }
    line.push(b',');
    line.extend_from_slice(entry.belief.name().as_bytes());
    line.push(b',');
    push_text(line, entry.merchant.as_str());
    line.push(b',');
    if let Some(rrn) = &entry.rrn {
        push_text(line, rrn.as_str());
    }
    line.push(b'\n');
}

fn push_number(line: &mut Vec<u8>, number: u64) {
    let (mut digits, mut at, mut rest) = ([0; DIGITS_MAX], DIGITS_MAX, number);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    line.extend_from_slice(&digits[at..]);
}

/// An id is printable ASCII, so it may hold a comma or a quotation mark.
fn push_text(line: &mut Vec<u8>, text: &str) {
    if text.contains([',', '"']) {
        line.push(b'"');
        line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
}

/// The same text as the card's `Display`, without its cost.
fn push_masked(line: &mut Vec<u8>, card: &Pan) {
    let digits = card.as_bytes();
    let shown = if digits.len() < 13 { 0 } else { 6 };
    let (first, rest) = digits.split_at(shown);
    let (hidden, last) = rest.split_at(rest.len() - 4);
    line.extend_from_slice(first);
    line.resize(line.len() + hidden.len(), b'*');
    line.extend_from_slice(last);
}

pub(super) const HEADER: &str = "at_ms,terminal,batch,stan,kind,amount_minor,card,belief,merchant,rrn\n";
const SIZE_MAX: usize = 256 * 1024 * 1024;
const DIGITS_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        iso8583::{BatchNo, MerchantId, Stan, TerminalId},
        money::Amount,
        operation::Kind,
        reconcile::Belief,
        report::read_journal,
    };
    use std::time::Duration;

    fn entry(at_ms: u64) -> Entry {
        Entry {
            at: Duration::from_millis(at_ms),
            terminal: TerminalId::from_bytes(b"10000001").expect("valid"),
            batch: BatchNo::FIRST,
            stan: Stan::FIRST,
            kind: Kind::Sale,
            merchant: MerchantId::from_bytes(b"898100012340001").expect("valid"),
            rrn: None,
            amount: Amount::from_minor(100),
            card: None,
            belief: Belief::Approved,
        }
    }

    #[test]
    fn full_files_are_followed_by_the_next_and_read_in_order() {
        let folder = std::env::temp_dir().join(format!("posfleet-journal-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a new directory");
        let mut journal = Journal::with_size_max(folder.join("journal"), 270).expect("a new journal");
        for at_ms in 0..10 {
            journal.append(&[entry(at_ms)]).expect("space");
        }
        let read: Result<Vec<u64>, _> =
            read_journal(&folder).map(|line| line.map(|line| line.at.as_millis() as u64)).collect();
        assert_eq!(read.expect("a journal"), (0..10).collect::<Vec<u64>>());
        assert_eq!(journal.number, 4, "three lines fit into each file");
        let cut = fs::read(folder.join("journal/terminals.csv")).expect("the first file");
        fs::write(folder.join("journal/terminals.csv"), &cut[..cut.len() - 1]).expect("writable");
        assert!(read_journal(&folder).any(|line| line.is_err()), "only the last file may be cut");
        fs::remove_dir_all(&folder).expect("removable");
    }

    #[test]
    fn cards_are_masked_as_their_type_masks_them() {
        for length in 8..=19 {
            let card: Pan = "6222021234567890123"[..length].parse().expect("valid");
            let mut line = Vec::new();
            push_masked(&mut line, &card);
            assert_eq!(String::from_utf8_lossy(&line), card.to_string());
        }
    }

    #[test]
    fn numbers_are_those_of_display() {
        for number in [0, 9, 10, 1_234_567_890, u64::MAX] {
            let mut line = Vec::new();
            push_number(&mut line, number);
            assert_eq!(String::from_utf8_lossy(&line), number.to_string());
        }
    }
}
