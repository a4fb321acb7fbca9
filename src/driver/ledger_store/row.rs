//! How the values of a record stand in columns, there and back.

use crate::{
    card::Pan,
    iso8583::{BatchNo, ResponseCode, Stan, TerminalId},
    ledger::State,
    money::Amount,
    operation::{Kind, Variant},
    reconcile::Key,
};

/// A column of a row that no record has; the text says which and why.
#[derive(Debug)]
pub(super) struct BadColumn(pub(super) String);

pub(super) type Column<T> = Result<T, BadColumn>;

/// The name of a state and the response code that goes with it.
pub(super) fn state_columns(state: &State) -> (&'static str, Option<&str>) {
    match state {
        State::Captured => ("captured", None),
        State::Voided => ("voided", None),
        State::Reversed => ("reversed", None),
        State::Held => ("held", None),
        State::Closed => ("closed", None),
        State::Waiting => ("waiting", None),
        State::Declined(code) => ("declined", Some(code.as_str())),
    }
}

pub(super) fn state(name: &str, code: Option<&str>) -> Column<State> {
    Ok(match (name, code) {
        ("captured", None) => State::Captured,
        ("voided", None) => State::Voided,
        ("reversed", None) => State::Reversed,
        ("held", None) => State::Held,
        ("closed", None) => State::Closed,
        ("waiting", None) => State::Waiting,
        ("declined", Some(code)) => State::Declined(text::<ResponseCode>("response_code", code)?),
        _ => return Err(BadColumn(format!("state {name:?} with response_code {code:?}"))),
    })
}

/// The name of a variant and its number of instalments.
pub(super) fn variant_columns(variant: Variant) -> (&'static str, Option<u8>) {
    match variant {
        Variant::Plain => ("plain", None),
        Variant::MailOrder => ("mail-order", None),
        Variant::Instalments(count) => ("instalments", Some(count)),
        Variant::Points => ("points", None),
        Variant::Reservation => ("reservation", None),
    }
}

pub(super) fn variant(name: &str, instalments: Option<u8>) -> Column<Variant> {
    Ok(match (name, instalments) {
        ("plain", None) => Variant::Plain,
        ("mail-order", None) => Variant::MailOrder,
        ("instalments", Some(count)) => Variant::Instalments(count),
        ("points", None) => Variant::Points,
        ("reservation", None) => Variant::Reservation,
        _ => return Err(BadColumn(format!("variant {name:?} with instalments {instalments:?}"))),
    })
}

pub(super) fn card(digits: &str) -> Column<Pan> {
    // The digits themselves do not belong into an error.
    digits.parse().map_err(|error| BadColumn(format!("card: {error}")))
}

pub(super) fn key(terminal: &str, batch: u32, stan: u32) -> Column<Key> {
    let stan = Stan::new(stan).ok_or_else(|| BadColumn(format!("stan {stan}")))?;
    Ok(Key { terminal: text::<TerminalId>("terminal", terminal)?, batch: batch_no(batch)?, stan })
}

pub(super) fn batch_no(number: u32) -> Column<BatchNo> {
    BatchNo::new(number).ok_or_else(|| BadColumn(format!("batch {number}")))
}

pub(super) fn kind(name: &str) -> Column<Kind> {
    Kind::from_name(name).ok_or_else(|| BadColumn(format!("kind {name:?}")))
}

pub(super) fn amount(minor: i64) -> Column<Amount> {
    u64::try_from(minor).map(Amount::from_minor).map_err(|_| BadColumn(format!("amount {minor}")))
}

pub(super) fn text<T: std::str::FromStr>(name: &str, text: &str) -> Column<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| BadColumn(format!("{name} {text:?}: {error}")))
}
