//! The steps of a finished run as screens show them: what a live run is compared with.

use super::archive::{Archive, ArchiveError, Timeline};
use crate::metrics::StepView;
use std::path::Path;

/// The steps of the run in the results folder at `path`, from its histograms.
///
/// # Errors
/// When it is no results folder, a newer version wrote it, or it has no histograms that can be read.
pub fn step_views(path: &Path) -> Result<Vec<StepView>, ArchiveError> {
    let archive = Archive::open(path)?;
    let timeline = Timeline::read(&archive, WHOLE_RUN)?;
    let steps = timeline.totals.steps.iter();
    Ok(steps.map(|(name, totals)| StepView::of(name, &totals.to_interval())).collect())
}

/// One column that is longer than any run.
const WHOLE_RUN: f64 = f64::MAX;
