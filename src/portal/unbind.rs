//! Unbinding of a settlement card (结算卡解绑): preconditions, verification, risk, and then all at once.
//!
//! | step          | next                                                                 |
//! |---------------|----------------------------------------------------------------------|
//! | begin         | verify, once the preconditions hold                                  |
//! | verify        | low risk: unbound · medium: face check · high: refused and frozen    |
//! | face check    | unbound                                                              |
//!
//! Whatever stops in between leaves a draft that lapses; the card is bound until the very end.

use super::{
    Caller, Password, Portal, Refusal, Response, Settlement,
    event::Event,
    history::Fact,
    notification::{Notification, Topic},
    payout::PayoutState,
    review::Matter,
    rules::OpenPayouts,
    settlement_card::{CardId, CardState, SettlementCard},
    sms_code::Purpose,
};
use crate::{iso8583::MerchantId, money::Amount, time::Instant};

/// How a merchant shows that a card is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By the query password of the card.
    QueryPassword(Password),
    /// By a code that was sent to the phone on file.
    Code(Password),
}

/// What an unbinding needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnbindStep {
    /// A verification, after the confirmation dialog.
    Verify,
    /// A face check.
    FaceCheck,
    /// Nothing: the card is unbound.
    Unbound,
}

/// How dangerous an unbinding looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Risk {
    Low,
    Medium,
    High,
}

/// An unbinding that was begun.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UnbindDraft {
    begun: Instant,
    card: CardId,
    risk: Risk,
    is_verified: bool,
}

/// What is counted about a merchant's attempts, refused ones too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    /// Day of the count, from 1970.
    day: i64,
    count: u32,
    frozen_until: Option<Instant>,
}

impl Portal {
    pub(super) fn begin_unbind(&mut self, caller: &Caller<'_>, card: CardId) -> Result<Response, Refusal> {
        self.check_unbind(caller, card)?;
        let risk = self.draw_risk();
        let draft = UnbindDraft { begun: caller.now, card, risk, is_verified: false };
        self.books.unbinds.insert(caller.merchant, draft);
        Ok(Response::Unbind(UnbindStep::Verify))
    }

    pub(super) fn send_unbind_code(&mut self, caller: &Caller<'_>) -> Result<Response, Refusal> {
        self.unbind_draft(caller)?;
        self.send_code(caller, Purpose::Unbind)
    }

    pub(super) fn verify_unbind(&mut self, caller: &Caller<'_>, proof: &Proof) -> Result<Response, Refusal> {
        let draft = self.unbind_draft(caller)?.clone();
        self.check_unbind(caller, draft.card)?;
        self.count_attempt(caller);
        self.check_proof(caller, draft.card, proof)?;
        match draft.risk {
            Risk::Low => Ok(self.unbind(caller, draft.card)),
            Risk::Medium => {
                self.books.unbinds.insert(caller.merchant, UnbindDraft { is_verified: true, ..draft });
                Ok(Response::Unbind(UnbindStep::FaceCheck))
            }
            Risk::High => {
                let attempts = self.guards.attempts.entry(caller.merchant).or_default();
                attempts.frozen_until = Some(caller.now + self.rules.unbind.frozen_for);
                Err(Refusal::RiskTooHigh)
            }
        }
    }

    /// Takes the result of a face check that somebody else has made.
    pub(super) fn face_check(&mut self, caller: &Caller<'_>, has_passed: bool) -> Result<Response, Refusal> {
        let draft = self.unbind_draft(caller)?.clone();
        if !draft.is_verified {
            return Err(Refusal::SecondFactorNeeded);
        }
        // The verification was an attempt already, so that the last of the day may still be finished.
        if self.attempts_today(caller) > self.rules.unbind.attempts_per_day {
            return Err(Refusal::AttemptsSpent);
        }
        self.check_card(caller, draft.card)?;
        self.check_terminals(caller)?;
        if has_passed {
            return Ok(self.unbind(caller, draft.card));
        }
        self.count_attempt(caller);
        Err(Refusal::SecondFactorFailed)
    }

    fn unbind(&mut self, caller: &Caller<'_>, card: CardId) -> Response {
        let (at, merchant) = (caller.now, caller.merchant);
        self.books.unbinds.remove(&merchant);
        self.pay_ordered(at, merchant);
        let record = self.books.merchant_mut(merchant);
        let was_effective = record.wallet.effective().is_some_and(|effective| effective.id == card);
        let masked = record.wallet.card(card).map(SettlementCard::masked);
        record.wallet.set(card, CardState::Unbound(at));
        record.last_unbind = Some(at);
        if was_effective {
            self.note(at, Fact::CardEnded { merchant, card });
            self.follow_unbound(at, merchant);
        }
        self.notify(at, merchant, Notification { card: masked, ..Notification::of(Topic::CardUnbound) });
        Response::Unbind(UnbindStep::Unbound)
    }

    /// Payouts go to the oldest card that is left; with none they are held.
    fn follow_unbound(&mut self, at: Instant, merchant: MerchantId) {
        let next = self.books.merchant(merchant).wallet.bound().next().map(|card| card.id);
        match next {
            Some(card) => self.direct_payouts(at, merchant, card),
            None => self.events.push_back(Event::CardChanged { at, merchant, card: None }),
        }
    }

