//! A merchant (商户): who it is, how it is paid, and the change of its own data.

use super::{
    Caller, Identity, Method, Password, Phone, Portal, Refusal, Response,
    notification::{Notification, Topic},
    settlement_card::Wallet,
};
use crate::{iso8583::MerchantId, money::Amount};

/// A merchant as somebody registers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantRecord {
    /// Merchant number, also the account of the portal.
    pub id: MerchantId,
    /// What it says about itself.
    pub data: MerchantData,
    /// Legal holder, whose cards may be settlement cards.
    pub holder: Person,
    /// Number of the business licence.
    pub licence: String,
    /// Password of the portal.
    pub password: Password,
    /// How it is paid.
    pub settlement: Settlement,
}

/// What a merchant says about itself, and may edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantData {
    /// Name, also on receipts.
    pub name: String,
    /// Where it trades.
    pub address: String,
    /// Whom to ask for.
    pub contact: String,
    /// The phone on file, to which codes go.
    pub phone: Phone,
}

/// Somebody by name and identity number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Legal name.
    pub name: String,
    /// Identity number.
    pub identity: Identity,
}

/// How a merchant is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// T+1: the day after its batches are settled, in one sum.
    NextDay,
    /// 实时到账: at once, transaction by transaction.
    Instant,
}

/// A merchant in the books.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Merchant {
    pub(super) record: MerchantRecord,
    pub(super) wallet: Wallet,
    pub(super) last_unbind: Option<crate::time::Instant>,
    /// The last day on which it sold, counted from 1970, and what it sold, by method.
    pub(super) sold: (i64, [Amount; Method::COUNT]),
}

impl MerchantData {
    /// Checks what an edit or an application brings.
    ///
    /// # Errors
    /// [`Refusal::NameInvalid`], [`Refusal::AddressInvalid`] or [`Refusal::PhoneInvalid`].
    pub fn check(&self) -> Result<(), Refusal> {
        check_text(&self.name, Refusal::NameInvalid)?;
        check_text(&self.contact, Refusal::NameInvalid)?;
        check_text(&self.address, Refusal::AddressInvalid)?;
        if self.phone.is_valid() { Ok(()) } else { Err(Refusal::PhoneInvalid) }
    }
}

impl Merchant {
    pub(super) fn new(record: MerchantRecord) -> Self {
        Self {
            record,
            wallet: Wallet::default(),
            last_unbind: None,
            sold: (0, [Amount::ZERO; Method::COUNT]),
        }
    }
}

impl Portal {
    pub(super) fn edit_merchant(
        &mut self,
        caller: &Caller<'_>,
        data: &MerchantData,
    ) -> Result<Response, Refusal> {
        data.check()?;
        self.books.merchant_mut(caller.merchant).record.data = data.clone();
        self.notify(caller.now, caller.merchant, Notification::of(Topic::DataChanged));
        Ok(Response::Merchant(self.books.merchant(caller.merchant).record.data.clone()))
    }
}

/// Not empty, and not longer than a form's field.
pub(super) fn check_text(text: &str, refusal: Refusal) -> Result<(), Refusal> {
    let is_valid = !text.trim().is_empty() && text.chars().count() <= TEXT_MAX;
    if is_valid { Ok(()) } else { Err(refusal) }
}

const TEXT_MAX: usize = 100;
