//! `/merchant`: the merchant's own data.

use super::{body::Body, caller::Caller, problem::Failure, site::Site, text::Text};
use crate::portal::{Identity, MerchantData, MerchantRequest, Person, Phone, Request, Response};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What a merchant says about itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantForm {
    /// Name, also on receipts: 1 to 100 characters.
    #[schema(example = "城东书店0001")]
    name: Text,
    /// Where it trades: 1 to 100 characters.
    #[schema(example = "城东测试路1号")]
    address: Text,
    /// Whom to ask for.
    #[schema(example = "王小明")]
    contact: Text,
    /// The phone to which codes go: 11 digits, the first is 1.
    #[schema(example = "13900000000")]
    phone: Text,
}

/// Somebody by name and identity number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonForm {
    /// Legal name.
    #[schema(example = "王小明")]
    name: Text,
    /// Identity number (GB 11643): 18 characters with a check digit.
    #[schema(example = "11010519491231002X")]
    identity: Text,
}

/// What the portal knows about the merchant.
#[derive(Serialize, ToSchema)]
pub(super) struct MerchantView {
    name: String,
    address: String,
    contact: String,
    phone: String,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(show_merchant, edit_merchant))
}

/// Shows the merchant's own data.
#[utoipa::path(get, path = "/merchant", tag = "merchant", security(("session" = [])),
    responses((status = 200, description = "The data.", body = MerchantView)))]
async fn show_merchant(State(site): State<Site>, caller: Caller) -> Result<Json<MerchantView>, Failure> {
    answer(&site, caller, MerchantRequest::Show).await
}

/// Edits it: all members at once.
#[utoipa::path(put, path = "/merchant", tag = "merchant", security(("session" = [])), request_body = MerchantForm,
    responses((status = 200, description = "The data as it is now.", body = MerchantView)))]
async fn edit_merchant(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<MerchantForm>,
) -> Result<Json<MerchantView>, Failure> {
    answer(&site, caller, MerchantRequest::Edit(form.into())).await
}

async fn answer(
    site: &Site,
    caller: Caller,
    request: MerchantRequest,
) -> Result<Json<MerchantView>, Failure> {
    let Response::Merchant(data) = site.ask(caller.asks(Request::Merchant(request))).await? else {
        return Err(Failure::confused());
    };
    let MerchantData { name, address, contact, phone } = data;
    Ok(Json(MerchantView { name, address, contact, phone: phone.as_str().to_owned() }))
}

impl From<MerchantForm> for MerchantData {
    fn from(form: MerchantForm) -> Self {
        let MerchantForm { name: Text(name), address: Text(address), contact: Text(contact), phone } = form;
        Self { name, address, contact, phone: Phone::new(phone.0) }
    }
}

impl From<PersonForm> for Person {
    fn from(form: PersonForm) -> Self {
        Self { name: form.name.0, identity: Identity::new(form.identity.0) }
    }
}
