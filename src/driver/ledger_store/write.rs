//! Entries into rows.

use super::{
    Entry, input_row,
    row::{state_columns, variant_columns},
};
use crate::{
    ledger::{Booking, Postings, Record, State},
    money::Amount,
    portal::Input,
    reconcile::Key,
};
use rusqlite::{Connection, Result, params};

/// Adds an entry under its number.
pub(super) fn write(connection: &Connection, number: i64, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Record(record) => write_record(connection, number, record),
        Entry::Input(input) => write_input(connection, number, input),
    }
}

fn write_input(connection: &Connection, number: i64, input: &Input) -> Result<()> {
    let instant = i64::try_from(input.at.as_nanos()).unwrap_or(i64::MAX);
    let row = params![number, instant, input_row::to_text(input)];
    connection.prepare_cached(ADD_INPUT)?.execute(row).map(drop)
}

fn write_record(connection: &Connection, number: i64, record: &Record) -> Result<()> {
    match record {
        Record::Booked(booking) => write_booking(connection, number, booking),
        Record::Moved { key, state, amount, postings } => {
            write_move(connection, number, key, state, *amount, postings)
        }
        Record::BatchClosed { terminal, batch, next } => {
            let row = params![number, terminal.as_str(), batch.number(), next.number()];
            connection.prepare_cached(ADD_BATCH)?.execute(row).map(drop)
        }
    }
}

fn write_booking(connection: &Connection, number: i64, booking: &Booking) -> Result<()> {
    let (state, code) = state_columns(&booking.state);
    let (variant, instalments) = variant_columns(booking.variant);
    let Key { terminal, batch, stan } = booking.key;
    let original = booking.original.as_ref();
    let [card, hold, merchant, fees, outside, suspense] = booking.postings.amounts();
    connection.prepare_cached(ADD_BOOKING)?.execute(params![
        number,
        terminal.as_str(),
        batch.number(),
        stan.number(),
        booking.merchant.as_str(),
        booking.kind.name(),
        variant,
        instalments,
        minor(booking.amount),
        minor(booking.tip),
        booking.card.as_ref().map(|card| card.as_str()),
        booking.rrn.as_str(),
        booking.approval_code.as_ref().map(|code| code.as_str()),
        original.map(|key| key.terminal.as_str()),
        original.map(|key| key.batch.number()),
        original.map(|key| key.stan.number()),
        booking.at,
        state,
        code,
        card,
        hold,
        merchant,
        fees,
        outside,
        suspense,
    ])?;
    Ok(())
}

fn write_move(
    connection: &Connection,
    number: i64,
    key: &Key,
    state: &State,
    amount: Amount,
    postings: &Postings,
) -> Result<()> {
    let (state, code) = state_columns(state);
    let (terminal, batch, stan) = (key.terminal.as_str(), key.batch.number(), key.stan.number());
    let [card, hold, merchant, fees, outside, suspense] = postings.amounts();
    connection.prepare_cached(ADD_MOVE)?.execute(params![
        number,
        terminal,
        batch,
        stan,
        minor(amount),
        state,
        code,
        card,
        hold,
        merchant,
        fees,
        outside,
        suspense,
    ])?;
    Ok(())
}

fn minor(amount: Amount) -> i64 {
    i64::try_from(amount.minor()).unwrap_or(i64::MAX)
}

const ADD_BOOKING: &str = "INSERT INTO bookings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
/// A move of a transaction that was never booked is refused, because its booking may not be `NULL`.
const ADD_MOVE: &str = "INSERT INTO moves VALUES (
    ?, (SELECT min(record) FROM bookings WHERE terminal = ? AND batch = ? AND stan = ?), ?,?,?,?,?,?,?,?,?)";
const ADD_BATCH: &str = "INSERT INTO batches VALUES (?,?,?,?)";
const ADD_INPUT: &str = "INSERT INTO portal_inputs VALUES (?,?,?)";
