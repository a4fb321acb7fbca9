//! Change of the settlement card (换卡) from one of two pages, and the binding of a further card.
//!
//! | step         | refused when                                                          |
//! |--------------|-----------------------------------------------------------------------|
//! | begin        | one is open, the card chosen does not fit, the new card is not accepted |
//! | send a code  | nothing was begun, or a code was sent within the last minute          |
//! | verify it    | the code is missing, wrong, expired, spent                            |
//! | confirm      | it was not verified, one is open, a precondition holds no longer      |
//!
//! Nothing but a draft exists before the confirmation. The review comes then, and the effective time after it.

use super::{
    Caller, Portal, Refusal, Response, Settlement,
    agenda::Due,
    event::Event,
    history::Fact,
    notification::{Notification, Topic},
    review::{ApplicationNo, Content, Matter, Stage},
    settlement_card::{CardId, CardState, NewCard, check},
    sms_code::Purpose,
};
use crate::{iso8583::MerchantId, money::Amount, time::Instant};

/// From where a card is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// 商户服务 → 收款账户管理: the account that payouts go to is changed.
    Account,
    /// 收款卡管理 → 更换: a card of the list is replaced, which must be the one that payouts go to.
    Card(CardId),
    /// 结算卡管理 → 绑定: a card is bound besides those there are, or after the last was unbound.
    Binding,
}

/// A change that was begun and is not confirmed yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChangeDraft {
    begun: Instant,
    page: Page,
    new: NewCard,
    is_verified: bool,
}

/// A change under review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CardChange {
    pub(super) merchant: MerchantId,
    pub(super) old: Option<CardId>,
    pub(super) new: CardId,
}

impl Portal {
    pub(super) fn begin_change(
        &mut self,
        caller: &Caller<'_>,
        page: Page,
        new: &NewCard,
    ) -> Result<Response, Refusal> {
        self.check_change(caller, page, new)?;
        let draft = ChangeDraft { begun: caller.now, page, new: new.clone(), is_verified: false };
        self.books.drafts.insert(caller.merchant, draft);
        Ok(Response::Done)
    }

    pub(super) fn send_change_code(&mut self, caller: &Caller<'_>) -> Result<Response, Refusal> {
        self.draft(caller)?;
        self.send_code(caller, Purpose::Change)
    }

    pub(super) fn verify_change(
        &mut self,
        caller: &Caller<'_>,
        code: &super::Password,
    ) -> Result<Response, Refusal> {
        self.draft(caller)?;
        let whose = (caller.merchant, Purpose::Change);
        self.guards.codes.verify(caller.now, &self.rules.sms, whose, code)?;
        let draft = self.books.drafts.get_mut(&caller.merchant);
        draft.expect("it was found above").is_verified = true;
        self.confirmation(caller)
    }

    /// The confirmation page: both cards, masked.
    pub(super) fn confirmation(&self, caller: &Caller<'_>) -> Result<Response, Refusal> {
        let draft = self.draft(caller)?;
        if !draft.is_verified {
            return Err(Refusal::CodeNotVerified);
        }
        let old = self.replaced(caller.merchant, draft.page)?;
        let wallet = &self.books.merchant(caller.merchant).wallet;
        let old = old.and_then(|old| wallet.card(old)).map(|card| card.masked());
        Ok(Response::Confirmation { old, new: (&draft.new.pan).into() })
    }

    pub(super) fn confirm_change(&mut self, caller: &Caller<'_>) -> Result<Response, Refusal> {
        self.check_not_open(&Matter::Card(caller.merchant), Refusal::ChangeOpen)?;
        let draft = self.draft(caller)?.clone();
        if !draft.is_verified {
            return Err(Refusal::CodeNotVerified);
        }
        self.check_change(caller, draft.page, &draft.new)?;
        let (merchant, old) = (caller.merchant, self.replaced(caller.merchant, draft.page)?);
        let new = self.books.next_card();
        self.books.drafts.remove(&merchant);
        self.books.merchant_mut(merchant).wallet.add(new, draft.new, CardState::Pending);
        let change = CardChange { merchant, old, new };
        let matter = Matter::Card(merchant);
        let no = self.submit(caller.now, Some(merchant), matter, Content::Card(change));
        self.notify_card(caller.now, &change, Topic::CardPending, None);
        self.application_view(no)
    }

    pub(super) fn approve_card(&mut self, at: Instant, no: ApplicationNo, change: &CardChange) {
        let effective = at + self.rules.effective_after.draw(&mut self.chance());
        self.books.application_mut(no).stage = Stage::Approved;
        self.books.merchant_mut(change.merchant).wallet.set(change.new, CardState::Approved(effective));
        self.books.agenda.enter(effective, Due::Step(no));
        self.notify_card(at, change, Topic::CardApproved, None);
    }

