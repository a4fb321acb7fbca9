//! What a summary says of the merchant portal: what became of applications and payouts, and what its final check found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};

/// What the merchant portal of the host came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortalSummary {
    /// Merchants that it knows at the end.
    pub merchants: u64,
    /// Applications by their matter: `card-change`, `merchant-change`, `instant-settlement`, `terminal-order`.
    pub applications: BTreeMap<Cow<'static, str>, ApplicationCounts>,
    /// What became of payouts.
    pub payouts: PayoutSummary,
    /// Short messages that were sent.
    pub short_messages: u64,
    /// Alarms by what was wrong: `several-codes`, `wrong-code`, `ended-code`.
    pub alarms: BTreeMap<Cow<'static, str>, u64>,
    /// Refused requests by the code of the refusal.
    pub refused: BTreeMap<Cow<'static, str>, u64>,
}

/// Applications by where they stand at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationCounts {
    /// Not under review yet.
    pub received: u64,
    /// Under review.
    pub pending: u64,
    /// Approved, not in effect yet.
    pub approved: u64,
    /// In effect.
    pub done: u64,
    /// Rejected, and not submitted again.
    pub rejected: u64,
}

/// What became of payouts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PayoutSummary {
    /// All that were ordered, with what is left of their sales after the fees.
    pub ordered: Money,
    /// Those that were made, with what was paid.
    pub made: Money,
    /// Those that were neither made nor held at the end.
    pub waiting: Money,
    /// Those that were held for want of a card, also if they were released later.
    pub held: Money,
    /// Those that were released.
    pub released: Money,
    /// Those that the network delayed.
    pub late: Money,
    /// What was sold, in the smallest unit.
    pub gross_minor: u64,
    /// What the acquirer kept of it, in the smallest unit.
    pub fees_minor: u64,
    /// What was kept of payouts for sales that had been undone, in the smallest unit.
    pub recovered_minor: u64,
}

/// So many, and what they are worth together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// How many.
    pub count: u64,
    /// Their amounts in the smallest unit.
    pub amount_minor: u64,
}

/// Something that must never have happened in a portal, as summaries count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortalFault {
    /// Money to a card that was not the effective one.
    WrongCard,
    /// A payout was held or released other than it should be.
    Held,
    /// A payout was made more than once.
    PaidTwice,
    /// A payout was not made, or not in full.
    PayoutsLost,
    /// A device had two merchant codes at once.
    TwoCodes,
    /// A device had no merchant code.
    NoCode,
    /// Two applications were open in one matter.
    DoubledApplications,
    /// Anything else.
    Other,
}

/// What the final check of a portal's history found: how often each fault occurred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortalChecks {
    /// Payouts to a card that was not the effective one.
    pub wrong_card: u64,
    /// Payouts that were held without cause, or not released exactly once.
    pub held: u64,
    /// Payouts that were ordered or made twice.
    pub paid_twice: u64,
    /// Payouts that were not made, or not in full, and sales that were not cleared exactly once.
    pub payouts_lost: u64,
    /// Devices that had two merchant codes at once.
    pub two_codes: u64,
    /// Devices that had no merchant code.
    pub no_code: u64,
    /// Applications that were submitted while another was open in the same matter.
    pub doubled_applications: u64,
    /// Anything else.
    pub portal_other: u64,
}

/// One thing that the final check of a portal's history found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortalFinding {
    /// As what it is counted: the name of a count of `reconciliation`.
    pub fault: Cow<'static, str>,
    /// What happened, in a sentence.
    pub meaning: String,
}

/// One count out of the summary of a portal.
pub type PortalCount = fn(&PortalSummary) -> u64;

impl PortalSummary {
    /// The counts that thresholds may be about, by their names.
    pub const COUNTS: [(&'static str, PortalCount); 17] = [
        ("applications", |found| found.sum(ApplicationCounts::all)),
        ("applications_open", |found| found.sum(ApplicationCounts::open)),
        ("applications_done", |found| found.sum(|counts| counts.done)),
        ("applications_rejected", |found| found.sum(|counts| counts.rejected)),
        ("card_changes", |found| found.done("card-change")),
        ("merchant_changes", |found| found.done("merchant-change")),
        ("instant_settlements", |found| found.done("instant-settlement")),
        ("terminal_orders", |found| found.done("terminal-order")),
        ("payouts_ordered", |found| found.payouts.ordered.count),
        ("payouts_made", |found| found.payouts.made.count),
        ("payouts_waiting", |found| found.payouts.waiting.count),
        ("payouts_held", |found| found.payouts.held.count),
        ("payouts_released", |found| found.payouts.released.count),
        ("payouts_late", |found| found.payouts.late.count),
        ("short_messages", |found| found.short_messages),
        ("alarms", |found| found.alarms.values().sum()),
        ("refused", |found| found.refused.values().sum()),
    ];

    /// The count of that name, as thresholds call it.
    pub fn count(&self, name: &str) -> Option<u64> {
        Self::COUNTS.iter().find(|(known, _)| *known == name).map(|(_, count)| count(self))
    }

    fn sum(&self, count: fn(ApplicationCounts) -> u64) -> u64 {
        self.applications.values().copied().map(count).sum()
    }

    fn done(&self, matter: &str) -> u64 {
        self.applications.get(matter).map_or(0, |counts| counts.done)
    }
}

impl ApplicationCounts {
    /// Those that are neither in effect nor rejected.
    #[must_use]
    pub fn open(self) -> u64 {
        self.received + self.pending + self.approved
    }

    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.open() + self.done + self.rejected
    }
}

