//! A results folder as the snapshots of its run: what screens showed at any moment, as far as the folder holds it.
//!
//! Seconds, histograms, events and the summary are there; single terminals, devices, shards and cases are not, and
//! nothing is made up for them. Folders of earlier versions have no connections and nothing of the process either. What
//! a threshold came to until a moment is told where histograms and seconds tell it, and of all of them at the end.

use super::archive::{Archive, ArchiveError, Column, EventRecord, Figures, SeriesRow, StepTotals, Walk};
use crate::{
    iso8583::ResponseCode,
    metrics::{
        AgentKind, AgentRow, CodeView, ConnectionCounts, Counters, EventLine, Generator, Heat, Interval,
        MetricName, Percentiles, Phase, Point, Scope, Series, Severity, Snapshot, StepInterval, StepNames,
        StepPoint, StepView, Summary, Threshold, ThresholdSummary, ThresholdView,
    },
};
use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::Arc,
    time::Duration,
};

/// A finished run, to be looked at moment by moment.
#[derive(Debug)]
pub struct Recording {
    archive: Archive,
    /// The seconds of a column of histograms.
    span: f64,
    /// The walk through the histograms, and how many columns it has behind it.
    walk: Option<(Walk, usize)>,
    /// The first seconds of the series, and how many: those whose columns the walk has behind it.
    course: (Series<Point>, usize),
    /// What was shown last, and after how many seconds of the series.
    shown: Option<(usize, bool, Snapshot)>,
    notes: Vec<String>,
}

