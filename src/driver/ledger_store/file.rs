//! The SQLite file of a ledger: made, locked, checked, read and written. It knows no threads.

use super::{Store, StoreError, read, write::write};
use crate::{ledger::Record, money::Amount};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

/// The ledger of a host in a directory of its own; nobody else opens it as long as this value lives.
///
/// The file is `ledger.db`, beside SQLite's log `ledger.db-wal` (which belongs to it: records live there first) and the
/// lock `ledger.lock`. Only their owner may read them, because card numbers stand in them in full: the host must know
/// its cards again. They are test cards.
#[derive(Debug)]
pub struct LedgerFile {
    connection: Connection,
    path: PathBuf,
    /// The number of the newest record.
    newest: i64,
    _lock: File,
}

impl LedgerFile {
    /// Opens the ledger in `directory`, or begins one whose cards are opened with `opening_balance`.
    ///
    /// # Errors
    /// When the directory cannot be used, another process uses it, or what is there is not a sound ledger of this
    /// format and opening balance. Nothing is changed then.
    pub fn open(directory: &Path, opening_balance: Amount) -> Result<Self, StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::File { path, source }
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
        let lock = lock(directory)?;
        let path = directory.join(FILE);
        if !path.try_exists().map_err(failed(&path))? {
            begin(directory, &path, opening_balance)?;
        }
        if fs::metadata(&path).map_err(failed(&path))?.len() == 0 {
            return Err(StoreError::Damaged { path, what: "it is empty".to_owned() });
        }
        let connection = connect(&path)?;
        check(&connection, &path, opening_balance)?;
        let newest = connection.query_row(NEWEST, [], |row| row.get(0));
        let newest = newest.map_err(|error| unreadable(&path, error))?;
        Ok(Self { connection, path, newest, _lock: lock })
    }

    /// Hands out all records in the order in which they were committed; returns how many there are.
    ///
    /// # Errors
    /// When a row is not what a record looks like, money comes from nowhere, or records are missing.
    pub fn read(&self, each: impl FnMut(Record)) -> Result<u64, StoreError> {
        let count = read::read(&self.connection, each)
            .map_err(|error| StoreError::Damaged { path: self.path.clone(), what: error.to_string() })?;
        Ok(count.unsigned_abs())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Store for LedgerFile {
    fn commit(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let Self { connection, path, newest, .. } = self;
        let written = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (number, record) in (*newest + 1..).zip(records) {
                write(&transaction, number, record)?;
            }
            transaction.commit()
        })();
        written.map_err(|source| StoreError::Write { path: path.clone(), source })?;
        *newest += records.len() as i64;
        Ok(())
    }
}

/// Holds the directory for this process; the system lets go of it when the process ends, however it ends.
///
/// The lock is not on the database: SQLite's own locks are lost when another descriptor of that file is closed.
fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join(LOCK);
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let failed = |source| StoreError::File { path: path.clone(), source };
    let file = opened.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Makes an empty ledger under another name, so that a file of the right name is always a whole one.
fn begin(directory: &Path, path: &Path, opening_balance: Amount) -> Result<(), StoreError> {
    let draft = directory.join(DRAFT);
    let failed = |source| StoreError::File { path: draft.clone(), source };
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    // SQLite gives the files that it makes beside this one the same mode.
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = write_schema(&draft, opening_balance);
    written.map_err(|source| StoreError::Write { path: draft.clone(), source })?;
    let renamed = fs::rename(&draft, path).and_then(|()| File::open(directory)?.sync_all());
    renamed.map_err(|source| StoreError::File { path: path.to_owned(), source })
}

fn write_schema(path: &Path, opening_balance: Amount) -> rusqlite::Result<()> {
    let mut connection = Connection::open_with_flags(path, flags())?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.execute_batch(SCHEMA)?;
    let creator = concat!("posfleet ", env!("CARGO_PKG_VERSION"));
    let opening_balance = opening_balance.minor().to_string();
    for (name, value) in [("format", FORMAT), ("creator", creator), ("opening_balance", &opening_balance)] {
        transaction.execute("INSERT INTO meta VALUES (?, ?)", [name, value])?;
    }
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let opened = Connection::open_with_flags(path, flags()).and_then(|connection| {
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    });
    opened.map_err(|error| unreadable(path, error))
}

/// Refuses everything that is not a sound ledger of this format, from the outside in.
fn check(connection: &Connection, path: &Path, opening_balance: Amount) -> Result<(), StoreError> {
    let wrong = |error| unreadable(path, error);
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(wrong)?;
    if application != APPLICATION {
        return Err(StoreError::NotALedger(path.to_owned()));
    }
    let meta = |name: &str| {
        let value = connection
            .query_row("SELECT value FROM meta WHERE name = ?", [name], |row| row.get::<_, String>(0));
        value.map_err(wrong)
    };
    let found = meta("format")?;
    if found != FORMAT {
        return Err(StoreError::Version { path: path.to_owned(), found, creator: meta("creator")? });
    }
    let sound: String =
        connection.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(wrong)?;
    if sound != "ok" {
        return Err(StoreError::Damaged { path: path.to_owned(), what: sound });
    }
    let kept = meta("opening_balance")?;
    match kept.parse().map(Amount::from_minor) {
        Ok(kept) if kept == opening_balance => prepare(connection).map_err(wrong),
        Ok(kept) => Err(StoreError::OpeningBalance { path: path.to_owned(), kept, wanted: opening_balance }),
        Err(_) => {
            Err(StoreError::Damaged { path: path.to_owned(), what: format!("opening_balance {kept:?}") })
        }
    }
}

/// Settings of a connection that writes; the first lasts in the file, the others do not.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Without it, some systems call a write durable that is still in the disk's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Sorts what SQLite says about a file that it cannot read.
fn unreadable(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NotALedger(path),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse(path),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StoreError::File { path, source: io::Error::other(error) }
        }
        _ => StoreError::Damaged { path, what: error.to_string() },
    }
}

fn flags() -> OpenFlags {
    // The file is there already; one thread uses the connection.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// The format of the files that this program writes and reads.
pub(super) const FORMAT: &str = "1";
const FILE: &str = "ledger.db";
const DRAFT: &str = "ledger.db.new";
const LOCK: &str = "ledger.lock";
const SCHEMA: &str = include_str!("schema.sql");
/// What tells a ledger from other SQLite files: the letters `POSF`.
const APPLICATION: i32 = 0x504F_5346;
const NEWEST: &str = "SELECT max(coalesce((SELECT max(record) FROM bookings), 0),
    coalesce((SELECT max(record) FROM moves), 0), coalesce((SELECT max(record) FROM batches), 0))";
/// After so many pages of 4 KiB the log goes into the file proper.
const CHECKPOINT_PAGES: u32 = 10_000;
/// How long a commit waits for a shell that writes into the ledger by hand.
const PATIENCE: Duration = Duration::from_secs(5);