impl Money {
    /// Counts one more.
    pub fn add(&mut self, amount_minor: u64) {
        self.count += 1;
        self.amount_minor += amount_minor;
    }
}

impl PortalFault {
    /// All faults, with the names of their counts and what they mean.
    pub const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::WrongCard, "wrong_card", "a payout went to a card that was not the effective one"),
        (Self::Held, "held", "a payout was held without cause, or not released exactly once"),
        (Self::PaidTwice, "paid_twice", "a payout was ordered or made twice"),
        (Self::PayoutsLost, "payouts_lost", "a payout was not made, or is not the sum of its sales"),
        (Self::TwoCodes, "two_codes", "a device had two merchant codes at once"),
        (Self::NoCode, "no_code", "a device had no merchant code"),
        (Self::DoubledApplications, "doubled_applications", "two applications were open in one matter"),
        (Self::Other, "portal_other", "the history of the portal contradicts itself"),
    ];

    /// The name of its count.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("?", |(_, name, _)| name)
    }

    /// The count to which it belongs.
    fn count(self, checks: &mut PortalChecks) -> &mut u64 {
        match self {
            Self::WrongCard => &mut checks.wrong_card,
            Self::Held => &mut checks.held,
            Self::PaidTwice => &mut checks.paid_twice,
            Self::PayoutsLost => &mut checks.payouts_lost,
            Self::TwoCodes => &mut checks.two_codes,
            Self::NoCode => &mut checks.no_code,
            Self::DoubledApplications => &mut checks.doubled_applications,
            Self::Other => &mut checks.portal_other,
        }
    }
}

impl PortalChecks {
    /// Counts a fault.
    pub fn note(&mut self, fault: PortalFault) {
        *fault.count(self) += 1;
    }

    /// The count of that name, as thresholds call it.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.counts().find(|(_, known, _)| *known == name).map(|(count, ..)| count)
    }

    /// How many there are altogether.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts().map(|(count, ..)| count).sum()
    }

    /// Every count with its name and what it means.
    pub fn counts(&self) -> impl Iterator<Item = (u64, &'static str, &'static str)> {
        let mut checks = *self;
        PortalFault::ALL
            .into_iter()
            .map(move |(fault, name, meaning)| (*fault.count(&mut checks), name, meaning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_stand_in_their_table_at_their_own_place() {
        for (place, (fault, name, _)) in PortalFault::ALL.into_iter().enumerate() {
            assert_eq!((fault as usize, fault.name()), (place, name));
            let mut checks = PortalChecks::default();
            checks.note(fault);
            assert_eq!((checks.count(name), checks.total()), (Some(1), 1));
            let json = serde_json::to_value(checks).expect("numbers");
            assert_eq!((&json[name], json.as_object().map(|map| map.len())), (&1.into(), Some(8)));
        }
        assert_eq!(PortalChecks::default().count("lost"), None);
    }

    #[test]
    fn every_count_counts_something_of_its_own() {
        let of = |done| ApplicationCounts { received: 1, pending: 2, approved: 3, done, rejected: 4 };
        let money = |count| Money { count, amount_minor: 1 };
        let found = PortalSummary {
            merchants: 9,
            applications: [
                ("card-change".into(), of(10)),
                ("merchant-change".into(), of(20)),
                ("instant-settlement".into(), of(30)),
                ("terminal-order".into(), of(40)),
            ]
            .into(),
            payouts: PayoutSummary {
                ordered: money(51),
                made: money(52),
                waiting: money(53),
                held: money(54),
                released: money(55),
                late: money(56),
                ..PayoutSummary::default()
            },
            short_messages: 60,
            alarms: [("wrong-code".into(), 61), ("ended-code".into(), 1)].into(),
            refused: [("3101".into(), 63), ("3203".into(), 2)].into(),
        };
        let counts = PortalSummary::COUNTS.map(|(name, _)| found.count(name).expect("a count"));
        let wanted = [140, 24, 100, 16, 10, 20, 30, 40, 51, 52, 53, 54, 55, 56, 60, 62, 65];
        assert_eq!(counts, wanted);
        assert_eq!(found.count("merchants"), None);
    }
}
