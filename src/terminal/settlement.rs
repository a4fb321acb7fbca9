//! Settlement of the batch: totals, upload, end message, and the clearing of the log (chapters 8.2 to 8.4, 17).
//!
//! What has begun survives power loss: from the first message until the log is cleared, nothing else that moves money
//! is done, and whatever asks for it finishes the settlement first. Every message goes on where the last that was
//! answered stopped.
//!
//! | stage    | message                         | approved                   | refused                | no answer |
//! |----------|---------------------------------|----------------------------|------------------------|-----------|
//! | totals   | 0500                            | verdict kept → upload      | as if it had not begun | stays     |
//! | upload   | 0320, as [`super::upload`] says | told ones marked → upload  | stays                  | stays     |
//! | end      | 0320, 202 or 207                | log cleared, next batch    | stays                  | stays     |

use super::{
    Active, Event, Log, Outbox, Profile, Terminal,
    answer::{Reading, end_of},
    exchange::Expectation,
    icc::Chip,
    letter::entry_mode,
    management::{head, operator_63},
    request::Purpose,
    sign_in::needs_sign_in,
    transaction::{Standing, Transaction},
    upload::{Balance, Upload},
};
use crate::{
    crypto::MacSchedule,
    iso8583::{
        BatchNo, De, IccDetail, Message, Mti, Packer, Private60, SettlementTotals, Totals, UploadCount,
        Verdict,
    },
    money::Amount,
    operation::{End, Failure, Kind, Outcome, Side},
    reconcile::Belief,
    time::Instant,
};

/// A settlement that has begun and is not finished.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settling {
    /// The batch that is settled; a sign-in meanwhile may bring the next.
    batch: BatchNo,
    /// What the host said of the totals; `None` until it did.
    balance: Option<Balance>,
}

/// The message that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Totals,
    Upload(Balance, Upload),
    End(Balance),
    Finished,
}

/// What the totals of a settlement (DE 48) say of these transactions.
///
/// What stands counts on the side of its kind; a voided sale still counts, and its void on the other side. An
/// adjustment has changed the amount of its original, and counts nowhere itself.
pub(super) fn totals(log: &Log) -> SettlementTotals {
    let mut totals = SettlementTotals::default();
    let counted = |known: &&Transaction| matches!(known.standing, Standing::Done | Standing::Voided);
    for known in log.iter().filter(counted) {
        let half = if known.organization.is_domestic() { &mut totals.domestic } else { &mut totals.foreign };
        match known.form().side {
            Side::Debit => half.add_debit(known.amount.minor()),
            Side::Credit => half.add_credit(known.amount.minor()),
            Side::None | Side::Adjust => {}
        }
    }
    totals
}

impl Terminal {
    /// Whether a settlement has begun and is not finished.
    pub fn is_settling(&self) -> bool {
        self.settling.is_some()
    }

    /// Packs the next message of the settlement.
    pub(super) fn pack_settlement(
        &self,
        profile: &Profile,
        now: Instant,
        active: &mut Active,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        if self.log.has_open() {
            // What the host has not heard of would be forgotten with the log.
            return Err(Failure::SettlementPending);
        }
        let batch = self.settling.as_deref().map_or(self.batch, |settling| settling.batch);
        match self.stage(profile) {
            Stage::Totals => self.pack_totals(profile, batch, &mut active.mac, buffer),
            Stage::Upload(balance, Upload::Details) => {
                let details = balance.details(&self.log).digits();
                self.pack_upload(profile, batch, (DETAILS, &details), &mut active.mac, buffer)
            }
            Stage::Upload(_, Upload::Notice(place)) => {
                let told = self.log.at(place).ok_or(Failure::NoOriginal)?;
                self.pack_transaction(profile, now, &mut active.mac, told, Purpose::Upload, buffer)
            }
            Stage::Upload(_, Upload::Icc(place, is_even)) => {
                let told = self.log.at(place).ok_or(Failure::NoOriginal)?;
                self.pack_icc(profile, (batch, is_even), told, &mut active.mac, buffer)
            }
            Stage::End(balance) => {
                let code = if balance.is_even() { END_BALANCED } else { END_UNBALANCED };
                let count = UploadCount(self.uploaded()).digits();
                self.pack_upload(profile, batch, (code, &count), &mut active.mac, buffer)
            }
            Stage::Finished => Err(Failure::Interrupted),
        }
    }

    /// A message of the settlement was sent: from the first on, nothing else may be done before the last is answered.
    pub(super) fn settlement_sent(&mut self) {
        let batch = self.batch;
        self.settling.get_or_insert_with(|| Box::new(Settling { batch, balance: None }));
    }

