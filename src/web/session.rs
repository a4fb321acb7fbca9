//! `/sessions`: logging in and out.

use super::{
    body::Body,
    caller::Caller,
    problem::Failure,
    site::Site,
    text::{MerchantNumber, Secret},
};
use crate::portal::{Request, Response};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    account: MerchantNumber,
    password: Secret,
}

/// A session; a newer one of the same account ends it.
#[derive(Serialize, ToSchema)]
struct Session {
    /// What goes into `Authorization: Bearer`.
    #[schema(pattern = "^[0-9a-f]{32}$", example = "00112233445566778899aabbccddeeff")]
    token: String,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(log_in)).routes(routes!(log_out))
}

/// Logs in.
#[utoipa::path(post, path = "/sessions", tag = "session", request_body = Login,
    responses((status = 201, description = "Logged in.", body = Session)))]
async fn log_in(
    State(site): State<Site>,
    caller: Caller,
    Body(Login { account, password }): Body<Login>,
) -> Result<(StatusCode, Json<Session>), Failure> {
    let request = Request::Login { account: account.0, password: password.0 };
    let Response::Session(token) = site.ask(caller.asks(request)).await? else {
        return Err(Failure::confused());
    };
    Ok((StatusCode::CREATED, Json(Session { token: token.to_text() })))
}

/// Logs out.
#[utoipa::path(delete, path = "/sessions/current", tag = "session", security(("session" = [])),
    responses((status = 204, description = "Logged out.")))]
async fn log_out(State(site): State<Site>, caller: Caller) -> Result<StatusCode, Failure> {
    site.ask(caller.asks(Request::Logout)).await?;
    Ok(StatusCode::NO_CONTENT)
}
