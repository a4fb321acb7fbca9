//! The results folder: where it is, which files it has, and which of them hears of what.

use super::{
    FolderError, archive::EventRecord, environment::Environment, events::EventLog, host_journal,
    intervals::IntervalLog, journal::Journal, junit::junit_xml, log_file::LogFile,
    markdown::summary_markdown, mismatches, parts::Rotation, portal_files, receipts::ReceiptLog,
    series::Series, summary_file,
};
use crate::{
    control::OrderRecord,
    engine::{Moment, Observer, PortalBooks},
    metrics::{EventLine, Summary},
    reconcile::{Entry, Findings, Row},
    time::DateTime,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The results folder of a run under way.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    intervals: IntervalLog,
    series: Series,
    events: EventLog,
    journal: Journal,
    receipts: ReceiptLog,
    rotation: Option<Rotation>,
    /// When the present parts began.
    parts_began: Duration,
}

impl Folder {
    /// Makes the folder `<UTC time>-<scenario>` in `parent`, and `scenario.yaml` in it.
    ///
    /// What a file name should not hold is replaced in the name of the scenario, and a number is added when the folder
    /// exists. `started` is in seconds since 1970, UTC; `effective` must hold no secret.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be made.
    pub fn create(parent: &Path, scenario: &str, started: u64, effective: &str) -> Result<Self, FolderError> {
        create_directories(parent)?;
        let wanted = parent.join(folder_name(scenario, started));
        Self::fill(create_numbered(&wanted)?, started, effective)
    }

    /// Makes the folder at exactly `path`, which must be new or an empty directory, and `scenario.yaml` in it.
    ///
    /// # Errors
    /// When there is something in it, or when it or a file in it cannot be made.
    pub fn create_at(path: &Path, started: u64, effective: &str) -> Result<Self, FolderError> {
        create_directories(path)?;
        let mut entries = fs::read_dir(path).map_err(|source| not_created(path, source))?;
        if entries.next().is_some() {
            return Err(FolderError::NotEmpty(path.to_owned()));
        }
        Self::fill(path.to_owned(), started, effective)
    }

    /// The same, whose files go on in numbered parts.
    #[must_use]
    pub fn rotating(self, rotation: Option<Rotation>) -> Self {
        Self { rotation, ..self }
    }

    /// Begins the next parts when the present ones are full, before the second that begins at `now`.
    fn rotate(&mut self, now: Duration) -> Result<(), FolderError> {
        let Some(rotation) = self.rotation else { return Ok(()) };
        let files = [self.intervals.file(), self.series.file(), self.events.file()];
        let bytes = files.iter().map(|file| file.size()).sum();
        if rotation.is_due(now.saturating_sub(self.parts_began), bytes) {
            files.into_iter().try_for_each(LogFile::rotate)?;
            self.journal.rotate()?;
            self.parts_began = now;
        }
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line that another folder had.
    pub(super) fn record(&mut self, event: &EventRecord) -> Result<(), FolderError> {
        self.events.append_record(event)
    }

    fn fill(path: PathBuf, started: u64, effective: &str) -> Result<Self, FolderError> {
        LogFile::create(path.join("scenario.yaml"), effective.as_bytes())?;
        Environment::here().write(path.join("environment.json"))?;
        Ok(Self {
            intervals: IntervalLog::create(path.join("intervals.hlog"), started)?,
            series: Series::create(path.join("series.csv"))?,
            events: EventLog::create(path.join("events.ndjson"))?,
            journal: Journal::create(path.join("journal"))?,
            receipts: ReceiptLog::new(path.join("receipts.txt")),
            rotation: None,
            parts_began: Duration::ZERO,
            path,
        })
    }
}

impl Observer for Folder {
    fn interval(&mut self, moment: &Moment<'_>) -> io::Result<()> {
        self.rotate(moment.begin)?;
        self.intervals.append(moment)?;
        self.series.append(moment.point)?;
        Ok(())
    }

    fn event(&mut self, event: &EventLine) -> io::Result<()> {
        Ok(self.events.append(event)?)
    }

    fn order(&mut self, order: &OrderRecord) -> io::Result<()> {
        Ok(self.events.append_order(order)?)
    }

    fn journal(&mut self, entries: &[Entry]) -> io::Result<()> {
        Ok(self.journal.append(entries)?)
    }

    fn receipts(&mut self, texts: &[String]) -> io::Result<()> {
        Ok(self.receipts.append(texts)?)
    }

    fn statement(&mut self, rows: &mut dyn Iterator<Item = Row>) -> io::Result<()> {
        Ok(host_journal::write(&self.path.join("journal/host.csv"), rows)?)
    }

    fn portal(&mut self, books: PortalBooks<'_>) -> io::Result<()> {
        Ok(portal_files::write(&self.path, books)?)
    }

