//! What the sections of a report are about: a run, whether it ended or not.

use crate::{
    metrics::{StepSummary, Verdict},
    report::{
        archive::{Archive, ArchiveError, Timeline},
        text::{plural, reason},
    },
};
use std::{collections::BTreeMap, io};

/// A run as the report tells it.
pub(super) struct Run<'a> {
    pub(super) archive: &'a Archive,
    pub(super) name: String,
    /// How long it took, in seconds; never nothing.
    pub(super) seconds: f64,
    /// The histograms, if there are any.
    pub(super) timeline: Option<Timeline>,
    pub(super) steps: BTreeMap<String, StepSummary>,
    pub(super) notes: Vec<String>,
}

/// A verdict as a sign, a word, a class of the style sheet, and the reason.
pub(super) struct Told {
    pub(super) sign: &'static str,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) reason: String,
}

impl<'a> Run<'a> {
    /// Reads the histograms of `archive` in as many columns as a chart shows.
    pub(super) fn read(archive: &'a Archive) -> Result<Self, ArchiveError> {
        let mut notes = archive.notes.clone();
        let seconds = archive.seconds().max(1.0);
        let span = (seconds / COLUMNS_MAX).ceil().max(1.0);
        let timeline = match Timeline::read(archive, span) {
            Ok(timeline) => Some(timeline),
            Err(ArchiveError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                notes.push("there is no intervals.hlog, so latencies cannot be drawn".to_owned());
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(malformed) =
            timeline.as_ref().map(|timeline| timeline.malformed).filter(|lines| *lines > 0)
        {
            notes.push(format!("intervals.hlog: {} damaged and left out", plural(malformed, "line")));
        }
        let told = archive.summary.as_ref().map(|summary| summary.steps.clone());
        let steps = told.unwrap_or_else(|| timeline.as_ref().map(recorded_steps).unwrap_or_default());
        Ok(Self { archive, name: archive.name(), seconds, timeline, steps, notes })
    }

    pub(super) fn verdict(&self) -> Told {
        let Some(summary) = &self.archive.summary else {
            let reason = "the run did not end; what is shown is what it had written".to_owned();
            return Told { sign: "?", word: "NO VERDICT", class: "warn", reason };
        };
        let (sign, word, class) = match summary.verdict {
            Verdict::Pass => ("✓", "PASS", "good"),
            Verdict::Fail => ("✗", "FAIL", "bad"),
            Verdict::Invalid => ("!", "INVALID", "warn"),
        };
        Told { sign, word, class, reason: reason(summary) }
    }
}

/// The steps of a run that has no summary, from its histograms; codes and checks are not in them.
fn recorded_steps(timeline: &Timeline) -> BTreeMap<String, StepSummary> {
    let steps = timeline.totals.steps.iter();
    steps.map(|(name, totals)| (name.clone(), StepSummary::from(&totals.to_interval()))).collect()
}

/// Columns of a chart: more than a screen shows apart would only make the file larger.
const COLUMNS_MAX: f64 = 240.0;
