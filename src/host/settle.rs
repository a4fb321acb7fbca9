//! Settlement at the host: its own totals, the upload of a batch, and when a batch is closed (chapter 8 of the dialect).
//!
//! Everything may come twice. A settlement of the batch that was closed last is answered as before, and what is
//! uploaded again changes nothing.
//!
//! | message                    | batch open                       | closed last   | any other |
//! |----------------------------|----------------------------------|---------------|-----------|
//! | 0500                       | totals compared                  | compared again | 77        |
//! | 0320 with transactions     | compared with the books          | compared, or 00 after a restart | 77 |
//! | 0320 with the count        | what is missing is noted, closed | 00            | 77        |

use super::{
    Host, Inquiry, Outbox,
    demand::{pan_of, stan_of},
    organisation::Organisation,
    respond::Answer,
};
use crate::{
    card::Pan,
    iso8583::{
        BatchDetails, BatchNo, De, Mti, ResponseCode, SettlementTotals, Stan, TerminalId, Totals,
        UploadCount, Verdict,
    },
    ledger::{Booking, Postings, Record, State},
    money::Amount,
    operation::Side,
    reconcile::Key,
    rng::{Domain, Seed},
};

/// How a host settles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettlementRules {
    /// When a batch that balances is closed.
    pub closing: Closing,
    /// Whose totals it gets wrong on purpose, so that the upload is needed.
    pub drill: TotalsDrill,
}

/// When a batch that balances is closed; one that does not is closed by the message that ends its upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Closing {
    /// At once: terminals need not send an end message.
    #[default]
    WhenBalanced,
    /// By the end message, or by the first message that names the next batch.
    AtEnd,
}

/// Whose totals a host gets wrong on purpose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TotalsDrill {
    /// The share of batches, drawn for each from the seed.
    pub share: f64,
    /// Terminals whose batches all are.
    pub terminals: Vec<TerminalId>,
}

/// What settlements came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementTally {
    /// Batches that were closed.
    pub closed: u64,
    /// Batches whose totals agreed when they were first compared.
    pub balanced: u64,
    /// Batches whose totals did not.
    pub unbalanced: u64,
    /// Transactions that were uploaded.
    pub uploaded: u64,
    /// Uploads that differ from the books.
    pub differences: u64,
    /// The first of these.
    pub first: Vec<Unbalanced>,
}

/// One transaction on which an upload and the books do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbalanced {
    /// Which transaction.
    pub key: Key,
    /// What is wrong with it.
    pub difference: Difference,
}

/// How an upload differs from the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It was uploaded, and the books do not have it, or not as money that moved.
    NotBooked,
    /// It was uploaded with another amount or card than is booked.
    Otherwise,
    /// It is booked and was not uploaded.
    NotUploaded,
    /// It was uploaded with chip data that hold no cryptogram of approval for it, although the card is of ours.
    WrongCryptogram,
}

/// The settlement of a terminal's newest batch that was settled.
#[derive(Clone, Debug)]
pub(super) struct Settlement {
    batch: BatchNo,
    verdicts: (Verdict, Verdict),
    /// The numbers of what was uploaded, sorted.
    uploaded: Vec<Stan>,
}

/// One transaction as an upload tells it.
struct Told {
    stan: Stan,
    amount: Amount,
    card: Option<Pan>,
    /// Whether the chip data that came with it are in order.
    has_good_chip: bool,
}

impl Host {
    /// How many batches have been compared or uploaded in part, and are open still.
    pub fn open_settlements(&self) -> u64 {
        let is_open = |(terminal, known): &(&TerminalId, &Settlement)| {
            self.ledger.batch(terminal).unwrap_or(BatchNo::FIRST) == known.batch
        };
        self.settlements.iter().filter(is_open).count() as u64
    }

