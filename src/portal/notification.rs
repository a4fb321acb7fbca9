//! What the portal tells merchants: messages in the portal, mails, and a simulated inbox for SMS.

use super::{Password, Phone, Portal, event::Event};
use crate::{card::MaskedPan, iso8583::MerchantId, money::Amount, time::Instant};
use std::collections::{BTreeMap, VecDeque};

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A code by SMS.
    Code,
    /// Account and first password of a new merchant.
    Welcome,
    /// The merchant's data was edited.
    DataChanged,
    /// A card is under review.
    CardPending,
    /// A card was approved.
    CardApproved,
    /// A card was rejected.
    CardRejected,
    /// Payouts go to a card from now on.
    CardEffective,
    /// A card was unbound.
    CardUnbound,
    /// A change of merchant was approved, and waits for the settlement of the open batch.
    SettleFirst,
    /// A device changed its merchant.
    MerchantChanged,
    /// A change of merchant was rejected.
    MerchantRejected,
    /// Instant settlement is enabled.
    InstantEnabled,
    /// Instant settlement was rejected.
    InstantRejected,
    /// Money was paid.
    Credited,
    /// Money waits for a settlement card.
    PayoutHeld,
    /// An application for a terminal has made a step.
    TerminalStep,
    /// A terminal was activated for good by its first sale.
    TerminalInUse,
}

/// The ways by which a notification goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// 站内信.
    Message,
    /// 短信.
    Sms,
    /// 邮件.
    Mail,
}

/// A message to a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// When.
    pub at: Instant,
    /// What it is about.
    pub topic: Topic,
    /// The card it is about.
    pub card: Option<MaskedPan>,
    /// The money it is about.
    pub amount: Option<Amount>,
    /// Why, in the reviewer's words.
    pub reason: Option<String>,
}

/// A short message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// When it arrives.
    pub at: Instant,
    /// What it is about.
    pub topic: Topic,
    /// The code or first password it brings.
    pub secret: Option<Password>,
}

impl Topic {
    /// How it is told.
    #[must_use]
    pub const fn channels(self) -> &'static [Channel] {
        match self {
            Self::Code | Self::Welcome | Self::TerminalStep => &[Channel::Sms],
            Self::CardUnbound => &[Channel::Message, Channel::Sms],
            Self::MerchantChanged | Self::MerchantRejected => {
                &[Channel::Message, Channel::Sms, Channel::Mail]
            }
            _ => &[Channel::Message],
        }
    }
}

impl Notification {
    /// A notification that says nothing but its topic; its time is filled in when it is sent.
    pub(super) fn of(topic: Topic) -> Self {
        Self { at: Instant::START, topic, card: None, amount: None, reason: None }
    }
}

/// What was sent: the newest messages of every merchant and phone.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Post {
    messages: BTreeMap<MerchantId, VecDeque<Notification>>,
    sms: BTreeMap<Phone, VecDeque<Sms>>,
    /// The newest of all phones, in the order in which they were sent.
    newest: VecDeque<(Phone, Sms)>,
}

impl Post {
    pub(super) fn messages(&self, merchant: MerchantId) -> impl Iterator<Item = &Notification> {
        self.messages.get(&merchant).into_iter().flatten()
    }

    pub(super) fn sms(&self, phone: &Phone) -> impl Iterator<Item = &Sms> {
        self.sms.get(phone).into_iter().flatten()
    }

    pub(super) fn newest(&self) -> impl Iterator<Item = &(Phone, Sms)> {
        self.newest.iter()
    }
}

impl Portal {
    /// Sends a notification by the ways of its topic.
    pub(super) fn notify(&mut self, at: Instant, merchant: MerchantId, notification: Notification) {
        let notification = Notification { at, ..notification };
        let channels = notification.topic.channels();
        if channels.contains(&Channel::Message) {
            push(self.books.post.messages.entry(merchant).or_default(), notification.clone(), KEPT_MAX);
        }
        if channels.contains(&Channel::Sms) {
            let phone = self.books.merchant(merchant).record.data.phone.clone();
            self.send_sms(at, phone, notification.topic, None);
        }
        self.events.push_back(Event::Notification { merchant, notification });
    }

    /// Sends a short message; it arrives when the network likes.
    pub(super) fn send_sms(&mut self, at: Instant, phone: Phone, topic: Topic, secret: Option<Password>) {
        self.tally.short_messages += 1;
        let delay = self.rules.sms.arrives_after.draw(&mut self.chance());
        let sms = Sms { at: at + delay, topic, secret };
        let post = &mut self.books.post;
        push(&mut post.newest, (phone.clone(), sms.clone()), NEWEST_MAX);
        push(post.sms.entry(phone).or_default(), sms, KEPT_MAX);
    }
}

fn push<T>(kept: &mut VecDeque<T>, new: T, most: usize) {
    if kept.len() >= most {
        kept.pop_front();
    }
    kept.push_back(new);
}

/// Messages of one merchant or phone.
const KEPT_MAX: usize = 64;
/// Short messages of all phones together.
const NEWEST_MAX: usize = 1_000;
