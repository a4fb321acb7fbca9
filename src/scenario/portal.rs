//! The merchant portal of the host in the file format: every figure of its rules, and how merchants are paid.
//!
//! Doc comments become the descriptions of the JSON Schema, so they speak to the writer of a file. What the texts
//! mean is left to `compile`.

use super::{
    duration::{Time, TimeRange},
    text::{Hours, Money, Percentage},
    words::{ByHand, OpenPayouts, Payment},
};
use crate::portal::{self, Delay, FeeRule, Method, Rules};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The merchant portal of the host inside this program; `{}` is one with the figures that are usual in the field.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Portal {
    /// How merchants are paid in the beginning.
    pub settlement: Payment,
    /// Sessions and their lock-out.
    pub session: Session,
    /// Codes by text message.
    pub sms: Sms,
    /// How a change of settlement card is reviewed.
    pub card_review: Review,
    /// From the approval of a card until payouts go to it.
    pub effective_after: TimeRange,
    /// The least time between two changes of the settlement card.
    pub change_pause: Time,
    /// How long something begun waits for its next step.
    pub draft_valid_for: Time,
    /// The unbinding of settlement cards.
    pub unbind: Unbind,
    /// How a change of merchant is reviewed.
    pub merchant_review: Review,
    /// How an application for instant settlement is reviewed.
    pub instant_review: Review,
    /// How an application for a terminal is reviewed.
    pub terminal_review: Review,
    /// How long each further step of an application for a terminal takes: contact, shipping, receipt.
    pub terminal_step: TimeRange,
    /// What merchants pay, by method.
    pub fees: Fees,
    /// How much may be sold, by method; beyond it the answer is 61.
    pub limits: Limits,
    /// When payouts are made.
    pub payout: Payout,
    /// How long an idempotency key is remembered.
    pub key_valid_for: Time,
    /// The share of balance queries that find the balance unavailable.
    pub balance_unavailable: Percentage,
    /// The answer to a terminal that has not signed in today, two letters or digits.
    pub sign_in_first: String,
    /// How long a terminal counts as online after it was heard of.
    pub online_within: Time,
}

/// Sessions and their lock-out.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Session {
    /// How long a session lives without a request.
    pub idle: Time,
    /// Wrong passwords in a row that lock the account.
    #[schemars(range(min = 1))]
    pub wrong_passwords: u32,
    /// How long it stays locked.
    pub locked_for: Time,
}

/// Codes by text message.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sms {
    /// How long a code is valid, from when it is sent.
    pub valid_for: Time,
    /// How often it may be tried.
    #[schemars(range(min = 1))]
    pub tries: u32,
    /// The least time between two codes.
    pub pause: Time,
    /// How long a message is on its way.
    pub arrives_after: TimeRange,
}

/// How applications are reviewed.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Review {
    /// Somebody decides.
    ByHand(ByHand),
    /// The portal decides by itself.
    ByMachine(ByMachine),
}

/// A review that the portal does by itself.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ByMachine {
    /// How long it takes.
    pub after: TimeRange,
    /// The share of applications that it rejects; none without it.
    #[serde(default)]
    pub rejects: Percentage,
}

/// The unbinding of settlement cards.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Unbind {
    /// How many verifications a merchant has in a day.
    #[schemars(range(min = 1))]
    pub attempts_per_day: u32,
    /// The hours of the day at which it is done, UTC: from the first on, until the second.
    pub hours: Hours,
    /// The least time between two unbindings.
    pub cooling_off: Time,
    /// The share that needs a second factor.
    pub medium_risk: Percentage,
    /// The share that is refused and frozen.
    pub high_risk: Percentage,
    /// How long a refusal for its risk freezes further attempts.
    pub frozen_for: Time,
    /// The least charge of the terminal's battery, in percent.
    #[schemars(range(max = 100))]
    pub battery_least: u8,
    /// What is done about payouts that are ordered, but not made.
    pub open_payouts: OpenPayouts,
}

/// What merchants pay, by method; one that is written here loses the cap that it has by default.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Fees {
    /// By debit card.
    pub debit: Fee,
    /// By credit card.
    pub credit: Fee,
    /// By code.
    pub qr: Fee,
    /// A small amount, contactless.
    pub small_contactless: Fee,
}

/// What a merchant pays for a transaction.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fee {
    /// The share of the amount, in steps of 0.01%.
    pub rate: Percentage,
    /// The most that is taken; without it there is no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Money>,
}

/// How much may be sold, by method.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// By debit card.
    pub debit: Limit,
    /// By credit card.
    pub credit: Limit,
    /// By code.
    pub qr: Limit,
    /// A small amount, contactless.
    pub small_contactless: Limit,
}

