//! `/activations`: a delivered device gets its numbers and its master key.

use super::{
    application::Numbers,
    body::Body,
    caller::Caller,
    problem::Failure,
    site::Site,
    text::{Secret, Text},
};
use crate::portal::{Request, Response, SerialNumber, TerminalRequest};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What is typed on the device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ActivationForm {
    /// Serial number.
    #[schema(example = "N00000000001")]
    serial: Text,
    /// The activation code that came by SMS.
    code: Secret,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(activate_terminal))
}

/// Registers and activates a device.
#[utoipa::path(post, path = "/activations", tag = "terminal order",
    request_body = ActivationForm, responses((status = 201, description = "Activated.", body = Numbers)))]
async fn activate_terminal(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<ActivationForm>,
) -> Result<(StatusCode, Json<Numbers>), Failure> {
    let request = TerminalRequest::Activate { device: SerialNumber(form.serial.0), code: form.code.0 };
    let call = caller.asks(Request::Terminal(request));
    let numbers = site.visit(move |host, now, out| match host.call(now, &call, out)? {
        Response::Activated(pair) => Ok(Numbers::of(pair, host)),
        _ => Err(Failure::confused()),
    });
    Ok((StatusCode::CREATED, Json(numbers.await?)))
}
