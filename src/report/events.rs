//! `events.ndjson`: what happened, one JSON object a line.

use super::{FolderError, archive::EventRecord, log_file::LogFile};
use crate::{
    control::OrderRecord,
    metrics::{EventLine, Severity},
};
use serde::Serialize;
use std::path::PathBuf;

/// The event log of a run.
#[derive(Debug)]
pub(super) struct EventLog {
    file: LogFile,
}

#[derive(Serialize)]
struct Line<'a> {
    at_ms: u64,
    severity: &'static str,
    text: &'a str,
}

impl EventLog {
    pub(super) fn create(path: PathBuf) -> Result<Self, FolderError> {
        Ok(Self { file: LogFile::create(path, b"")? })
    }

    /// The file itself.
    pub(super) fn file(&mut self) -> &mut LogFile {
        &mut self.file
    }

    /// Adds one line at once: what is told last before a crash is what one wants to read.
    pub(super) fn append(&mut self, event: &EventLine) -> Result<(), FolderError> {
        let line =
            Line { at_ms: event.at.as_millis() as u64, severity: name(event.severity), text: &event.text };
        let mut line = serde_json::to_vec(&line).expect("two texts and a number are JSON");
        line.push(b'\n');
        self.file.append(&line)
    }

    /// Adds an order of an operator, with what it changed as keys of their own.
    pub(super) fn append_order(&mut self, order: &OrderRecord) -> Result<(), FolderError> {
        let line = OrderLine { at_ms: order.at_ms, severity: "info", text: order.to_string(), order };
        let mut line = serde_json::to_vec(&line).expect("texts and numbers are JSON");
        line.push(b'\n');
        self.file.append(&line)
    }

    /// Adds a line of another log.
    pub(super) fn append_record(&mut self, record: &EventRecord) -> Result<(), FolderError> {
        let mut line = serde_json::to_vec(record).expect("texts and numbers are JSON");
        line.push(b'\n');
        self.file.append(&line)
    }
}

#[derive(Serialize)]
struct OrderLine<'a> {
    at_ms: u64,
    severity: &'static str,
    text: String,
    order: &'a OrderRecord,
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
