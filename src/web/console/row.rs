//! One line of a list, as JSON for the page: numbers and names as they are, cards masked, amounts in fen.

use crate::{
    portal::{
        Alarm, ApplicationNo, CardState, CodeFault, DeviceView, MerchantSight, PayoutNo, PayoutSight,
        PayoutState, Phone, ReviewSight, SerialNumber, Settlement, SettlementCard, Sms, Stage, Subject,
        TerminalKind,
    },
    time::WallClock,
    web::{message::TopicName, moment::Moment},
};
use serde::Serialize;

/// A line; `key` tells it from all others of its list, for as long as it is there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", untagged)]
pub(super) enum Row {
    Merchant {
        key: String,
        name: String,
        phone: String,
        settlement: &'static str,
        card: Option<Card>,
        coming: Option<Card>,
        unsettled: u64,
        on_its_way: u64,
        held: u64,
        owed: u64,
    },
    Terminal {
        key: String,
        terminal: String,
        merchant: String,
        status: Option<Status>,
    },
    Review {
        key: String,
        stage: &'static str,
        at: Moment,
        submissions: usize,
        merchant: Option<String>,
        name: Option<String>,
        subject: About,
    },
    Sms {
        key: String,
        at: Moment,
        phone: String,
        topic: TopicName,
        code: Option<String>,
    },
    Payout {
        key: String,
        merchant: String,
        name: String,
        amount: u64,
        state: &'static str,
        at: Option<Moment>,
        card: Option<String>,
    },
    Alarm {
        key: String,
        at: Moment,
        fault: &'static str,
        device: Option<String>,
        terminal: String,
        merchant: String,
    },
}

/// A settlement card.
#[derive(Serialize)]
pub(super) struct Card {
    pan: String,
    bank: String,
    holder: String,
    /// `pending`, `approved` or `effective`.
    state: &'static str,
    /// When an approved card becomes effective.
    at: Option<Moment>,
}

/// What a terminal told about itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    is_online: bool,
    is_signed_in: bool,
    battery: Option<u8>,
}

/// What is applied for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(super) enum About {
    Card { old: Option<String>, new: Card },
    Merchant { device: String, name: String, reason: String },
    Instant,
    Terminal { name: String, wanted: &'static str },
}

impl Row {
    pub(super) fn merchant(sight: &MerchantSight, wall: WallClock) -> Self {
        let card = |card: &Option<SettlementCard>| card.as_ref().map(|card| Card::of(card, wall));
        Self::Merchant {
            key: sight.id.to_string(),
            name: sight.name.clone(),
            phone: sight.phone.to_string(),
            settlement: match sight.settlement {
                Settlement::NextDay => "nextDay",
                Settlement::Instant => "instant",
            },
            card: card(&sight.card),
            coming: card(&sight.coming),
            unsettled: sight.unsettled.minor(),
            on_its_way: sight.on_its_way.minor(),
            held: sight.held.minor(),
            owed: sight.owed.minor(),
        }
    }

    pub(super) fn terminal(view: &DeviceView) -> Self {
        let status = view.status.as_ref().map(|status| Status {
            is_online: status.is_online,
            is_signed_in: status.is_signed_in,
            battery: status.battery,
        });
        let (terminal, merchant) = (view.pair.terminal.to_string(), view.pair.merchant.to_string());
        Self::Terminal { key: view.device.to_string(), terminal, merchant, status }
    }

    pub(super) fn review(sight: &ReviewSight, wall: WallClock) -> Self {
        let (merchant, name) = sight.merchant.clone().unzip();
        Self::Review {
            key: sight.no.to_string(),
            stage: if sight.stage == Stage::Pending { "pending" } else { "approved" },
            at: Moment::at(wall, sight.submitted),
            submissions: sight.submissions,
            merchant: merchant.map(|merchant| merchant.to_string()),
            name,
            subject: About::of(&sight.subject, wall),
        }
    }