    /// Whether a card may be unbound now.
    ///
    /// 1. further attempts are not frozen, and some are left today,
    /// 2. the hour is right, and the last unbinding was long enough ago,
    /// 3. the card is the merchant's, bound, and may go,
    /// 4. a terminal of the merchant is online and well charged.
    fn check_unbind(&self, caller: &Caller<'_>, card: CardId) -> Result<(), Refusal> {
        let rules = &self.rules.unbind;
        let attempts = self.guards.attempts.get(&caller.merchant).copied().unwrap_or_default();
        if attempts.frozen_until.is_some_and(|until| caller.now < until) {
            return Err(Refusal::UnbindFrozen);
        }
        if self.attempts_today(caller) >= rules.attempts_per_day {
            return Err(Refusal::AttemptsSpent);
        }
        if !rules.hours.contains(&self.wall.at(caller.now).hour) {
            return Err(Refusal::OutsideHours);
        }
        let last = self.books.merchant(caller.merchant).last_unbind;
        if last.is_some_and(|last| caller.now.since(last) < rules.cooling_off) {
            return Err(Refusal::CoolingOff);
        }
        self.check_card(caller, card)?;
        self.check_terminals(caller)
    }

    /// Whether the card may go: it is bound, no change is open, nothing is unsettled, and instant settlement has another.
    fn check_card(&self, caller: &Caller<'_>, card: CardId) -> Result<(), Refusal> {
        if !self.own_card(caller.merchant, card)?.is_bound() {
            return Err(Refusal::CardNotBound);
        }
        self.check_not_open(&Matter::Card(caller.merchant), Refusal::ChangeOpen)?;
        let merchant = self.books.merchant(caller.merchant);
        let mut unpaid = self.books.payouts.unpaid(caller.merchant);
        let is_owed = unpaid.any(|payout| matches!(payout.state, PayoutState::Ordered(_)));
        let is_refused = is_owed && self.rules.unbind.open_payouts == OpenPayouts::Refuse;
        if is_refused || caller.acquirer.unsettled(caller.merchant) > Amount::ZERO {
            return Err(Refusal::UnbindUnsettled);
        }
        let is_only = merchant.wallet.bound().count() == 1;
        let is_instant = merchant.record.settlement == Settlement::Instant;
        if is_only && is_instant { Err(Refusal::UnbindOnlyCard) } else { Ok(()) }
    }

    fn check_terminals(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        let terminals = self.books.bindings.of_merchant(caller.merchant).map(|(_, pair)| pair.terminal);
        let online = terminals.filter_map(|terminal| caller.acquirer.status(terminal));
        let mut online = online.filter(|status| status.is_online).peekable();
        online.peek().ok_or(Refusal::TerminalOffline)?;
        let least = self.rules.unbind.battery_least;
        let is_charged = online.any(|status| status.battery.is_some_and(|charge| charge >= least));
        if is_charged { Ok(()) } else { Err(Refusal::BatteryLow) }
    }

    fn check_proof(&mut self, caller: &Caller<'_>, card: CardId, proof: &Proof) -> Result<(), Refusal> {
        match proof {
            Proof::Code(code) => {
                let whose = (caller.merchant, Purpose::Unbind);
                self.guards.codes.verify(caller.now, &self.rules.sms, whose, code)
            }
            Proof::QueryPassword(told) => {
                let pan = self.own_card(caller.merchant, card)?.card.pan;
                let account = self.books.bank.account(&pan);
                let is_right = account.is_some_and(|account| account.query_password == *told);
                if is_right { Ok(()) } else { Err(Refusal::VerificationFailed) }
            }
        }
    }

    fn attempts_today(&self, caller: &Caller<'_>) -> u32 {
        let attempts = self.guards.attempts.get(&caller.merchant);
        attempts.filter(|attempts| attempts.day == self.day(caller.now)).map_or(0, |attempts| attempts.count)
    }

    fn count_attempt(&mut self, caller: &Caller<'_>) {
        let day = self.day(caller.now);
        let attempts = self.guards.attempts.entry(caller.merchant).or_default();
        let count = if attempts.day == day { attempts.count + 1 } else { 1 };
        *attempts = Attempts { day, count, ..*attempts };
    }

    fn draw_risk(&mut self) -> Risk {
        let drawn = self.chance().unit();
        let rules = &self.rules.unbind;
        match drawn {
            _ if drawn < rules.high_risk => Risk::High,
            _ if drawn < rules.high_risk + rules.medium_risk => Risk::Medium,
            _ => Risk::Low,
        }
    }

    fn unbind_draft(&self, caller: &Caller<'_>) -> Result<&UnbindDraft, Refusal> {
        let draft = self.books.unbinds.get(&caller.merchant);
        let is_alive = |draft: &&UnbindDraft| caller.now.since(draft.begun) <= self.rules.draft_valid_for;
        draft.filter(is_alive).ok_or(Refusal::UnbindNotBegun)
    }
}
