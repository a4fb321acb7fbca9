//! A results folder as those read it who come later: the report, comparisons, and what puts runs together.
//!
//! Nothing in it is trusted. A file may be missing, cut off by a crash, from another version, or made to do harm: what
//! can be read is read within bounds, and what is odd becomes a note for the reader. Only two things are refused: what
//! is no results folder, and what a newer version wrote.

mod error;
mod lines;
mod log;
mod payload;
mod tables;
mod tally;
mod timeline;

pub use error::ArchiveError;
pub(super) use log::{Batch, Batches};
pub(super) use payload::{Decoder, micros_at};
pub use tables::{EventRecord, SeriesRow};
pub(super) use tally::Tally;
pub(super) use timeline::{Column, Figures, Heat, StepTotals, Timeline, Walk};

use super::{environment::Environment, meter::Meter, parts::parts};
use crate::metrics::{Counters, MismatchSummary, Summary};
use lines::whole_file;
use serde_json::Value;
use std::{
    io,
    path::{Path, PathBuf},
};

/// What a results folder holds, but for its histograms, which are read when they are wanted.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Where it is.
    pub path: PathBuf,
    /// The summary; absent when the run did not end.
    pub summary: Option<Summary>,
    /// The effective scenario.
    pub scenario: Option<String>,
    /// What the run ran on.
    pub environment: Option<Environment>,
    /// The run second by second.
    pub series: Vec<SeriesRow>,
    /// What happened.
    pub events: Vec<EventRecord>,
    /// All transactions on which the two sides do not agree, as far as a report can show them.
    pub mismatches: Vec<MismatchSummary>,
    /// What the reader of this folder should know about it, in sentences.
    pub notes: Vec<String>,
    /// Tells how far the reading of its histograms is.
    pub meter: Meter,
}

impl Archive {
    /// Reads the folder at `path`.
    ///
    /// # Errors
    /// When it is no results folder, or a newer version of this program wrote it.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        Self::open_metered(path, &Meter::default())
    }

    /// The same; `meter` hears how far the reading of its histograms is, whenever they are read.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_metered(path: &Path, meter: &Meter) -> Result<Self, ArchiveError> {
        if !path.is_dir() {
            return Err(ArchiveError::NotADirectory(path.to_owned()));
        }
        if !FILES_OF_A_RUN.iter().any(|name| path.join(name).is_file()) {
            return Err(ArchiveError::NotResults(path.to_owned()));
        }
        let mut reader = Reader { path, notes: Vec::new() };
        let summary = reader.summary()?;
        let (scenario, environment, series) = (reader.scenario(), reader.environment(), reader.series());
        let events = reader.events();
        let mismatches = reader.mismatches(summary.as_ref());
        let (path, notes) = (path.to_owned(), reader.notes);
        let archive = Self {
            path,
            summary,
            scenario,
            environment,
            series,
            events,
            mismatches,
            notes,
            meter: meter.clone(),
        };
        meter.expect(archive.histogram_bytes());
        Ok(archive)
    }

    /// The name of its scenario, or else of the folder.
    pub fn name(&self) -> String {
        let in_scenario = || self.scenario.as_deref()?.lines().find_map(|line| line.strip_prefix("name: "));
        match (&self.summary, in_scenario()) {
            (Some(summary), _) => summary.scenario.clone(),
            (None, Some(name)) => name.trim_matches(['"', '\'']).to_owned(),
            (None, None) => self.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// How long the run took, as far as it was recorded, in seconds.
    pub fn seconds(&self) -> f64 {
        let told = self.summary.as_ref().map(|summary| summary.duration_seconds);
        let recorded = self.series.last().map(|row| row.at);
        recorded.or(told).filter(|seconds| seconds.is_finite()).unwrap_or(0.0).max(0.0)
    }

    /// What became of its iterations, from the summary or else from the seconds.
    pub fn counters(&self) -> Counters {
        self.summary.as_ref().map_or_else(
            || {
                let mut total = Counters::default();
                self.series.iter().for_each(|row| total += row.counters);
                total
            },
            |summary| summary.counters,
        )
    }

    /// Where the histograms are.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join(INTERVALS)
    }

    /// How large its histograms are.
    fn histogram_bytes(&self) -> u64 {
        parts(&self.log()).filter_map(|path| path.metadata().ok()).map(|found| found.len()).sum()
    }

    /// The summary, which a run that did not end lacks.
    ///
    /// # Errors
    /// When it is absent.
    pub(super) fn whole_summary(&self) -> Result<&Summary, ArchiveError> {
        self.summary.as_ref().ok_or_else(|| ArchiveError::Incomplete {
            path: self.path.join(SUMMARY),
            reason: "there is no summary that can be read: the run did not end".to_owned(),
        })
    }
}