    fn finish(&mut self, summary: &Summary, findings: Option<&Findings>) -> io::Result<()> {
        if let Some(findings) = findings.filter(|findings| !findings.mismatches.is_empty()) {
            mismatches::write(self.path.join("journal/mismatches.csv"), &findings.mismatches)?;
        }
        summary_file::write(&self.path, summary)?;
        LogFile::create(self.path.join("junit.xml"), junit_xml(summary).as_bytes())?;
        LogFile::create(self.path.join("summary.md"), summary_markdown(summary).as_bytes())?;
        Ok(())
    }
}

fn create_directories(path: &Path) -> Result<(), FolderError> {
    match fs::create_dir_all(path) {
        Err(_) if path.exists() && !path.is_dir() => Err(FolderError::NotADirectory(path.to_owned())),
        made => made.map_err(|source| not_created(path, source)),
    }
}

/// Makes `wanted`, or `wanted-2`, `wanted-3` …; never takes a directory that exists, so that two runs share none.
fn create_numbered(wanted: &Path) -> Result<PathBuf, FolderError> {
    for number in 1..=NUMBER_MAX {
        let path = if number == 1 { wanted.to_owned() } else { numbered(wanted, number) };
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(FolderError::Create { path, source }),
        }
    }
    Err(FolderError::NoFreeName(wanted.to_owned()))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(format!("-{number}"));
    text.into()
}

fn folder_name(scenario: &str, started: u64) -> String {
    let time = DateTime::from_unix(i64::try_from(started).unwrap_or(i64::MAX));
    let time: String = time.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{time}Z-{}", file_name_part(scenario))
}

/// `text` with a hyphen for every run of characters that some file system or shell would not like.
fn file_name_part(text: &str) -> String {
    let is_safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let words: Vec<String> = text
        .chars()
        .take(NAME_LENGTH_MAX)
        .collect::<Vec<char>>()
        .split(|c| !is_safe(c))
        .filter(|word| !word.is_empty())
        .map(|word| word.iter().collect())
        .collect();
    if words.is_empty() { "run".to_owned() } else { words.join("-") }
}

fn not_created(path: &Path, source: io::Error) -> FolderError {
    FolderError::Create { path: path.to_owned(), source }
}

const NUMBER_MAX: u32 = 999;
const NAME_LENGTH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        metrics::{Class, Interval, Point, Selections, StepNames},
        report::archive::{Archive, Batches},
    };

    #[test]
    fn names_are_safe_on_every_file_system() {
        let cases = [
            ("quickstart", "20261122T014500Z-quickstart"),
            ("Trading hour: day/2", "20261122T014500Z-Trading-hour-day-2"),
            ("../../etc", "20261122T014500Z-..-..-etc"),
            ("交易", "20261122T014500Z-run"),
            ("", "20261122T014500Z-run"),
        ];
        for (scenario, expected) in cases {
            assert_eq!(folder_name(scenario, 1_795_311_900), expected);
        }
        assert!(folder_name(&"x".repeat(500), 0).len() < 100);
    }

    #[test]
    fn parts_are_read_together_as_one_run() {
        let parent = std::env::temp_dir().join(format!("posfleet-rotation-{}", std::process::id()));
        let mut names = StepNames::default();
        names.intern("sale");
        let folder = Folder::create(&parent, "long", 0, "name: long\n").expect("a new folder");
        let mut folder = folder.rotating(Some(Rotation::Every(Duration::from_secs(2))));
        for second in 0..5 {
            let mut interval = Interval::new(1, 1);
            interval.steps[0].record(Class::Approved, Duration::from_millis(5), None);
            let (begin, length) = (Duration::from_secs(second), Duration::from_secs(1));
            let point = Point { at: begin + length, length, steps: 1, ..Point::default() };
            let event = EventLine { at: begin, text: format!("second {second}"), ..EventLine::default() };
            folder.event(&event).expect("space");
            let moment = Moment {
                begin,
                interval: &interval,
                steps: &names,
                selections: &Selections::NONE,
                point: &point,
            };
            folder.interval(&moment).expect("space");
        }
        for file in ["series-3.csv", "events-3.ndjson", "intervals-3.hlog", "journal/terminals-3.csv"] {
            assert!(folder.path().join(file).is_file(), "{file}");
        }
        let archive = Archive::open(folder.path()).expect("a results folder");
        let ends: Vec<f64> = archive.series.iter().map(|row| row.at).collect();
        assert_eq!(ends, [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(archive.events.len(), 5, "{:?}", archive.notes);
        let mut batches = Batches::open(&archive.log(), 1.0, &archive.meter).expect("a log");
        let count = std::iter::from_fn(|| batches.next().expect("readable")).count();
        assert_eq!((count, batches.malformed()), (5, 0));
        fs::remove_dir_all(&parent).expect("removable");
    }
}