impl Recording {
    /// Opens the results folder at `path`.
    ///
    /// # Errors
    /// When it is no results folder, or a newer version of this program wrote it.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let archive = Archive::open(path)?;
        let span = (archive.seconds() / COLUMNS).ceil().max(1.0);
        let notes = archive.notes.clone();
        let mut recording =
            Self { archive, span, walk: None, course: Default::default(), shown: None, notes };
        if let Err(error) = recording.walk_to(0) {
            recording.note(format!("intervals.hlog cannot be read: {error}"));
        }
        Ok(recording)
    }

    /// How long the run took.
    pub fn length(&self) -> Duration {
        Duration::from_secs_f64(self.archive.seconds().min(LONGEST))
    }

    /// What its viewer should know about the folder, in sentences.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.notes.iter().map(|note| plain(note))
    }

    /// The run as it was `at` after its start.
    pub fn at(&mut self, at: Duration) -> Snapshot {
        let is_end = at >= self.length();
        let rows = self.archive.series.partition_point(|row| row.at <= at.as_secs_f64() + TOLERANCE);
        let rows = if is_end { self.archive.series.len() } else { rows };
        let known = self.shown.take().filter(|(count, end, _)| (*count, *end) == (rows, is_end));
        let mut snapshot = match known {
            Some((_, _, snapshot)) => snapshot,
            None => self.snapshot(rows, is_end, at),
        };
        snapshot.elapsed = at;
        snapshot.events = Arc::new(self.events(at, is_end));
        self.shown = Some((rows, is_end, snapshot.clone()));
        snapshot
    }

    fn snapshot(&mut self, rows: usize, is_end: bool, at: Duration) -> Snapshot {
        let columns = if is_end { usize::MAX } else { (at.as_secs_f64() / self.span) as usize };
        if let Err(error) = self.walk_to(columns) {
            self.note(format!("intervals.hlog cannot be read: {error}"));
            self.walk = None;
        }
        let series = self.points(rows);
        let summary = self.archive.summary.as_ref();
        let at_end = summary.filter(|_| is_end);
        let seconds = self.archive.series.get(..rows).unwrap_or_default();
        let totals = self.totals(seconds);
        let generator = self.generator(seconds, at_end, &totals);
        Snapshot {
            name: plain(&self.archive.name()),
            seed: summary.map_or(0, |summary| summary.seed),
            phase: if is_end { Phase::Done } else { Phase::Running },
            planned_duration: Some(self.length()),
            counters: counters(seconds, at_end),
            series,
            steps: self.steps(&totals, at_end),
            codes: codes(seconds),
            agents: self.agent(seconds, &generator, &totals).into_iter().collect(),
            generator,
            thresholds: self.thresholds(&totals, knows_process(seconds), is_end, at),
            outcome: at_end.map(|summary| summary.verdict),
            connections: seconds.last().map_or(0, |row| row.vitals.connections),
            connecting: totals.connections.view(0),
            ..Snapshot::default()
        }
    }

    /// Goes on, or once more from the begin, to the begin of this column.
    fn walk_to(&mut self, columns: usize) -> std::io::Result<()> {
        let (mut walk, passed) = match self.walk.take().filter(|(_, passed)| *passed <= columns) {
            Some(known) => known,
            None => (Walk::begin(&self.archive.log(), self.span)?, 0),
        };
        walk.go_to(columns)?;
        if columns == usize::MAX && walk.malformed() > 0 {
            self.note(format!("intervals.hlog: {} lines are damaged and left out", walk.malformed()));
        }
        self.walk = Some((walk, columns.max(passed)));
        Ok(())
    }

    /// Notes what is odd about the folder, once.
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn columns(&self) -> BTreeMap<usize, &Column> {
        let columns = self.walk.iter().flat_map(|(walk, _)| walk.columns());
        columns.map(|column| (column.number, column)).collect()
    }

    /// The first `rows` seconds; goes on where it was before, or once more from the begin.
    fn points(&mut self, rows: usize) -> Series<Point> {
        let columns = self.columns();
        let number = |row: &SeriesRow| ((row.at - row.length / 2.0) / self.span) as usize;
        let point = |row: &SeriesRow| point(row, columns.get(&number(row)).copied());
        let passed = self.walk.as_ref().map_or(0, |(_, passed)| *passed);
        let (mut series, known) =
            Some(&self.course).filter(|(_, known)| *known <= rows).cloned().unwrap_or_default();
        let seconds = self.archive.series.get(known..rows).unwrap_or_default();
        let whole = seconds.iter().take_while(|row| number(row) < passed).count();
        let (whole, rest) = seconds.split_at(whole);
        whole.iter().for_each(|row| series.push(point(row)));
        let known = known + whole.len();
        let mut all = series.clone();
        rest.iter().for_each(|row| all.push(point(row)));
        self.course = (series, known);
        all
    }

    fn steps(&self, totals: &Interval, summary: Option<&Summary>) -> Vec<StepView> {
        let Some((walk, _)) = &self.walk else { return Vec::new() };
        let view = |(name, step): (&String, &StepInterval)| {
            let told = summary.and_then(|summary| summary.steps.get(name));
            let mut view = StepView::of(&plain(name), step);
            view.series = self.course(name, walk.columns());
            if let Some(told) = told {
                view.checks = (told.checks_passed, told.checks_failed);
                view.codes = told.codes.iter().map(|(code, count)| (plain(code), *count)).collect();
                view.codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            }
            view
        };
        walk.totals().steps.keys().zip(&totals.steps).map(view).collect()
    }

    fn course(&self, name: &str, columns: &[Column]) -> Series<StepPoint> {
        let length = Duration::from_secs_f64(self.span);
        let point = |column: &Column| {
            let figures = column.steps.get(name)?;
            let at = Duration::from_secs_f64((column.number + 1) as f64 * self.span);
            let errors = column.failed_steps.get(name).copied().unwrap_or(0);
            Some(StepPoint { at, length, count: figures.count, errors, response: percentiles(figures) })
        };
        columns.iter().filter_map(point).collect()
    }

    /// How the load generator did until then; memory between two seconds is known at the end alone.
    fn generator(&self, seconds: &[SeriesRow], at_end: Option<&Summary>, totals: &Interval) -> Generator {
        let told = at_end.filter(|_| knows_process(seconds)).map(|summary| &summary.generator);
        let so_far = seconds.iter().map(|row| row.vitals.rss_bytes).max().unwrap_or(0);
        Generator {
            lag: totals.lag.percentiles(),
            cpu_seconds: seconds.iter().map(|row| row.vitals.cpu_cores * row.length).sum(),
            cpu_cores: seconds.last().map_or(0.0, |row| row.vitals.cpu_cores),
            max_rss_bytes: told.map_or(so_far, |told| told.max_rss_bytes),
            shards: self.archive.summary.as_ref().map_or(0, |summary| summary.generator.shards),
        }
    }

    /// The process that made the load, where the folder tells of it.
    fn agent(&self, seconds: &[SeriesRow], generator: &Generator, totals: &Interval) -> Option<AgentRow> {
        let vitals = seconds.last()?.vitals;
        knows_process(seconds).then(|| AgentRow {
            name: plain(&self.archive.name()),
            kind: AgentKind::Process,
            terminals: self.archive.summary.as_ref().map_or(0, |summary| summary.generator.terminals),
            started: totals.counters().started,
            lag: generator.lag,
            cpu_cores: vitals.cpu_cores,
            rss_bytes: Some(vitals.rss_bytes),
            descriptors: None,
            connections: vitals.connections,
            age: Duration::ZERO,
        })
    }

    /// All figures until then, but for codes and checks by step.
    fn totals(&self, seconds: &[SeriesRow]) -> Interval {
        let mut counts = ConnectionCounts::default();
        seconds.iter().for_each(|row| counts += row.connections);
        let mut totals = Interval { scenarios: vec![counters(seconds, None)], ..Interval::default() };
        totals.connections.counts = counts;
        if let Some((walk, _)) = &self.walk {
            totals.steps = walk.totals().steps.values().map(StepTotals::to_interval).collect();
            totals.lag = walk.totals().lag();
            totals.connections = walk.totals().connections(counts);
        }
        totals
    }

    /// What the thresholds came to until then, or at the end.
    fn thresholds(
        &self,
        totals: &Interval,
        has_connections: bool,
        is_end: bool,
        at: Duration,
    ) -> Vec<ThresholdView> {
        let Some(summary) = &self.archive.summary else { return Vec::new() };
        let mut names = StepNames::default();
        for name in self.walk.iter().flat_map(|(walk, _)| walk.totals().steps.keys()) {
            names.intern(name);
        }
        let scope = Scope::of_steps(&names);
        let view = |told: &ThresholdSummary| {
            let threshold = Threshold::parse_whole(&told.expression).ok();
            let so_far = || {
                threshold.as_ref().filter(|one| is_told_so_far(one, has_connections))?.value(totals, &scope)
            };
            let value = if is_end { told.value } else { so_far() };
            let broken_at = told.broken_at_seconds.map(|at| Duration::from_secs_f64(at.clamp(0.0, LONGEST)));
            let broken_at = broken_at.filter(|broken_at| is_end || *broken_at <= at);
            let holds = || Some(threshold.as_ref()?.holds(value?) && broken_at.is_none());
            ThresholdView {
                expression: plain(&told.expression),
                value,
                pass: if is_end { Some(told.pass) } else { holds() },
                limit: threshold.as_ref().map_or(0.0, |threshold| threshold.limit),
                margin: threshold.as_ref().zip(value).map(|(threshold, value)| threshold.margin(value)),
                window: threshold.as_ref().and_then(|threshold| threshold.options.window),
                broken_at,
                aborts: threshold.as_ref().is_some_and(|threshold| threshold.options.abort_after.is_some()),
                trend: Vec::new(),
            }
        };
        summary.thresholds.iter().map(view).collect()
    }

    /// What happened until then, behind what is odd about the folder.
    fn events(&self, at: Duration, is_end: bool) -> VecDeque<EventLine> {
        let odd = |note: String| EventLine { at: Duration::ZERO, severity: Severity::Warning, text: note };
        let happened = self.archive.events.iter().map(event).filter(|event| is_end || event.at <= at);
        let mut events: VecDeque<EventLine> = self.notes().map(odd).chain(happened).collect();
        let surplus = events.len().saturating_sub(EVENTS_MAX);
        events.drain(..surplus);
        if is_end && self.archive.summary.is_none() {
            let text = "the recording ends here, without a verdict".to_owned();
            events.push_back(EventLine { at, severity: Severity::Error, text });
        }
        events
    }
}