/// Reads the files of a folder one by one, and notes what is odd.
struct Reader<'p> {
    path: &'p Path,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn summary(&mut self) -> Result<Option<Summary>, ArchiveError> {
        let missing = "there is no summary.json: the run was cut short, so it has no verdict";
        let Some(text) = self.file(SUMMARY, SUMMARY_MAX, missing) else { return Ok(None) };
        let value: Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                self.note(format!("summary.json is damaged ({error}), so there is no verdict"));
                return Ok(None);
            }
        };
        if let Some(found) = value["schema"].as_u64().filter(|found| *found > u64::from(Summary::SCHEMA)) {
            let path = self.path.join(SUMMARY);
            return Err(ArchiveError::Newer { path, found, known: Summary::SCHEMA });
        }
        if !is_sane(&value) {
            self.note("summary.json has figures that no run has, so it is not shown".to_owned());
            return Ok(None);
        }
        match serde_json::from_value(value) {
            Ok(summary) => Ok(Some(summary)),
            Err(error) => {
                self.note(format!("summary.json is not one of ours ({error}), so there is no verdict"));
                Ok(None)
            }
        }
    }

    fn scenario(&mut self) -> Option<String> {
        self.file("scenario.yaml", SCENARIO_MAX, "there is no scenario.yaml")
    }

    fn environment(&mut self) -> Option<Environment> {
        let text = self.file("environment.json", SCENARIO_MAX, "")?;
        let read = serde_json::from_str(&text);
        if read.is_err() {
            self.note("environment.json is damaged".to_owned());
        }
        read.ok()
    }

    fn series(&mut self) -> Vec<SeriesRow> {
        self.table("series.csv", tables::series(&self.path.join("series.csv")))
    }

    fn events(&mut self) -> Vec<EventRecord> {
        self.table("events.ndjson", tables::events(&self.path.join("events.ndjson")))
    }

    /// All mismatches, or at least those of the summary.
    fn mismatches(&mut self, summary: Option<&Summary>) -> Vec<MismatchSummary> {
        let path = self.path.join("journal/mismatches.csv");
        let listed = summary.map(|summary| summary.mismatches.clone()).unwrap_or_default();
        if !path.exists() {
            return listed;
        }
        let all = self.table("journal/mismatches.csv", tables::mismatches(&path));
        if all.len() < listed.len() { listed } else { all }
    }

    fn table<T>(&mut self, name: &str, read: io::Result<tables::Table<T>>) -> Vec<T> {
        let table = match read {
            Ok(table) => table,
            Err(error) => {
                self.note(format!("{name} cannot be read: {error}"));
                return Vec::new();
            }
        };
        if table.malformed > 0 {
            self.note(format!("{name}: {} lines are damaged and left out", table.malformed));
        }
        if table.left_out > 0 {
            self.note(format!("{name}: {} further lines are not read", table.left_out));
        }
        table.rows
    }

    /// A whole file; `missing` is noted where it is not there.
    fn file(&mut self, name: &str, bytes_max: u64, missing: &str) -> Option<String> {
        match whole_file(&self.path.join(name), bytes_max) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !missing.is_empty() {
                    self.note(missing.to_owned());
                }
                None
            }
            Err(error) => {
                self.note(format!("{name} cannot be read: {error}"));
                None
            }
        }
    }

    fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}

/// Whether all figures are such that sums and shares of them are.
fn is_sane(summary: &Value) -> bool {
    match summary {
        Value::Number(number) => number.as_f64().is_some_and(|figure| figure.abs() <= FIGURE_MAX),
        Value::Array(values) => values.len() <= ENTRIES_MAX && values.iter().all(is_sane),
        // A seed is no figure: nobody adds it up.
        Value::Object(values) => values.iter().all(|(key, value)| key == "seed" || is_sane(value)),
        _ => true,
    }
}

const SUMMARY: &str = "summary.json";
const INTERVALS: &str = "intervals.hlog";
const FILES_OF_A_RUN: [&str; 3] = [SUMMARY, "series.csv", INTERVALS];
/// Counts stay exact as doubles, and a thousand of them can be added up.
const FIGURE_MAX: f64 = (1_u64 << 53) as f64;
/// No list of a summary is longer.
const ENTRIES_MAX: usize = 100_000;
const SUMMARY_MAX: u64 = 64 << 20;
const SCENARIO_MAX: u64 = 4 << 20;
