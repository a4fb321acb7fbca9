//! What an operator sees of the portal: lists that are looked through a part at a time, and nothing that changes them.
//!
//! The portal serves terminals between two looks, so that a look has a bound: it ends after [`Portal::LOOKED_AT`]
//! entries, found or not, and says where the next one goes on.

use super::{
    Acquirer, Alarm, ApplicationNo, CardId, CardState, DeviceView, Payout, PayoutNo, PayoutState, Phone,
    Portal, SerialNumber, Settlement, SettlementCard, Sms, Stage, TerminalKind,
    merchant::Merchant,
    review::{Application, Content},
};
use crate::{card::MaskedPan, iso8583::MerchantId, money::Amount, time::Instant};
use std::ops::Bound::{Excluded, Unbounded};

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<T, K> {
    /// What was found.
    pub rows: Vec<T>,
    /// The last entry that was looked at, when there may be more behind it.
    pub next: Option<K>,
}

/// How much there is of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Merchants.
    pub merchants: usize,
    /// Devices that are bound.
    pub terminals: usize,
    /// Applications that wait for a review, of the first [`Portal::LOOKED_AT`] that are open.
    pub reviews: usize,
    /// Payouts, made and not made.
    pub payouts: usize,
    /// Alarms that are kept.
    pub alarms: usize,
}

/// A merchant as an operator sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct MerchantSight {
    /// Its number.
    pub id: MerchantId,
    /// Its name.
    pub name: String,
    /// The phone on file.
    pub phone: Phone,
    /// How it is paid.
    pub settlement: Settlement,
    /// The card that payouts go to.
    pub card: Option<SettlementCard>,
    /// The card that is under review, or approved and not effective yet.
    pub coming: Option<SettlementCard>,
    /// Sold and not settled.
    pub unsettled: Amount,
    /// Cleared, less fees, and not paid.
    pub on_its_way: Amount,
    /// Waiting for a settlement card.
    pub held: Amount,
    /// Owed for what was undone after it was cleared.
    pub owed: Amount,
}

/// An application that is open, as a reviewer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewSight {
    /// Its number.
    pub no: ApplicationNo,
    /// Where it stands.
    pub stage: Stage,
    /// When it was submitted last.
    pub submitted: Instant,
    /// How often it was submitted.
    pub submissions: usize,
    /// Whose, with the name; an applicant for a terminal has no number.
    pub merchant: Option<(MerchantId, String)>,
    /// What is applied for.
    pub subject: Subject,
}

/// What is applied for.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Another settlement card, or a further one.
    Card {
        /// The card that goes.
        old: Option<MaskedPan>,
        /// The card that comes.
        new: SettlementCard,
    },
    /// Another merchant for a device.
    Merchant {
        /// The device.
        device: SerialNumber,
        /// Name of the new merchant.
        name: String,
        /// Why.
        reason: String,
    },
    /// Instant settlement.
    Instant,
    /// A terminal.
    Terminal {
        /// Name of the shop.
        name: String,
        /// Which kind of terminal.
        wanted: TerminalKind,
    },
}

/// A payout as an operator sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct PayoutSight {
    /// Its number.
    pub no: PayoutNo,
    /// Whose.
    pub merchant: MerchantId,
    /// The name of that merchant.
    pub name: String,
    /// What was paid or will be.
    pub amount: Amount,
    /// Where it stands.
    pub state: PayoutState,
    /// The card it was paid to.
    pub card: Option<MaskedPan>,
}

