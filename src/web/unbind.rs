//! `/unbindings`: the unbinding of a settlement card.

use super::{
    Fault,
    body::Body,
    caller::Caller,
    card_change::{CodeSent, code_sent},
    problem::Failure,
    site::Site,
    text::Secret,
};
use crate::portal::{CardId, Proof, Request, Response, UnbindRequest, UnbindStep};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A card to be unbound.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnbindForm {
    /// Its number within the portal.
    #[schema(example = 1)]
    card: u32,
}

/// How a merchant shows that a card is its own: by one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ProofForm {
    /// A code that was sent to the phone on file.
    #[serde(default)]
    #[schema(nullable = false)]
    code: Option<Secret>,
    /// The query password of the card.
    #[serde(default)]
    #[schema(nullable = false)]
    query_password: Option<Secret>,
}

/// The result of a face check that somebody else has made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FaceForm {
    has_passed: bool,
}

/// How far an unbinding is.
#[derive(Serialize, ToSchema)]
struct Unbinding {
    next: UnbindStepName,
}

/// What an unbinding needs next.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum UnbindStepName {
    /// A verification, after the confirmation dialog.
    Verification,
    /// A face check.
    FaceCheck,
    /// Nothing: the card is unbound.
    Nothing,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(begin_unbinding))
        .routes(routes!(send_unbinding_code))
        .routes(routes!(verify_unbinding))
        .routes(routes!(check_face))
}

/// Chooses a card.
#[utoipa::path(post, path = "/unbindings", tag = "unbinding", security(("session" = [])),
    request_body = UnbindForm, responses((status = 201, description = "Begun.", body = Unbinding)))]
async fn begin_unbinding(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<UnbindForm>,
) -> Result<(StatusCode, Json<Unbinding>), Failure> {
    let begun = step(&site, caller, UnbindRequest::Begin(CardId(form.card))).await?;
    Ok((StatusCode::CREATED, begun))
}

/// Asks for a code to the phone on file.
#[utoipa::path(post, path = "/unbindings/current/code", tag = "unbinding", security(("session" = [])),
    responses((status = 202, description = "On its way.", body = CodeSent)))]
async fn send_unbinding_code(
    State(site): State<Site>,
    caller: Caller,
) -> Result<(StatusCode, Json<CodeSent>), Failure> {
    code_sent(&site, caller, Request::Unbind(UnbindRequest::SendCode)).await
}

/// Confirms, and proves that the card is the merchant's own.
#[utoipa::path(post, path = "/unbindings/current/verification", tag = "unbinding", security(("session" = [])),
    request_body = ProofForm, responses((status = 200, description = "Verified.", body = Unbinding)))]
async fn verify_unbinding(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<ProofForm>,
) -> Result<Json<Unbinding>, Failure> {
    let proof = match form {
        ProofForm { code: Some(code), query_password: None } => Proof::Code(code.0),
        ProofForm { code: None, query_password: Some(password) } => Proof::QueryPassword(password.0),
        _ => return Err(Failure::at(Fault::Shape, "queryPassword")),
    };
    step(&site, caller, UnbindRequest::Verify(proof)).await
}

/// Tells the result of a face check.
#[utoipa::path(post, path = "/unbindings/current/face-check", tag = "unbinding", security(("session" = [])),
    request_body = FaceForm, responses((status = 200, description = "Unbound.", body = Unbinding)))]
async fn check_face(
    State(site): State<Site>,
    caller: Caller,
    Body(FaceForm { has_passed }): Body<FaceForm>,
) -> Result<Json<Unbinding>, Failure> {
    step(&site, caller, UnbindRequest::FaceCheck { has_passed }).await
}

async fn step(site: &Site, caller: Caller, request: UnbindRequest) -> Result<Json<Unbinding>, Failure> {
    let Response::Unbind(step) = site.ask(caller.asks(Request::Unbind(request))).await? else {
        return Err(Failure::confused());
    };
    let next = match step {
        UnbindStep::Verify => UnbindStepName::Verification,
        UnbindStep::FaceCheck => UnbindStepName::FaceCheck,
        UnbindStep::Unbound => UnbindStepName::Nothing,
    };
    Ok(Json(Unbinding { next }))
}
