//! `/cards`: the settlement cards of the merchant, their numbers masked.

use super::{
    caller::Caller,
    moment::Moment,
    problem::Failure,
    site::Site,
    text::{CardNumber, Text},
};
use crate::{
    portal::{CardRequest, CardState, NewCard, Phone, Request, Response, SettlementCard},
    time::WallClock,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A card as a merchant sends it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardForm {
    pan: CardNumber,
    /// Holder's name, which must be that of the merchant's legal holder.
    #[schema(example = "王小明")]
    holder: Text,
    /// Issuing bank.
    #[schema(example = "测试银行")]
    bank: Text,
    /// Reserved phone.
    #[schema(example = "13900000000")]
    phone: Text,
}

/// Settlement cards, in the order in which they were sent.
#[derive(Serialize, ToSchema)]
struct Cards {
    cards: Vec<CardView>,
}

/// A settlement card.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CardView {
    /// Its number within the portal.
    card: u32,
    /// The card number, masked.
    #[schema(example = "620000******0005")]
    pan: String,
    holder: String,
    bank: String,
    /// Reserved phone, masked.
    #[schema(example = "139******00")]
    phone: String,
    state: CardStateName,
    /// From when on payouts go to it (approved), or since when no longer (replaced, unbound).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    at: Option<Moment>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// When a change made it effective.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed_at: Option<Moment>,
}

/// Where a settlement card stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum CardStateName {
    /// Under review.
    Pending,
    /// Approved, not effective yet.
    Approved,
    /// Payouts go to it.
    Effective,
    /// Bound, while payouts go to another.
    Bound,
    /// A later card took its place.
    Replaced,
    /// It was unbound.
    Unbound,
    /// The review rejected it.
    Rejected,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list_cards)).routes(routes!(list_card_history))
}

/// The bound cards and those on their way.
#[utoipa::path(get, path = "/cards", tag = "card", security(("session" = [])),
    responses((status = 200, description = "The cards.", body = Cards)))]
async fn list_cards(State(site): State<Site>, caller: Caller) -> Result<Json<Cards>, Failure> {
    answer(&site, caller, CardRequest::List).await
}

/// All cards there ever were.
#[utoipa::path(get, path = "/cards/history", tag = "card", security(("session" = [])),
    responses((status = 200, description = "The cards.", body = Cards)))]
async fn list_card_history(State(site): State<Site>, caller: Caller) -> Result<Json<Cards>, Failure> {
    answer(&site, caller, CardRequest::History).await
}

async fn answer(site: &Site, caller: Caller, request: CardRequest) -> Result<Json<Cards>, Failure> {
    let Response::Cards(cards) = site.ask(caller.asks(Request::Card(request))).await? else {
        return Err(Failure::confused());
    };
    let cards = cards.iter().map(|card| CardView::of(card, site.wall)).collect();
    Ok(Json(Cards { cards }))
}

impl CardView {
    fn of(card: &SettlementCard, wall: WallClock) -> Self {
        let (state, at, reason) = match &card.state {
            CardState::Pending => (CardStateName::Pending, None, None),
            CardState::Approved(at) => (CardStateName::Approved, Some(*at), None),
            CardState::Effective => (CardStateName::Effective, None, None),
            CardState::Bound => (CardStateName::Bound, None, None),
            CardState::Replaced(at) => (CardStateName::Replaced, Some(*at), None),
            CardState::Unbound(at) => (CardStateName::Unbound, Some(*at), None),
            CardState::Rejected(reason) => (CardStateName::Rejected, None, Some(reason.clone())),
        };
        let NewCard { holder, bank, phone, .. } = card.card.clone();
        let moment = |at| Moment::at(wall, at);
        let (at, changed_at) = (at.map(moment), card.changed_at.map(moment));
        let (pan, phone) = (card.masked().to_string(), phone.to_string());
        Self { card: card.id.0, pan, holder, bank, phone, state, at, reason, changed_at }
    }
}

impl From<CardForm> for NewCard {
    fn from(form: CardForm) -> Self {
        let CardForm { pan, holder: Text(holder), bank: Text(bank), phone } = form;
        Self { pan: pan.0, holder, bank, phone: Phone::new(phone.0) }
    }
}
