//! `intervals.hlog`: every latency histogram of every second, as a standard HDR interval log: those of steps, and those of
//! what thresholds ask for beyond them.
//!
//! The readers of HdrHistogram (Java, JavaScript, Rust, …) understand it; Java's takes compressed histograms only, so
//! these are. An interval is complete when its line with the tag `schedule_lag` is there: it is always the last.

use super::{
    FolderError,
    log_file::LogFile,
    payload::PayloadSerializer,
    tag::{LAG, LinkPart, Part, PartTag, StepTag, Subject, TimePart},
};
use crate::{
    engine::Moment,
    metrics::{Class, Latency},
};
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriter, IntervalLogWriterBuilder, IntervalLogWriterError, Tag,
};
use std::{
    fmt,
    io::{self, Write},
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// The interval log of a run.
pub(super) struct IntervalLog {
    file: LogFile,
    serializer: PayloadSerializer,
    /// The lines of one interval.
    lines: Vec<u8>,
}

impl IntervalLog {
    pub(super) fn create(path: PathBuf, started: u64) -> Result<Self, FolderError> {
        let mut serializer = PayloadSerializer::new();
        let head = head(started, &mut serializer)
            .map_err(|source| FolderError::Write { path: path.clone(), source })?;
        Ok(Self { file: LogFile::create(path, &head)?, serializer, lines: Vec::new() })
    }

    /// The file itself.
    pub(super) fn file(&mut self) -> &mut LogFile {
        &mut self.file
    }

    /// Adds the lines of one interval.
    pub(super) fn append(&mut self, moment: &Moment<'_>) -> Result<(), FolderError> {
        self.lines.clear();
        write_interval(&mut self.lines, &mut self.serializer, moment)
            .map_err(|source| FolderError::Write { path: self.file.path().to_owned(), source })?;
        self.file.append(&self.lines)
    }
}

impl fmt::Debug for IntervalLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntervalLog").field("file", &self.file).finish_non_exhaustive()
    }
}

fn head(started: u64, serializer: &mut PayloadSerializer) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(started);
    IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment("[Latencies of posfleet; values and maxima are in microseconds, times in seconds]")
        .with_start_time(start)
        .with_base_time(start)
        .begin_log_with(&mut head, serializer)?;
    writeln!(head, "{LEGEND}")?;
    Ok(head)
}

fn write_interval(
    lines: &mut Vec<u8>,
    serializer: &mut PayloadSerializer,
    moment: &Moment<'_>,
) -> io::Result<()> {
    let log = IntervalLogWriterBuilder::new().begin_log_with(lines, serializer)?;
    let mut interval = IntervalLines { log, begin: moment.begin, length: moment.point.length };
    let steps = moment.steps.iter().map(|name| Subject::Step(name.into()));
    let selections =
        moment.selections.selectors().map(|selector| Subject::Selection(selector.to_string().into()));
    let steps = steps.zip(&moment.interval.steps);
    for (subject, figures) in steps.chain(selections.zip(&moment.interval.selections)) {
        for class in Class::ALL {
            let Some(latencies) = figures.class(class) else { continue };
            let tag = |part| StepTag { subject: subject.clone(), class, part }.to_string();
            interval.add_used(&tag(Part::Response), &latencies.response)?;
            interval.add_used(&tag(Part::Service), &latencies.service)?;
        }
        for part in TimePart::ALL {
            let Some(latency) = part.of(figures) else { continue };
            interval.add_used(&PartTag { subject: subject.clone(), part }.to_string(), latency)?;
        }
    }
    if let Some(times) = moment.interval.connections.times() {
        LinkPart::ALL.into_iter().try_for_each(|part| interval.add_used(part.tag(), part.of(times)))?;
    }
    interval.add(LAG, &moment.interval.lag)
}

/// Writes the lines of one interval.
struct IntervalLines<'a> {
    log: IntervalLogWriter<'a, 'a, Vec<u8>, PayloadSerializer>,
    begin: Duration,
    length: Duration,
}

impl IntervalLines<'_> {
    fn add_used(&mut self, tag: &str, latency: &Latency) -> io::Result<()> {
        if latency.is_empty() { Ok(()) } else { self.add(tag, latency) }
    }

    fn add(&mut self, tag: &str, latency: &Latency) -> io::Result<()> {
        let tag = Tag::new(tag);
        self.log.write_histogram(latency.histogram(), self.begin, self.length, tag).map_err(|error| {
            match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            }
        })
    }
}

const LEGEND: &str = r#""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#;
