//! `/payouts`: what was paid, is held or on its way, and to which card.

use super::{caller::Caller, moment::Moment, problem::Failure, site::Site, transaction::TransactionKey};
use crate::{
    portal::{AccountRequest, CardRequest, Payout, PayoutState, Request, Response, SettlementCard},
    time::WallClock,
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Payouts, oldest first.
#[derive(Serialize, ToSchema)]
struct Payouts {
    payouts: Vec<PayoutView>,
}

/// A payout; amounts in fen.
#[derive(Serialize, ToSchema)]
struct PayoutView {
    /// Its number.
    #[schema(example = "P00000000001")]
    payout: String,
    state: PayoutStateName,
    /// What was sold.
    gross: u64,
    /// What the acquirer keeps.
    fee: u64,
    /// The transactions that were cleared.
    transactions: Vec<TransactionKey>,
    /// When it is due, or was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    at: Option<Moment>,
    /// What was paid, and to which card.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paid: Option<Paid>,
}

/// What was paid; amounts in fen.
#[derive(Serialize, ToSchema)]
struct Paid {
    /// Number of the card within the portal.
    card: u32,
    /// The card number, masked.
    #[schema(example = "620000******0005")]
    pan: String,
    /// What was paid.
    amount: u64,
    /// What was kept for transactions that had been undone.
    recovered: u64,
}

/// Where a payout stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum PayoutStateName {
    /// It will be made.
    Ordered,
    /// It waits for a card.
    Held,
    /// It was made.
    Paid,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list_payouts))
}

/// What was paid, is held or on its way.
#[utoipa::path(get, path = "/payouts", tag = "money", security(("session" = [])),
    responses((status = 200, description = "The payouts.", body = Payouts)))]
async fn list_payouts(State(site): State<Site>, caller: Caller) -> Result<Json<Payouts>, Failure> {
    let payouts = caller.clone().asks(Request::Account(AccountRequest::Payouts));
    let cards = caller.asks(Request::Card(CardRequest::History));
    let known =
        site.visit(move |host, now, out| Ok((host.call(now, &payouts, out)?, host.call(now, &cards, out)?)));
    let (Response::Payouts(payouts), Response::Cards(cards)) = known.await? else {
        return Err(Failure::confused());
    };
    let payouts = payouts.iter().map(|payout| PayoutView::of(payout, &cards, site.wall)).collect();
    Ok(Json(Payouts { payouts }))
}

impl PayoutView {
    fn of(payout: &Payout, cards: &[SettlementCard], wall: WallClock) -> Self {
        let (state, at, paid) = match payout.state {
            PayoutState::Ordered(due) => (PayoutStateName::Ordered, Some(due), None),
            PayoutState::Held => (PayoutStateName::Held, None, None),
            PayoutState::Paid { at, card, amount, recovered } => {
                let known = cards.iter().find(|known| known.id == card);
                let pan = known.map_or_else(String::new, |known| known.masked().to_string());
                let (amount, recovered) = (amount.minor(), recovered.minor());
                (PayoutStateName::Paid, Some(at), Some(Paid { card: card.0, pan, amount, recovered }))
            }
        };
        Self {
            payout: payout.no.to_string(),
            state,
            gross: payout.gross.minor(),
            fee: payout.fee.minor(),
            transactions: payout.transactions.iter().map(TransactionKey::from).collect(),
            at: at.map(|at| Moment::at(wall, at)),
            paid,
        }
    }
}
