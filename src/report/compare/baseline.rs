//! Named baselines: what a comparison needs of a run, kept small enough to be committed.
//!
//! A baseline is a results folder with one interval, which holds the whole run; all that reads folders reads it.

use crate::{
    engine::Moment,
    metrics::{Interval, Point, Selections, StepNames},
    report::{
        FolderError,
        archive::{Archive, ArchiveError, Timeline},
        intervals::IntervalLog,
        log_file::LogFile,
        summary_file,
    },
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why a baseline cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The name is none that every file system takes.
    #[error("`{0}` is not a name of a baseline; use letters, digits, `-`, `_` and `.`")]
    Name(String),
    /// The run cannot be read, or did not end.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// An older one of that name cannot be replaced.
    #[error("cannot replace {}: {source}", .path.display())]
    Replace {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where the baseline of that name is.
///
/// # Errors
/// When the name is none.
pub fn baseline_path(directory: &Path, name: &str) -> Result<PathBuf, BaselineError> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(is_safe) {
        return Err(BaselineError::Name(name.to_owned()));
    }
    Ok(directory.join(name))
}

/// Keeps the run in `archive` as the baseline `name`; one of that name is replaced.
///
/// # Errors
/// When the run did not end, or the baseline cannot be written.
pub fn save_baseline(directory: &Path, name: &str, archive: &Archive) -> Result<PathBuf, BaselineError> {
    let path = baseline_path(directory, name)?;
    let summary = archive.whole_summary()?;
    let timeline = Timeline::read(archive, f64::MAX)?;
    let draft = directory.join(format!(".{name}.draft"));
    let replace = |source| BaselineError::Replace { path: path.clone(), source };
    remove(&draft).map_err(replace)?;
    fs::create_dir_all(&draft).map_err(replace)?;
    write_interval(&draft, &timeline, archive.seconds())?;
    if let Some(scenario) = &archive.scenario {
        LogFile::create(draft.join("scenario.yaml"), scenario.as_bytes())?;
    }
    if let Some(environment) = &archive.environment {
        environment.write(draft.join("environment.json"))?;
    }
    summary_file::write(&draft, summary)?;
    remove(&path).and_then(|()| fs::rename(&draft, &path)).map_err(replace)?;
    Ok(path)
}

fn write_interval(folder: &Path, timeline: &Timeline, seconds: f64) -> Result<(), FolderError> {
    let mut steps = StepNames::default();
    let mut interval = Interval::default();
    for (name, totals) in &timeline.totals.steps {
        steps.intern(name);
        interval.steps.push(totals.to_interval());
    }
    interval.lag = timeline.totals.lag();
    let length = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let point = Point { at: length, length, ..Point::default() };
    let moment = Moment {
        begin: Duration::ZERO,
        interval: &interval,
        steps: &steps,
        selections: &Selections::NONE,
        point: &point,
    };
    IntervalLog::create(folder.join("intervals.hlog"), 0)?.append(&moment)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