fn event(event: &EventRecord) -> EventLine {
    let severity = match event.severity.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    };
    EventLine { at: Duration::from_millis(event.at_ms), severity, text: plain(&event.text) }
}

fn counters(seconds: &[SeriesRow], summary: Option<&Summary>) -> Counters {
    let mut total = Counters::default();
    seconds.iter().for_each(|row| total += row.counters);
    summary.map_or(total, |summary| summary.counters)
}

fn point(row: &SeriesRow, column: Option<&Column>) -> Point {
    let (response, lag) = column.map(|column| (column.response, column.lag)).unwrap_or_default();
    Point {
        at: Duration::from_secs_f64(row.at),
        length: Duration::from_secs_f64(row.length),
        counters: row.counters,
        in_flight: row.in_flight,
        response: percentiles(&response),
        steps: row.steps,
        errors: row.errors,
        lag: percentiles(&lag),
        connections: row.connections,
        vitals: row.vitals,
        codes: row.codes.iter().map(|(code, count)| (plain(code), *count)).collect(),
        heat: column.map(heat).unwrap_or_default(),
    }
}

fn percentiles(figures: &Figures) -> Percentiles {
    let Figures { p50, p90, p99, p999, max, .. } = *figures;
    Percentiles { p50, p90, p99, p999, max, ..Percentiles::default() }
}

