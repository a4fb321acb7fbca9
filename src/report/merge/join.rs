//! What of several folders is put beside each other: events, journals, statements, mismatches, the environment.

use super::MergeError;
use crate::{
    iso8583::TerminalId,
    metrics::Summary,
    report::{
        archive::{Archive, EventRecord},
        folder::Folder,
        journal::file_name,
        journal_reader::read_journal,
    },
};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
};

/// The events of all runs by their time, each with the number of its run.
pub(super) fn events(archives: &[Archive], folder: &mut Folder) -> io::Result<()> {
    let numbered = archives
        .iter()
        .enumerate()
        .flat_map(|(number, archive)| archive.events.iter().map(move |event| (number + 1, event)));
    let mut events: Vec<_> = numbered.collect();
    events.sort_by_key(|(number, event)| (event.at_ms, *number));
    for (number, event) in events {
        folder.record(&EventRecord { text: format!("run {number}: {}", event.text), ..event.clone() })?;
    }
    Ok(())
}

/// What some run has and the whole lacks, since nothing true can be made of it.
pub(super) fn left_out(archives: &[Archive], whole: &Summary) -> Vec<&'static str> {
    let has_file = |names: &[&str]| {
        archives.iter().any(|archive| names.iter().any(|name| archive.path.join(name).exists()))
    };
    let has = |test: &dyn Fn(&Summary) -> bool| {
        archives.iter().filter_map(|archive| archive.summary.as_ref()).any(test)
    };
    let all = [
        ("the rate of a search", has(&|summary| summary.knee.is_some())),
        (
            "the comparison with a ledger, which not all runs have",
            has(&|summary| summary.reconciliation.is_some()) && whole.reconciliation.is_none(),
        ),
        ("receipts", has_file(&["receipts.txt"])),
        (
            "payouts, alarms and findings of the portal as files",
            has_file(&["payouts.csv", "alarms.csv", "findings.csv"]),
        ),
        ("books on disk", has_file(&["ledger"])),
    ];
    all.into_iter().filter(|(_, is_left_out)| *is_left_out).map(|(name, _)| name).collect()
}

/// Joins journals, and statements where every run has one; says why not when they cannot be.
pub(super) fn journals(archives: &[Archive], out: &Path) -> io::Result<Result<(), String>> {
    let mut owner: HashMap<TerminalId, usize> = HashMap::new();
    for (number, archive) in archives.iter().enumerate() {
        for line in read_journal(&archive.path) {
            let Ok(line) = line else {
                return Ok(Err(format!(
                    "journals are not joined: that of run {} cannot be read",
                    number + 1
                )));
            };
            if *owner.entry(line.key.terminal).or_insert(number) != number {
                let text = format!(
                    "journals are not joined: terminal {} is in more than one run",
                    line.key.terminal
                );
                return Ok(Err(text));
            }
        }
    }
    let folders = || archives.iter().map(|archive| archive.path.join("journal"));
    let mut next = 1;
    for folder in folders() {
        for path in (1..).map(|number| folder.join(file_name(number))).take_while(|path| path.exists()) {
            copy_lines(&[path], &out.join("journal").join(file_name(next)))?;
            next += 1;
        }
    }
    let statements: Vec<_> = folders().map(|folder| folder.join("host.csv")).collect();
    if statements.iter().all(|path| path.exists()) {
        copy_lines(&statements, &out.join("journal/host.csv"))?;
    }
    Ok(Ok(()))
}

/// The mismatches of all runs; their number is judged, so none is left out.
pub(super) fn mismatches(archives: &[Archive], out: &Path) -> io::Result<()> {
    let lists = archives.iter().map(|archive| archive.path.join("journal/mismatches.csv"));
    let lists: Vec<_> = lists.filter(|path| path.exists()).collect();
    if lists.is_empty() { Ok(()) } else { copy_lines(&lists, &out.join("journal/mismatches.csv")) }
}

/// Writes the whole lines of tables with the same header into one.
fn copy_lines(from: &[impl AsRef<Path>], to: &Path) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(to)?);
    let mut line = Vec::new();
    for (number, path) in from.iter().enumerate() {
        let mut reader = BufReader::new(File::open(path)?);
        let mut is_head = true;
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 || line.last() != Some(&b'\n') {
                break;
            }
            if number == 0 || !is_head {
                writer.write_all(&line)?;
            }
            is_head = false;
        }
    }
    writer.flush()
}

/// What all ran on, when that is the same; the merge itself ran somewhere else perhaps.
pub(super) fn environment(archives: &[Archive], out: &Path) -> Result<(), MergeError> {
    let path = out.join("environment.json");
    fs::remove_file(&path)?;
    let first = archives.first().and_then(|archive| archive.environment.as_ref());
    match first {
        Some(first) if archives.iter().all(|archive| archive.environment.as_ref() == Some(first)) => {
            Ok(first.write(path)?)
        }
        _ => Ok(()),
    }
}
