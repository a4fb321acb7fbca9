//! `series.csv`: the run as one row a second, for spreadsheets and plots.

use super::{FolderError, log_file::LogFile};
use crate::metrics::{Fault, Point};
use std::{io, path::PathBuf, time::Duration};

/// The time series of a run.
#[derive(Debug)]
pub(super) struct Series {
    file: LogFile,
}

impl Series {
    pub(super) fn create(path: PathBuf) -> Result<Self, FolderError> {
        let head = format!("{}\n", COLUMNS.join(","));
        Ok(Self { file: LogFile::create(path, head.as_bytes())? })
    }

    /// The file itself.
    pub(super) fn file(&mut self) -> &mut LogFile {
        &mut self.file
    }

    /// Adds one row.
    pub(super) fn append(&mut self, point: &Point) -> Result<(), FolderError> {
        let row =
            row(point).map_err(|source| FolderError::Write { path: self.file.path().to_owned(), source })?;
        self.file.append(&row)
    }
}

fn row(point: &Point) -> io::Result<Vec<u8>> {
    let counters = point.counters;
    let counts = [
        counters.planned,
        counters.started,
        counters.late,
        counters.dropped,
        counters.finished,
        counters.failed,
        point.in_flight,
        point.steps,
        point.errors,
    ];
    let (response, lag) = (point.response, point.lag);
    let times_ms = [response.p50, response.p90, response.p99, response.p999, response.max, lag.p50, lag.p99];
    let codes: Vec<String> = point.codes.iter().map(|(code, count)| format!("{code}:{count}")).collect();
    let injected = Fault::ALL.into_iter().zip(point.connections.faults).filter(|(_, count)| *count > 0);
    let faults: Vec<String> = injected.map(|(fault, count)| format!("{}:{count}", fault.name())).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    for time in [point.at, point.length] {
        writer.write_field(seconds(time))?;
    }
    counts.iter().try_for_each(|count| writer.write_field(count.to_string()))?;
    times_ms.iter().try_for_each(|time| writer.write_field(format!("{time:.3}")))?;
    writer.write_field(codes.join(" "))?;
    writer.write_field(faults.join(" "))?;
    let (connections, vitals) = (&point.connections, &point.vitals);
    let counts = [
        connections.opened,
        connections.refused,
        connections.ended,
        connections.resets,
        connections.strays,
        connections.full_handshakes,
        connections.resumed_handshakes,
        connections.bytes_in,
        connections.bytes_out,
        vitals.connections,
        vitals.rss_bytes,
    ];
    counts.iter().try_for_each(|count| writer.write_field(count.to_string()))?;
    writer.write_field(format!("{:.3}", vitals.cpu_cores))?;
    writer.write_record(None::<&[u8]>)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

pub(super) const COLUMNS: [&str; 32] = [
    "at_s",
    "length_s",
    "planned",
    "started",
    "late",
    "dropped",
    "finished",
    "failed",
    "in_flight",
    "steps",
    "errors",
    "response_p50_ms",
    "response_p90_ms",
    "response_p99_ms",
    "response_p999_ms",
    "response_max_ms",
    "lag_p50_ms",
    "lag_p99_ms",
    "codes",
    "faults",
    "connections_opened",
    "connections_refused",
    "connections_ended",
    "connections_reset",
    "strays",
    "full_handshakes",
    "resumed_handshakes",
    "bytes_in",
    "bytes_out",
    "connections_open",
    "rss_bytes",
    "cpu_cores",
];
