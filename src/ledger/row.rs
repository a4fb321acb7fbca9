//! A booking as a row of the host's statement.

use super::{Booking, State};
use crate::{
    card::MaskedPan,
    operation::Kind,
    reconcile::{Row, RowState},
};

impl From<&Booking> for Row {
    fn from(booking: &Booking) -> Self {
        Self {
            terminal: Some(booking.key.terminal),
            merchant: Some(booking.merchant),
            batch: Some(booking.key.batch),
            stan: Some(booking.key.stan),
            kind: Some(booking.kind),
            amount: booking.amount,
            rrn: Some(booking.rrn),
            card: booking.card.as_ref().map(MaskedPan::from),
            state: state(booking),
        }
    }
}

fn state(booking: &Booking) -> RowState {
    match booking.state {
        State::Captured => RowState::Captured,
        State::Voided => RowState::Voided,
        State::Reversed => RowState::Reversed,
        State::Held => RowState::Held,
        // An order that is closed was never paid; a pre-authorization was, and its money is free again.
        State::Closed if booking.kind == Kind::QrOrder => RowState::Declined,
        State::Closed => RowState::Closed,
        // A code that nobody has paid is no money, like a refusal.
        State::Waiting | State::Declined(_) => RowState::Declined,
    }
}
