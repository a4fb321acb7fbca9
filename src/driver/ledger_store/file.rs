//! The SQLite file of a ledger: made, locked, read and written. What is in it is the business of `format`; it knows no
//! threads.

use super::{
    Charter, Entry, Store, StoreError,
    format::{self, Meta, unreadable},
    read::{self, ReadError},
    write::write,
};
use crate::{
    driver::{Clock, clock::unix_millis},
    portal::Diverged,
};
use rusqlite::{Connection, TransactionBehavior};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The ledger of a host in a directory of its own; nobody else opens it as long as this value lives.
///
/// The file is `ledger.db`, beside SQLite's log `ledger.db-wal` (which belongs to it: records live there first) and the
/// lock `ledger.lock`. Only their owner may read them, because card numbers, and passwords of the portal, stand in them
/// in full: the host must know its cards again. They are test cards and passwords.
#[derive(Debug)]
pub struct LedgerFile {
    connection: Connection,
    path: PathBuf,
    meta: Meta,
    /// The number of the newest entry.
    newest: i64,
    _lock: Lock,
}

/// The lock of a directory, held as long as this lives.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    /// A program that is being started has a copy of the descriptor until it is that program, so closing it here is not
    /// enough.
    fn drop(&mut self) {
        // A lock that cannot be given up goes with the process.
        let _ = self.0.unlock();
    }
}

impl LedgerFile {
    /// Opens the ledger in `directory`, or begins one of this charter. One of an older format gets the newest.
    ///
    /// # Errors
    /// When the directory cannot be used, another process uses it, or what is there is not a sound ledger of a known
    /// format and of this charter. Nothing is changed then.
    pub fn open(directory: &Path, charter: &Charter) -> Result<Self, StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::File { path, source }
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
        let lock = lock(directory)?;
        let path = directory.join(FILE);
        if !path.try_exists().map_err(failed(&path))? {
            begin(directory, &path, charter)?;
        }
        if fs::metadata(&path).map_err(failed(&path))?.len() == 0 {
            return Err(StoreError::Damaged { path, what: "it is empty".to_owned() });
        }
        let (connection, meta) = format::open(&path, charter)?;
        let newest = format::newest(&connection).map_err(|error| unreadable(&path, error))?;
        Ok(Self { connection, path, meta, newest, _lock: lock })
    }

    /// Hands out all entries in the order in which they were committed; returns how many there are.
    ///
    /// # Errors
    /// When a row is not what an entry looks like, money comes from nowhere, entries are missing, or `each` finds that
    /// the portal does not come out as it was.
    pub fn read(&self, each: impl FnMut(Entry) -> Result<(), Diverged>) -> Result<u64, StoreError> {
        let count = read::read(&self.connection, each).map_err(|error| self.misread(&error))?;
        Ok(count.unsigned_abs())
    }

    /// The clock of a host that goes on with this ledger: time has gone on since its first life began, and never goes
    /// back behind what it has kept.
    ///
    /// # Errors
    /// When the newest instant cannot be read.
    pub fn clock(&self) -> Result<Clock, StoreError> {
        let latest = format::latest(&self.connection).map_err(|error| unreadable(&self.path, error))?;
        Ok(Clock::resuming(self.meta.started_at_ms, latest, unix_millis()))
    }

    /// When the first host with this ledger began, in milliseconds of the Unix epoch: the origin of all its instants.
    pub fn started_at_ms(&self) -> u64 {
        self.meta.started_at_ms
    }

    fn misread(&self, error: &ReadError) -> StoreError {
        let path = self.path.clone();
        match error {
            ReadError::Diverged(number) => {
                StoreError::PortalDiverged { path, number: *number, creator: self.meta.creator.clone() }
            }
            _ => StoreError::Damaged { path, what: error.to_string() },
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Store for LedgerFile {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let Self { connection, path, newest, .. } = self;
        let written = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (number, entry) in (*newest + 1..).zip(entries) {
                write(&transaction, number, entry)?;
            }
            transaction.commit()
        })();
        written.map_err(|source| StoreError::Write { path: path.clone(), source })?;
        *newest += entries.len() as i64;
        Ok(())
    }
}

/// Holds the directory for this process; the system lets go of it when the process ends, however it ends.
///
/// The lock is not on the database: SQLite's own locks are lost when another descriptor of that file is closed.
fn lock(directory: &Path) -> Result<Lock, StoreError> {
    let path = directory.join(LOCK);
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let failed = |source| StoreError::File { path: path.clone(), source };
    let file = opened.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Makes an empty ledger under another name, so that a file of the right name is always a whole one.
fn begin(directory: &Path, path: &Path, charter: &Charter) -> Result<(), StoreError> {
    let draft = directory.join(DRAFT);
    let failed = |source| StoreError::File { path: draft.clone(), source };
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    // SQLite gives the files that it makes beside this one the same mode.
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = format::write(&draft, charter);
    written.map_err(|source| StoreError::Write { path: draft.clone(), source })?;
    let renamed = fs::rename(&draft, path).and_then(|()| File::open(directory)?.sync_all());
    renamed.map_err(|source| StoreError::File { path: path.to_owned(), source })
}

const FILE: &str = "ledger.db";
const DRAFT: &str = "ledger.db.new";
const LOCK: &str = "ledger.lock";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_up_though_a_copy_of_its_descriptor_lives() {
        let directory = std::env::temp_dir().join(format!("posfleet-{}-ledger-lock", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let held = lock(&directory).expect("nobody holds it");
        assert!(matches!(lock(&directory), Err(StoreError::InUse(_))));
        let copy = held.0.try_clone().expect("as a program has it that is being started");
        drop(held);
        assert!(lock(&directory).is_ok());
        drop(copy);
        fs::remove_dir_all(&directory).expect("it is there");
    }
}
