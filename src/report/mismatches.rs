//! `journal/mismatches.csv`: every transaction on which terminal and host do not agree, both sides beside each other.

use super::{FolderError, log_file::LogFile};
use crate::{
    metrics::{MismatchSummary, SideSummary},
    reconcile::Mismatch,
};
use std::{io, path::PathBuf};

/// Writes the list of mismatches.
pub(super) fn write(path: PathBuf, mismatches: &[Mismatch]) -> Result<(), FolderError> {
    let rows = rows(mismatches).map_err(|source| FolderError::Write { path: path.clone(), source })?;
    LogFile::create(path, &rows).map(drop)
}

fn rows(mismatches: &[Mismatch]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let of_side = |side: &str| SIDE.map(|column| format!("{side}_{column}"));
    let head = ["terminal", "batch", "stan", "fault", "meaning"].map(str::to_owned);
    writer.write_record(head.into_iter().chain(of_side("believed")).chain(of_side("host")))?;
    for mismatch in mismatches {
        let key = mismatch.key();
        let named = key.map_or([String::new(), String::new(), String::new()], |key| {
            [key.terminal.to_string(), key.batch.to_string(), key.stan.to_string()]
        });
        let MismatchSummary { fault, meaning, terminal, host } = mismatch.into();
        let fault = [fault.into_owned(), meaning.into_owned()];
        writer.write_record(named.into_iter().chain(fault).chain(cells(terminal)).chain(cells(host)))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// What one side says, in the order of [`SIDE`]; blank where it says nothing.
fn cells(side: Option<SideSummary>) -> [String; SIDE.len()] {
    let Some(side) = side else { return Default::default() };
    [
        side.terminal.unwrap_or_default(),
        side.merchant.unwrap_or_default(),
        side.batch.unwrap_or_default(),
        side.stan.unwrap_or_default(),
        side.kind.unwrap_or_default().into_owned(),
        side.amount_minor.to_string(),
        side.rrn.unwrap_or_default(),
        side.card.unwrap_or_default(),
        side.state.into_owned(),
    ]
}

const SIDE: [&str; 9] =
    ["terminal", "merchant", "batch", "stan", "kind", "amount_minor", "rrn", "card", "state"];
