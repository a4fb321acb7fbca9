//! All that a refusal leaves as it was: merchants, bindings, applications, payouts, and what is due.

use super::{
    ApplicationNo, CardId, Matter, PayoutNo,
    agenda::Agenda,
    bank::Bank,
    binding::{Bindings, SerialNumber},
    card_change::ChangeDraft,
    history::Line,
    merchant::Merchant,
    notification::Post,
    payout::PayoutBook,
    review::Application,
    unbind::UnbindDraft,
};
use crate::iso8583::{MerchantId, TerminalId};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a portal without its guards; two are equal when nothing has happened in between.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Books {
    pub(super) bank: Bank,
    pub(super) merchants: BTreeMap<MerchantId, Merchant>,
    pub(super) bindings: Bindings,
    pub(super) applications: BTreeMap<ApplicationNo, Application>,
    pub(super) open: BTreeMap<Matter, ApplicationNo>,
    pub(super) drafts: BTreeMap<MerchantId, ChangeDraft>,
    pub(super) unbinds: BTreeMap<MerchantId, UnbindDraft>,
    pub(super) orders: BTreeMap<SerialNumber, ApplicationNo>,
    /// Terminals that were activated and have not sold yet.
    pub(super) unproven: BTreeMap<TerminalId, ApplicationNo>,
    pub(super) payouts: PayoutBook,
    /// Payouts that the network has delayed.
    pub(super) late: BTreeSet<PayoutNo>,
    pub(super) agenda: Agenda,
    pub(super) post: Post,
    pub(super) history: Vec<Line>,
    pub(super) cards: u32,
    assigned_merchants: u64,
    assigned_terminals: u64,
}

impl Books {
    pub(super) fn merchant(&self, id: MerchantId) -> &Merchant {
        self.merchants.get(&id).expect("merchants are never removed")
    }

    pub(super) fn merchant_mut(&mut self, id: MerchantId) -> &mut Merchant {
        self.merchants.get_mut(&id).expect("merchants are never removed")
    }

    pub(super) fn application(&self, no: ApplicationNo) -> &Application {
        self.applications.get(&no).expect("applications are never removed")
    }

    pub(super) fn application_mut(&mut self, no: ApplicationNo) -> &mut Application {
        self.applications.get_mut(&no).expect("applications are never removed")
    }

    pub(super) fn next_card(&mut self) -> CardId {
        self.cards += 1;
        CardId(self.cards)
    }

    /// A merchant number that nobody has had.
    pub(super) fn next_merchant(&mut self) -> MerchantId {
        loop {
            self.assigned_merchants += 1;
            let id = format!("{:015}", FIRST_MERCHANT + self.assigned_merchants);
            let id = id.parse().expect("fifteen digits are a merchant number");
            if !self.merchants.contains_key(&id) {
                return id;
            }
        }
    }

    /// A terminal number that no device has had.
    pub(super) fn next_terminal(&mut self) -> TerminalId {
        loop {
            self.assigned_terminals += 1;
            let id = format!("{:08}", FIRST_TERMINAL + self.assigned_terminals);
            let id = id.parse().expect("eight digits are a terminal number");
            if !self.bindings.is_taken(id) {
                return id;
            }
        }
    }

    /// The serial number of a device out of the store.
    pub(super) fn next_device(&self) -> SerialNumber {
        SerialNumber(format!("N{:011}", self.orders.len() + 1))
    }
}

const FIRST_MERCHANT: u64 = 898_900_000_000_000;
const FIRST_TERMINAL: u64 = 90_000_000;
