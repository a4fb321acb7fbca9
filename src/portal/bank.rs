//! What the banks know about accounts: whom they belong to, and whether they may be settlement cards.

use super::{Identity, Password};
use crate::card::Pan;
use std::collections::BTreeMap;

/// An account as its bank knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// The card of the account.
    pub pan: Pan,
    /// Legal name of the holder.
    pub holder: String,
    /// Identity number of the holder.
    pub identity: Identity,
    /// Whether the card was activated.
    pub is_activated: bool,
    /// Class of the account.
    pub class: AccountClass,
    /// Password for queries by phone.
    pub query_password: Password,
}

/// Class of a personal account (个人账户分类).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountClass {
    /// Class I, opened in person; the only one that may be a settlement account.
    First,
    /// Class II, with a limit.
    Second,
    /// Class III, for small payments.
    Third,
}

/// All accounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bank {
    accounts: BTreeMap<Pan, BankAccount>,
}

impl Bank {
    pub(super) fn open(&mut self, account: BankAccount) {
        self.accounts.insert(account.pan, account);
    }

    pub(super) fn account(&self, pan: &Pan) -> Option<&BankAccount> {
        self.accounts.get(pan)
    }
}
