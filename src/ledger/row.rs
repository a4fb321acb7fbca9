//! A booking as a row of the host's statement.

use super::{Booking, State};
use crate::{
    card::MaskedPan,
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
            state: RowState::from(booking.state),
        }
    }
}

impl From<State> for RowState {
    fn from(state: State) -> Self {
        match state {
            State::Captured => Self::Captured,
            State::Voided => Self::Voided,
            State::Reversed => Self::Reversed,
            State::Held => Self::Held,
            State::Closed => Self::Closed,
            // A code that nobody has paid is no money, like a refusal.
            State::Waiting | State::Declined(_) => Self::Declined,
        }
    }
}
