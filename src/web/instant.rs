//! `/instant-settlement`: the application to be paid at once.

use super::{
    application::{ApplicationView, applied},
    body::Body,
    caller::Caller,
    problem::Failure,
    site::Site,
    text::{MerchantNumber, Text},
};
use crate::portal::{InstantRequest, Request};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Who wants to be paid at once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InstantForm {
    /// Merchant name as the portal knows it.
    #[schema(example = "城东书店0001")]
    name: Text,
    merchant: MerchantNumber,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(apply_for_instant_settlement))
}

/// Applies.
#[utoipa::path(post, path = "/instant-settlement", tag = "instant settlement", security(("session" = [])),
    request_body = InstantForm, responses((status = 201, description = "Under review.", body = ApplicationView)))]
async fn apply_for_instant_settlement(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<InstantForm>,
) -> Result<(StatusCode, Json<ApplicationView>), Failure> {
    let request = InstantRequest::Apply { name: form.name.0, number: form.merchant.0 };
    let view = applied(&site, caller.asks(Request::Instant(request))).await?;
    Ok((StatusCode::CREATED, Json(view)))
}