    pub(super) fn sms(phone: &Phone, sms: &Sms, wall: WallClock) -> Self {
        let code = sms.secret.as_ref().map(|secret| secret.as_str().to_owned());
        let phone = phone.as_str().to_owned();
        // Codes of one phone are at least a minute apart, and other messages are one of a topic at an instant.
        let key = format!("{phone} {} {:?}", sms.at.as_nanos(), sms.topic);
        Self::Sms { key, at: Moment::at(wall, sms.at), phone, topic: sms.topic.into(), code }
    }

    pub(super) fn payout(sight: &PayoutSight, wall: WallClock) -> Self {
        let (state, at) = match sight.state {
            PayoutState::Ordered(due) => ("ordered", Some(due)),
            PayoutState::Held => ("held", None),
            PayoutState::Paid { at, .. } => ("paid", Some(at)),
        };
        Self::Payout {
            key: sight.no.to_string(),
            merchant: sight.merchant.to_string(),
            name: sight.name.clone(),
            amount: sight.amount.minor(),
            state,
            at: at.map(|at| Moment::at(wall, at)),
            card: sight.card.map(|card| card.to_string()),
        }
    }

    pub(super) fn alarm(alarm: &Alarm, wall: WallClock) -> Self {
        let device = alarm.device.as_ref().map(SerialNumber::to_string);
        let (terminal, merchant) = (alarm.shown.terminal.to_string(), alarm.shown.merchant.to_string());
        Self::Alarm {
            key: format!("{} {terminal} {}", alarm.at.as_nanos(), device.as_deref().unwrap_or("-")),
            at: Moment::at(wall, alarm.at),
            fault: match alarm.fault {
                CodeFault::SeveralCodes => "severalCodes",
                CodeFault::WrongCode => "wrongCode",
                CodeFault::EndedCode => "endedCode",
            },
            device,
            terminal,
            merchant,
        }
    }
}

impl Card {
    fn of(card: &SettlementCard, wall: WallClock) -> Self {
        let (state, at) = match card.state {
            CardState::Pending => ("pending", None),
            CardState::Approved(at) => ("approved", Some(at)),
            _ => ("effective", None),
        };
        Self {
            pan: card.masked().to_string(),
            bank: card.card.bank.clone(),
            holder: card.card.holder.clone(),
            state,
            at: at.map(|at| Moment::at(wall, at)),
        }
    }
}

impl About {
    fn of(subject: &Subject, wall: WallClock) -> Self {
        match subject {
            Subject::Card { old, new } => {
                Self::Card { old: old.map(|old| old.to_string()), new: Card::of(new, wall) }
            }
            Subject::Merchant { device, name, reason } => {
                Self::Merchant { device: device.to_string(), name: name.clone(), reason: reason.clone() }
            }
            Subject::Instant => Self::Instant,
            Subject::Terminal { name, wanted } => {
                let wanted = match wanted {
                    TerminalKind::Traditional => "traditional",
                    TerminalKind::ESign => "eSign",
                    TerminalKind::Smart => "smart",
                };
                Self::Terminal { name: name.clone(), wanted }
            }
        }
    }
}

/// A place in a list: its beginning when the text is empty; nothing when the text is no place.
pub(super) fn place<K>(text: &str, read: impl FnOnce(&str) -> Option<K>) -> Option<Option<K>> {
    if text.is_empty() { Some(None) } else { read(text).map(Some) }
}

pub(super) fn serial_number(text: &str) -> Option<SerialNumber> {
    Some(SerialNumber(text.to_owned()))
}

/// The number that an application prints as.
pub(super) fn application_no(text: &str) -> Option<ApplicationNo> {
    text.strip_prefix('A')?.parse().ok().map(ApplicationNo)
}

/// The number that a payout prints as.
pub(super) fn payout_no(text: &str) -> Option<PayoutNo> {
    text.strip_prefix('P')?.parse().ok().map(PayoutNo)
}
