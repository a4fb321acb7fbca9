//! Reads the terminals' journal of a results folder back, as far as it was written.

use super::journal::{HEADER, file_name};
use crate::{
    iso8583::{BatchNo, Stan, TerminalId},
    money::Amount,
    operation::Kind,
    reconcile::{Belief, Key},
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    time::Duration,
};

/// One line of a terminal's journal as it is kept in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalLine {
    /// When, since the start of the run, in whole milliseconds.
    pub at: Duration,
    /// Which transaction.
    pub key: Key,
    /// Its kind.
    pub kind: Kind,
    /// DE 4.
    pub amount: Amount,
    /// The masked card, if there was one.
    pub card: Option<String>,
    /// What the terminal believes.
    pub belief: Belief,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A line is not one of a journal.
    #[error("{}:{line}: not a line of a terminal's journal", .path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
    },
}

/// Reads the journal in the results folder `folder`, the oldest entry first.
///
/// The last line of the last file is left out when its end is missing: the run was killed while it was written.
///
/// # Errors
/// The first item is an error when there is no journal; an error ends the iteration.
pub fn read_journal(folder: &Path) -> impl Iterator<Item = Result<JournalLine, JournalError>> + use<> {
    let mut reader = Reader { directory: folder.join("journal"), number: 0, open: None };
    let mut has_failed = false;
    std::iter::from_fn(move || {
        let item = if has_failed { None } else { reader.next().transpose() };
        has_failed |= matches!(item, Some(Err(_)));
        item
    })
}

struct Reader {
    directory: PathBuf,
    /// The number of the file that was opened last; 0 is none.
    number: u32,
    open: Option<OpenFile>,
}

struct OpenFile {
    path: PathBuf,
    /// Whether no file follows, so that its last line may lack its end.
    is_last: bool,
    lines: BufReader<File>,
    number: u64,
}

impl Reader {
    fn next(&mut self) -> Result<Option<JournalLine>, JournalError> {
        loop {
            if let Some(file) = &mut self.open {
                match file.next()? {
                    None if file.is_last => return Ok(None),
                    None => self.open = None,
                    line => return Ok(line),
                }
            } else {
                self.number += 1;
                self.open =
                    Some(OpenFile::open(self.path(self.number), !self.path(self.number + 1).exists())?);
            }
        }
    }

    fn path(&self, number: u32) -> PathBuf {
        self.directory.join(file_name(number))
    }
}

impl OpenFile {
    fn open(path: PathBuf, is_last: bool) -> Result<Self, JournalError> {
        match File::open(&path) {
            Ok(file) => Ok(Self { path, is_last, lines: BufReader::new(file), number: 0 }),
            Err(source) => Err(JournalError::Read { path, source }),
        }
    }

    fn next(&mut self) -> Result<Option<JournalLine>, JournalError> {
        loop {
            let mut line = String::new();
            self.lines
                .read_line(&mut line)
                .map_err(|source| JournalError::Read { path: self.path.clone(), source })?;
            self.number += 1;
            match line.strip_suffix('\n') {
                None if line.is_empty() || self.is_last => return Ok(None),
                Some(_) if self.number == 1 && line == HEADER => {}
                Some(text) if self.number > 1 => return parse(text).map(Some).ok_or_else(|| self.no_line()),
                _ => return Err(self.no_line()),
            }
        }
    }

    fn no_line(&self) -> JournalError {
        JournalError::Line { path: self.path.clone(), line: self.number }
    }
}

fn parse(line: &str) -> Option<JournalLine> {
    let (at, rest) = line.split_once(',')?;
    let (terminal, rest) = split_text(rest)?;
    let fields: Vec<&str> = rest.split(',').collect();
    let [batch, stan, kind, amount, card, belief] = fields[..] else { return None };
    let terminal = TerminalId::from_bytes(terminal.as_bytes()).ok()?;
    let (batch, stan): (BatchNo, Stan) = (batch.parse().ok()?, stan.parse().ok()?);
    Some(JournalLine {
        at: Duration::from_millis(at.parse().ok()?),
        key: Key { terminal, batch, stan },
        kind: Kind::ALL.iter().find(|(_, name)| *name == kind)?.0,
        amount: Amount::from_minor(amount.parse().ok()?),
        card: (!card.is_empty()).then(|| card.to_owned()),
        belief: Belief::ALL.iter().find(|(_, name)| *name == belief)?.0,
    })
}

/// Splits off a text that may be quoted, in which a doubled quotation mark stands for one.
fn split_text(rest: &str) -> Option<(String, &str)> {
    let Some(mut rest) = rest.strip_prefix('"') else {
        return rest.split_once(',').map(|(text, rest)| (text.to_owned(), rest));
    };
    let mut text = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        text.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                text.push('"');
                rest = after;
            }
            None => return Some((text, after.strip_prefix(',')?)),
        }
    }
}
