//! `intervals.hlog` as it stands on disk: its lines, in batches of one span of time.

use super::lines::LINE_MAX;
use crate::report::{
    meter::{Meter, Metered},
    parts::parts,
};
use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// One line of an interval log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct LogLine<'l> {
    pub(in crate::report) tag: &'l str,
    /// Since the start of the run, in seconds.
    pub(in crate::report) begin: f64,
    /// In seconds.
    pub(in crate::report) length: f64,
    pub(in crate::report) payload: &'l [u8],
}

impl<'l> LogLine<'l> {
    /// Reads a line without its end; nothing when it is not one with a histogram.
    pub(in crate::report) fn parse(line: &'l [u8]) -> Option<Self> {
        let mut cells = line.strip_prefix(b"Tag=")?.splitn(5, |&byte| byte == b',');
        let tag = str::from_utf8(cells.next()?).ok()?;
        let begin = time(cells.next()?)?;
        let length = time(cells.next()?)?;
        cells.next()?;
        Some(Self { tag, begin, length, payload: cells.next()? })
    }
}

/// Comments and the legend are no lines with a histogram, and nothing is wrong with them.
fn is_head(line: &[u8]) -> bool {
    line.is_empty() || matches!(line.first(), Some(b'#' | b'"'))
}

fn time(cell: &[u8]) -> Option<f64> {
    let seconds: f64 = str::from_utf8(cell).ok()?.parse().ok()?;
    (0.0..=SECONDS_MAX).contains(&seconds).then_some(seconds)
}

/// The lines whose intervals begin in one span of time, as they stand in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::report) struct Batch {
    /// The number of the span.
    pub(in crate::report) number: usize,
    lines: Vec<u8>,
}

impl Batch {
    /// Its lines.
    pub(in crate::report) fn lines(&self) -> impl Iterator<Item = LogLine<'_>> {
        self.lines.split(|&byte| byte == b'\n').filter_map(LogLine::parse)
    }
}

/// Reads the log in batches, in the order of the file; memory holds one.
///
/// A line whose interval begins before the present batch belongs to it all the same: time does not go back.
#[derive(Debug)]
pub(in crate::report) struct Batches {
    reader: BufReader<Metered>,
    meter: Meter,
    /// The parts that follow the one that is read.
    following: VecDeque<PathBuf>,
    /// The length of a span, in seconds.
    span: f64,
    /// The beginning of the next batch.
    next: Option<Batch>,
    malformed: u64,
}

impl Batches {
    /// Opens the log; a span is so many seconds, and `meter` hears what was read.
    pub(in crate::report) fn open(path: &Path, span: f64, meter: &Meter) -> io::Result<Self> {
        let mut following: VecDeque<PathBuf> = parts(path).collect();
        let first = following.pop_front().unwrap_or_else(|| path.to_owned());
        let meter = meter.clone();
        Ok(Self { reader: reader(&first, &meter)?, meter, following, span, next: None, malformed: 0 })
    }

    /// Reads the next line, of the next part where one is at its end.
    fn read_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        while !read_line(&mut self.reader, line)? {
            let Some(part) = self.following.pop_front() else { return Ok(false) };
            self.reader = reader(&part, &self.meter)?;
        }
        Ok(true)
    }

    /// Lines so far that are none of an interval log; what a crash has cut off does not count.
    pub(in crate::report) fn malformed(&self) -> u64 {
        self.malformed
    }

    /// The next batch.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(in crate::report) fn next(&mut self) -> io::Result<Option<Batch>> {
        let mut batch = self.next.take();
        let mut line = Vec::new();
        while self.read_line(&mut line)? {
            let Some(found) = LogLine::parse(&line) else {
                self.malformed += u64::from(!is_head(&line));
                continue;
            };
            let number = ((found.begin + found.length / 2.0) / self.span) as usize;
            line.push(b'\n');
            match &mut batch {
                Some(batch) if number <= batch.number && batch.lines.len() < BATCH_MAX => {
                    batch.lines.extend_from_slice(&line);
                }
                Some(batch) => {
                    let number = number.max(batch.number);
                    self.next = Some(Batch { number, lines: std::mem::take(&mut line) });
                    break;
                }
                None => batch = Some(Batch { number, lines: std::mem::take(&mut line) }),
            }
        }
        Ok(batch)
    }
}

fn reader(path: &Path, meter: &Meter) -> io::Result<BufReader<Metered>> {
    Ok(BufReader::with_capacity(1 << 18, Metered::open(path, meter)?))
}

/// Reads a line without its end into `line`; a line that has no end, or an absurd length, is passed over as empty.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = reader.by_ref().take(LINE_MAX).read_until(b'\n', line)?;
    if line.pop() != Some(b'\n') && read > 0 {
        line.clear();
        line.extend_from_slice(if read as u64 == LINE_MAX { b"too long" } else { b"" });
    }
    Ok(read > 0)
}

/// A year: a longer run is a mistake of the file.
const SECONDS_MAX: f64 = 366.0 * 86_400.0;
/// What one batch may hold; more of the same span comes as the next one.
const BATCH_MAX: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_or_none() {
        let line = b"Tag=sale:approved,1.007,0.998,11775.000,HIST,A";
        let expected = LogLine { tag: "sale:approved", begin: 1.007, length: 0.998, payload: b"HIST,A" };
        assert_eq!(LogLine::parse(line), Some(expected));
        for line in [
            &b""[..],
            b"#[BaseTime: 1]",
            b"\"StartTimestamp\"",
            b"1,1,1,HIST",
            b"Tag=\xff,1,1,1,H",
            b"Tag=a,-1,1,1,H",
            b"Tag=a,NaN,1,1,H",
            b"Tag=a,1,1e300,1,H",
            b"Tag=a,1,1,1",
        ] {
            assert_eq!(LogLine::parse(line), None, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn a_line_without_its_end_is_passed_over() {
        let mut reader = &b"one\ntwo"[..];
        let mut line = Vec::new();
        assert!(read_line(&mut reader, &mut line).expect("memory") && line == b"one");
        assert!(read_line(&mut reader, &mut line).expect("memory") && line.is_empty());
        assert!(!read_line(&mut reader, &mut line).expect("memory"));
    }
}
