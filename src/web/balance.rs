//! `/balance`: what was sold, and what of it was paid.

use super::{caller::Caller, problem::Failure, site::Site};
use crate::portal::{AccountRequest, Request, Response};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The money of a merchant, all in fen.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Balance {
    /// Sold and not settled.
    unsettled: u64,
    /// Cleared, less fees, and not paid.
    on_its_way: u64,
    /// Waiting for a settlement card.
    held: u64,
    /// Paid.
    paid: u64,
    /// Owed by the merchant for what was undone after it was cleared.
    owed: u64,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(show_balance))
}

/// What was sold, and what of it was paid.
#[utoipa::path(get, path = "/balance", tag = "money", security(("session" = [])),
    responses((status = 200, description = "The balance.", body = Balance)))]
async fn show_balance(State(site): State<Site>, caller: Caller) -> Result<Json<Balance>, Failure> {
    let request = Request::Account(AccountRequest::Balance);
    let Response::Balance(view) = site.ask(caller.asks(request)).await? else {
        return Err(Failure::confused());
    };
    Ok(Json(Balance {
        unsettled: view.unsettled.minor(),
        on_its_way: view.on_its_way.minor(),
        held: view.held.minor(),
        paid: view.paid.minor(),
        owed: view.owed.minor(),
    }))
}
