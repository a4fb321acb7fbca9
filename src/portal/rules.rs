//! The figures of the portal, all settable; the defaults are those seen in the field.

use super::Method;
use crate::{iso8583::ResponseCode, money::Amount, rng::Rng};
use std::{ops::Range, time::Duration};

/// How the portal decides, and how long it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Who logs in, and how often they may be wrong.
    pub session: SessionRules,
    /// Codes by SMS.
    pub sms: SmsRules,
    /// The review of a change of settlement card.
    pub card_review: Review,
    /// From the approval of a card until payouts go to it.
    pub effective_after: Delay,
    /// The least time between two changes of the settlement card.
    pub change_pause: Duration,
    /// How long something begun waits for its next step.
    pub draft_valid_for: Duration,
    /// The unbinding of settlement cards.
    pub unbind: UnbindRules,
    /// The review of a change of merchant.
    pub merchant_review: Review,
    /// The review of an application for instant settlement.
    pub instant_review: Review,
    /// The review of an application for a terminal.
    pub terminal_review: Review,
    /// Each further step of an application for a terminal: contact, shipping, receipt.
    pub terminal_step: Delay,
    /// What a merchant pays, by method.
    pub fees: [FeeRule; Method::COUNT],
    /// How much may be sold, by method.
    pub limits: [Limit; Method::COUNT],
    /// When payouts are made.
    pub payout: PayoutRules,
    /// How long an idempotency key is remembered.
    pub key_valid_for: Duration,
    /// The part of balance queries that find the balance unavailable, 0 to 1.
    pub balance_unavailable: f64,
    /// The answer to a terminal that has not signed in today.
    pub sign_in_first: ResponseCode,
    /// How long a terminal counts as online after it was heard of.
    pub online_within: Duration,
}

/// Sessions and their lock-out.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRules {
    /// How long a session lives without a request.
    pub idle: Duration,
    /// Wrong passwords in a row that lock the account.
    pub wrong_passwords: u32,
    /// How long it stays locked.
    pub locked_for: Duration,
}

/// Codes by SMS.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsRules {
    /// How long a code is valid, from when it is sent.
    pub valid_for: Duration,
    /// How often it may be tried.
    pub tries: u32,
    /// The least time between two codes.
    pub pause: Duration,
    /// How long an SMS is on its way.
    pub arrives_after: Delay,
}

/// How applications are reviewed.
#[derive(Clone, Debug, PartialEq)]
pub enum Review {
    /// By itself.
    ByMachine {
        /// How long it takes.
        after: Delay,
        /// The part that is rejected, 0 to 1.
        rejects: f64,
    },
    /// Somebody decides, see [`super::Portal::decide`].
    ByHand,
}

/// The unbinding of settlement cards.
#[derive(Clone, Debug, PartialEq)]
pub struct UnbindRules {
    /// Verifications a day.
    pub attempts_per_day: u32,
    /// The hours of the day at which it is done, within 0 to 24.
    pub hours: Range<u8>,
    /// The least time between two unbindings.
    pub cooling_off: Duration,
    /// The part that needs a second factor, 0 to 1.
    pub medium_risk: f64,
    /// The part that is refused, 0 to 1.
    pub high_risk: f64,
    /// How long a refusal for its risk freezes further attempts.
    pub frozen_for: Duration,
    /// The least charge of the terminal's battery, in percent.
    pub battery_least: u8,
    /// What is done about payouts that are ordered, but not made.
    pub open_payouts: OpenPayouts,
}

/// What an unbinding does about payouts that are ordered, but not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenPayouts {
    /// They count as an unsettled balance.
    Refuse,
    /// They are made at once, to the old card.
    PayFirst,
}

/// When payouts are made.
#[derive(Clone, Debug, PartialEq)]
pub struct PayoutRules {
    /// From an approved transaction to its payout, with instant settlement.
    pub instant_after: Delay,
    /// The part of payouts that the network delays, 0 to 1; each is drawn once.
    pub late: f64,
    /// How long it delays them.
    pub late_by: Delay,
    /// The time of day of the payouts of yesterday's batches, from midnight.
    pub next_day_at: Duration,
}

/// What a merchant pays for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeRule {
    /// Hundredths of a percent.
    pub basis_points: u32,
    /// The most that is taken, if there is such a limit.
    pub cap: Option<Amount>,
}

/// How much may be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// At once.
    pub per_transaction: Amount,
    /// By one merchant in one day.
    pub per_day: Amount,
}

/// A span of time that chance chooses evenly between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}

impl Delay {
    /// Always the same time.
    #[must_use]
    pub const fn fixed(time: Duration) -> Self {
        Self { least: time, most: time }
    }