    pub(super) fn reject_card(
        &mut self,
        at: Instant,
        no: ApplicationNo,
        change: &CardChange,
        reason: String,
    ) {
        let state = CardState::Rejected(reason.clone());
        self.books.merchant_mut(change.merchant).wallet.set(change.new, state);
        self.close(at, no, Stage::Rejected(reason.clone()));
        self.notify_card(at, change, Topic::CardRejected, Some(reason));
    }

    /// The effective time of an approved card.
    pub(super) fn make_effective(&mut self, at: Instant, no: ApplicationNo, change: &CardChange) {
        let CardChange { merchant, old, new } = *change;
        self.close(at, no, Stage::Done);
        if let Some(old) = old {
            self.books.merchant_mut(merchant).wallet.set(old, CardState::Replaced(at));
            self.note(at, Fact::CardEnded { merchant, card: old });
            self.books.merchant_mut(merchant).wallet.note_change(new, at);
        }
        if self.books.merchant(merchant).wallet.effective().is_some() {
            self.books.merchant_mut(merchant).wallet.set(new, CardState::Bound);
        } else {
            self.direct_payouts(at, merchant, new);
        }
    }

    /// Makes payouts go to a card from now on, those that were held first.
    pub(super) fn direct_payouts(&mut self, at: Instant, merchant: MerchantId, card: CardId) {
        self.books.merchant_mut(merchant).wallet.set(card, CardState::Effective);
        self.note(at, Fact::CardEffective { merchant, card });
        self.events.push_back(Event::CardChanged { at, merchant, card: Some(card) });
        let change = CardChange { merchant, old: None, new: card };
        self.notify_card(at, &change, Topic::CardEffective, None);
        self.release_held(at, merchant);
    }

    /// Whether a change may be begun, and still be confirmed.
    ///
    /// 1. none is open for the merchant,
    /// 2. the card chosen is the merchant's and payouts go to it,
    /// 3. it was not changed too short a time ago,
    /// 4. a merchant on T+1 has no unsettled transactions,
    /// 5. the new card is none of the merchant's, and may be a settlement card of its holder.
    fn check_change(&self, caller: &Caller<'_>, page: Page, new: &NewCard) -> Result<(), Refusal> {
        self.check_not_open(&Matter::Card(caller.merchant), Refusal::ChangeOpen)?;
        let merchant = self.books.merchant(caller.merchant);
        if let Some(old) = self.replaced(caller.merchant, page)? {
            let changed = merchant.wallet.card(old).and_then(|card| card.changed_at);
            if changed.is_some_and(|changed| caller.now.since(changed) < self.rules.change_pause) {
                return Err(Refusal::ChangeTooSoon);
            }
            let is_next_day = merchant.record.settlement == Settlement::NextDay;
            if is_next_day && caller.acquirer.unsettled(caller.merchant) > Amount::ZERO {
                return Err(Refusal::ChangeUnsettled);
            }
        }
        if merchant.wallet.has_open(&new.pan) {
            return Err(Refusal::CardSame);
        }
        check(new, &merchant.record.holder, &self.books.bank)
    }

    /// The card whose place the new one takes.
    fn replaced(&self, merchant: MerchantId, page: Page) -> Result<Option<CardId>, Refusal> {
        let effective = self.books.merchant(merchant).wallet.effective().map(|card| card.id);
        match page {
            Page::Binding => Ok(None),
            Page::Account => effective.map(Some).ok_or(Refusal::CardNotEffective),
            Page::Card(id) => {
                self.own_card(merchant, id)?;
                if effective == Some(id) { Ok(effective) } else { Err(Refusal::CardNotEffective) }
            }
        }
    }

    fn draft(&self, caller: &Caller<'_>) -> Result<&ChangeDraft, Refusal> {
        let draft = self.books.drafts.get(&caller.merchant);
        let is_alive = |draft: &&ChangeDraft| caller.now.since(draft.begun) <= self.rules.draft_valid_for;
        draft.filter(is_alive).ok_or(Refusal::ChangeNotBegun)
    }

    fn notify_card(&mut self, at: Instant, change: &CardChange, topic: Topic, reason: Option<String>) {
        let card = self.books.merchant(change.merchant).wallet.card(change.new).map(|card| card.masked());
        self.notify(at, change.merchant, Notification { card, reason, ..Notification::of(topic) });
    }
}
