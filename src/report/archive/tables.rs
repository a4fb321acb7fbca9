//! The small files of a results folder: rows of `series.csv`, lines of `events.ndjson`, rows of `mismatches.csv`.

use super::lines::whole_lines;
use crate::{
    control::OrderRecord,
    metrics::{ConnectionCounts, Counters, Fault, MismatchSummary, SideSummary, Vitals},
    report::{parts::parts, series::COLUMNS},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io, path::Path};

/// One row of `series.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesRow {
    /// The end of the interval since the start of the run, in seconds.
    pub at: f64,
    /// Its length in seconds.
    pub length: f64,
    /// What became of the iterations in it.
    pub counters: Counters,
    /// Iterations under way at its end.
    pub in_flight: u64,
    /// Steps that ended in it.
    pub steps: u64,
    /// Steps among them that timed out or failed.
    pub errors: u64,
    /// Response codes in it and how often they came.
    pub codes: Vec<(String, u64)>,
    /// What became of connections in it; nothing in a folder of an earlier version.
    pub connections: ConnectionCounts,
    /// How the load generator was at its end; likewise.
    pub vitals: Vitals,
}

/// One line of `events.ndjson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Since the start of the run, in milliseconds.
    pub at_ms: u64,
    /// `info`, `warning`, `error`.
    pub severity: String,
    /// What happened.
    pub text: String,
    /// The order of an operator, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderRecord>,
}

/// What of a table was read, and how many lines were not.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    pub(super) rows: Vec<T>,
    /// Lines beyond the bound.
    pub(super) left_out: u64,
    /// Lines that are none of this table.
    pub(super) malformed: u64,
}

impl<T> Table<T> {
    fn read(path: &Path, rows_max: usize, mut parse: impl FnMut(&str) -> Option<T>) -> io::Result<Self> {
        let mut table = Self { rows: Vec::new(), left_out: 0, malformed: 0 };
        whole_lines(path, |line| match parse(line) {
            None => table.malformed += 1,
            Some(_) if table.rows.len() >= rows_max => table.left_out += 1,
            Some(row) => table.rows.push(row),
        })?;
        Ok(table)
    }
}

/// Reads `series.csv` and the parts that follow it.
pub(super) fn series(path: &Path) -> io::Result<Table<SeriesRow>> {
    of_parts(path, SERIES_MAX, series_part)
}

/// Reads all parts of a table; what is beyond the bound is left out.
fn of_parts<T>(
    path: &Path,
    rows_max: usize,
    read: impl Fn(&Path) -> io::Result<Table<T>>,
) -> io::Result<Table<T>> {
    let mut all = Table { rows: Vec::new(), left_out: 0, malformed: 0 };
    for part in parts(path) {
        let table = read(&part)?;
        all.rows.extend(table.rows);
        all.left_out += table.left_out + all.rows.len().saturating_sub(rows_max) as u64;
        all.malformed += table.malformed;
        all.rows.truncate(rows_max);
    }
    Ok(all)
}

fn series_part(path: &Path) -> io::Result<Table<SeriesRow>> {
    let mut columns: Option<Vec<usize>> = None;
    let mut table = Table::read(path, SERIES_MAX, |line| {
        let cells: Vec<&str> = line.split(',').collect();
        let Some(places) = &columns else {
            columns = places(&cells);
            return columns.as_ref().map(|_| SeriesRow::default());
        };
        series_row(places, &cells)
    })?;
    if !table.rows.is_empty() {
        table.rows.remove(0);
    }
    Ok(table)
}

/// Where the columns stand that are read: a later version may add some, and an earlier one did not have all.
fn places(head: &[&str]) -> Option<Vec<usize>> {
    let place = |column: &&str| {
        let place = head.iter().position(|name| name == column);
        place.or_else(|| COLUMNS[FAULTS..].contains(column).then_some(usize::MAX))
    };
    COLUMNS.iter().map(place).collect()
}

