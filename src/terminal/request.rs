//! Which message the exchange under way needs, and what its answer must repeat; what is in a financial one is the
//! business of [`super::letter`].

use super::{
    Active, Outbox, Profile, Reason, Terminal,
    exchange::{Exchange, Expectation},
    letter::Letter,
    management::head,
    transaction::Transaction,
};
use crate::{
    crypto::{MacSchedule, WorkKeys},
    iso8583::{Mti, PackError, Packer, Private59},
    operation::{Failure, Kind, MessageForm, Operation},
    time::Instant,
};
use std::ops::Range;

impl Terminal {
    /// Packs the message of the active exchange into the outbox's buffer.
    pub(super) fn pack(
        &mut self,
        profile: &Profile,
        now: Instant,
        out: &mut Outbox,
    ) -> Result<(Expectation, Range<usize>), Failure> {
        let Some(mut active) = self.active.take() else { return Err(Failure::Interrupted) };
        let buffer = out.buffer();
        let start = buffer.len();
        let packed = self.pack_exchange(profile, now, &mut active, buffer);
        self.active = Some(active);
        let expected = packed?;
        self.record.last_mti = Some(expected.mti);
        Ok((expected, start..out.buffer().len()))
    }

    fn pack_exchange(
        &self,
        profile: &Profile,
        now: Instant,
        active: &mut Active,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        match active.exchange {
            Exchange::SignIn => self.pack_management(profile, Kind::SignIn, &mut active.mac, buffer),
            Exchange::Requested(kind) => self.pack_management(profile, kind, &mut active.mac, buffer),
            Exchange::Settlement => self.pack_settlement(profile, now, active, buffer),
            Exchange::Download(kind) => self.pack_download(profile, active, kind, buffer),
            Exchange::ScriptResult => self.pack_script_result(profile, active, buffer),
            Exchange::Operation => self.pack_operation(profile, now, active, buffer),
            Exchange::Reversal => {
                let reversal = self.reversal.as_deref().ok_or(Failure::Interrupted)?;
                let purpose = Purpose::Reversal(reversal.reason);
                self.pack_transaction(profile, now, &mut active.mac, &reversal.transaction, purpose, buffer)
            }
            Exchange::Notice(number) => {
                let stored = self.log.get(number).ok_or(Failure::NoOriginal)?;
                self.pack_transaction(profile, now, &mut active.mac, stored, Purpose::Notice, buffer)
            }
            Exchange::Query(order) => {
                let question = self.question(order).ok_or(Failure::NoOriginal)?;
                self.pack_transaction(profile, now, &mut active.mac, &question, Purpose::Notice, buffer)
            }
        }
    }

    fn pack_operation(
        &self,
        profile: &Profile,
        now: Instant,
        active: &mut Active,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let kind = active.operation.kind;
        match active.transaction.as_mut() {
            None => self.pack_management(profile, kind, &mut active.mac, buffer),
            Some(_) if kind == Kind::ESignature => self.pack_signature(profile, now, active, buffer),
            Some(transaction) => {
                transaction.stan = self.next_stan;
                let purpose = Purpose::Request(&active.operation);
                self.pack_transaction(profile, now, &mut active.mac, transaction, purpose, buffer)
            }
        }
    }

    /// Packs a message about a transaction.
    pub(super) fn pack_transaction(
        &self,
        profile: &Profile,
        now: Instant,
        mac: &mut Option<Box<MacSchedule>>,
        transaction: &Transaction,
        purpose: Purpose<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let keys = self.keys.as_deref().ok_or(Failure::NotSignedIn)?;
        let form = transaction.form();
        let mti = purpose.mti(form);
        let has_mac = purpose.has_mac(profile, transaction.kind);
        let letter = Letter { terminal: self, profile, keys, transaction, form, purpose, now, has_mac };
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), mti);
        let arqc = letter.put(&mut packer)?;
        finish(&mut packer, has_mac.then_some(mac), profile, keys)?;
        Ok(Expectation {
            mti,
            processing_code: form.processing_code,
            stan: Some(transaction.stan),
            amount: form.has_amount.then_some(transaction.amount),
            has_mac,
            arqc,
        })
    }
}

/// What a transaction is put into a message for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// To do it now, with the card and the code that the operation brings.
    Request(&'a Operation),
    /// To tell of it, with what was kept of it: neither track nor PIN.
    Notice,
    /// As a notice, and once more in the upload of a batch.
    Upload,
    /// To reverse it.
    Reversal(Reason),
}

impl Purpose<'_> {
    /// Whether the message has a MAC.
    fn has_mac(self, profile: &Profile, kind: Kind) -> bool {
        let has_mac = |kind| profile.customs.has_mac(kind);
        match self {
            Self::Request(_) | Self::Notice => has_mac(kind),
            Self::Upload => has_mac(kind) || has_mac(Kind::BatchUpload),
            Self::Reversal(_) => has_mac(Kind::Reversal),
        }
    }

    fn mti(self, form: MessageForm) -> Mti {
        match self {
            Self::Reversal(_) => Mti::REVERSAL,
            Self::Upload => Mti::BATCH_UPLOAD,
            Self::Request(_) | Self::Notice => form.mti,
        }
    }
}

/// Appends the key serial number for each use of the keys: PIN, MAC, track; nothing under session keys.
pub(super) fn append_ksn(profile: &Profile, terminal: &Terminal, uses: [bool; 3], tags: &mut Vec<u8>) {
    let Some(ksn) = profile.key_scheme.ksn(terminal.id, terminal.key_counter) else { return };
    for (tag, _) in Private59::KSN.into_iter().zip(uses).filter(|(_, is_used)| *is_used) {
        Private59::append(tags, tag, ksn.as_bytes());
    }
}

/// Ends a message, with a MAC under the schedule of this operation where there is one.
pub(super) fn finish(
    packer: &mut Packer<'_>,
    mac: Option<&mut Option<Box<MacSchedule>>>,
    profile: &Profile,
    keys: &WorkKeys,
) -> Result<(), Failure> {
    let size = match mac {
        Some(mac) => {
            let mac = mac_schedule(mac, profile, keys)?;
            packer.finish_with_mac(|data| mac.mac(data))
        }
        None => packer.finish(),
    };
    size.map(drop).map_err(missing)
}

/// The expanded MAC key, made when it is first needed.
pub(super) fn mac_schedule<'a>(
    cached: &'a mut Option<Box<MacSchedule>>,
    profile: &Profile,
    keys: &WorkKeys,
) -> Result<&'a MacSchedule, Failure> {
    if cached.is_none() {
        let schedule = MacSchedule::new(&keys.mak, profile.mac, profile.mac_form);
        *cached = Some(Box::new(schedule.map_err(|_| Failure::MissingData)?));
    }
    cached.as_deref().ok_or(Failure::MissingData)
}

/// Values that do not fit their elements come from the scenario or its card file.
pub(super) fn missing(_: PackError) -> Failure {
    Failure::MissingData
}
