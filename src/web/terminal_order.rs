//! `/terminal-orders`: the application for a terminal, by somebody who has no account yet.

use super::{
    application::{ApplicationView, applied},
    body::{Body, object},
    caller::Caller,
    cards::CardForm,
    merchant::{MerchantForm, PersonForm},
    problem::Failure,
    segment::{Segment, Terms},
    site::Site,
};
use crate::portal::{Phone, Request, TerminalForm, TerminalKind, TerminalRequest};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What an applicant sends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderForm {
    /// The shop.
    #[serde(deserialize_with = "object")]
    merchant: MerchantForm,
    /// The applicant.
    #[serde(deserialize_with = "object")]
    holder: PersonForm,
    /// The card that payouts are to go to.
    #[serde(deserialize_with = "object")]
    card: CardForm,
    /// Which kind of terminal.
    kind: KindName,
}

/// The kinds of terminal.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum KindName {
    /// 传统.
    Traditional,
    /// 电签.
    ESign,
    /// 智能.
    Smart,
}

/// Who asks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Applicant {
    /// The phone of the application.
    #[param(example = "13900000000")]
    phone: String,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(order_terminal)).routes(routes!(show_terminal_order))
}

/// Applies for a terminal.
#[utoipa::path(post, path = "/terminal-orders", tag = "terminal order",
    request_body = OrderForm, responses((status = 201, description = "Received.", body = ApplicationView)))]
async fn order_terminal(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<OrderForm>,
) -> Result<(StatusCode, Json<ApplicationView>), Failure> {
    let request = TerminalRequest::Apply(Box::new(form.into()));
    let view = applied(&site, caller.asks(Request::Terminal(request))).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Asks how far it is.
#[utoipa::path(get, path = "/terminal-orders/{application}", tag = "terminal order",
    params(
        ("application" = String, Path, description = "Number of the application.", example = "A00000000001"),
        Applicant,
    ),
    responses((status = 200, description = "The application.", body = ApplicationView)))]
async fn show_terminal_order(
    State(site): State<Site>,
    caller: Caller,
    application: Segment,
    Terms(Applicant { phone }): Terms<Applicant>,
) -> Result<Json<ApplicationView>, Failure> {
    let request = TerminalRequest::State(application.application(), Phone::new(phone));
    applied(&site, caller.asks(Request::Terminal(request))).await.map(Json)
}

impl From<OrderForm> for TerminalForm {
    fn from(form: OrderForm) -> Self {
        let wanted = match form.kind {
            KindName::Traditional => TerminalKind::Traditional,
            KindName::ESign => TerminalKind::ESign,
            KindName::Smart => TerminalKind::Smart,
        };
        Self { data: form.merchant.into(), holder: form.holder.into(), card: form.card.into(), wanted }
    }
}
