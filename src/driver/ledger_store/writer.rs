//! The thread that commits records in groups, and how far it has come.

use super::{Charter, Entry, LedgerFile, Store, StoreError};
use crate::portal::Diverged;
use std::{
    fmt, io,
    path::Path,
    str::FromStr,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// When records must be durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durable {
    /// Before anybody hears of them.
    #[default]
    Always,
    /// So long after the first of a group: what was answered since the last commit is lost with the machine.
    Interval(Duration),
}

/// What a ledger held when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many records, inputs of the portal among them.
    pub records: u64,
    /// How long it took to read them.
    pub took: Duration,
}

/// An entry on its way, and whether the next one may be in another commit.
#[derive(Debug)]
struct Queued {
    entry: Entry,
    is_last: bool,
}

/// Commits records on a thread of its own, in the order in which they came.
///
/// While one group is being committed, the next one gathers; nothing ever waits for company. A full queue makes the
/// host wait, because it could not answer anyway.
#[derive(Debug)]
pub struct LedgerWriter {
    queue: SyncSender<Queued>,
    committed: watch::Receiver<u64>,
    durable: Durable,
    thread: JoinHandle<Result<(), StoreError>>,
}

impl LedgerWriter {
    /// Opens the ledger in `directory`, hands out what it holds, and starts the thread; see [`LedgerFile::open`].
    ///
    /// # Errors
    /// When the directory holds no sound ledger of this charter, and cannot be given one.
    pub fn open(
        directory: &Path,
        charter: &Charter,
        durable: Durable,
        restore: impl FnMut(Entry) -> Result<(), Diverged>,
    ) -> Result<(Self, Restored), StoreError> {
        Self::resume(LedgerFile::open(directory, charter)?, durable, restore)
    }

    /// Hands out what a file holds, and starts the thread.
    ///
    /// # Errors
    /// When the file does not hold what a ledger holds, or there is no thread to be had.
    pub fn resume(
        file: LedgerFile,
        durable: Durable,
        restore: impl FnMut(Entry) -> Result<(), Diverged>,
    ) -> Result<(Self, Restored), StoreError> {
        let start = Instant::now();
        let records = file.read(restore)?;
        let restored = Restored { records, took: start.elapsed() };
        Ok((Self::start(file, durable)?, restored))
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(store: impl Store + Send + 'static, durable: Durable) -> Result<Self, StoreError> {
        let (queue, records) = sync_channel(QUEUE);
        let (tell, committed) = watch::channel(0);
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || commit_all(store, &records, durable, &tell))
            .map_err(StoreError::Thread)?;
        Ok(Self { queue, committed, durable, thread })
    }

    /// When records must be durable.
    pub fn durable(&self) -> Durable {
        self.durable
    }

    /// Takes the next entry; it is committed together with those behind it up to the next that `is_last`.
    ///
    /// A thread that has failed takes none, and says so in [`LedgerWriter::committed`].
    pub fn record(&self, entry: Entry, is_last: bool) {
        // What could not be taken is never committed, and nobody hears of it.
        let _ = self.queue.send(Queued { entry, is_last });
    }

    /// How many records are durable; it closes when the thread has failed.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Commits what is left and closes the store.
    ///
    /// # Errors
    /// Why records were not committed, if any were not.
    pub fn finish(self) -> Result<(), StoreError> {
        drop(self.queue);
        let panicked = |_| Err(StoreError::Thread(io::Error::other("it has panicked")));
        self.thread.join().unwrap_or_else(panicked)
    }
}

/// The body of the thread: one transaction a group.
fn commit_all(
    mut store: impl Store,
    records: &Receiver<Queued>,
    durable: Durable,
    tell: &watch::Sender<u64>,
) -> Result<(), StoreError> {
    let mut group = Vec::with_capacity(GROUP);
    while gather(records, durable, &mut group) {
        store.commit(&group)?;
        tell.send_modify(|committed| *committed += group.len() as u64);
        group.clear();
    }
    Ok(())
}

/// Fills the group, waiting for its first record; `false` when there will be no more.
fn gather(records: &Receiver<Queued>, durable: Durable, group: &mut Vec<Entry>) -> bool {
    let Ok(Queued { entry, mut is_last }) = records.recv() else { return false };
    group.push(entry);
    let deadline = match durable {
        Durable::Always => None,
        Durable::Interval(interval) => Some(Instant::now() + interval),
    };
    while let Some(next) = next(records, deadline, is_last, group.len()) {
        is_last = next.is_last;
        group.push(next.entry);
    }
    true
}

/// What else belongs to a group of `count` records: the rest of what its last one belongs to, then what is there
/// already or comes before the deadline, as long as there is room.
fn next(
    records: &Receiver<Queued>,
    deadline: Option<Instant>,
    is_last: bool,
    count: usize,
) -> Option<Queued> {
    match deadline {
        _ if !is_last => records.recv().ok(),
        None if count < GROUP => records.try_recv().ok(),
        Some(deadline) if count < QUEUE => {
            records.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
        }
        _ => None,
    }
}

/// Why a text says not when records must be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected always, or interval: and a time such as interval:100ms or interval:2s, at most an hour")]
pub struct DurableError;

impl FromStr for Durable {
    type Err = DurableError;

    fn from_str(text: &str) -> Result<Self, DurableError> {
        if text == "always" {
            return Ok(Self::Always);
        }
        let time = text.strip_prefix("interval:").ok_or(DurableError)?;
        let digits = time.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let number: u64 = digits.parse().map_err(|_| DurableError)?;
        let interval = match time.get(digits.len()..) {
            Some("ms") => Duration::from_millis(number),
            Some("s") => Duration::from_secs(number),
            _ => return Err(DurableError),
        };
        let is_sensible = !interval.is_zero() && interval <= Duration::from_secs(3600);
        if is_sensible { Ok(Self::Interval(interval)) } else { Err(DurableError) }
    }
}

impl fmt::Display for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Interval(interval) => write!(f, "interval:{}ms", interval.as_millis()),
        }
    }
}

/// The most records that one transaction holds when answers wait for it.
const GROUP: usize = 256;
/// The most records that wait for their turn.
const QUEUE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durability_is_read_as_it_is_printed() {
        for text in ["always", "interval:1ms", "interval:100ms"] {
            assert_eq!(text.parse().map(|durable: Durable| durable.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("interval:2s".parse(), Ok(Durable::Interval(Duration::from_secs(2))));
        let wrong = [
            "",
            "never",
            "interval",
            "interval:",
            "interval:5",
            "interval:0ms",
            "interval:5m",
            "interval:-1s",
        ];
        for text in wrong.into_iter().chain(["interval:3601s", "interval:1.5s", "interval:ms", "Always"]) {
            assert_eq!(text.parse::<Durable>(), Err(DurableError), "{text:?}");
        }
    }
}
