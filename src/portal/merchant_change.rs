//! Change of the merchant of a device (一机一码更改商户): application, review, resubmission, and the switch at one instant.
//!
//! An approved change waits until the open batch of the old terminal number is settled. Then the device gets a new
//! merchant and terminal number; the old binding ends and the new one begins in one step.

use super::{
    Acquirer, Caller, MerchantData, MerchantRecord, Password, Person, Portal, Refusal, Response, Settlement,
    binding::{Pair, SerialNumber},
    merchant::{Merchant, check_text},
    notification::{Notification, Topic},
    response::DeviceView,
    review::{ApplicationNo, Content, Matter, Stage},
};
use crate::{
    iso8583::{MerchantId, TerminalId},
    time::Instant,
};

/// What a merchant sends to give a device to a new merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantChangeForm {
    /// The device.
    pub device: SerialNumber,
    /// Merchant number until now.
    pub old_merchant: MerchantId,
    /// The new merchant.
    pub data: MerchantData,
    /// Its legal holder.
    pub holder: Person,
    /// Reference to the file of its business licence.
    pub licence: String,
    /// References to the files of the holder's documents.
    pub documents: Vec<String>,
    /// Why.
    pub reason: String,
}

/// A change of merchant under review.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MerchantChange {
    pub(super) form: MerchantChangeForm,
    /// The numbers that were assigned.
    pub(super) assigned: Option<Pair>,
}

impl Portal {
    pub(super) fn device_view(
        &self,
        caller: &Caller<'_>,
        device: &SerialNumber,
    ) -> Result<Response, Refusal> {
        let pair = self.own_device(caller, device)?;
        let status = caller.acquirer.status(pair.terminal);
        Ok(Response::Device(DeviceView { device: device.clone(), pair, status }))
    }

    pub(super) fn apply_for_merchant_change(
        &mut self,
        caller: &Caller<'_>,
        form: &MerchantChangeForm,
    ) -> Result<Response, Refusal> {
        self.check_merchant_change(caller, form)?;
        let content = Content::Merchant(MerchantChange { form: form.clone(), assigned: None });
        let matter = Matter::Merchant(form.device.clone());
        let no = self.submit(caller.now, Some(caller.merchant), matter, content);
        self.application_view(no)
    }

    /// Submits a rejected application again; the form may be another, the device may not.
    pub(super) fn resubmit_merchant_change(
        &mut self,
        caller: &Caller<'_>,
        no: ApplicationNo,
        form: &MerchantChangeForm,
    ) -> Result<Response, Refusal> {
        let application = self.own_application(caller, no)?;
        let is_rejected = matches!(application.stage, Stage::Rejected(_));
        if !is_rejected || application.matter != Matter::Merchant(form.device.clone()) {
            return Err(Refusal::NotRejected);
        }
        self.check_merchant_change(caller, form)?;
        let change = MerchantChange { form: form.clone(), assigned: None };
        self.books.application_mut(no).content = Content::Merchant(change);
        self.submit_again(caller.now, no);
        self.application_view(no)
    }

    pub(super) fn approve_merchant_change(
        &mut self,
        at: Instant,
        acquirer: &dyn Acquirer,
        no: ApplicationNo,
        change: &MerchantChange,
    ) {
        self.books.application_mut(no).stage = Stage::Approved;
        let pair = self.books.bindings.pair(&change.form.device);
        match pair.filter(|pair| acquirer.has_open_batch(pair.terminal)) {
            Some(pair) => self.notify(at, pair.merchant, Notification::of(Topic::SettleFirst)),
            None => self.switch(at, no, change),
        }
    }

    pub(super) fn reject_merchant_change(
        &mut self,
        at: Instant,
        no: ApplicationNo,
        change: &MerchantChange,
        reason: String,
    ) {
        self.close(at, no, Stage::Rejected(reason.clone()));
        let rejected = Notification::of(Topic::MerchantRejected);
        self.notify(at, change.form.old_merchant, Notification { reason: Some(reason), ..rejected });
    }

    /// Makes the change that has waited for the open batch of a terminal.
    pub(super) fn switch_after_batch(&mut self, at: Instant, terminal: TerminalId) {
        let device = self.books.bindings.device(terminal).cloned();
        let matter = device.map(Matter::Merchant);
        let Some(no) = matter.and_then(|matter| self.books.open.get(&matter).copied()) else { return };
        let application = self.books.application(no);
        if let (Content::Merchant(change), Stage::Approved) = (&application.content, &application.stage) {
            self.switch(at, no, &change.clone());
        }
    }

    /// Enters a merchant that nobody has known, with a first password by SMS.
    pub(super) fn welcome(
        &mut self,
        at: Instant,
        data: MerchantData,
        holder: Person,
        licence: String,
    ) -> MerchantId {
        let id = self.books.next_merchant();
        let password = Password::new(format!("{:08}", self.chance().between(0, 99_999_999)));
        self.send_sms(at, data.phone.clone(), Topic::Welcome, Some(password.clone()));
        let settlement = Settlement::NextDay;
        let record = MerchantRecord { id, data, holder, licence, password, settlement };
        self.books.merchants.insert(id, Merchant::new(record));
        id
    }

    fn switch(&mut self, at: Instant, no: ApplicationNo, change: &MerchantChange) {
        let form = change.form.clone();
        let old = form.old_merchant;
        let merchant = self.welcome(at, form.data, form.holder, form.licence);
        let pair = Pair { terminal: self.books.next_terminal(), merchant };
        self.bind(at, form.device, pair);
        if let Content::Merchant(change) = &mut self.books.application_mut(no).content {
            change.assigned = Some(pair);
        }
        self.close(at, no, Stage::Done);
        self.notify(at, old, Notification::of(Topic::MerchantChanged));
        self.notify(at, merchant, Notification::of(Topic::MerchantChanged));
    }

    /// Whether the form is complete and about a device of the caller for which no change is open.
    fn check_merchant_change(&self, caller: &Caller<'_>, form: &MerchantChangeForm) -> Result<(), Refusal> {
        self.own_device(caller, &form.device)?;
        if form.old_merchant != caller.merchant {
            return Err(Refusal::MerchantMismatch);
        }
        form.data.check()?;
        if !form.holder.identity.is_valid() {
            return Err(Refusal::IdentityInvalid);
        }
        check_text(&form.holder.name, Refusal::NameInvalid)?;
        check_text(&form.reason, Refusal::ReasonMissing)?;
        if form.licence.is_empty() || form.documents.is_empty() {
            return Err(Refusal::DocumentsMissing);
        }
        self.check_not_open(&Matter::Merchant(form.device.clone()), Refusal::MerchantChangeOpen)
    }

    fn own_device(&self, caller: &Caller<'_>, device: &SerialNumber) -> Result<Pair, Refusal> {
        let pair = self.books.bindings.pair(device).ok_or(Refusal::DeviceUnknown)?;
        if pair.merchant == caller.merchant { Ok(pair) } else { Err(Refusal::DeviceForeign) }
    }
}