    /// A message of the settlement was answered.
    pub(super) fn settlement_answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        let stage = self.stage(profile);
        if needs_sign_in(reading.code) && self.may_sign_in() {
            self.drop_keys();
            return self.proceed(profile, now, out);
        }
        self.tell_upload(stage, end_of(reading.code), Some(reading), out);
        if !reading.code.is_approval() {
            if stage == Stage::Totals {
                self.settling = None;
            }
            return self.settlement_over(profile, now, End::Declined, Some(reading), out);
        }
        match stage {
            Stage::Totals => {
                let Some(balance) = balance_of(message) else {
                    return self.settlement_failed(profile, now, End::Failed(Failure::Malformed), out);
                };
                if let Some(settling) = self.settling.as_deref_mut() {
                    settling.balance = Some(balance);
                }
            }
            Stage::Upload(balance, upload) => balance.told(upload, &mut self.log),
            Stage::End(_) | Stage::Finished => return self.close_batch(profile, now, reading, out),
        }
        match self.stage(profile) {
            Stage::Finished => self.close_batch(profile, now, reading, out),
            _ => self.proceed(profile, now, out),
        }
    }

    /// A message of the settlement stayed without a usable answer: it is the first when the settlement goes on.
    pub(super) fn settlement_failed(&mut self, profile: &Profile, now: Instant, end: End, out: &mut Outbox) {
        self.tell_upload(self.stage(profile), end, None, out);
        self.settlement_over(profile, now, end, None, out);
    }

    /// Tells what became of a message of the upload, its end message included.
    fn tell_upload(&mut self, stage: Stage, end: End, reading: Option<&Reading>, out: &mut Outbox) {
        if matches!(stage, Stage::Upload(..) | Stage::End(_)) {
            self.tell_automatic(Kind::BatchUpload, end, reading, out);
        }
    }

    /// The host has everything: the log is cleared, and the next batch begins.
    fn close_batch(&mut self, profile: &Profile, now: Instant, reading: &Reading, out: &mut Outbox) {
        for settled in self.log.iter() {
            // Whoever has not paid by now cannot any more: the host closes what waits with the batch.
            let belief =
                if settled.standing == Standing::Waiting { Belief::Refused } else { Belief::Settled };
            out.event(Event::Journal(settled.line(self, belief, now)));
        }
        self.log.clear();
        if self.settling.take().is_some_and(|settling| settling.batch == self.batch) {
            self.batch = self.batch.next();
        }
        self.settlement_over(profile, now, End::Approved, Some(reading), out);
    }

    /// Tells how it ended; what had to wait for it goes on, or is given up.
    fn settlement_over(
        &mut self,
        profile: &Profile,
        now: Instant,
        end: End,
        reading: Option<&Reading>,
        out: &mut Outbox,
    ) {
        let lacks_room = self.log.len() >= usize::from(profile.log_capacity);
        let Some(active) = self.active.as_deref_mut() else { return };
        if active.operation.kind != Kind::Settlement {
            self.tell_automatic(Kind::Settlement, end, reading, out);
            return match end {
                End::Approved => self.proceed(profile, now, out),
                End::Failed(Failure::NotConnected) => self.give_up(Failure::NotConnected, out),
                _ if lacks_room => self.give_up(Failure::LogFull, out),
                _ => self.give_up(Failure::SettlementPending, out),
            };
        }
        if end == End::Approved && profile.settlement.sign_out {
            active.requested = Some(Kind::SignOut);
        }
        let outcome = Outcome {
            code: reading.map(|reading| reading.code),
            stan: active.stan,
            rrn: reading.and_then(|reading| reading.rrn),
            date: reading.and_then(|reading| reading.date),
            service: reading.map(|reading| reading.service),
            ..Outcome::ended(Kind::Settlement, end, Amount::ZERO)
        };
        self.tell(outcome, out);
        if end == End::Approved { self.proceed(profile, now, out) } else { self.rest(out) }
    }

    /// The message that comes next.
    fn stage(&self, profile: &Profile) -> Stage {
        let Some(settling) = self.settling.as_deref() else { return Stage::Totals };
        let Some(balance) = settling.balance else { return Stage::Totals };
        if let Some(upload) = balance.next(&self.log) {
            return Stage::Upload(balance, upload);
        }
        let ends = !balance.is_even() || profile.settlement.always_end || self.uploaded() > 0;
        if ends { Stage::End(balance) } else { Stage::Finished }
    }

    fn uploaded(&self) -> u16 {
        self.log.iter().filter(|known| known.is_uploaded).count() as u16
    }

    /// 0500: what the log adds up to.
    fn pack_totals(
        &self,
        profile: &Profile,
        batch: BatchNo,
        mac: &mut Option<Box<MacSchedule>>,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), Mti::SETTLEMENT);
        self.put_parties(&mut packer);
        packer.put(De::PRIVATE_48, &totals(&self.log).digits()).put(De::CURRENCY, &profile.currency);
        self.put_mac_ksn(&mut packer, profile, Kind::Settlement);
        packer
            .put(De::PRIVATE_60, &Private60::management(batch, TOTALS).digits())
            .put(De::PRIVATE_63, &operator_63(profile));
        let has_mac = self.finish_management(&mut packer, profile, Kind::Settlement, mac)?;
        Ok(Expectation { has_mac, ..self.plain(Mti::SETTLEMENT) })
    }

    /// 0320 with details of stripe and keyed cards, or at the end with their count.
    fn pack_upload(
        &self,
        profile: &Profile,
        batch: BatchNo,
        (code, digits): (u16, &[u8]),
        mac: &mut Option<Box<MacSchedule>>,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), Mti::BATCH_UPLOAD);
        self.put_parties(&mut packer);
        packer.put(De::PRIVATE_48, digits);
        self.put_mac_ksn(&mut packer, profile, Kind::BatchUpload);
        packer.put(De::PRIVATE_60, &Private60::management(batch, code).digits());
        let has_mac = self.finish_management(&mut packer, profile, Kind::BatchUpload, mac)?;
        Ok(Expectation { has_mac, ..self.plain(Mti::BATCH_UPLOAD) })
    }

    /// 0320 with one chip transaction, under the number of its own.
    fn pack_icc(
        &self,
        profile: &Profile,
        (batch, is_even): (BatchNo, bool),
        told: &Transaction,
        mac: &mut Option<Box<MacSchedule>>,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let card = told.card.ok_or(Failure::MissingData)?;
        let code = if is_even { ICC_BALANCED } else { ICC_UNBALANCED };
        let private60 = Private60 {
            read_capability: Some(READS_ALL),
            ic_condition: Some(0),
            ..Private60::management(batch, code)
        };
        let currency =
            profile.currency.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit.wrapping_sub(b'0')));
        let foreign = !told.organization.is_domestic();
        let detail = IccDetail { foreign, amount: told.amount.minor(), currency, failure: None };
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), Mti::BATCH_UPLOAD);
        packer
            .put(De::PAN, card.pan.as_bytes())
            .put_number(De::AMOUNT, told.amount.minor())
            .put_number(De::STAN, u64::from(told.stan.number()))
            .put_number(De::ENTRY_MODE, entry_mode(told))
            .put_number(De::CARD_SEQUENCE, u64::from(card.sequence.unwrap_or_default()))
            .put(De::TERMINAL_ID, self.id.as_bytes())
            .put(De::MERCHANT_ID, self.merchant.as_bytes())
            .put(De::ICC_DATA, Chip::new(profile, self.id, told).upload().as_bytes());
        self.put_mac_ksn(&mut packer, profile, Kind::BatchUpload);
        packer.put(De::PRIVATE_60, &private60.digits()).put(De::PRIVATE_62, &detail.text());
        let has_mac = self.finish_management(&mut packer, profile, Kind::BatchUpload, mac)?;
        let (stan, amount) = (Some(told.stan), Some(told.amount));
        Ok(Expectation { stan, amount, has_mac, ..self.plain(Mti::BATCH_UPLOAD) })
    }

    fn put_parties(&self, packer: &mut Packer<'_>) {
        packer
            .put(De::STAN, &self.next_stan.digits())
            .put(De::TERMINAL_ID, self.id.as_bytes())
            .put(De::MERCHANT_ID, self.merchant.as_bytes());
    }

    /// What the answer to a message with a number of its own, and without a MAC, must repeat.
    fn plain(&self, mti: Mti) -> Expectation {
        Expectation {
            mti,
            processing_code: None,
            stan: Some(self.next_stan),
            amount: None,
            has_mac: false,
            arqc: None,
        }
    }
}

/// What the host says of the totals; everything but "balanced" asks for the upload.
fn balance_of(message: &Message<'_>) -> Option<Balance> {
    let mut buffer = [0; 64];
    let digits = message.get(De::PRIVATE_48)?.write_to(&mut buffer)?;
    let totals = SettlementTotals::from_digits(digits).ok()?;
    let is_even = |half: &Totals| half.verdict == Verdict::BALANCED;
    Some(Balance { domestic: is_even(&totals.domestic), foreign: is_even(&totals.foreign) })
}

/// DE 60.3 of a settlement.
const TOTALS: u16 = 201;
/// DE 60.3 of an upload.
const DETAILS: u16 = 201;
const END_UNBALANCED: u16 = 202;
const ICC_BALANCED: u16 = 203;
const ICC_UNBALANCED: u16 = 205;
const END_BALANCED: u16 = 207;
/// DE 60.4: stripe, chip and contactless.
const READS_ALL: u8 = 6;
