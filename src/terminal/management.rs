//! How a terminal writes the messages of its own management.

use super::{
    Profile, Terminal,
    exchange::Expectation,
    request::{append_ksn, finish, missing},
};
use crate::{
    crypto::MacSchedule,
    iso8583::{De, FrameHead, Packer, decimal},
    operation::{Failure, Kind, MessageForm},
};

impl Terminal {
    /// Packs a message of one exchange, as sign-in, echo and status upload are.
    pub(super) fn pack_management(
        &self,
        profile: &Profile,
        kind: Kind,
        mac: &mut Option<Box<MacSchedule>>,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let form = kind.form();
        let stan = form.has_stan.then_some(self.next_stan);
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), form.mti);
        if let Some(stan) = stan {
            packer.put(De::STAN, &stan.digits());
        }
        packer.put(De::TERMINAL_ID, self.id.as_bytes()).put(De::MERCHANT_ID, self.merchant.as_bytes());
        let usual =
            if kind == Kind::SignIn { profile.sign_in.network_management() } else { form.network_management };
        let code = profile.customs.network_management(kind, usual);
        self.put_mac_ksn(&mut packer, profile, kind);
        packer.put(De::PRIVATE_60, &management_60(form, self.batch.digits(), code));
        if kind == Kind::StatusUpload {
            packer.put(De::PRIVATE_62, &self.status(profile));
        }
        if kind == Kind::SignIn
            && let Some(device) = self.sequence_no(profile)
        {
            packer.put(De::PRIVATE_62, &device);
        }
        if matches!(kind, Kind::SignIn | Kind::CashierSignIn) {
            packer.put(De::PRIVATE_63, &operator_63(profile));
        }
        let has_mac = self.finish_management(&mut packer, profile, kind, mac)?;
        Ok(Expectation { mti: form.mti, processing_code: None, stan, amount: None, has_mac, arqc: None })
    }

    /// Ends a message of its own management; says whether it has a MAC.
    pub(super) fn finish_management(
        &self,
        packer: &mut Packer<'_>,
        profile: &Profile,
        kind: Kind,
        mac: &mut Option<Box<MacSchedule>>,
    ) -> Result<bool, Failure> {
        let has_mac = profile.customs.has_mac(kind);
        match self.keys.as_deref() {
            _ if !has_mac => drop(packer.finish().map_err(missing)?),
            Some(keys) => finish(packer, Some(mac), profile, keys)?,
            None => return Err(Failure::NotSignedIn),
        }
        Ok(has_mac)
    }

    /// DE 59 of such a message: under derived keys, which one its MAC is made with.
    pub(super) fn put_mac_ksn(&self, packer: &mut Packer<'_>, profile: &Profile, kind: Kind) {
        let mut tags = Vec::new();
        append_ksn(profile, self, [false, profile.customs.has_mac(kind), false], &mut tags);
        if !tags.is_empty() {
            packer.put(De::PRIVATE_59, &tags);
        }
    }

    /// DE 62 of a status upload (chapter 8.5): tags 01 to 05, the state of card reader, PIN pad, printer, chip reader and
    /// contactless reader, 0 for good; tag 51, how many messages were answered and how many were not, six digits each;
    /// of a terminal that tells of its device, tags 61 to 63.
    fn status(&self, profile: &Profile) -> Vec<u8> {
        let record = &self.record;
        let answered = (record.approved + record.declined) % 1_000_000;
        let unanswered = record.failed % 1_000_000;
        let mut status = format!("01002003004005051{answered:06}{unanswered:06}").into_bytes();
        self.append_device(profile, &mut status);
        status
    }
}

/// DE 63 of a sign-in and a settlement: the operator.
pub(super) fn operator_63(profile: &Profile) -> [u8; 3] {
    [b'0' + profile.operator / 10 % 10, b'0' + profile.operator % 10, b' ']
}

/// DE 60 of a management message: kind, batch, network management code.
pub(super) fn management_60(form: MessageForm, batch: [u8; 6], network_management: u16) -> [u8; 11] {
    let mut digits = [b'0'; 11];
    decimal(form.message_kind.into(), &mut digits[..2]);
    digits[2..8].copy_from_slice(&batch);
    decimal(network_management.into(), &mut digits[8..]);
    digits
}

/// TPDU and header of every request.
pub(super) fn head(profile: &Profile) -> FrameHead {
    FrameHead { tpdu: profile.tpdu, header: profile.header }
}