    /// Takes a message of a settlement or of an upload.
    pub(super) fn settle(&mut self, inquiry: &Inquiry<'_>, out: &mut Outbox) -> Answer {
        let (batch, open) = (inquiry.private60.batch, inquiry.open_batch);
        let refuse = Answer::code;
        match inquiry.message.mti() {
            _ if batch != open && batch.next() != open => refuse(ResponseCode::BATCH_MISMATCH),
            Mti::SETTLEMENT => self.compare_totals(inquiry, out),
            _ if batch != open && !self.has_settled(inquiry.terminal, batch) => repeating_48(inquiry),
            _ => self.upload(inquiry, out),
        }
    }

    /// The open batch: a message that names the one after it says that the terminal is done with it, if it has balanced.
    pub(super) fn open_batch(
        &mut self,
        terminal: TerminalId,
        open: BatchNo,
        named: BatchNo,
        out: &mut Outbox,
    ) -> BatchNo {
        let is_done = named == open.next()
            && self.settlements.get(&terminal).is_some_and(|known| known.batch == open && known.is_even());
        if is_done {
            self.close_batch(terminal, open, out);
            return named;
        }
        open
    }

    /// Whether this batch is the newest of a terminal's that was settled.
    fn has_settled(&self, terminal: TerminalId, batch: BatchNo) -> bool {
        self.settlements.get(&terminal).is_some_and(|known| known.batch == batch)
    }

    fn compare_totals(&mut self, inquiry: &Inquiry<'_>, out: &mut Outbox) -> Answer {
        let (terminal, batch) = (inquiry.terminal, inquiry.private60.batch);
        let mut buffer = [0; 64];
        let digits = inquiry.message.get(De::PRIVATE_48).and_then(|value| value.write_to(&mut buffer));
        let Some(told) = digits.and_then(|digits| SettlementTotals::from_digits(digits).ok()) else {
            return Answer::code(ResponseCode::FORMAT_ERROR);
        };
        let mut own = self.totals(terminal, batch);
        own.domestic.verdict = verdict(&told.domestic, &own.domestic);
        own.foreign.verdict = verdict(&told.foreign, &own.foreign);
        let verdicts = (own.domestic.verdict, own.foreign.verdict);
        let known = self.settlements.get_mut(&terminal).filter(|known| known.batch == batch);
        match known {
            Some(known) => known.verdicts = verdicts,
            None => {
                let new = Settlement { batch, verdicts, uploaded: Vec::new() };
                let tally = &mut self.tally.settlements;
                *(if new.is_even() { &mut tally.balanced } else { &mut tally.unbalanced }) += 1;
                self.settlements.insert(terminal, new);
            }
        }
        let is_even = verdicts == (Verdict::BALANCED, Verdict::BALANCED);
        if is_even && self.config.settlement.closing == Closing::WhenBalanced && batch == inquiry.open_batch {
            self.close_batch(terminal, batch, out);
        }
        Answer { private48: Some(own.digits().to_vec()), ..Answer::code(ResponseCode::APPROVED) }
    }

    /// What the books say of a batch; with the drill, one transaction more.
    fn totals(&self, terminal: TerminalId, batch: BatchNo) -> SettlementTotals {
        let mut totals = SettlementTotals::default();
        for booking in self.ledger.of_batch(terminal, batch).filter(|booking| counts(booking)) {
            let half = if is_domestic(booking) { &mut totals.domestic } else { &mut totals.foreign };
            match booking.kind.form().side {
                Side::Debit => half.add_debit(booking.amount.minor()),
                Side::Credit => half.add_credit(booking.amount.minor()),
                Side::None | Side::Adjust => {}
            }
        }
        if self.config.settlement.drill.is_about(self.config.seed, terminal, batch) {
            totals.domestic.add_debit(1);
        }
        totals
    }

