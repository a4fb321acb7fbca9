//! Reconciles files: the journals of a results folder against a statement, in parts that fit into memory.
//!
//! ```text
//! journal/terminals*.csv ─► lines by key ─► fold ─┐
//!                                                 ├─► compare, part by part ─► pair what is left ─► findings
//! statement ─────────────► rows by key ───────────┘
//! ```
//!
//! A statement that names transactions by their RRN alone takes one more round: the folded transactions are parted
//! again, by RRN. What memory holds is one part, and what does not agree.

use super::{
    journal::file_name,
    journal_reader::{JournalError, read_metered as read_journal},
    meter::Meter,
    spill::{Parts, Scratch, Spill},
    statement::{StatementError, read_metered as read_statement},
};
use crate::reconcile::{Findings, Identity, Journals, Line, Mapping, Outcome, Row, Transaction};
use std::{
    fs, io,
    num::NonZero,
    path::{Path, PathBuf},
};

/// Why files cannot be reconciled.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The terminals' side cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The host's side cannot be read.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The rows of the statement do not say which transactions they are.
    #[error(
        "the mapping names transactions neither by terminal, batch and stan nor by rrn; add these below `columns`"
    )]
    NoIdentity,
    /// There is no room for the parts.
    #[error("cannot keep parts in {}: {source}; free some space there, or set TMPDIR to another directory", .path.display())]
    Scratch {
        /// Where they were to be kept.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Holds the journals in the results folder `folder` to the statement at `statement`.
///
/// `parts` is chosen from the size of the files when it is `None`; `meter` hears how far it is.
///
/// # Errors
/// When one of the sides cannot be read, or the disk has no room.
pub fn reconcile_files(
    folder: &Path,
    statement: &Path,
    mapping: &Mapping,
    parts: Option<NonZero<usize>>,
    meter: &Meter,
) -> Result<Findings, ReconcileError> {
    let identity = mapping.identity().ok_or(ReconcileError::NoIdentity)?;
    let files = Files { folder, statement, mapping, identity, meter };
    let bytes = files.bytes();
    meter.expect(bytes);
    match parts.map_or_else(|| parts_of(bytes), NonZero::get) {
        1 => files.at_once(),
        parts => files.in_parts(parts, bytes),
    }
}

struct Files<'f> {
    folder: &'f Path,
    statement: &'f Path,
    mapping: &'f Mapping,
    identity: Identity,
    meter: &'f Meter,
}

impl Files<'_> {
    /// How large both sides are.
    fn bytes(&self) -> u64 {
        let size = |path: PathBuf| fs::metadata(path).map(|found| found.len()).ok();
        let journals = (1..).map_while(|number| size(self.folder.join("journal").join(file_name(number))));
        journals.sum::<u64>() + size(self.statement.to_owned()).unwrap_or(0)
    }

    fn at_once(&self) -> Result<Findings, ReconcileError> {
        let mut journals = Journals::default();
        for line in read_journal(self.folder, self.meter) {
            journals.take(&line?);
        }
        let mut comparison = journals.against(self.identity, &self.mapping.unlisted);
        read_statement(self.statement, self.mapping, self.meter, &mut |row| comparison.row(row))?;
        Ok(comparison.finish())
    }

    /// All `bytes` are read and parted, and then the parts are read again.
    fn in_parts(&self, parts: usize, bytes: u64) -> Result<Findings, ReconcileError> {
        self.meter.expect(bytes);
        let part_bytes = bytes / parts as u64;
        let lost = |path: &Path| {
            let path = path.to_owned();
            move |source| ReconcileError::Scratch { path, source }
        };
        let scratch = Scratch::new().map_err(lost(&std::env::temp_dir()))?;
        let failed = |source| lost(scratch.path())(source);
        let mut lines = Spill::create(&scratch, "lines", parts).map_err(failed)?;
        for line in read_journal(self.folder, self.meter) {
            let line = line?;
            lines.push(&Some(line.key), &line);
        }
        let lines = lines.finish().map_err(failed)?;
        let mut rows = Spill::create(&scratch, "rows", parts).map_err(failed)?;
        read_statement(self.statement, self.mapping, self.meter, &mut |row| match self.identity {
            Identity::Number => rows.push(&row.key(), &row),
            Identity::Rrn => rows.push(&row.rrn, &row),
        })?;
        let rows = rows.finish().map_err(failed)?;
        match self.identity {
            Identity::Number => {
                self.compare(parts, part_bytes, &rows, |part| fold(&lines, part)).map_err(failed)
            }
            Identity::Rrn => {
                let folded = by_rrn(&scratch, parts, &lines).map_err(failed)?;
                self.compare(parts, part_bytes, &rows, |part| gather(&folded, part)).map_err(failed)
            }
        }
    }

    /// Compares part by part.
    fn compare(
        &self,
        parts: usize,
        part_bytes: u64,
        rows: &Parts<Row>,
        journals: impl Fn(usize) -> io::Result<Journals>,
    ) -> io::Result<Findings> {
        let mut outcome = Outcome::default();
        for part in 0..parts {
            let mut comparison = journals(part)?.against(self.identity, &self.mapping.unlisted);
            rows.read(part, |row| comparison.row(row))?;
            outcome.add(comparison);
            self.meter.advance(part_bytes);
        }
        Ok(outcome.finish())
    }
}

/// So many that each is small.
fn parts_of(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(PART_BYTES)).unwrap_or(PARTS_MAX).clamp(1, PARTS_MAX)
}

fn fold(lines: &Parts<Line>, part: usize) -> io::Result<Journals> {
    let mut journals = Journals::default();
    lines.read(part, |line| journals.take(&line))?;
    Ok(journals)
}

fn gather(folded: &Parts<Transaction>, part: usize) -> io::Result<Journals> {
    let mut journals = Journals::default();
    folded.read(part, |transaction| journals.take_folded(transaction))?;
    Ok(journals)
}

/// Folds part by part, and parts the transactions again by what their rows are called.
fn by_rrn(scratch: &Scratch, parts: usize, lines: &Parts<Line>) -> io::Result<Parts<Transaction>> {
    let mut folded = Spill::create(scratch, "transactions", parts)?;
    for part in 0..parts {
        for transaction in fold(lines, part)?.into_transactions() {
            match transaction.rrn {
                Some(_) => folded.push(&transaction.rrn, &transaction),
                // No row can name it; so that not all of them fall into one part.
                None => folded.push(&transaction.key, &transaction),
            }
        }
    }
    folded.finish()
}

/// About 150,000 transactions with both their sides.
const PART_BYTES: u64 = 32 * 1024 * 1024;
/// Every part is an open file while it is written.
const PARTS_MAX: usize = 512;