fn series_row(places: &[usize], cells: &[&str]) -> Option<SeriesRow> {
    let cell = |column: usize| cells.get(*places.get(column)?).copied();
    let count = |column: usize| cell(column)?.parse::<u64>().ok().filter(|count| *count <= COUNT_MAX);
    let later = |column: usize| count(column).unwrap_or_default();
    let seconds = |column: usize| cell(column)?.parse::<f64>().ok().filter(|time| (0.0..1e9).contains(time));
    Some(SeriesRow {
        at: seconds(0)?,
        length: seconds(1)?,
        counters: Counters {
            planned: count(2)?,
            started: count(3)?,
            late: count(4)?,
            dropped: count(5)?,
            finished: count(6)?,
            failed: count(7)?,
        },
        in_flight: count(8)?,
        steps: count(9)?,
        errors: count(10)?,
        codes: counts(cell(CODES)?),
        connections: ConnectionCounts {
            faults: faults(cell(FAULTS).unwrap_or_default()),
            opened: later(20),
            refused: later(21),
            ended: later(22),
            resets: later(23),
            strays: later(24),
            full_handshakes: later(25),
            resumed_handshakes: later(26),
            bytes_in: later(27),
            bytes_out: later(28),
        },
        vitals: Vitals {
            connections: later(29),
            rss_bytes: later(30),
            cpu_cores: seconds(31).unwrap_or_default(),
        },
    })
}

/// `reset:2 delay:17`
fn faults(text: &str) -> [u64; Fault::ALL.len()] {
    let told = counts(text);
    let of_kind = |fault: Fault| told.iter().filter(move |(name, _)| name == fault.name());
    Fault::ALL.map(|fault| of_kind(fault).map(|(_, count)| *count).fold(0, u64::saturating_add))
}

/// `00:123 51:4`
fn counts(text: &str) -> Vec<(String, u64)> {
    let one = |text: &str| {
        let (name, count) = text.rsplit_once(':')?;
        Some((name.to_owned(), count.parse().ok().filter(|count| *count <= COUNT_MAX)?))
    };
    text.split(' ').filter_map(one).collect()
}

/// Reads `events.ndjson`; the first lines and no more than a report can show.
pub(super) fn events(path: &Path) -> io::Result<Table<EventRecord>> {
    of_parts(path, EVENTS_MAX, |part| Table::read(part, EVENTS_MAX, |line| serde_json::from_str(line).ok()))
}

/// Reads `journal/mismatches.csv`.
pub(super) fn mismatches(path: &Path) -> io::Result<Table<MismatchSummary>> {
    let mut table = Table { rows: Vec::new(), left_out: 0, malformed: 0 };
    let mut reader = csv::Reader::from_path(path).map_err(io::Error::other)?;
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        match row.ok().and_then(|row| mismatch(&row)) {
            None => table.malformed += 1,
            Some(_) if table.rows.len() >= MISMATCHES_MAX => table.left_out += 1,
            Some(row) => table.rows.push(row),
        }
    }
    Ok(table)
}

fn mismatch(row: &BTreeMap<String, String>) -> Option<MismatchSummary> {
    let cell = |name: &str| row.get(name).filter(|text| !text.is_empty()).cloned();
    let side = |side: &str| {
        let cell = |name: &str| cell(&format!("{side}_{name}"));
        Some(SideSummary {
            amount_minor: cell("amount_minor")?.parse().ok()?,
            state: cell("state")?.into(),
            terminal: cell("terminal"),
            merchant: cell("merchant"),
            batch: cell("batch"),
            stan: cell("stan"),
            kind: cell("kind").map(Into::into),
            rrn: cell("rrn"),
            card: cell("card"),
        })
    };
    Some(MismatchSummary {
        fault: cell("fault")?.into(),
        meaning: cell("meaning")?.into(),
        terminal: side("believed"),
        host: side("host"),
    })
}

/// The places of the columns that hold several counts.
const CODES: usize = 18;
/// This column and all behind it are missing in folders of earlier versions.
const FAULTS: usize = 19;
/// No second has as many; and a million of these can be added up.
const COUNT_MAX: u64 = 1 << 40;
/// Eleven days of seconds.
const SERIES_MAX: usize = 1_000_000;
const EVENTS_MAX: usize = 2_000;
const MISMATCHES_MAX: usize = 1_000;