    /// Takes a message of the upload of the open batch, or of the one that was closed last.
    fn upload(&mut self, inquiry: &Inquiry<'_>, out: &mut Outbox) -> Answer {
        let management = inquiry.private60.management.unwrap_or_default();
        match (inquiry.private60.kind, management) {
            (0, DETAILS) => match details(inquiry) {
                Some(told) => {
                    told.iter().for_each(|told| self.take_upload(inquiry, told));
                    repeating_48(inquiry)
                }
                None => Answer::code(ResponseCode::FORMAT_ERROR),
            },
            (0, END_UNBALANCED | END_BALANCED) if inquiry.private60.batch != inquiry.open_batch => {
                repeating_48(inquiry)
            }
            (0, END_UNBALANCED | END_BALANCED) => self.end_upload(inquiry, out),
            (0, ICC_FIRST..=ICC_LAST) | (1.., _) => match self.single(inquiry) {
                Some(told) => {
                    self.take_upload(inquiry, &told);
                    Answer::code(ResponseCode::APPROVED)
                }
                None => Answer::code(ResponseCode::FORMAT_ERROR),
            },
            _ => Answer::code(ResponseCode::NOT_SUPPORTED),
        }
    }

    /// The transaction of a message with one: chip data, or a notice once more.
    fn single(&self, inquiry: &Inquiry<'_>) -> Option<Told> {
        let message = inquiry.message;
        let (stan, card) = (stan_of(message)?, pan_of(message));
        let amount = Amount::from_minor(message.number(De::AMOUNT)?);
        let is_chip_detail = inquiry.private60.kind == 0;
        let has_good_chip =
            !is_chip_detail || card.is_none_or(|card| self.is_approved_by_chip(message, &card));
        Some(Told { stan, amount, card, has_good_chip })
    }

    /// Compares one uploaded transaction with the books, the first time that it comes.
    fn take_upload(&mut self, inquiry: &Inquiry<'_>, told: &Told) {
        let (terminal, batch) = (inquiry.terminal, inquiry.private60.batch);
        let settlement = self.settlements.entry(terminal).or_insert_with(|| Settlement::unasked(batch));
        if settlement.batch != batch {
            *settlement = Settlement::unasked(batch);
        }
        let Err(place) = settlement.uploaded.binary_search(&told.stan) else { return };
        settlement.uploaded.insert(place, told.stan);
        self.tally.settlements.uploaded += 1;
        let key = Key { terminal, batch, stan: told.stan };
        let difference = match self.ledger.get(&key) {
            Some(booking) if !counts(booking) => Some(Difference::NotBooked),
            Some(booking) if !agrees(booking, told) => Some(Difference::Otherwise),
            Some(_) if !told.has_good_chip => Some(Difference::WrongCryptogram),
            Some(_) => None,
            None => Some(Difference::NotBooked),
        };
        if let Some(difference) = difference {
            self.tally.settlements.note(Unbalanced { key, difference });
        }
    }

    /// Takes the end of an upload: what is booked and was not uploaded is noted, and the batch is closed.
    fn end_upload(&mut self, inquiry: &Inquiry<'_>, out: &mut Outbox) -> Answer {
        let (terminal, batch) = (inquiry.terminal, inquiry.private60.batch);
        let mut buffer = [0; 8];
        let digits = inquiry.message.get(De::PRIVATE_48).and_then(|value| value.write_to(&mut buffer));
        if digits.is_none_or(|digits| UploadCount::from_digits(digits).is_err()) {
            return Answer::code(ResponseCode::FORMAT_ERROR);
        }
        if let Some(settlement) = self.settlements.get(&terminal).filter(|known| known.batch == batch) {
            let missing = self.ledger.of_batch(terminal, batch).filter(|booking| settlement.misses(booking));
            for booking in missing {
                let difference = Difference::NotUploaded;
                self.tally.settlements.note(Unbalanced { key: booking.key, difference });
            }
        }
        self.close_batch(terminal, batch, out);
        repeating_48(inquiry)
    }

    fn close_batch(&mut self, terminal: TerminalId, batch: BatchNo, out: &mut Outbox) {
        self.tally.settlements.closed += 1;
        self.close_orders(terminal, batch, out);
        self.record(Record::BatchClosed { terminal, batch, next: batch.next() }, out);
    }
}

