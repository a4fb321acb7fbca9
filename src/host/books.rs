//! The host's books: the only place where they change, the numbers that it gives out, and how both come back.

use super::{Host, Outbox, Output};
use crate::{
    card::Pan,
    iso8583::{ApprovalCode, Rrn, decimal},
    ledger::{Account, Record},
    money::Amount,
};

impl Host {
    /// Takes a record of an earlier life of this host, in the order in which they were written.
    ///
    /// Books, open batches and reference numbers are then what they were; keys are not, so that terminals have to
    /// sign in again, under the master keys of the configuration: one that a terminal has downloaded since is lost, and
    /// its sign-in fails until somebody loads the terminal anew.
    pub fn restore(&mut self, record: &Record) {
        if let Record::Booked(booking) = record {
            self.last_reference = self.last_reference.max(number_of(&booking.rrn));
        }
        self.come_back();
        self.apply(record);
    }

    /// What the account of a card holds: nothing rather than less than nothing.
    pub fn balance(&self, pan: &Pan) -> Amount {
        Amount::from_minor(u64::try_from(self.available(pan)).unwrap_or_default())
    }

    /// What a card may still spend, in minor units.
    pub(super) fn available(&self, pan: &Pan) -> i64 {
        self.config.opening_balance.minor() as i64 + self.ledger.balance(&Account::Card(*pan))
    }

    /// Changes the books, and says so in front of whatever tells of it.
    pub(super) fn record(&mut self, record: Record, out: &mut Outbox) {
        self.be_back();
        self.apply(&record);
        out.push(Output::Record(record));
    }

    fn apply(&mut self, record: &Record) {
        let sale = self.sale_before(record);
        self.ledger.apply(record);
        if let Record::BatchClosed { terminal, next, .. } = record
            && let Some(station) = self.stations.get_mut(terminal)
        {
            station.batch = *next;
        }
        if self.counter.is_some() {
            self.tell(record, sale);
        }
    }

    /// The next retrieval reference number: they count up.
    pub(super) fn reference(&mut self) -> Rrn {
        self.last_reference += 1;
        let mut digits = [b'0'; 12];
        decimal(self.last_reference, &mut digits);
        Rrn::from_bytes(&digits).expect("twelve digits are an RRN")
    }

    /// The approval code that goes with the newest reference.
    pub(super) fn approval_code(&self) -> ApprovalCode {
        let mut digits = [b'0'; 6];
        decimal(self.last_reference, &mut digits);
        ApprovalCode::from_bytes(&digits).expect("six digits are an approval code")
    }
}

/// The number behind a reference; nought for one that is not ours.
pub(super) fn number_of(rrn: &Rrn) -> u64 {
    rrn.as_str().parse().unwrap_or_default()
}
