//! What is in the file of a ledger beside its entries: tables, format and charter, and the way up from an older format.

use super::{Charter, StoreError};
use crate::{driver::clock::unix_millis, money::Amount, time::Instant};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::{io, path::Path, str::FromStr, time::Duration};

/// What a ledger says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    /// What wrote it.
    pub(super) creator: String,
    /// What it was founded on.
    charter: Charter,
    /// When its first host began, in milliseconds of the Unix epoch.
    pub(super) started_at_ms: u64,
}

/// Writes an empty ledger into an empty file.
pub(super) fn write(path: &Path, charter: &Charter) -> rusqlite::Result<()> {
    let mut connection = Connection::open_with_flags(path, flags())?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute_batch(PORTAL_SCHEMA)?;
    put(&transaction, "creator", concat!("posfleet ", env!("CARGO_PKG_VERSION")))?;
    put(&transaction, "opening_balance", &charter.opening_balance.minor().to_string())?;
    put_portal(&transaction, charter.portal)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)
}

/// Opens a ledger, and refuses everything that is not a sound one of a known format and of this charter, from the
/// outside in.
pub(super) fn open(path: &Path, charter: &Charter) -> Result<(Connection, Meta), StoreError> {
    let wrong = |error| unreadable(path, error);
    let mut connection = connect(path).map_err(wrong)?;
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(wrong)?;
    if application != APPLICATION {
        return Err(StoreError::NotALedger(path.to_owned()));
    }
    let found: String = value(&connection, path, "format")?;
    if ![OLD_FORMAT, FORMAT].contains(&found.as_str()) {
        let creator = value(&connection, path, "creator")?;
        return Err(StoreError::Version { path: path.to_owned(), found, creator });
    }
    let sound: String =
        connection.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(wrong)?;
    if sound != "ok" {
        return Err(StoreError::Damaged { path: path.to_owned(), what: sound });
    }
    let opening_balance = Amount::from_minor(value(&connection, path, "opening_balance")?);
    if found == OLD_FORMAT {
        charter.check(path, &Charter { opening_balance, portal: None })?;
        upgrade(&mut connection).map_err(wrong)?;
    }
    let meta = meta(&connection, path, opening_balance)?;
    charter.check(path, &meta.charter)?;
    prepare(&connection).map_err(wrong)?;
    Ok((connection, meta))
}

/// The number of the newest entry; nought when there is none.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(NEWEST, [], |row| row.get(0))
}

/// The newest instant at which the portal has taken anything in.
pub(super) fn latest(connection: &Connection) -> rusqlite::Result<Instant> {
    let nanos: Option<i64> = connection.query_row(LATEST, [], |row| row.get(0)).optional()?;
    Ok(Instant::from_nanos(nanos.unwrap_or_default().unsigned_abs()))
}

fn meta(connection: &Connection, path: &Path, opening_balance: Amount) -> Result<Meta, StoreError> {
    let portal: String = value(connection, path, "portal")?;
    let portal = match portal.as_str() {
        NO_PORTAL => None,
        digits => Some(u64::from_str_radix(digits, 16).map_err(|_| bad(path, "portal", digits))?),
    };
    Ok(Meta {
        creator: value(connection, path, "creator")?,
        charter: Charter { opening_balance, portal },
        started_at_ms: value(connection, path, "started_at_ms")?,
    })
}

fn value<T: FromStr>(connection: &Connection, path: &Path, name: &str) -> Result<T, StoreError> {
    let query = "SELECT value FROM meta WHERE name = ?";
    let text: Option<String> = connection
        .query_row(query, [name], |row| row.get(0))
        .optional()
        .map_err(|error| unreadable(path, error))?;
    let text = text.ok_or_else(|| bad(path, name, "is missing"))?;
    text.parse().map_err(|_| bad(path, name, &text))
}

fn bad(path: &Path, name: &str, what: &str) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), what: format!("{name} {what:?}") }
}

/// From the format without a portal to the one with a portal that nobody uses.
fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(PORTAL_SCHEMA)?;
    put_portal(&transaction, None)?;
    transaction.commit()
}

/// What the format has since it keeps the portal.
fn put_portal(connection: &Connection, portal: Option<u64>) -> rusqlite::Result<()> {
    put(connection, "format", FORMAT)?;
    put(connection, "portal", &portal.map_or_else(|| NO_PORTAL.to_owned(), |print| format!("{print:016x}")))?;
    put(connection, "started_at_ms", &unix_millis().to_string())
}

fn put(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value]).map(drop)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags())?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
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
pub(super) fn unreadable(path: &Path, error: rusqlite::Error) -> StoreError {
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

/// The format of the files that this program writes.
pub(super) const FORMAT: &str = "2";
/// The format before there was a portal.
const OLD_FORMAT: &str = "1";
const NO_PORTAL: &str = "none";
const SCHEMA: &str = include_str!("schema.sql");
const PORTAL_SCHEMA: &str = include_str!("portal.sql");
/// What tells a ledger from other SQLite files: the letters `POSF`.
const APPLICATION: i32 = 0x504F_5346;
const NEWEST: &str = "SELECT max(coalesce((SELECT max(record) FROM bookings), 0),
    coalesce((SELECT max(record) FROM moves), 0), coalesce((SELECT max(record) FROM batches), 0),
    coalesce((SELECT max(record) FROM portal_inputs), 0))";
const LATEST: &str = "SELECT instant FROM portal_inputs ORDER BY record DESC LIMIT 1";
/// After so many pages of 4 KiB the log goes into the file proper.
const CHECKPOINT_PAGES: u32 = 10_000;
/// How long a commit waits for a shell that writes into the ledger by hand.
const PATIENCE: Duration = Duration::from_secs(5);
