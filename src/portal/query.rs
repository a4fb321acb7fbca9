//! What merchants look up: cards, applications, transactions, balance, payouts, messages.

use super::{
    BalanceView, Caller, DeviceView, Pair, Payout, PayoutState, Portal, Refusal, Response, SerialNumber,
    response::ApplicationView,
    review::{Application, ApplicationNo, Content, Matter},
    settlement_card::{CardId, CardState, SettlementCard},
};
use crate::{iso8583::MerchantId, money::Amount};

impl Portal {
    pub(super) fn list_cards(&self, caller: &Caller<'_>) -> Response {
        let listed = |card: &&SettlementCard| {
            card.is_bound() || matches!(card.state, CardState::Pending | CardState::Approved(_))
        };
        let cards = self.books.merchant(caller.merchant).wallet.history().iter().filter(listed);
        Response::Cards(cards.cloned().collect())
    }

    pub(super) fn card_history(&self, caller: &Caller<'_>) -> Response {
        Response::Cards(self.books.merchant(caller.merchant).wallet.history().to_vec())
    }

    pub(super) fn balance(&mut self, caller: &Caller<'_>) -> Result<Response, Refusal> {
        let unavailable = self.rules.balance_unavailable;
        if self.casual_chance().happens(unavailable) {
            return Err(Refusal::BalanceUnavailable);
        }
        let unsettled = caller.acquirer.unsettled(caller.merchant);
        let owed = self.books.payouts.debt(caller.merchant);
        let mut view = BalanceView { unsettled, owed, ..BalanceView::default() };
        for payout in self.books.payouts.of_merchant(caller.merchant) {
            view.add(payout);
        }
        Ok(Response::Balance(view))
    }

    pub(super) fn list_devices(&self, caller: &Caller<'_>) -> Response {
        let devices = self.books.bindings.of_merchant(caller.merchant);
        let view = |(device, pair): (&SerialNumber, Pair)| {
            let status = caller.acquirer.status(pair.terminal);
            DeviceView { device: device.clone(), pair, status }
        };
        Response::Devices(devices.map(view).collect())
    }

    pub(super) fn list_payouts(&self, caller: &Caller<'_>) -> Response {
        Response::Payouts(self.books.payouts.of_merchant(caller.merchant).cloned().collect())
    }

    pub(super) fn list_messages(&self, caller: &Caller<'_>) -> Response {
        Response::Messages(self.books.post.messages(caller.merchant).cloned().collect())
    }

    pub(super) fn application_view(&self, no: ApplicationNo) -> Result<Response, Refusal> {
        let application = self.books.application(no);
        let (assigned, order) = match &application.content {
            Content::Merchant(change) => (change.assigned, None),
            Content::Terminal(order) => (None, Some(order.view())),
            Content::Card(_) | Content::Instant => (None, None),
        };
        let (stage, submissions) = (application.stage.clone(), application.submissions.clone());
        Ok(Response::Application(ApplicationView { no, stage, submissions, assigned, order }))
    }

    pub(super) fn own_application(
        &self,
        caller: &Caller<'_>,
        no: ApplicationNo,
    ) -> Result<&Application, Refusal> {
        let application = self.books.applications.get(&no).ok_or(Refusal::ApplicationUnknown)?;
        let is_own = application.merchant == Some(caller.merchant);
        if is_own { Ok(application) } else { Err(Refusal::ApplicationForeign) }
    }

    /// A card of a merchant, also one that is bound no longer.
    pub(super) fn own_card(&self, merchant: MerchantId, id: CardId) -> Result<&SettlementCard, Refusal> {
        let is_known = id.0 >= 1 && id.0 <= self.books.cards;
        let refusal = if is_known { Refusal::CardForeign } else { Refusal::CardUnknown };
        self.books.merchant(merchant).wallet.card(id).ok_or(refusal)
    }

    pub(super) fn check_not_open(&self, matter: &Matter, refusal: Refusal) -> Result<(), Refusal> {
        if self.books.open.contains_key(matter) { Err(refusal) } else { Ok(()) }
    }
}

impl BalanceView {
    fn add(&mut self, payout: &Payout) {
        let net = payout.gross - payout.fee;
        let (sum, amount): (&mut Amount, Amount) = match payout.state {
            PayoutState::Ordered(_) => (&mut self.on_its_way, net),
            PayoutState::Held => (&mut self.held, net),
            PayoutState::Paid { amount, .. } => (&mut self.paid, amount),
        };
        *sum += amount;
    }
}
