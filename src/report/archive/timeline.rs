//! The histograms of a run, summed up twice: over the whole run, and over each column of a chart.
//!
//! ```text
//! file ─► batches, one a column ─► workers: decode, tally ─► columns in their order
//!                                       └──────────────────► totals, merged in the end
//! ```

use super::{
    Archive, ArchiveError,
    log::{Batch, Batches},
    payload::{Decoder, micros_at},
    tally::Tally,
};
use crate::{
    metrics::{Class, ConnectionCounts, Connections, Latency, StepInterval},
    report::{
        meter::Meter,
        tag::{LAG, LinkPart, Part, PartTag, StepTag, Subject, TimePart},
    },
};
use std::{
    collections::BTreeMap,
    io,
    num::NonZero,
    path::Path,
    sync::{Mutex, mpsc},
    thread,
};

/// The histograms of a run in columns of equal length, and altogether.
#[derive(Debug, Default)]
pub(in crate::report) struct Timeline {
    /// The length of a column in seconds.
    pub(in crate::report) span: f64,
    /// Columns in which something was recorded, in their order.
    pub(in crate::report) columns: Vec<Column>,
    /// The whole run.
    pub(in crate::report) totals: Totals,
    /// Lines that could not be read.
    pub(in crate::report) malformed: u64,
}

/// What was recorded in one column of a chart.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Column {
    /// Its place on the axis.
    pub(in crate::report) number: usize,
    /// Response times of all steps that ended in it.
    pub(in crate::report) response: Figures,
    /// The lag of the schedule.
    pub(in crate::report) lag: Figures,
    /// Steps that timed out or failed.
    pub(in crate::report) failed: u64,
    /// The same by step; absent where there was none.
    pub(in crate::report) failed_steps: BTreeMap<String, u64>,
    /// Response times by logarithmic row.
    pub(in crate::report) heat: Heat,
    /// Response times of each step that ended in it.
    pub(in crate::report) steps: BTreeMap<String, Figures>,
}

/// The figures of one distribution in one column, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::report) struct Figures {
    pub(in crate::report) count: u64,
    pub(in crate::report) p50: f64,
    pub(in crate::report) p90: f64,
    pub(in crate::report) p99: f64,
    pub(in crate::report) p999: f64,
    pub(in crate::report) max: f64,
}

impl From<&Tally> for Figures {
    fn from(tally: &Tally) -> Self {
        let [p50, p90, p99, p999, max] = tally.percentiles_ms([50.0, 90.0, 99.0, 99.9, 100.0]);
        Self { count: tally.total(), p50, p90, p99, p999, max }
    }
}

/// Response times by logarithmic row: the number of the row, and the count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::report) struct Heat(pub(in crate::report) BTreeMap<u32, u64>);

impl Heat {
    /// Rows of one decade; row 0 begins at a microsecond.
    pub(in crate::report) const PER_DECADE: u32 = 20;

    fn of(tally: &Tally) -> Self {
        let mut rows = BTreeMap::new();
        for (place, count) in tally.entries() {
            let row = (micros_at(place).max(1) as f64).log10() * f64::from(Self::PER_DECADE);
            *rows.entry(row as u32).or_default() += count;
        }
        Self(rows)
    }

    /// Where a row begins, in milliseconds.
    pub(in crate::report) fn edge_ms(row: u32) -> f64 {
        10_f64.powf(f64::from(row) / f64::from(Self::PER_DECADE)) / 1000.0
    }
}

/// The histograms of a whole run.
#[derive(Debug, Default)]
pub(in crate::report) struct Totals {
    /// By the name of the step.
    pub(in crate::report) steps: BTreeMap<String, StepTotals>,
    /// The lag of the schedule.
    pub(in crate::report) lag: Tally,
    /// The parts of the time that terminals waited for their connections.
    links: [Tally; LinkPart::ALL.len()],
}

/// The histograms of one step: one for each class and part that occurred.
#[derive(Debug, Default)]
pub(in crate::report) struct StepTotals {
    parts: [[Option<Box<Tally>>; 2]; Class::ALL.len()],
    times: [Option<Box<Tally>>; TimePart::ALL.len()],
}

impl StepTotals {
    /// How often the step ended as `class`.
    pub(in crate::report) fn count(&self, class: Class) -> u64 {
        self.parts[class as usize][Part::Response as usize].as_ref().map_or(0, |tally| tally.total())
    }

    /// All classes together.
    pub(in crate::report) fn all(&self, part: Part) -> Tally {
        let mut all = Tally::default();
        self.parts.iter().filter_map(|parts| parts[part as usize].as_deref()).for_each(|one| all.merge(one));
        all
    }

    /// The same as the run itself recorded it, without codes and checks.
    pub(in crate::report) fn to_interval(&self) -> StepInterval {
        let mut step = StepInterval::default();
        for class in Class::ALL {
            let [response, service] = &self.parts[class as usize];
            let Some(response) = response else { continue };
            let latencies = step.class_mut(class);
            response.add_to(&mut latencies.response);
            service.iter().for_each(|service| service.add_to(&mut latencies.service));
        }
        for (part, tally) in TimePart::ALL.into_iter().zip(&self.times) {
            tally.iter().for_each(|tally| tally.add_to(part.of_mut(&mut step)));
        }
        step
    }