    /// Between two counts of seconds.
    #[must_use]
    pub const fn seconds(least: u64, most: u64) -> Self {
        Self { least: Duration::from_secs(least), most: Duration::from_secs(most) }
    }

    /// Draws one, in whole milliseconds.
    pub fn draw(self, rng: &mut Rng) -> Duration {
        let bounds = [self.least, self.most].map(|bound| bound.as_millis() as u64);
        Duration::from_millis(rng.between(bounds[0], bounds[1]))
    }
}

impl Rules {
    /// What a merchant pays for a transaction.
    pub fn fee(&self, method: Method, amount: Amount) -> Amount {
        let rule = self.fees[method as usize];
        let fee = crate::ledger::fee(amount, rule.basis_points);
        rule.cap.map_or(fee, |cap| fee.min(cap)).min(amount)
    }
}

impl Default for Rules {
    fn default() -> Self {
        let by_machine = |after| Review::ByMachine { after, rejects: 0.0 };
        let working_days = Delay::seconds(2 * DAY, 3 * DAY);
        Self {
            session: SessionRules::default(),
            sms: SmsRules::default(),
            card_review: by_machine(Delay::seconds(5 * MINUTE, 10 * MINUTE)),
            effective_after: Delay::seconds(0, 30 * MINUTE),
            change_pause: Duration::from_secs(30 * DAY),
            draft_valid_for: Duration::from_secs(10 * MINUTE),
            unbind: UnbindRules::default(),
            merchant_review: by_machine(Delay::seconds(10 * MINUTE, 3 * DAY)),
            instant_review: by_machine(working_days),
            terminal_review: by_machine(working_days),
            terminal_step: Delay::seconds(DAY / 2, DAY),
            fees: DEFAULT_FEES,
            limits: DEFAULT_LIMITS,
            payout: PayoutRules::default(),
            key_valid_for: Duration::from_secs(DAY),
            balance_unavailable: 0.0,
            sign_in_first: ResponseCode::BATCH_MISMATCH,
            online_within: Duration::from_secs(15 * MINUTE),
        }
    }
}

impl Default for SessionRules {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { idle: seconds(15 * MINUTE), wrong_passwords: 3, locked_for: seconds(30 * MINUTE) }
    }
}

impl Default for SmsRules {
    fn default() -> Self {
        let minute = Duration::from_secs(MINUTE);
        Self { valid_for: minute, tries: 5, pause: minute, arrives_after: Delay::seconds(0, 3) }
    }
}

impl Default for UnbindRules {
    fn default() -> Self {
        Self {
            attempts_per_day: 3,
            hours: 8..22,
            cooling_off: Duration::from_secs(DAY),
            medium_risk: 0.1,
            high_risk: 0.01,
            frozen_for: Duration::from_secs(DAY),
            battery_least: 20,
            open_payouts: OpenPayouts::Refuse,
        }
    }
}

impl Default for PayoutRules {
    fn default() -> Self {
        Self {
            instant_after: Delay::seconds(1, 10),
            late: 0.0,
            late_by: Delay::seconds(MINUTE, 60 * MINUTE),
            next_day_at: Duration::from_secs(9 * 60 * MINUTE),
        }
    }
}

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
/// In the order of [`Method`].
const DEFAULT_FEES: [FeeRule; Method::COUNT] = [
    FeeRule { basis_points: 50, cap: Some(Amount::from_minor(2_000)) },
    FeeRule { basis_points: 60, cap: None },
    FeeRule { basis_points: 38, cap: None },
    FeeRule { basis_points: 38, cap: None },
];
/// In the order of [`Method`].
const DEFAULT_LIMITS: [Limit; Method::COUNT] = [
    limit(5_000_000, 20_000_000),
    limit(2_000_000, 10_000_000),
    limit(500_000, 5_000_000),
    limit(100_000, 1_000_000),
];

const fn limit(per_transaction: u64, per_day: u64) -> Limit {
    Limit { per_transaction: Amount::from_minor(per_transaction), per_day: Amount::from_minor(per_day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_stops_at_its_cap_and_at_the_amount() {
        let rules = Rules::default();
        let fee = |method, minor| rules.fee(method, Amount::from_minor(minor)).minor();
        assert_eq!(fee(Method::Debit, 100_000), 500);
        assert_eq!((fee(Method::Debit, 400_000), fee(Method::Debit, 400_100)), (2_000, 2_000));
        assert_eq!(fee(Method::Credit, 1_000_000), 6_000);
        assert_eq!(fee(Method::Qr, 1), 0);
    }
}