/// How much may be sold.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// At once.
    pub per_transaction: Money,
    /// By one merchant in one day.
    pub per_day: Money,
}

/// When payouts are made.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Payout {
    /// From an approved transaction to its payout, with instant settlement.
    pub instant_after: TimeRange,
    /// The share of payouts that the network delays; each is delayed once at most.
    pub late: Percentage,
    /// How long it delays them.
    pub late_by: TimeRange,
    /// The time of day, from midnight UTC, at which the batches settled on the day before are paid.
    pub next_day_at: Time,
}

impl Fees {
    /// In the order of [`Method`].
    pub(super) fn by_method(self) -> [Fee; Method::COUNT] {
        [self.debit, self.credit, self.qr, self.small_contactless]
    }
}

impl Limits {
    /// In the order of [`Method`].
    pub(super) fn by_method(self) -> [Limit; Method::COUNT] {
        [self.debit, self.credit, self.qr, self.small_contactless]
    }
}

impl Default for Portal {
    fn default() -> Self {
        let rules = Rules::default();
        Self {
            settlement: Payment::default(),
            session: Session::default(),
            sms: Sms::default(),
            card_review: rules.card_review.into(),
            effective_after: rules.effective_after.into(),
            change_pause: Time(rules.change_pause),
            draft_valid_for: Time(rules.draft_valid_for),
            unbind: Unbind::default(),
            merchant_review: rules.merchant_review.into(),
            instant_review: rules.instant_review.into(),
            terminal_review: rules.terminal_review.into(),
            terminal_step: rules.terminal_step.into(),
            fees: Fees::default(),
            limits: Limits::default(),
            payout: Payout::default(),
            key_valid_for: Time(rules.key_valid_for),
            balance_unavailable: Percentage(rules.balance_unavailable),
            sign_in_first: rules.sign_in_first.to_string(),
            online_within: Time(rules.online_within),
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        let portal::SessionRules { idle, wrong_passwords, locked_for } = Default::default();
        Self { idle: Time(idle), wrong_passwords, locked_for: Time(locked_for) }
    }
}

impl Default for Sms {
    fn default() -> Self {
        let portal::SmsRules { valid_for, tries, pause, arrives_after } = Default::default();
        Self { valid_for: Time(valid_for), tries, pause: Time(pause), arrives_after: arrives_after.into() }
    }
}

impl Default for Unbind {
    fn default() -> Self {
        let rules = portal::UnbindRules::default();
        Self {
            attempts_per_day: rules.attempts_per_day,
            hours: Hours { from: rules.hours.start, until: rules.hours.end },
            cooling_off: Time(rules.cooling_off),
            medium_risk: Percentage(rules.medium_risk),
            high_risk: Percentage(rules.high_risk),
            frozen_for: Time(rules.frozen_for),
            battery_least: rules.battery_least,
            open_payouts: OpenPayouts::default(),
        }
    }
}

impl Default for Fees {
    fn default() -> Self {
        let [debit, credit, qr, small_contactless] = Rules::default().fees.map(Fee::from);
        Self { debit, credit, qr, small_contactless }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let [debit, credit, qr, small_contactless] = Rules::default().limits.map(Limit::from);
        Self { debit, credit, qr, small_contactless }
    }
}

impl Default for Payout {
    fn default() -> Self {
        let portal::PayoutRules { instant_after, late, late_by, next_day_at } = Default::default();
        Self {
            instant_after: instant_after.into(),
            late: Percentage(late),
            late_by: late_by.into(),
            next_day_at: Time(next_day_at),
        }
    }
}

impl From<portal::Review> for Review {
    fn from(review: portal::Review) -> Self {
        match review {
            portal::Review::ByHand => Self::ByHand(ByHand::ByHand),
            portal::Review::ByMachine { after, rejects } => {
                Self::ByMachine(ByMachine { after: after.into(), rejects: Percentage(rejects) })
            }
        }
    }
}

impl From<FeeRule> for Fee {
    fn from(rule: FeeRule) -> Self {
        let rate = Percentage(f64::from(rule.basis_points) / BASIS_POINTS);
        Self { rate, cap: rule.cap.map(Money) }
    }
}

impl From<portal::Limit> for Limit {
    fn from(limit: portal::Limit) -> Self {
        Self { per_transaction: Money(limit.per_transaction), per_day: Money(limit.per_day) }
    }
}

impl From<Delay> for TimeRange {
    fn from(delay: Delay) -> Self {
        Self { min: Time(delay.least), max: Time(delay.most) }
    }
}

/// Hundredths of a percent in a whole.
pub(super) const BASIS_POINTS: f64 = 10_000.0;