    fn time(&mut self, part: TimePart) -> &mut Tally {
        self.times[part as usize].get_or_insert_default()
    }

    fn part(&mut self, class: Class, part: Part) -> &mut Tally {
        self.parts[class as usize][part as usize].get_or_insert_default()
    }

    fn merge(&mut self, other: &Self) {
        for class in Class::ALL {
            for part in [Part::Response, Part::Service] {
                if let Some(theirs) = &other.parts[class as usize][part as usize] {
                    self.part(class, part).merge(theirs);
                }
            }
        }
        for (part, theirs) in TimePart::ALL.into_iter().zip(&other.times) {
            theirs.iter().for_each(|theirs| self.time(part).merge(theirs));
        }
    }
}

impl Totals {
    /// Response or service times of all steps.
    pub(in crate::report) fn all(&self, part: Part) -> Tally {
        let mut all = Tally::default();
        self.steps.values().for_each(|step| all.merge(&step.all(part)));
        all
    }

    /// The lag as the run itself recorded it.
    pub(in crate::report) fn lag(&self) -> Latency {
        let mut lag = Latency::default();
        self.lag.add_to(&mut lag);
        lag
    }

    /// Connections of which so much was counted, with the times that terminals waited for them.
    pub(in crate::report) fn connections(&self, counts: ConnectionCounts) -> Connections {
        let mut connections = Connections::default();
        connections.counts = counts;
        for (part, tally) in LinkPart::ALL.into_iter().zip(&self.links) {
            tally.add_to(part.of_mut(connections.times_mut()));
        }
        connections
    }

    fn merge(&mut self, other: Self) {
        self.lag.merge(&other.lag);
        self.links.iter_mut().zip(&other.links).for_each(|(mine, theirs)| mine.merge(theirs));
        for (name, theirs) in other.steps {
            let is_room = self.steps.len() < STEPS_MAX;
            match self.steps.get_mut(&name) {
                Some(mine) => mine.merge(&theirs),
                None if is_room => drop(self.steps.insert(name, theirs)),
                None => {}
            }
        }
    }
}

impl Timeline {
    /// Reads the interval log of `archive`; a column is `span` seconds, more than nothing.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub(in crate::report) fn read(archive: &Archive, span: f64) -> Result<Self, ArchiveError> {
        let path = archive.log();
        let failed = |source| ArchiveError::Read { path: path.clone(), source };
        let mut batches = Batches::open(&path, span, &archive.meter).map_err(failed)?;
        let (sender, receiver) = mpsc::sync_channel::<Batch>(QUEUE);
        let queue = Mutex::new(receiver);
        let workers = thread::available_parallelism().map_or(1, NonZero::get).min(WORKERS_MAX);
        let (read, works) = thread::scope(|scope| {
            let work = || Worker::default().work(&queue);
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let read = feed(&mut batches, &sender);
            drop(sender);
            let works: Vec<Worker> =
                workers.into_iter().map(|one| one.join().expect("a worker does not panic")).collect();
            (read, works)
        });
        read.map_err(failed)?;
        let mut timeline = Self { span, malformed: batches.malformed(), ..Self::default() };
        works.into_iter().for_each(|work| timeline.take(work));
        timeline.columns.sort_by_key(|column| column.number);
        timeline.columns.dedup_by_key(|column| column.number);
        Ok(timeline)
    }

    fn take(&mut self, work: Worker) {
        self.columns.extend(work.columns);
        self.totals.merge(work.totals);
        self.malformed += work.malformed;
    }
}

fn feed(batches: &mut Batches, sender: &mpsc::SyncSender<Batch>) -> io::Result<()> {
    while let Some(batch) = batches.next()? {
        if sender.send(batch).is_err() {
            break;
        }
    }
    Ok(())
}

/// Sums batches up, one a column.
#[derive(Debug, Default)]
struct Worker {
    decoder: Decoder,
    totals: Totals,
    columns: Vec<Column>,
    malformed: u64,
    /// The column under way: all steps, each step, the lag. Emptied after each, keeping the memory.
    all: Tally,
    steps: BTreeMap<String, Tally>,
    lag: Tally,
    failed: u64,
    failed_steps: BTreeMap<String, u64>,
}

impl Worker {
    fn work(mut self, queue: &Mutex<mpsc::Receiver<Batch>>) -> Self {
        loop {
            let next = queue.lock().ok().and_then(|queue| queue.recv().ok());
            let Some(batch) = next else { return self };
            self.sum_up(&batch);
        }
    }

