//! `summary.json`: it is there when the run is over, and then it is complete.

use super::FolderError;
use crate::metrics::Summary;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// Writes `summary.json` into `folder`, under another name first.
pub(super) fn write(folder: &Path, summary: &Summary) -> Result<(), FolderError> {
    let (path, draft) = (folder.join("summary.json"), folder.join("summary.json.tmp"));
    write_draft(&draft, summary).map_err(|source| FolderError::Write { path: draft.clone(), source })?;
    fs::rename(&draft, &path).map_err(|source| FolderError::Write { path, source })
}

fn write_draft(draft: &Path, summary: &Summary) -> io::Result<()> {
    let mut json = serde_json::to_vec_pretty(summary)?;
    json.push(b'\n');
    let mut file = File::create(draft)?;
    file.write_all(&json)?;
    file.sync_all()
}
