//! Several results folders as one: the parts of a run that several programs ran, or the same plan run again.
//!
//! Histograms are added up second by second, which loses nothing; counters are added; thresholds are judged anew on
//! what came together. Seconds count from the start of each run. Journals and statements are joined where no terminal
//! is in two runs; else transactions of the one could be taken for those of the other.

mod join;
mod sums;
mod whole;

use super::{
    FolderError,
    archive::{Archive, ArchiveError},
    compare::plan_differences,
    folder::Folder,
};
use crate::{
    engine::Observer,
    metrics::{EventLine, Severity, Summary},
};
use std::{io, path::Path, time::Duration};
use whole::{Source, Whole};

/// Why runs cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// One of them cannot be read, or did not end.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The merged folder cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file cannot be copied or written.
    #[error("cannot write the merged folder: {0}")]
    Write(#[from] io::Error),
    /// They are not parts of one.
    #[error("{run} does not fit {base}:\n  {differences}", differences = .differences.join("\n  "))]
    DoesNotFit {
        /// The first run.
        base: String,
        /// The other.
        run: String,
        /// What differs.
        differences: Vec<String>,
    },
}

/// Puts the runs in `archives`, at least one, together in the new folder `out`; the summary of all is returned.
///
/// # Errors
/// When a run did not end or cannot be read, when one does not fit the first, or when `out` cannot be written.
pub fn merge(out: &Path, archives: &[Archive]) -> Result<Summary, MergeError> {
    let Some(first) = archives.first() else {
        return Err(MergeError::Write(io::Error::other("there is no run to merge")));
    };
    let summaries: Vec<&Summary> = archives.iter().map(Archive::whole_summary).collect::<Result<_, _>>()?;
    archives.iter().zip(&summaries).try_for_each(|(run, summary)| fits(first, summaries[0], run, summary))?;
    let mut folder = Folder::create_at(out, 0, first.scenario.as_deref().unwrap_or_default())?;
    let mut whole = Whole::of(&summaries);
    let mut sources = archives.iter().map(Source::open).collect::<Result<Vec<_>, ArchiveError>>()?;
    whole.seconds(&mut sources, archives, &mut folder)?;
    whole.counts_of(&summaries);
    let summary = whole.summary(&summaries);
    if let Err(why) = join::journals(archives, out)? {
        folder.event(&warning(why))?;
    }
    let left_out = join::left_out(archives, &summary);
    if !left_out.is_empty() {
        folder.event(&warning(format!("not merged: {}", left_out.join("; "))))?;
    }
    join::events(archives, &mut folder)?;
    join::mismatches(archives, out)?;
    join::environment(archives, out)?;
    folder.finish(&summary, None)?;
    Ok(summary)
}

/// What the reader of the merged folder should know.
fn warning(text: String) -> EventLine {
    EventLine { at: Duration::ZERO, severity: Severity::Warning, text }
}

/// A run fits when its plan is that of the first, and its thresholds are.
fn fits(first: &Archive, base: &Summary, run: &Archive, summary: &Summary) -> Result<(), MergeError> {
    let mut differences = plan_differences(first.scenario.as_deref(), run.scenario.as_deref());
    let expressions = |summary: &Summary| -> Vec<String> {
        summary.thresholds.iter().map(|threshold| threshold.expression.clone()).collect()
    };
    if expressions(base) != expressions(summary) {
        differences.push("thresholds: they are others".to_owned());
    }
    if differences.is_empty() {
        return Ok(());
    }
    let (base, run) = (first.path.display().to_string(), run.path.display().to_string());
    Err(MergeError::DoesNotFit { base, run, differences })
}