impl Host {
    /// Whoever has not paid by the end of the batch cannot any more.
    fn close_orders(&mut self, terminal: TerminalId, batch: BatchNo, out: &mut Outbox) {
        let waits = |booking: &&Booking| booking.state == State::Waiting;
        let waiting: Vec<(Key, Amount)> = self
            .ledger
            .of_batch(terminal, batch)
            .filter(waits)
            .map(|order| (order.key, order.amount))
            .collect();
        for (key, amount) in waiting {
            let (state, postings) = (State::Closed, Postings::NONE);
            self.record(Record::Moved { key, state, amount, postings }, out);
        }
    }
}

impl Settlement {
    /// An upload without a settlement before it, such as after a restart of the host.
    fn unasked(batch: BatchNo) -> Self {
        Self { batch, verdicts: (Verdict::UNSET, Verdict::UNSET), uploaded: Vec::new() }
    }

    fn is_even(&self) -> bool {
        self.verdicts == (Verdict::BALANCED, Verdict::BALANCED)
    }

    /// Whether a booking should have been uploaded and was not: money on a card, in a half that does not balance.
    fn misses(&self, booking: &Booking) -> bool {
        let verdict = if is_domestic(booking) { self.verdicts.0 } else { self.verdicts.1 };
        verdict == Verdict::UNBALANCED
            && counts(booking)
            && booking.card.is_some()
            && self.uploaded.binary_search(&booking.key.stan).is_err()
    }
}

impl TotalsDrill {
    /// Whether the totals of this batch are wrong on purpose; always the same for the same batch.
    fn is_about(&self, seed: Seed, terminal: TerminalId, batch: BatchNo) -> bool {
        let number = terminal.as_bytes().iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        self.terminals.contains(&terminal)
            || self.share > 0.0
                && seed.stream(Domain::Host, number, u64::from(batch.number())).happens(self.share)
    }
}

impl SettlementTally {
    fn note(&mut self, found: Unbalanced) {
        self.differences += 1;
        if self.first.len() < FIRST_MAX {
            self.first.push(found);
        }
    }
}

/// Whether the totals count a booking: money that moved, also when a void gave it back later.
fn counts(booking: &Booking) -> bool {
    let side = booking.kind.form().side;
    matches!(booking.state, State::Captured | State::Voided) && side != Side::None
}

fn is_domestic(booking: &Booking) -> bool {
    Organisation::of(booking.card.as_ref()).is_domestic()
}

fn agrees(booking: &Booking, told: &Told) -> bool {
    let same_card = booking.card.zip(told.card).is_none_or(|(booked, told)| booked == told);
    booking.amount == told.amount && same_card
}

fn verdict(told: &Totals, own: &Totals) -> Verdict {
    if told.agrees_with(own) { Verdict::BALANCED } else { Verdict::UNBALANCED }
}

/// An approval that repeats DE 48: what was uploaded is known.
fn repeating_48(inquiry: &Inquiry<'_>) -> Answer {
    let private48 = inquiry.message.get(De::PRIVATE_48).map(|value| value.chars().collect());
    Answer { private48, ..Answer::code(ResponseCode::APPROVED) }
}

/// The transactions of a message with details.
fn details(inquiry: &Inquiry<'_>) -> Option<Vec<Told>> {
    let mut buffer = [0; 322];
    let digits = inquiry.message.get(De::PRIVATE_48)?.write_to(&mut buffer)?;
    let details = BatchDetails::from_digits(digits).ok()?;
    let told = details.as_slice().iter().map(|detail| Told {
        stan: detail.stan,
        amount: Amount::from_minor(detail.amount),
        card: Pan::from_ascii(detail.pan()).ok(),
        has_good_chip: true,
    });
    Some(told.collect())
}

/// More differences than this are counted and not kept.
const FIRST_MAX: usize = 1_000;
/// DE 60.3 of an upload.
const DETAILS: u16 = 201;
const END_UNBALANCED: u16 = 202;
const ICC_FIRST: u16 = 203;
const ICC_LAST: u16 = 206;
const END_BALANCED: u16 = 207;
