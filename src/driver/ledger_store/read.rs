//! Rows back into entries, in the order in which they were written.

use super::{
    Entry, input_row,
    row::{self, BadColumn},
};
use crate::{
    iso8583::{ApprovalCode, MerchantId, Rrn, TerminalId},
    ledger::{Booking, Postings, Record},
    portal::{Diverged, Input},
    time::Instant,
};
use rusqlite::{Connection, Row};

/// Why rows are no records.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// SQLite cannot read on.
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    /// A column holds what no record has.
    #[error("record {0}: {1}")]
    Row(i64, String),
    /// Numbers are counted without gaps.
    #[error("record {0} is missing")]
    Missing(i64),
    /// The portal does not come out as it was.
    #[error("entry {0}: the portal does not answer as it did")]
    Diverged(i64),
}

/// Hands out all entries; returns how many there were.
pub(super) fn read(
    connection: &Connection,
    mut each: impl FnMut(Entry) -> Result<(), Diverged>,
) -> Result<i64, ReadError> {
    let mut statement = connection.prepare(RECORDS)?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        let number: i64 = row.get(0)?;
        if number != count {
            return Err(ReadError::Missing(count));
        }
        let entry = entry(row).map_err(|RowError(what)| ReadError::Row(number, what))?;
        each(entry).map_err(|Diverged| ReadError::Diverged(number))?;
    }
    Ok(count)
}

/// What is wrong with one row.
struct RowError(String);

impl From<rusqlite::Error> for RowError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<BadColumn> for RowError {
    fn from(BadColumn(what): BadColumn) -> Self {
        Self(what)
    }
}

fn entry(row: &Row<'_>) -> Result<Entry, RowError> {
    match string(row, 1)?.as_str() {
        "portal_inputs" => Ok(Entry::Input(Box::new(input(row)?))),
        table => Ok(Entry::Record(record(row, table)?)),
    }
}

fn input(row: &Row<'_>) -> Result<Input, RowError> {
    let instant: i64 = row.get(3)?;
    Ok(input_row::from_text(Instant::from_nanos(instant.unsigned_abs()), &string(row, 2)?)?)
}

fn record(row: &Row<'_>, table: &str) -> Result<Record, RowError> {
    let (terminal, batch) = (string(row, 2)?, row.get(3)?);
    if table == "batches" {
        let terminal = row::text::<TerminalId>("terminal", &terminal)?;
        let (batch, next) = (row::batch_no(batch)?, row::batch_no(row.get(4)?)?);
        return Ok(Record::BatchClosed { terminal, batch, next });
    }
    let key = row::key(&terminal, batch, row.get(4)?)?;
    let amount = row::amount(row.get(5)?)?;
    let state = row::state(&string(row, 6)?, optional(row, 7)?.as_deref())?;
    let postings = postings(row)?;
    if table == "moves" {
        return Ok(Record::Moved { key, state, amount, postings });
    }
    let original = match optional(row, 22)? {
        Some(terminal) => Some(row::key(&terminal, row.get(23)?, row.get(24)?)?),
        None => None,
    };
    let approval_code = optional(row, 21)?;
    Ok(Record::Booked(Booking {
        key,
        merchant: row::text::<MerchantId>("merchant", &string(row, 14)?)?,
        kind: row::kind(&string(row, 15)?)?,
        variant: row::variant(&string(row, 16)?, row.get(17)?)?,
        amount,
        tip: row::amount(row.get(18)?)?,
        card: optional(row, 19)?.map(|card| row::card(&card)).transpose()?,
        rrn: row::text::<Rrn>("rrn", &string(row, 20)?)?,
        approval_code: approval_code
            .map(|code| row::text::<ApprovalCode>("approval_code", &code))
            .transpose()?,
        original,
        at: row.get(25)?,
        state,
        postings,
    }))
}

fn postings(row: &Row<'_>) -> Result<Postings, RowError> {
    let mut amounts = [0i64; 6];
    for (amount, column) in amounts.iter_mut().zip(8..) {
        *amount = row.get(column)?;
    }
    match amounts.iter().fold(0i64, |sum, amount| sum.saturating_add(*amount)) {
        0 => Ok(Postings::from_amounts(amounts)),
        sum => Err(RowError(format!("its postings add up to {sum} and not to 0"))),
    }
}

fn string(row: &Row<'_>, column: usize) -> Result<String, RowError> {
    Ok(row.get(column)?)
}

fn optional(row: &Row<'_>, column: usize) -> Result<Option<String>, RowError> {
    Ok(row.get(column)?)
}

/// The four tables in one order: record, table, terminal, batch, STAN (or next batch), amount, state and code, six
/// postings, and from the 15th column on what only bookings have. An input of the portal has its body instead of the
/// terminal, and its instant instead of the batch.
const RECORDS: &str = "
SELECT record, 'bookings', terminal, batch, stan, amount, state, response_code,
       to_card, to_hold, to_merchant, to_fees, to_outside, to_suspense,
       merchant, kind, variant, instalments, tip, card, rrn, approval_code,
       original_terminal, original_batch, original_stan, at
FROM bookings
UNION ALL
SELECT m.record, 'moves', b.terminal, b.batch, b.stan, m.amount, m.state, m.response_code,
       m.to_card, m.to_hold, m.to_merchant, m.to_fees, m.to_outside, m.to_suspense,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM moves m JOIN bookings b ON b.record = m.booking
UNION ALL
SELECT record, 'batches', terminal, batch, next, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM batches
UNION ALL
SELECT record, 'portal_inputs', body, instant, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM portal_inputs
ORDER BY 1";
