//! What a summary says of the merchant portal: what became of applications and payouts, and what its final check found.

use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// What the merchant portal of the host came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortalSummary {
    /// Merchants that it knows at the end.
    pub merchants: u64,
    /// Applications by their matter: `card-change`, `merchant-change`, `instant-settlement`, `terminal-order`.
    pub applications: BTreeMap<&'static str, ApplicationCounts>,
    /// What became of payouts.
    pub payouts: PayoutSummary,
    /// Short messages that were sent.
    pub short_messages: u64,
    /// Alarms by what was wrong: `several-codes`, `wrong-code`, `ended-code`.
    pub alarms: BTreeMap<&'static str, u64>,
    /// Refused requests by the code of the refusal.
    pub refused: BTreeMap<&'static str, u64>,
}

/// Applications by where they stand at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortalChecks([u64; PortalFault::ALL.len()]);

/// One thing that the final check of a portal's history found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortalFinding {
    /// As what it is counted: the name of a count of `reconciliation`.
    pub fault: &'static str,
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
}

impl PortalChecks {
    /// Counts a fault.
    pub fn note(&mut self, fault: PortalFault) {
        if let Some(count) = self.0.get_mut(fault as usize) {
            *count += 1;
        }
    }

    /// The count of that name, as thresholds call it.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.counts().find(|(_, known, _)| *known == name).map(|(count, ..)| count)
    }

    /// How many there are altogether.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Every count with its name and what it means.
    pub fn counts(&self) -> impl Iterator<Item = (u64, &'static str, &'static str)> {
        self.0.into_iter().zip(PortalFault::ALL).map(|(count, (_, name, meaning))| (count, name, meaning))
    }
}

impl Serialize for PortalChecks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.counts().map(|(count, name, _)| (name, count)))
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
                ("card-change", of(10)),
                ("merchant-change", of(20)),
                ("instant-settlement", of(30)),
                ("terminal-order", of(40)),
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
            alarms: [("wrong-code", 61), ("ended-code", 1)].into(),
            refused: [("3101", 63), ("3203", 2)].into(),
        };
        let counts = PortalSummary::COUNTS.map(|(name, _)| found.count(name).expect("a count"));
        let wanted = [140, 24, 100, 16, 10, 20, 30, 40, 51, 52, 53, 54, 55, 56, 60, 62, 65];
        assert_eq!(counts, wanted);
        assert_eq!(found.count("merchants"), None);
    }
}