    fn sum_up(&mut self, batch: &Batch) {
        for line in batch.lines() {
            let known = match (StepTag::parse(line.tag), PartTag::parse(line.tag)) {
                (Some(StepTag { subject: Subject::Step(name), class, part }), _) => {
                    self.step(&name, (class, part), line.payload)
                }
                (_, Some(PartTag { subject: Subject::Step(name), part })) => {
                    self.time(&name, part, line.payload)
                }
                // What thresholds ask for beyond steps is in the figures of steps already.
                (Some(_), _) | (_, Some(_)) => Some(()),
                _ if line.tag == LAG => self.schedule_lag(line.payload),
                _ => LinkPart::parse(line.tag).and_then(|part| self.link(part, line.payload)),
            };
            self.malformed += u64::from(known.is_none());
        }
        self.close(batch.number);
    }

    fn schedule_lag(&mut self, payload: &[u8]) -> Option<()> {
        self.decoder.decode(payload, |place, count| self.lag.add(place, count))
    }

    /// Takes one part of the time that terminals waited for their connections.
    fn link(&mut self, part: LinkPart, payload: &[u8]) -> Option<()> {
        let total = &mut self.totals.links[part as usize];
        self.decoder.decode(payload, |place, count| total.add(place, count))
    }

    /// Takes one part of the time that a step took.
    fn time(&mut self, name: &str, part: TimePart, payload: &[u8]) -> Option<()> {
        self.make_room(name)?;
        let total = self.totals.steps.get_mut(name)?.time(part);
        self.decoder.decode(payload, |place, count| total.add(place, count))
    }

    /// Has a place for a step, unless there are too many.
    fn make_room(&mut self, name: &str) -> Option<()> {
        if !self.totals.steps.contains_key(name) {
            if self.totals.steps.len() >= STEPS_MAX {
                return None;
            }
            self.totals.steps.insert(name.to_owned(), StepTotals::default());
            self.steps.insert(name.to_owned(), Tally::default());
        }
        Some(())
    }

    fn step(&mut self, name: &str, (class, part): (Class, Part), payload: &[u8]) -> Option<()> {
        self.make_room(name)?;
        let total = self.totals.steps.get_mut(name)?.part(class, part);
        if part == Part::Service {
            return self.decoder.decode(payload, |place, count| total.add(place, count));
        }
        let step = self.steps.get_mut(name)?;
        let before = step.total();
        let known = self.decoder.decode(payload, |place, count| {
            total.add(place, count);
            step.add(place, count);
            self.all.add(place, count);
        });
        if matches!(class, Class::TimedOut | Class::Failed) {
            let failed = step.total() - before;
            self.failed += failed;
            *self.failed_steps.entry(name.to_owned()).or_default() += failed;
        }
        known
    }

    fn close(&mut self, number: usize) {
        if self.columns.len() >= COLUMNS_MAX {
            self.malformed += 1;
            return;
        }
        let steps = self.steps.iter().filter(|(_, tally)| tally.total() > 0);
        self.columns.push(Column {
            number,
            response: Figures::from(&self.all),
            lag: Figures::from(&self.lag),
            failed: self.failed,
            failed_steps: std::mem::take(&mut self.failed_steps),
            heat: Heat::of(&self.all),
            steps: steps.map(|(name, tally)| (name.clone(), Figures::from(tally))).collect(),
        });
        self.totals.lag.merge(&self.lag);
        self.steps.values_mut().chain([&mut self.all, &mut self.lag]).for_each(Tally::clear);
        self.failed = 0;
    }
}

/// A walk through the log from its begin: the columns and the totals up to where it is.
#[derive(Debug)]
pub(in crate::report) struct Walk {
    batches: Batches,
    worker: Worker,
    /// The batch that comes next, read already.
    ahead: Option<Batch>,
}

impl Walk {
    /// At the begin of the log at `path`; a column is `span` seconds.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub(in crate::report) fn begin(path: &Path, span: f64) -> io::Result<Self> {
        Ok(Self {
            batches: Batches::open(path, span, &Meter::default())?,
            worker: Worker::default(),
            ahead: None,
        })
    }

    /// Goes on through all columns before column `end`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(in crate::report) fn go_to(&mut self, end: usize) -> io::Result<()> {
        loop {
            self.ahead = match self.ahead.take() {
                None => self.batches.next()?,
                known => known,
            };
            match self.ahead.take_if(|batch| batch.number < end) {
                Some(batch) => self.worker.sum_up(&batch),
                None => return Ok(()),
            }
        }
    }

    /// What was passed, column by column.
    pub(in crate::report) fn columns(&self) -> &[Column] {
        &self.worker.columns
    }

    /// What was passed altogether.
    pub(in crate::report) fn totals(&self) -> &Totals {
        &self.worker.totals
    }

    /// Lines so far that could not be read.
    pub(in crate::report) fn malformed(&self) -> u64 {
        self.worker.malformed + self.batches.malformed()
    }
}

/// Columns that wait for a worker.
const QUEUE: usize = 4;
const WORKERS_MAX: usize = 8;
/// More step names are not those of a scenario; each takes memory.
const STEPS_MAX: usize = 500;
/// No chart has as many; a file whose times jump about may.
const COLUMNS_MAX: usize = 10_000;
