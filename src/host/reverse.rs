//! Reversals: the money goes back, and the original of what is reversed stands where it stood.

use super::{Bug, Host, Inquiry, Outbox, demand::stan_of, respond::Answer};
use crate::{
    iso8583::{De, ResponseCode},
    ledger::{Booking, Postings, Record, State},
    money::Amount,
    operation::{Kind, Variant},
    reconcile::Key,
};

impl Host {
    /// Undoes a transaction, whatever became of its batch since; idempotent.
    ///
    /// | the transaction                      | answer | what is booked                              |
    /// |--------------------------------------|--------|---------------------------------------------|
    /// | is not there                         | 25     | that it was reversed: it is refused when it comes |
    /// | has another amount                   | 64     |                                             |
    /// | was declined, or reversed before     | 00     |                                             |
    /// | is of a kind that is never reversed  | 12     |                                             |
    /// | was voided, completed or refunded    | 12     |                                             |
    /// | stands                               | 00     | the money back, the original as it was      |
    pub(super) fn reverse(&mut self, inquiry: &Inquiry<'_>, out: &mut Outbox) -> Answer {
        let message = inquiry.message;
        let (Some(stan), Some(amount)) = (stan_of(message), message.number(De::AMOUNT)) else {
            return Answer::code(ResponseCode::FORMAT_ERROR);
        };
        let key = Key { terminal: inquiry.terminal, batch: inquiry.private60.batch, stan };
        let amount = Amount::from_minor(amount);
        let icc = Self::answer_reversal(message);
        let Some(booking) = self.ledger.get(&key).cloned() else {
            return Answer { icc, ..self.reverse_unknown(inquiry, key, amount, out) };
        };
        let is_refunded = self.ledger.refunded(&key) > Amount::ZERO;
        let code = match booking.state {
            _ if booking.amount != amount => ResponseCode::AMOUNT_MISMATCH,
            State::Reversed | State::Declined(_) => ResponseCode::APPROVED,
            State::Captured | State::Held if booking.kind.form().reversible && !is_refunded => {
                self.undo(&booking, out);
                ResponseCode::APPROVED
            }
            _ => ResponseCode::INVALID_TRANSACTION,
        };
        Answer { rrn: Some(booking.rrn), pan: booking.card, icc, ..Answer::code(code) }
    }

    /// Moves the money of a transaction back, and has its original stand where it stood.
    fn undo(&mut self, booking: &Booking, out: &mut Outbox) {
        if self.config.bug == Some(Bug::ForgetsReversal) {
            return;
        }
        let (key, amount, postings) = (booking.key, booking.amount, booking.postings.negated());
        self.record(Record::Moved { key, state: State::Reversed, amount, postings }, out);
        let original = booking.original.and_then(|key| self.ledger.get(&key)).cloned();
        match original {
            Some(original) if original.kind == Kind::PreAuth && booking.kind != Kind::PreAuthAdd => {
                self.move_holds(&original, State::Closed, State::Held, out);
            }
            Some(original) if original.state == State::Voided => self.put(&original, State::Captured, out),
            _ => {}
        }
    }

    /// Remembers a reversal that came before what it reverses.
    fn reverse_unknown(
        &mut self,
        inquiry: &Inquiry<'_>,
        key: Key,
        amount: Amount,
        out: &mut Outbox,
    ) -> Answer {
        let rrn = self.reference();
        let tombstone = Booking {
            key,
            merchant: inquiry.merchant,
            kind: Kind::Reversal,
            variant: Variant::Plain,
            amount,
            tip: Amount::ZERO,
            card: None,
            rrn,
            approval_code: None,
            original: None,
            at: inquiry.today.to_unix(),
            state: State::Reversed,
            postings: Postings::NONE,
        };
        self.record(Record::Booked(tombstone), out);
        Answer { rrn: Some(rrn), ..Answer::code(ResponseCode::ORIGINAL_NOT_FOUND) }
    }
}
