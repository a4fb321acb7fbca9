//! Where in the books a transaction is, by what later messages know of it.

use super::{Booking, State};
use crate::{
    card::Pan,
    iso8583::{ApprovalCode, BatchNo, Stan, TerminalId},
    money::Amount,
    operation::Kind,
    reconcile::Key,
};
use std::collections::HashMap;

/// Where in the books a transaction is. A sale costs one look-up of its terminal and one line at the end of a list.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Sorted by batch and STAN: a terminal counts both up, so that new lines come at the end.
    terminals: HashMap<TerminalId, Vec<Line>>,
    /// A pre-authorization and its additions.
    pre_auths: HashMap<(Pan, ApprovalCode), Vec<u32>>,
    refunded: HashMap<Key, Amount>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    batch: BatchNo,
    stan: Stan,
    place: u32,
}

impl Index {
    /// Takes a booking that is about to stand at `place`.
    pub(super) fn add(&mut self, booking: &Booking, place: usize) {
        let Ok(place) = u32::try_from(place) else { return };
        let Key { terminal, batch, stan } = booking.key;
        let lines = self.terminals.entry(terminal).or_default();
        let at = match lines.last() {
            Some(last) if (last.batch, last.stan) > (batch, stan) => {
                lines.partition_point(|line| (line.batch, line.stan) <= (batch, stan))
            }
            _ => lines.len(),
        };
        lines.insert(at, Line { batch, stan, place });
        self.relate(booking, place);
    }

    /// What only a few kinds have: additions to a pre-authorization, and refunds of a sale.
    fn relate(&mut self, booking: &Booking, place: u32) {
        if matches!(booking.state, State::Declined(_)) {
            return;
        }
        match (booking.kind, booking.card, booking.approval_code, booking.original) {
            (Kind::PreAuth, Some(card), Some(approval), _) => {
                self.pre_auths.insert((card, approval), vec![place]);
            }
            (Kind::PreAuthAdd, Some(card), Some(approval), _) => {
                self.pre_auths.entry((card, approval)).or_default().push(place);
            }
            (Kind::Refund | Kind::QrRefund | Kind::CashRefund, _, _, Some(original)) => {
                *self.refunded.entry(original).or_default() += booking.amount;
            }
            _ => {}
        }
    }

    /// The first booking under a key.
    pub(super) fn place(&self, key: &Key) -> Option<usize> {
        let lines = self.terminals.get(&key.terminal)?;
        let wanted = (key.batch, key.stan);
        if lines.last().is_none_or(|last| (last.batch, last.stan) < wanted) {
            return None;
        }
        let at = lines.partition_point(|line| (line.batch, line.stan) < wanted);
        let line = lines.get(at).filter(|line| (line.batch, line.stan) == wanted)?;
        Some(line.place as usize)
    }

    /// The bookings of one batch, in the order of their STANs.
    pub(super) fn of_batch(&self, terminal: TerminalId, batch: BatchNo) -> impl Iterator<Item = usize> + '_ {
        let lines = self.terminals.get(&terminal).map(Vec::as_slice).unwrap_or_default();
        let first = lines.partition_point(|line| line.batch < batch);
        let lines = lines.get(first..).unwrap_or_default();
        lines.iter().take_while(move |line| line.batch == batch).map(|line| line.place as usize)
    }

    /// A pre-authorization and its additions.
    pub(super) fn pre_auth(&self, card: Pan, approval: ApprovalCode) -> impl Iterator<Item = usize> + '_ {
        let places = self.pre_auths.get(&(card, approval)).map(Vec::as_slice).unwrap_or_default();
        places.iter().map(|place| *place as usize)
    }

    pub(super) fn refunded(&self, original: &Key) -> Amount {
        self.refunded.get(original).copied().unwrap_or_default()
    }
}
