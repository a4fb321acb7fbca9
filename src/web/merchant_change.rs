//! `/merchant-changes`: giving a device to another merchant.

use super::{
    application::{ApplicationView, applied},
    body::{Body, object},
    caller::Caller,
    merchant::{MerchantForm, PersonForm},
    problem::Failure,
    segment::Segment,
    site::Site,
    text::{MerchantNumber, Text},
};
use crate::portal::{MerchantChangeForm, MerchantChangeRequest, Request, SerialNumber};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What a merchant sends to give a device to a new merchant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangeForm {
    /// Serial number of the device.
    #[schema(example = "SN10000001")]
    device: Text,
    /// Merchant number until now.
    old_merchant: MerchantNumber,
    /// The new merchant.
    #[serde(deserialize_with = "object")]
    merchant: MerchantForm,
    /// Its legal holder.
    #[serde(deserialize_with = "object")]
    holder: PersonForm,
    /// Reference to the file of its business licence.
    #[schema(example = "licence-1.pdf")]
    licence: Text,
    /// References to the files of the holder's documents.
    #[schema(example = json!(["identity-front.jpg", "identity-back.jpg"]), max_items = 16)]
    documents: Vec<Text>,
    /// Why.
    #[schema(example = "shop sold")]
    reason: Text,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(apply_for_merchant_change)).routes(routes!(resubmit_merchant_change))
}

/// Applies.
#[utoipa::path(post, path = "/merchant-changes", tag = "merchant change", security(("session" = [])),
    request_body = ChangeForm, responses((status = 201, description = "Under review.", body = ApplicationView)))]
async fn apply_for_merchant_change(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<ChangeForm>,
) -> Result<(StatusCode, Json<ApplicationView>), Failure> {
    let request = MerchantChangeRequest::Apply(Box::new(form.into()));
    let view = applied(&site, caller.asks(Request::MerchantChange(request))).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Applies again after a rejection.
#[utoipa::path(post, path = "/merchant-changes/{application}/resubmission", tag = "merchant change",
    security(("session" = [])), request_body = ChangeForm,
    params(("application" = String, Path, description = "Number of the application.", example = "A00000000001")),
    responses((status = 200, description = "Under review again.", body = ApplicationView)))]
async fn resubmit_merchant_change(
    State(site): State<Site>,
    caller: Caller,
    application: Segment,
    Body(form): Body<ChangeForm>,
) -> Result<Json<ApplicationView>, Failure> {
    let request = MerchantChangeRequest::Resubmit(application.application(), Box::new(form.into()));
    applied(&site, caller.asks(Request::MerchantChange(request))).await.map(Json)
}

impl From<ChangeForm> for MerchantChangeForm {
    fn from(form: ChangeForm) -> Self {
        Self {
            device: SerialNumber(form.device.0),
            old_merchant: form.old_merchant.0,
            data: form.merchant.into(),
            holder: form.holder.into(),
            licence: form.licence.0,
            documents: form.documents.into_iter().map(|document| document.0).collect(),
            reason: form.reason.0,
        }
    }
}
