//! `journal/mismatches.csv`: every transaction on which terminal and host do not agree.

use super::{FolderError, log_file::LogFile};
use crate::reconcile::{Fault, Mismatch};
use std::{io, path::PathBuf};

/// Writes the list of mismatches.
pub(super) fn write(path: PathBuf, mismatches: &[Mismatch]) -> Result<(), FolderError> {
    let rows = rows(mismatches).map_err(|source| FolderError::Write { path: path.clone(), source })?;
    LogFile::create(path, &rows).map(drop)
}

fn rows(mismatches: &[Mismatch]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["terminal", "batch", "stan", "fault", "meaning"])?;
    for Mismatch { key, fault } in mismatches {
        let (batch, stan) = (key.batch.to_string(), key.stan.to_string());
        writer.write_record([key.terminal.as_str(), &batch, &stan, name(*fault), fault.text()])?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn name(fault: Fault) -> &'static str {
    match fault {
        Fault::Lost => "lost",
        Fault::NotReversed => "not-reversed",
        Fault::Doubled => "doubled",
        Fault::Amount => "amount",
        Fault::ReversalPending => "reversal-pending",
    }
}
