//! `journal/host.csv`: the statement of the host inside the program, written when a run is over.

use super::FolderError;
use crate::reconcile::Row;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Writes the statement to `path`, which must not exist.
pub(super) fn write(path: &Path, rows: &mut dyn Iterator<Item = Row>) -> Result<(), FolderError> {
    let file =
        File::create_new(path).map_err(|source| FolderError::Create { path: path.to_owned(), source })?;
    write_rows(file, rows).map_err(|source| FolderError::Write { path: path.to_owned(), source })
}

fn write_rows(file: File, rows: &mut dyn Iterator<Item = Row>) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    writer.write_record(HEADER)?;
    for row in rows {
        writer.write_field(row.terminal.as_ref().map_or("", |terminal| terminal.as_str()))?;
        writer.write_field(row.merchant.as_ref().map_or("", |merchant| merchant.as_str()))?;
        writer
            .write_field(row.batch.map(|batch| batch.digits()).as_ref().map_or(&[][..], |digits| digits))?;
        writer.write_field(row.stan.map(|stan| stan.digits()).as_ref().map_or(&[][..], |digits| digits))?;
        writer.write_field(row.kind.map_or("", |kind| kind.name()))?;
        writer.write_field(row.amount.minor().to_string())?;
        writer.write_field(row.rrn.as_ref().map_or("", |rrn| rrn.as_str()))?;
        writer.write_field(row.card.map(|card| card.to_string()).unwrap_or_default())?;
        writer.write_field(row.state.name())?;
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.flush()
}

const HEADER: [&str; 9] =
    ["terminal", "merchant", "batch", "stan", "kind", "amount_minor", "rrn", "card", "state"];
