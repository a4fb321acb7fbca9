//! Reads the terminals' journal of a results folder back, as far as it was written.

use super::{
    journal::{HEADER, file_name},
    meter::{Meter, Metered},
};
use crate::{
    money::Amount,
    operation::Kind,
    reconcile::{Belief, Key, Line},
};
use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

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
pub fn read_journal(folder: &Path) -> impl Iterator<Item = Result<Line, JournalError>> + use<> {
    read_metered(folder, &Meter::default())
}

/// The same; `meter` hears what was read.
pub(super) fn read_metered(
    folder: &Path,
    meter: &Meter,
) -> impl Iterator<Item = Result<Line, JournalError>> + use<> {
    let directory = folder.join("journal");
    let mut reader = Reader { directory, meter: meter.clone(), number: 0, open: None };
    let mut has_failed = false;
    std::iter::from_fn(move || {
        let item = if has_failed { None } else { reader.next().transpose() };
        has_failed |= matches!(item, Some(Err(_)));
        item
    })
}

struct Reader {
    directory: PathBuf,
    meter: Meter,
    /// The number of the file that was opened last; 0 is none.
    number: u32,
    open: Option<OpenFile>,
}

struct OpenFile {
    path: PathBuf,
    /// Whether no file follows, so that its last line may lack its end.
    is_last: bool,
    lines: BufReader<Metered>,
    number: u64,
}

impl Reader {
    fn next(&mut self) -> Result<Option<Line>, JournalError> {
        loop {
            if let Some(file) = &mut self.open {
                match file.next()? {
                    None if file.is_last => return Ok(None),
                    None => self.open = None,
                    line => return Ok(line),
                }
            } else {
                self.number += 1;
                let is_last = !self.path(self.number + 1).exists();
                self.open = Some(OpenFile::open(self.path(self.number), is_last, &self.meter)?);
            }
        }
    }

    fn path(&self, number: u32) -> PathBuf {
        self.directory.join(file_name(number))
    }
}

impl OpenFile {
    fn open(path: PathBuf, is_last: bool, meter: &Meter) -> Result<Self, JournalError> {
        match Metered::open(&path, meter) {
            Ok(file) => Ok(Self { path, is_last, lines: BufReader::new(file), number: 0 }),
            Err(source) => Err(JournalError::Read { path, source }),
        }
    }

    fn next(&mut self) -> Result<Option<Line>, JournalError> {
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

fn parse(line: &str) -> Option<Line> {
    let mut cells = Cells { rest: Some(line) };
    let at: u64 = cells.next()?.parse().ok()?;
    let terminal = cells.next()?.parse().ok()?;
    let key = Key { terminal, batch: cells.next()?.parse().ok()?, stan: cells.next()?.parse().ok()? };
    let line = Line {
        at: Duration::from_millis(at),
        key,
        kind: Kind::from_name(&cells.next()?)?,
        amount: Amount::from_minor(cells.next()?.parse().ok()?),
        card: optional(&cells.next()?)?,
        belief: Belief::from_name(&cells.next()?)?,
        merchant: cells.next()?.parse().ok()?,
        rrn: optional(&cells.next()?)?,
    };
    cells.next().is_none().then_some(line)
}

/// What may be missing; nothing when it is there and is not what it should be.
fn optional<T: FromStr>(text: &str) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

/// The cells of a line; a cell may be quoted, and a doubled quotation mark in it stands for one.
struct Cells<'l> {
    rest: Option<&'l str>,
}

impl<'l> Iterator for Cells<'l> {
    type Item = Cow<'l, str>;

    fn next(&mut self) -> Option<Cow<'l, str>> {
        let rest = self.rest.take()?;
        let Some(mut rest) = rest.strip_prefix('"') else {
            let (cell, rest) = rest.split_once(',').map_or((rest, None), |(cell, rest)| (cell, Some(rest)));
            self.rest = rest;
            return Some(Cow::Borrowed(cell));
        };
        let mut text = String::new();
        loop {
            let (part, after) = rest.split_once('"')?;
            text.push_str(part);
            let Some(more) = after.strip_prefix('"') else {
                self.rest = after.strip_prefix(',');
                return (after.is_empty() || self.rest.is_some()).then_some(Cow::Owned(text));
            };
            text.push('"');
            rest = more;
        }
    }
}
