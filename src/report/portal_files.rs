//! The books of the portal of the host inside the program, written when a run is over: `payouts.csv`, `alarms.csv`, and
//! `findings.csv` where the final check found something.

use super::FolderError;
use crate::{
    engine::{AlarmRow, PayoutRow, PortalBooks},
    metrics::PortalFinding,
    money::Amount,
    time::Instant,
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Writes the files into `folder`, where they must not exist.
pub(super) fn write(folder: &Path, books: PortalBooks<'_>) -> Result<(), FolderError> {
    write_rows(folder.join("payouts.csv"), &PAYOUTS, books.payouts.map(payout))?;
    write_rows(folder.join("alarms.csv"), &ALARMS, books.alarms.map(alarm))?;
    if books.findings.is_empty() {
        return Ok(());
    }
    write_rows(folder.join("findings.csv"), &FINDINGS, books.findings.iter().map(finding))
}

fn write_rows<const N: usize>(
    path: PathBuf,
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), FolderError> {
    let made =
        File::create_new(&path).map_err(|source| FolderError::Create { path: path.clone(), source })?;
    write_table(made, header, rows).map_err(|source| FolderError::Write { path, source })
}

fn write_table<const N: usize>(
    file: File,
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.flush()
}

fn payout(row: PayoutRow) -> [String; PAYOUTS.len()] {
    [
        row.payout.to_string(),
        row.merchant.to_string(),
        row.card.map(|card| card.to_string()).unwrap_or_default(),
        minor(row.gross),
        minor(row.fee),
        row.amount.map(minor).unwrap_or_default(),
        row.recovered.map(minor).unwrap_or_default(),
        row.ordered_at.map(millis).unwrap_or_default(),
        row.paid_at.map(millis).unwrap_or_default(),
        row.state.to_owned(),
    ]
}

fn alarm(row: AlarmRow) -> [String; ALARMS.len()] {
    [
        millis(row.at),
        row.device.map(|device| device.0).unwrap_or_default(),
        row.terminal.to_string(),
        row.merchant.to_string(),
        row.fault.to_owned(),
    ]
}

fn finding(found: &PortalFinding) -> [String; FINDINGS.len()] {
    [found.fault.clone().into_owned(), found.meaning.clone()]
}

fn minor(amount: Amount) -> String {
    amount.minor().to_string()
}

fn millis(at: Instant) -> String {
    at.since(Instant::START).as_millis().to_string()
}

const PAYOUTS: [&str; 10] = [
    "payout",
    "merchant",
    "card",
    "gross_minor",
    "fee_minor",
    "amount_minor",
    "recovered_minor",
    "ordered_at_ms",
    "paid_at_ms",
    "state",
];
const ALARMS: [&str; 5] = ["at_ms", "device", "terminal", "merchant", "fault"];
const FINDINGS: [&str; 2] = ["fault", "meaning"];
