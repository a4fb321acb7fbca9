//! Downloads: what the machine does when a message of one is answered or fails; the course of one is [`Transfer`]'s.

use super::{
    Active, Event, Outbox, Profile, Stray, Terminal,
    answer::Reading,
    exchange::Expectation,
    management::head,
    request::missing,
    transfer::{Progress, Question, Transfer},
};
use crate::{
    iso8583::{De, Message, Packer, Private60},
    operation::{End, Failure, Kind, Outcome},
    time::Instant,
};

impl Terminal {
    /// Packs the next message of a download.
    pub(super) fn pack_download(
        &self,
        profile: &Profile,
        active: &mut Active,
        kind: Kind,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let question = match kind {
            Kind::KeyDownload => self.key_question(),
            _ => active.transfer.get_or_insert_with(|| Box::new(Transfer::new(kind))).question(),
        };
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), question.mti);
        packer
            .put(De::TERMINAL_ID, self.id.as_bytes())
            .put(De::MERCHANT_ID, self.merchant.as_bytes())
            .put(De::PRIVATE_60, &Private60::management(self.batch, question.management).digits());
        if !question.text.is_empty() {
            packer.put(De::PRIVATE_62, &question.text);
        }
        packer.finish().map_err(missing)?;
        Ok(expectation(&question))
    }

    /// A message of a download was answered.
    pub(super) fn download_answered(
        &mut self,
        profile: &Profile,
        now: Instant,
        kind: Kind,
        message: &Message<'_>,
        reading: &Reading,
        out: &mut Outbox,
    ) {
        if !reading.code.is_approval() {
            return self.download_over(profile, now, kind, End::Declined, Some(reading), out);
        }
        let text = message.get(De::PRIVATE_62).map(|text| text.raw()).unwrap_or_default();
        if kind == Kind::KeyDownload {
            let end = self.take_master_key(text);
            return self.download_over(profile, now, kind, end, Some(reading), out);
        }
        let Some(transfer) = self.active.as_deref_mut().and_then(|active| active.transfer.as_deref_mut())
        else {
            return;
        };
        let question = transfer.question();
        let progress = match says_another(message, question.management) {
            true => Ok(Progress::Repeated),
            false => transfer.take(text),
        };
        match progress {
            Ok(Progress::More) => self.reach_out(profile, now, out),
            Ok(Progress::Repeated) => self.wait_on(now, &question, out),
            Ok(Progress::Done(table)) => {
                self.tables.put(kind, table);
                self.download_over(profile, now, kind, End::Approved, Some(reading), out);
            }
            Err(failure) => {
                self.download_over(profile, now, kind, End::Failed(failure), Some(reading), out);
            }
        }
    }

    /// A message of a download stayed without a usable answer.
    pub(super) fn download_failed(
        &mut self,
        profile: &Profile,
        now: Instant,
        kind: Kind,
        end: End,
        out: &mut Outbox,
    ) {
        self.download_over(profile, now, kind, end, None, out);
    }

    /// The answer to an earlier question came again: the one that is waited for has until the same deadline.
    fn wait_on(&mut self, now: Instant, question: &Question, out: &mut Outbox) {
        out.event(Event::Stray(Stray::Late));
        if let Some(active) = self.active.as_deref_mut() {
            active.sent_at = Some(now);
            active.expected = Some(expectation(question));
        }
    }

    /// A download is over: it was the operation itself, or what the host asked for after it.
    ///
    /// One that failed is not tried again before the next operation.
    fn download_over(
        &mut self,
        profile: &Profile,
        now: Instant,
        kind: Kind,
        end: End,
        reading: Option<&Reading>,
        out: &mut Outbox,
    ) {
        self.unfinished = None;
        let Some(active) = self.active.as_deref_mut() else { return };
        active.transfer = None;
        if active.told {
            self.tell_automatic(kind, end, reading, out);
        } else {
            let amount = active.operation.amount;
            let code = reading.map(|reading| reading.code);
            let service = reading.map(|reading| reading.service);
            self.tell(Outcome { code, service, ..Outcome::ended(kind, end, amount) }, out);
        }
        if end == End::Approved { self.proceed(profile, now, out) } else { self.rest(out) }
    }

    /// What is downloaded although nobody asked: what a loss of power interrupted, and what the profile wants first.
    ///
    /// One attempt in an operation, after its outcome is told, while the terminal is signed in.
    pub(super) fn missing_table(&self, profile: &Profile) -> Option<Kind> {
        let first = [Kind::AidDownload, Kind::CapkDownload].into_iter().filter(|_| profile.first_downloads);
        let missing = first.filter(|kind| profile.abilities.has(*kind) && self.tables.get(*kind).is_none());
        self.unfinished.into_iter().chain(missing).find(|_| self.is_signed_in())
    }

    /// DE 62 of the question for a master key: who asks (chapter 7).
    fn key_question(&self) -> Question {
        let form = Kind::KeyDownload.form();
        let serial = [CERTIFICATE, self.id.as_bytes()].concat();
        let text = [SEQUENCE_NO, format!("{:02}", serial.len()).as_bytes(), &serial].concat();
        Question { mti: form.mti, management: form.network_management, text }
    }

    /// The new master key counts at once; work keys under the old one are of no more use.
    fn take_master_key(&mut self, text: &[u8]) -> End {
        match self.tmk.unwrap_successor(text) {
            Ok(tmk) => {
                self.tmk = tmk;
                self.drop_keys();
                End::Approved
            }
            Err(_) => End::Failed(Failure::KeyCheck),
        }
    }
}

/// What the answer to a question must repeat.
fn expectation(question: &Question) -> Expectation {
    Expectation {
        mti: question.mti,
        processing_code: None,
        stan: None,
        amount: None,
        has_mac: false,
        arqc: None,
    }
}

/// Whether an answer says that it is to a question of another network management code.
fn says_another(message: &Message<'_>, management: u16) -> bool {
    let mut buffer = [0; 32];
    let digits = message.get(De::PRIVATE_60).and_then(|value| value.write_to(&mut buffer));
    let said = digits.and_then(|digits| Private60::from_digits(digits).ok()).and_then(|said| said.management);
    said.is_some_and(|said| said != management)
}

const SEQUENCE_NO: &[u8] = b"Sequence No";
/// The number of the certificate before the serial number.
const CERTIFICATE: &[u8] = b"0001";
