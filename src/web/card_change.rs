//! `/card-changes`: the change of the settlement card, from one of two pages, and the binding of a further card.

use super::{
    Fault,
    application::{ApplicationView, applied},
    body::{Body, object},
    caller::Caller,
    cards::CardForm,
    moment::Moment,
    problem::Failure,
    site::Site,
    text::Secret,
};
use crate::portal::{CardId, CardRequest, Page, Request, Response};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A change that a merchant wants to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangeForm {
    page: PageName,
    /// The card that is replaced: with the page `card`, and only there.
    #[serde(default)]
    #[schema(nullable = false, example = 1)]
    card: Option<u32>,
    #[serde(deserialize_with = "object")]
    new_card: CardForm,
}

/// From where a card is sent.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum PageName {
    /// The account that payouts go to is changed.
    Account,
    /// A card of the list is replaced.
    Card,
    /// A card is bound besides those there are.
    Binding,
}

/// A code that came by SMS.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeForm {
    code: Secret,
}

/// A code is on its way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeSent {
    valid_until: Moment,
}

/// The confirmation page: both cards, masked.
#[derive(Serialize, ToSchema)]
struct Confirmation {
    /// The card that goes; a further card takes no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "620000******0005")]
    old: Option<String>,
    /// The card that comes.
    #[schema(example = "620000******0013")]
    new: String,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(begin_card_change))
        .routes(routes!(show_card_change))
        .routes(routes!(send_card_change_code))
        .routes(routes!(verify_card_change))
        .routes(routes!(confirm_card_change))
}

/// Sends a new card.
#[utoipa::path(post, path = "/card-changes", tag = "card change", security(("session" = [])),
    request_body = ChangeForm, responses((status = 204, description = "Begun; a code comes next.")))]
async fn begin_card_change(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<ChangeForm>,
) -> Result<StatusCode, Failure> {
    let page = match (form.page, form.card) {
        (PageName::Account, None) => Page::Account,
        (PageName::Binding, None) => Page::Binding,
        (PageName::Card, Some(card)) => Page::Card(CardId(card)),
        _ => return Err(Failure::at(Fault::Shape, "card")),
    };
    let request = CardRequest::Begin { page, new: form.new_card.into() };
    site.ask(caller.asks(Request::Card(request))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for a code to the phone on file.
#[utoipa::path(post, path = "/card-changes/current/code", tag = "card change", security(("session" = [])),
    responses((status = 202, description = "On its way.", body = CodeSent)))]
async fn send_card_change_code(
    State(site): State<Site>,
    caller: Caller,
) -> Result<(StatusCode, Json<CodeSent>), Failure> {
    code_sent(&site, caller, Request::Card(CardRequest::SendCode)).await
}

/// Verifies the code.
#[utoipa::path(post, path = "/card-changes/current/verification", tag = "card change", security(("session" = [])),
    request_body = CodeForm, responses((status = 200, description = "The confirmation page.", body = Confirmation)))]
async fn verify_card_change(
    State(site): State<Site>,
    caller: Caller,
    Body(CodeForm { code }): Body<CodeForm>,
) -> Result<Json<Confirmation>, Failure> {
    page(&site, caller, CardRequest::Verify(code.0)).await
}

/// Shows the confirmation page again.
#[utoipa::path(get, path = "/card-changes/current", tag = "card change", security(("session" = [])),
    responses((status = 200, description = "The confirmation page.", body = Confirmation)))]
async fn show_card_change(State(site): State<Site>, caller: Caller) -> Result<Json<Confirmation>, Failure> {
    page(&site, caller, CardRequest::Confirmation).await
}

/// Confirms, and so applies for the change.
#[utoipa::path(post, path = "/card-changes/current/confirmation", tag = "card change", security(("session" = [])),
    responses((status = 201, description = "Under review.", body = ApplicationView)))]
async fn confirm_card_change(
    State(site): State<Site>,
    caller: Caller,
) -> Result<(StatusCode, Json<ApplicationView>), Failure> {
    let view = applied(&site, caller.asks(Request::Card(CardRequest::Confirm))).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Has a code sent.
pub(super) async fn code_sent(
    site: &Site,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<CodeSent>), Failure> {
    let Response::CodeSent { until } = site.ask(caller.asks(request)).await? else {
        return Err(Failure::confused());
    };
    Ok((StatusCode::ACCEPTED, Json(CodeSent { valid_until: Moment::at(site.wall, until) })))
}

async fn page(site: &Site, caller: Caller, request: CardRequest) -> Result<Json<Confirmation>, Failure> {
    let Response::Confirmation { old, new } = site.ask(caller.asks(Request::Card(request))).await? else {
        return Err(Failure::confused());
    };
    Ok(Json(Confirmation { old: old.map(|old| old.to_string()), new: new.to_string() }))
}
