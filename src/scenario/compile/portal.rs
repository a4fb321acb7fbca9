//! The merchant portal of the host inside this program: what is written becomes its rules, and must make sense together.

use super::{Compiler, rules::two_characters};
use crate::{
    directory::Directory,
    host::PortalSetup,
    iso8583::ResponseCode,
    money::Amount,
    portal::{
        self, Delay, FeeRule, Method, PayoutRules, Review, Rules, SessionRules, Settlement, SmsRules,
        UnbindRules,
    },
    scenario::{
        duration::{Time, TimeRange},
        node::Node,
        portal::{BASIS_POINTS, Fee, Limit, Payout, Portal, Review as WrittenReview, Session, Sms, Unbind},
        words::{OpenPayouts, Payment},
    },
};
use std::time::Duration;

impl Compiler<'_> {
    /// The portal, where one is written.
    pub(super) fn portal(&mut self, node: &Node, written: Option<&Portal>) -> Option<PortalSetup> {
        let written = written?;
        let rules = self.portal_rules(node, written);
        let settlement = match written.settlement {
            Payment::NextDay => Settlement::NextDay,
            Payment::Instant => Settlement::Instant,
        };
        Some(PortalSetup { rules, directory: Directory::new(self.seed), settlement })
    }

    fn portal_rules(&mut self, node: &Node, written: &Portal) -> Rules {
        Rules {
            session: self.session(node.child("session"), &written.session),
            sms: self.sms(node.child("sms"), &written.sms),
            card_review: written.card_review.into(),
            effective_after: written.effective_after.into(),
            change_pause: written.change_pause.0,
            draft_valid_for: self.lasting(node, "draftValidFor", written.draft_valid_for),
            unbind: self.unbind(node.child("unbind"), &written.unbind),
            merchant_review: written.merchant_review.into(),
            instant_review: written.instant_review.into(),
            terminal_review: written.terminal_review.into(),
            terminal_step: written.terminal_step.into(),
            fees: self.portal_fees(node.child("fees"), written.fees.by_method()),
            limits: self.limits(node.child("limits"), written.limits.by_method()),
            payout: self.payout(node.child("payout"), &written.payout),
            key_valid_for: self.lasting(node, "keyValidFor", written.key_valid_for),
            balance_unavailable: written.balance_unavailable.0,
            sign_in_first: self.sign_in_first(node, &written.sign_in_first),
            online_within: self.lasting(node, "onlineWithin", written.online_within),
        }
    }

    fn session(&mut self, node: &Node, written: &Session) -> SessionRules {
        SessionRules {
            idle: self.lasting(node, "idle", written.idle),
            wrong_passwords: written.wrong_passwords,
            locked_for: written.locked_for.0,
        }
    }

    fn sms(&mut self, node: &Node, written: &Sms) -> SmsRules {
        SmsRules {
            valid_for: self.lasting(node, "validFor", written.valid_for),
            tries: written.tries,
            pause: written.pause.0,
            arrives_after: written.arrives_after.into(),
        }
    }

    fn unbind(&mut self, node: &Node, written: &Unbind) -> UnbindRules {
        if written.medium_risk.0 + written.high_risk.0 > 1.0 {
            let message = "`mediumRisk` and `highRisk` are more than 100% together";
            self.complain_with_help(&node.span, message, "what is left of 100% is the share of low risk");
        }
        UnbindRules {
            attempts_per_day: written.attempts_per_day,
            hours: written.hours.from..written.hours.until,
            cooling_off: written.cooling_off.0,
            medium_risk: written.medium_risk.0,
            high_risk: written.high_risk.0,
            frozen_for: written.frozen_for.0,
            battery_least: written.battery_least,
            open_payouts: match written.open_payouts {
                OpenPayouts::Refuse => portal::OpenPayouts::Refuse,
                OpenPayouts::PayFirst => portal::OpenPayouts::PayFirst,
            },
        }
    }

    fn portal_fees(&mut self, node: &Node, written: [Fee; Method::COUNT]) -> [FeeRule; Method::COUNT] {
        for (Fee { rate, .. }, key) in written.iter().zip(METHOD_KEYS) {
            let basis_points = rate.0 * BASIS_POINTS;
            if (basis_points - basis_points.round()).abs() > ROUNDING {
                self.complain(&node.child(key).at("rate"), "a fee is in steps of 0.01%");
            }
        }
        written.map(|Fee { rate, cap }| FeeRule {
            basis_points: (rate.0 * BASIS_POINTS).round() as u32,
            cap: cap.map(|cap| cap.0),
        })
    }

    fn limits(&mut self, node: &Node, written: [Limit; Method::COUNT]) -> [portal::Limit; Method::COUNT] {
        for (Limit { per_transaction, per_day }, key) in written.iter().zip(METHOD_KEYS) {
            let node = node.child(key);
            if per_transaction.0 == Amount::ZERO {
                self.complain(&node.at("perTransaction"), "with this limit every sale is declined");
            } else if per_day.0 < per_transaction.0 {
                let message = format!("less than `perTransaction`, which is {per_transaction}");
                self.complain_with_help(
                    &node.at("perDay"),
                    message,
                    "a day has room for one transaction at least",
                );
            }
        }
        written
            .map(|limit| portal::Limit { per_transaction: limit.per_transaction.0, per_day: limit.per_day.0 })
    }

    fn payout(&mut self, node: &Node, written: &Payout) -> PayoutRules {
        if written.next_day_at.0 >= DAY {
            self.complain(&node.at("nextDayAt"), "a time of day is less than 24h");
        }
        PayoutRules {
            instant_after: written.instant_after.into(),
            late: written.late.0,
            late_by: written.late_by.into(),
            next_day_at: written.next_day_at.0,
        }
    }

    fn sign_in_first(&mut self, node: &Node, written: &str) -> ResponseCode {
        let at = node.at("signInFirst");
        let code = self.or_complain(&at, two_characters(written));
        if code.is_some_and(ResponseCode::is_approval) {
            self.complain(&at, "this code approves; a refusal is one such as 77");
        }
        code.unwrap_or(Rules::default().sign_in_first)
    }

    /// A time that must be more than nothing.
    fn lasting(&mut self, node: &Node, key: &str, time: Time) -> Duration {
        if time.0.is_zero() {
            self.complain(&node.at(key), "this is over as soon as it begins; it must be more than 0s");
        }
        time.0
    }
}

impl From<TimeRange> for Delay {
    fn from(range: TimeRange) -> Self {
        Self { least: range.min.0, most: range.max.0 }
    }
}

impl From<WrittenReview> for Review {
    fn from(written: WrittenReview) -> Self {
        match written {
            WrittenReview::ByHand(_) => Self::ByHand,
            WrittenReview::ByMachine(by) => Self::ByMachine { after: by.after.into(), rejects: by.rejects.0 },
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What a percentage may differ from a whole number of basis points by its binary form.
const ROUNDING: f64 = 1e-6;
/// The keys of the methods, in the order of [`Method`].
const METHOD_KEYS: [&str; Method::COUNT] = ["debit", "credit", "qr", "smallContactless"];
