//! Payments by code: the orders that wait for their payer, what became of them, and the vouchers of what was paid.

use super::{Host, Inquiry, OrderDrill, Outbox, books::number_of, demand::original_of, respond::Answer};
use crate::{
    iso8583::{Private59, ResponseCode, Rrn},
    ledger::{Booking, Charge, Payer, Record, State, fee},
    operation::Kind,
    reconcile::Key,
    rng::{Domain, Rng},
    time::nanos,
};
use std::time::Duration;

/// What becomes of an order that its payer has not answered yet, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    end: OrderEnd,
    after: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrderEnd {
    Paid,
    Closed,
    Expired,
}

impl Host {
    /// Says what became of a payment by code; an order that was paid is booked when it is first asked about.
    ///
    /// | the payment              | answer | DE 59                  |
    /// |--------------------------|--------|------------------------|
    /// | is not there             | 25     |                        |
    /// | waits for its payer      | 09     | A6 WAITING             |
    /// | is paid                  | 00     | A4 voucher, A6 PAID    |
    /// | was closed, or not paid in time | 12 | A6 CLOSED or EXPIRED |
    pub(super) fn query(&mut self, inquiry: &Inquiry<'_>, out: &mut Outbox) -> Answer {
        let Some(named) = original_of(inquiry.message) else {
            return Answer::code(ResponseCode::FORMAT_ERROR);
        };
        let key = named.stan.map(|stan| Key { terminal: inquiry.terminal, batch: named.batch, stan });
        let payment = key.and_then(|key| self.ledger.get(&key));
        let Some(payment) = payment.filter(|payment| Kind::QrQuery.originals().contains(&payment.kind))
        else {
            return Answer::code(ResponseCode::ORIGINAL_NOT_FOUND);
        };
        let (key, fate) = (payment.key, self.fate(payment));
        if payment.state == State::Waiting {
            let elapsed = inquiry.today.to_unix().saturating_sub(payment.at);
            if Duration::from_secs(u64::try_from(elapsed).unwrap_or_default()) >= fate.after {
                self.end_order(key, fate.end, out);
            }
        }
        let Some(payment) = self.ledger.get(&key) else { return Answer::code(ResponseCode::SYSTEM_FAULT) };
        let (code, told) = match payment.state {
            State::Captured | State::Voided => (ResponseCode::APPROVED, "PAID"),
            State::Waiting => (STILL_WAITING, "WAITING"),
            State::Closed if fate.end == OrderEnd::Expired => (ResponseCode::INVALID_TRANSACTION, "EXPIRED"),
            _ => (ResponseCode::INVALID_TRANSACTION, "CLOSED"),
        };
        let is_paid = code == ResponseCode::APPROVED;
        let mut tags = Vec::new();
        if is_paid {
            Private59::append(&mut tags, Private59::VOUCHER, &voucher(&payment.rrn));
        }
        Private59::append(&mut tags, Private59::ORDER_STATE, told.as_bytes());
        let approval_code = payment.approval_code.filter(|_| is_paid);
        Answer { rrn: Some(payment.rrn), approval_code, private59: Some(tags), ..Answer::code(code) }
    }

    /// What a fresh payment by code is told with: the address to show, or the voucher.
    pub(super) fn told_by_code(booking: &Booking) -> Option<Vec<u8>> {
        let mut tags = Vec::new();
        match booking.kind {
            Kind::QrOrder => {
                let address = [ADDRESS, booking.rrn.as_bytes()].concat();
                Private59::append(&mut tags, Private59::ORDER_ADDRESS, &address)
            }
            Kind::QrSale | Kind::QrVoid | Kind::QrRefund => {
                Private59::append(&mut tags, Private59::VOUCHER, &voucher(&booking.rrn))
            }
            _ => return None,
        };
        Some(tags)
    }

    fn end_order(&mut self, key: Key, end: OrderEnd, out: &mut Outbox) {
        let Some(order) = self.ledger.get(&key) else { return };
        let amount = order.amount;
        let record = match end {
            OrderEnd::Paid => {
                let charge = Charge {
                    amount: amount.minor() as i64,
                    fee: fee(amount, self.config.fees.basis_points).minor() as i64,
                    held: 0,
                    payer: Payer::Outside,
                };
                let postings = charge.postings(Kind::QrOrder);
                Record::Moved { key, state: State::Captured, amount, postings }
            }
            OrderEnd::Closed | OrderEnd::Expired => {
                Record::Moved { key, state: State::Closed, amount, postings: Default::default() }
            }
        };
        self.record(record, out);
    }

    /// Drawn from the seed and the reference: the same whenever it is asked, also after a restart.
    fn fate(&self, order: &Booking) -> Fate {
        self.config.orders.draw(&mut self.config.seed.stream(Domain::Host, 1, number_of(&order.rrn)))
    }
}

impl OrderDrill {
    fn draw(&self, rng: &mut Rng) -> Fate {
        let (low, high) = (nanos(*self.pays_after.start()), nanos(*self.pays_after.end()));
        let (chance, after) = (rng.unit(), Duration::from_nanos(rng.between(low, high)));
        match chance {
            _ if chance < self.closed => Fate { end: OrderEnd::Closed, after },
            _ if chance < self.closed + self.expired || after > self.expires_after => {
                Fate { end: OrderEnd::Expired, after: self.expires_after }
            }
            _ => Fate { end: OrderEnd::Paid, after },
        }
    }
}

/// The reference behind a voucher.
pub(super) fn rrn_of_voucher(voucher: &[u8]) -> Option<Rrn> {
    Rrn::from_bytes(voucher.strip_prefix(VOUCHER)?).ok()
}

fn voucher(rrn: &Rrn) -> [u8; 20] {
    let mut text = [b'0'; 20];
    let (head, tail) = text.split_at_mut(VOUCHER.len());
    head.copy_from_slice(VOUCHER);
    tail.copy_from_slice(rrn.as_bytes());
    text
}

const VOUCHER: &[u8; 8] = b"90000000";
const ADDRESS: &[u8] = b"https://qr.posfleet.test/";
/// 09: in progress, nobody has paid yet.
const STILL_WAITING: ResponseCode = match ResponseCode::from_bytes(b"09") {
    Ok(code) => code,
    Err(_) => panic!("two digits are a response code"),
};
