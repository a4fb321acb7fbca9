//! Reads the statement of a host, ours or a user's own: CSV, a JSON array, or a JSON object a line.
//!
//! Rows are handed on one by one, so that a statement may be larger than memory. What a row means is said by a
//! [`Mapping`]; every error names the file, the place in it, and what to do.

use super::meter::{Meter, Metered};
use crate::reconcile::{Column, Mapping, Row, Source};
use csv::ByteRecord;
use std::{
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// Why a statement cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file as a whole is not a statement.
    #[error("{}: {message}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A row cannot be read.
    #[error("{}:{line}: {message}", .path.display())]
    Row {
        /// Which file.
        path: PathBuf,
        /// Which line of a CSV file, or which record of a JSON file, from 1.
        line: u64,
        /// What is wrong, and what to do.
        message: String,
    },
}

/// Hands every row of the statement at `path` to `take`, and says how many there were.
///
/// # Errors
/// The first thing that is wrong; what came before it was handed on.
pub fn read_statement(
    path: &Path,
    mapping: &Mapping,
    take: &mut dyn FnMut(Row),
) -> Result<u64, StatementError> {
    read_metered(path, mapping, &Meter::default(), take)
}

/// The same; `meter` hears what was read.
pub(super) fn read_metered(
    path: &Path,
    mapping: &Mapping,
    meter: &Meter,
    take: &mut dyn FnMut(Row),
) -> Result<u64, StatementError> {
    let unreadable = |source| StatementError::Read { path: path.to_owned(), source };
    let mut file = BufReader::with_capacity(BUFFER, Metered::open(path, meter).map_err(unreadable)?);
    let start = file.fill_buf().map_err(unreadable)?;
    let wrong = |message: &str| StatementError::File { path: path.to_owned(), message: message.to_owned() };
    if let Some((_, message)) = NOT_TEXT.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(wrong(message));
    }
    if start.contains(&0) {
        return Err(wrong("this is a binary file; a statement is CSV or JSON"));
    }
    if start.starts_with(BYTE_ORDER_MARK) {
        file.consume(BYTE_ORDER_MARK.len());
    }
    let first = file.fill_buf().map_err(unreadable)?.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    let mut sink = Sink { path, mapping, take, rows: 0 };
    match first {
        None => return Err(wrong("the file is empty; export the statement again")),
        Some(b'[' | b'{') => super::statement_json::read(file, &mut sink)?,
        Some(_) => csv_rows(file, &mut sink)?,
    }
    Ok(sink.rows)
}

/// The texts of a row, in the order of [`Column::ALL`].
pub(super) type Cells<'c> = [Option<&'c str>; Column::ALL.len()];

/// Where the rows of a file go.
pub(super) struct Sink<'s> {
    path: &'s Path,
    pub(super) mapping: &'s Mapping,
    take: &'s mut dyn FnMut(Row),
    rows: u64,
}

impl Sink<'_> {
    /// Reads a row out of its cells, which are in the order of [`Column::ALL`].
    pub(super) fn row(&mut self, line: u64, cells: &Cells<'_>) -> Result<(), StatementError> {
        self.rows += 1;
        match self.mapping.row(|column| cells.get(column as usize).copied().flatten()) {
            Ok(None) => Ok(()),
            Ok(Some(row)) => {
                (self.take)(row);
                Ok(())
            }
            Err(error) => Err(self.wrong(line, error.to_string())),
        }
    }

    pub(super) fn wrong(&self, line: u64, message: String) -> StatementError {
        StatementError::Row { path: self.path.to_owned(), line, message }
    }
}

fn csv_rows(file: impl Read, sink: &mut Sink<'_>) -> Result<(), StatementError> {
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.delimiter(sink.mapping.separator).from_reader(file);
    let header = reader.byte_headers().map_err(|error| csv_error(&error, sink))?;
    let places = places(header, sink.mapping).map_err(|message| sink.wrong(1, message))?;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| csv_error(&error, sink))? {
        let line = record.position().map_or(0, csv::Position::line);
        let mut cells: Cells<'_> = [None; Column::ALL.len()];
        for (cell, place) in cells.iter_mut().zip(places) {
            let Some(bytes) = place.and_then(|place| record.get(place)) else { continue };
            *cell = Some(str::from_utf8(bytes).map_err(|_| sink.wrong(line, NOT_UTF8.to_owned()))?);
        }
        sink.row(line, &cells)?;
    }
    Ok(())
}

/// The places of our columns in the header of the file, in the order of [`Column::ALL`].
fn places(header: &ByteRecord, mapping: &Mapping) -> Result<[Option<usize>; Column::ALL.len()], String> {
    let names: Vec<String> =
        header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let mut places = [None; Column::ALL.len()];
    for (column, source) in &mapping.sources {
        let Source::Named(wanted) = source else { continue };
        let mut found = (0..names.len()).filter(|place| names.get(*place) == Some(wanted));
        let place = found.next().ok_or_else(|| missing(*column, wanted, &names, mapping.separator))?;
        if found.next().is_some() {
            return Err(format!("the header has the column `{wanted}` twice; remove one of them"));
        }
        if let Some(known) = places.get_mut(*column as usize) {
            *known = Some(place);
        }
    }
    Ok(places)
}

fn missing(column: Column, wanted: &str, names: &[String], separator: u8) -> String {
    let has = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let hint = match names {
        [only] if only.contains([',', ';', '\t', '|']) => {
            format!(
                "; it looks as if columns are not separated by `{}`: set `separator` in the mapping",
                char::from(separator)
            )
        }
        _ => format!("; say below `columns` in the mapping which of them is `{}`", column.name()),
    };
    format!("the column `{wanted}` is missing, the header has {has}{hint}")
}

fn csv_error(error: &csv::Error, sink: &Sink<'_>) -> StatementError {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            sink.wrong(line, format!("{len} columns where the header has {expected_len}"))
        }
        _ => sink.wrong(error.position().map_or(0, csv::Position::line), error.to_string()),
    }
}

const BUFFER: usize = 256 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const NOT_UTF8: &str = "this is not UTF-8; convert the file, for example with `iconv -f GBK -t UTF-8`";
/// How files begin that are not statements, and what to do about them.
const NOT_TEXT: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "this is a spreadsheet or an archive; export it as CSV"),
    (b"\xD0\xCF\x11\xE0", "this is a spreadsheet; export it as CSV"),
    (b"\x1F\x8B", "this file is compressed; unpack it first"),
    (b"\xFF\xFE", "this is UTF-16; convert the file, for example with `iconv -f UTF-16 -t UTF-8`"),
    (b"\xFE\xFF", "this is UTF-16; convert the file, for example with `iconv -f UTF-16 -t UTF-8`"),
];