impl Portal {
    /// How much there is of everything.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let open = self.books.open.values().take(Self::LOOKED_AT);
        let waiting = open.filter(|no| self.books.application(**no).stage == Stage::Pending);
        Totals {
            merchants: self.books.merchants.len(),
            terminals: self.books.bindings.len(),
            reviews: waiting.count(),
            payouts: self.books.payouts.len(),
            alarms: self.alarms.len(),
        }
    }

    /// At most `most` merchants whose number is after `after`, and whose number, name or phone contains `wanted`.
    pub fn merchants(
        &self,
        acquirer: &dyn Acquirer,
        after: Option<MerchantId>,
        wanted: &str,
        most: usize,
    ) -> Part<MerchantSight, MerchantId> {
        let entries = self.books.merchants.range((after.map_or(Unbounded, Excluded), Unbounded));
        look(entries.map(|(id, merchant)| (*id, merchant)), most, |id, merchant| {
            let data = &merchant.record.data;
            let is_wanted = any_contains(&[id.as_str(), &data.name, data.phone.as_str()], wanted);
            is_wanted.then(|| self.merchant_sight(acquirer, *id, merchant))
        })
    }

    /// At most `most` devices after `after`, one of whose numbers contains `wanted`.
    pub fn terminals(
        &self,
        acquirer: &dyn Acquirer,
        after: Option<SerialNumber>,
        wanted: &str,
        most: usize,
    ) -> Part<DeviceView, SerialNumber> {
        let entries = self.books.bindings.after(after).map(|(device, pair)| (device.clone(), pair));
        look(entries, most, |device, pair| {
            let texts = [device.0.as_str(), pair.terminal.as_str(), pair.merchant.as_str()];
            let status = || acquirer.status(pair.terminal);
            any_contains(&texts, wanted).then(|| DeviceView {
                device: device.clone(),
                pair,
                status: status(),
            })
        })
    }

    /// At most `most` applications after `after` that are open, oldest first; `wanted` is part of their number or of
    /// that of their merchant.
    pub fn reviews(
        &self,
        after: Option<ApplicationNo>,
        wanted: &str,
        most: usize,
    ) -> Part<ReviewSight, ApplicationNo> {
        let entries = self.books.applications.range((after.map_or(Unbounded, Excluded), Unbounded));
        look(entries.map(|(no, application)| (*no, application)), most, |no, application| {
            let is_open = matches!(application.stage, Stage::Pending | Stage::Approved);
            let merchant = application.merchant.as_ref().map_or("", |merchant| merchant.as_str());
            let is_wanted = is_open && any_contains(&[&no.to_string(), merchant], wanted);
            is_wanted.then(|| self.review_sight(*no, application))
        })
    }

    /// At most `most` payouts before `before`, newest first; `wanted` is part of their number or of that of their
    /// merchant.
    pub fn payouts(
        &self,
        before: Option<PayoutNo>,
        wanted: &str,
        most: usize,
    ) -> Part<PayoutSight, PayoutNo> {
        let entries = self.books.payouts.before(before).map(|payout| (payout.no, payout));
        look(entries, most, |no, payout| {
            let is_wanted = any_contains(&[&no.to_string(), payout.merchant.as_str()], wanted);
            is_wanted.then(|| self.payout_sight(payout))
        })
    }

    /// At most `most` short messages that have arrived by `now`, the newest first: those of the phone `wanted`, or the
    /// newest of all whose phone contains it.
    #[must_use]
    pub fn inbox(&self, now: Instant, wanted: &str, most: usize) -> Vec<(Phone, Sms)> {
        let phone = Phone::new(wanted);
        let mut found: Vec<(Phone, Sms)> = if phone.is_valid() {
            self.sms(now, &phone).map(|sms| (phone.clone(), sms.clone())).collect()
        } else {
            let arrived = self.books.post.newest().filter(|(_, sms)| sms.at <= now);
            arrived.filter(|(phone, _)| phone.as_str().contains(wanted)).cloned().collect()
        };
        found.sort_by_key(|(_, sms)| std::cmp::Reverse(sms.at));
        found.truncate(most);
        found
    }

    /// At most `most` alarms, the newest first, after as many of those that were raised later.
    pub fn newest_alarms(&self, after: usize, most: usize) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter().rev().skip(after).take(most)
    }

    fn merchant_sight(&self, acquirer: &dyn Acquirer, id: MerchantId, merchant: &Merchant) -> MerchantSight {
        let (wallet, record) = (&merchant.wallet, &merchant.record);
        let is_coming = |state: &CardState| matches!(state, CardState::Pending | CardState::Approved(_));
        let sum = |is_held: bool| {
            let unpaid = self.books.payouts.unpaid(id);
            let those = unpaid.filter(|payout| (payout.state == PayoutState::Held) == is_held);
            those.map(|payout| payout.gross - payout.fee).sum()
        };
        MerchantSight {
            id,
            name: record.data.name.clone(),
            phone: record.data.phone.clone(),
            settlement: record.settlement,
            card: wallet.effective().cloned(),
            coming: wallet.history().iter().rev().find(|card| is_coming(&card.state)).cloned(),
            unsettled: acquirer.unsettled(id),
            on_its_way: sum(false),
            held: sum(true),
            owed: self.books.payouts.debt(id),
        }
    }

    fn review_sight(&self, no: ApplicationNo, application: &Application) -> ReviewSight {
        let named = |id: MerchantId| (id, self.books.merchant(id).record.data.name.clone());
        ReviewSight {
            no,
            stage: application.stage.clone(),
            submitted: application.submissions.last().map_or(Instant::START, |submission| submission.at),
            submissions: application.submissions.len(),
            merchant: application.merchant.map(named),
            subject: self.subject(&application.content),
        }
    }

    fn subject(&self, content: &Content) -> Subject {
        match content {
            Content::Card(change) => {
                let card = |id: CardId| self.books.merchant(change.merchant).wallet.card(id);
                let new = card(change.new).expect("cards are never removed").clone();
                Subject::Card { old: change.old.and_then(card).map(SettlementCard::masked), new }
            }
            Content::Merchant(change) => Subject::Merchant {
                device: change.form.device.clone(),
                name: change.form.data.name.clone(),
                reason: change.form.reason.clone(),
            },
            Content::Instant => Subject::Instant,
            Content::Terminal(order) => {
                Subject::Terminal { name: order.form.data.name.clone(), wanted: order.form.wanted }
            }
        }
    }

    fn payout_sight(&self, payout: &Payout) -> PayoutSight {
        let merchant = self.books.merchant(payout.merchant);
        let (amount, card) = match payout.state {
            PayoutState::Paid { amount, card, .. } => (amount, merchant.wallet.card(card)),
            _ => (payout.gross - payout.fee, None),
        };
        PayoutSight {
            no: payout.no,
            merchant: payout.merchant,
            name: merchant.record.data.name.clone(),
            amount,
            state: payout.state.clone(),
            card: card.map(SettlementCard::masked),
        }
    }

    /// The most entries that one look goes through.
    pub const LOOKED_AT: usize = 1_000;
}

/// Looks through entries until enough is found, or enough was looked at.
fn look<K: Clone, V, T>(
    entries: impl Iterator<Item = (K, V)>,
    most: usize,
    mut view: impl FnMut(&K, V) -> Option<T>,
) -> Part<T, K> {
    let mut part = Part { rows: Vec::new(), next: None };
    for (looked, (key, value)) in entries.enumerate() {
        if part.rows.len() >= most || looked >= Portal::LOOKED_AT {
            return part;
        }
        part.rows.extend(view(&key, value));
        part.next = Some(key);
    }
    Part { next: None, ..part }
}

fn any_contains(texts: &[&str], wanted: &str) -> bool {
    wanted.is_empty() || texts.iter().any(|text| text.contains(wanted))
}