/// The rows of screens are wider than those of reports.
fn heat(column: &Column) -> Heat {
    let wider = super::archive::Heat::PER_DECADE / u32::from(Heat::PER_DECADE);
    let mut rows: BTreeMap<u16, u64> = BTreeMap::new();
    for (row, count) in &column.heat.0 {
        *rows.entry(u16::try_from(row / wider).unwrap_or(u16::MAX)).or_default() += count;
    }
    Heat(rows.into_iter().map(|(row, count)| (row, u32::try_from(count).unwrap_or(u32::MAX))).collect())
}

/// Response codes until then, the most frequent first.
fn codes(seconds: &[SeriesRow]) -> Vec<CodeView> {
    let mut codes: BTreeMap<&str, CodeView> = BTreeMap::new();
    for row in seconds {
        let at = Duration::from_secs_f64(row.at);
        for (code, count) in &row.codes {
            let new =
                || CodeView { code: plain(code), meaning: meaning(code), first: at, ..CodeView::default() };
            let known = codes.entry(code).or_insert_with(new);
            (known.count, known.last) = (known.count.saturating_add(*count), at);
        }
    }
    let mut codes: Vec<CodeView> = codes.into_values().collect();
    codes.sort_by_key(|code| std::cmp::Reverse(code.count));
    codes
}

fn meaning(code: &str) -> String {
    let bytes: Option<[u8; 2]> = code.as_bytes().try_into().ok();
    bytes.and_then(|bytes| ResponseCode::from_bytes(&bytes).ok()).map_or("", ResponseCode::meaning).to_owned()
}

/// Whether histograms and seconds tell the value of a threshold before the end.
fn is_told_so_far(threshold: &Threshold, has_connections: bool) -> bool {
    let is_recorded = match threshold.metric {
        // What the summary alone tells.
        MetricName::Answers | MetricName::Checks | MetricName::Standstill => false,
        MetricName::Connections(_) => has_connections,
        _ => true,
    };
    is_recorded && threshold.is_told_by_totals()
}

/// Whether the series tells of connections and the process, which no process without memory is: earlier versions did not
/// write it down.
fn knows_process(seconds: &[SeriesRow]) -> bool {
    seconds.last().is_some_and(|row| row.vitals.rss_bytes > 0)
}

/// Text of a file without anything that a terminal would obey.
fn plain(text: &str) -> String {
    let is_order = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if is_order(letter) { '\u{fffd}' } else { letter }).collect()
}

/// Columns of histograms at most: a second each up to an hour.
const COLUMNS: f64 = 3_600.0;
const EVENTS_MAX: usize = 200;
/// A year, in seconds.
const LONGEST: f64 = 366.0 * 86_400.0;
/// Half a millisecond: the series tells milliseconds.
const TOLERANCE: f64 = 0.000_5;
