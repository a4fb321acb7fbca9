//! The routes put together, and the OpenAPI document that tells of each all that may come of it.

use super::{
    Fault, activation, application, balance,
    caller::{KEY, KEY_MAX},
    card_change, cards, clock, device, inbox, instant, merchant, merchant_change, message, payout,
    problem::Problem,
    refusals::refusals,
    session,
    site::Site,
    status::status,
    terminal_order, transaction, unbind,
};
use crate::portal::Refusal;
use axum::{Router, http::header::CONTENT_TYPE, response::IntoResponse};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use utoipa::{
    OpenApi as _,
    openapi::{
        Content, ObjectBuilder, OpenApi, PathItem, Ref, Required, Response, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::Type,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The OpenAPI document of the portal, as JSON.
#[must_use]
pub fn document() -> &'static str {
    &DOCUMENT
}

/// All routes of the portal.
pub(super) fn routes() -> Router<Site> {
    described().split_for_parts().0
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document = described().split_for_parts().1;
    complete(&mut document);
    document.to_pretty_json().expect("names and texts are always JSON")
});

/// What stands in front of the operations.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "posfleet merchant portal", description = DESCRIPTION),
    components(schemas(Problem)),
    tags(
        (name = "session", description = "Logging in and out."),
        (name = "merchant", description = "The merchant's own data (商户信息)."),
        (name = "card", description = "Settlement cards (收款卡管理)."),
        (name = "card change", description = "Change of the settlement card (换卡): begin, code, verification, confirmation, then a review."),
        (name = "unbinding", description = "Unbinding of a settlement card (结算卡解绑)."),
        (name = "device", description = "Devices and their numbers (一机一码)."),
        (name = "merchant change", description = "Giving a device to another merchant (更改商户)."),
        (name = "instant settlement", description = "Being paid at once (实时到账)."),
        (name = "application", description = "Where an application stands."),
        (name = "money", description = "Transactions, balance, payouts."),
        (name = "message", description = "Messages in the portal (站内信)."),
        (name = "terminal order", description = "Application for a terminal, and its activation; without an account."),
        (name = "simulator", description = "What only a simulation has."),
        (name = "document", description = "This document."),
    ),
)]
struct Frame;

fn described() -> OpenApiRouter<Site> {
    [
        session::routes(),
        merchant::routes(),
        cards::routes(),
        card_change::routes(),
        unbind::routes(),
        device::routes(),
        merchant_change::routes(),
        instant::routes(),
        application::routes(),
        transaction::routes(),
        balance::routes(),
        payout::routes(),
        message::routes(),
        terminal_order::routes(),
        activation::routes(),
        inbox::routes(),
        clock::routes(),
        OpenApiRouter::new().routes(routes!(show_document)),
    ]
    .into_iter()
    .fold(OpenApiRouter::with_openapi(Frame::openapi()), OpenApiRouter::merge)
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "document",
    responses((status = 200, description = "The document.", body = Object)))]
async fn show_document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], document())
}

/// Adds what operations have in common: the way to be known, keys, and everything that may be refused.
fn complete(document: &mut OpenApi) {
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("session", bearer);
    for item in document.paths.paths.values_mut() {
        for (is_write, operation) in operations(item) {
            complete_operation(operation, is_write);
        }
    }
}

/// The operations of a path, and whether each needs a key.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { get, put, post, delete, .. } = item;
    let writes = [put, post].into_iter().flatten().map(|operation| {
        let is_write = operation.operation_id.as_deref() != Some("log_in");
        (is_write, operation)
    });
    writes.chain([get, delete].into_iter().flatten().map(|operation| (false, operation)))
}

fn complete_operation(operation: &mut Operation, is_write: bool) {
    let mut reasons: BTreeMap<u16, BTreeSet<(&str, &str)>> = BTreeMap::new();
    let faults = faults(operation).into_iter().map(|fault| (fault.status(), (fault.code(), fault.english())));
    let refused = refused(operation, is_write);
    let refused = refused.iter().map(|refusal| (status(*refusal), (refusal.code(), refusal.english())));
    for (status, reason) in faults.chain(refused) {
        reasons.entry(status).or_default().insert(reason);
    }
    for (status, reasons) in reasons {
        operation.responses.responses.insert(status.to_string(), response(&reasons).into());
    }
    if is_write {
        operation.parameters.get_or_insert_default().push(key());
    }
}

/// What may be wrong with a request of this kind before the portal sees it.
fn faults(operation: &Operation) -> Vec<Fault> {
    let mut faults = vec![Fault::Header, Fault::TooSlow, Fault::Internal, Fault::HostStopped];
    if operation.request_body.is_some() {
        faults.extend([Fault::Malformed, Fault::Shape, Fault::MediaType, Fault::TooLarge]);
    }
    if operation.parameters.is_some() {
        faults.push(Fault::Parameter);
    }
    faults
}

fn refused(operation: &Operation, is_write: bool) -> Vec<Refusal> {
    let own = refusals(operation.operation_id.as_deref().unwrap_or_default());
    let mut all: Vec<Refusal> = own.iter().flat_map(|part| part.iter().copied()).collect();
    if operation.security.is_some() {
        all.extend([Refusal::SessionUnknown, Refusal::SessionExpired]);
    }
    if is_write {
        all.extend([Refusal::KeyMissing, Refusal::KeyConflict]);
    }
    all
}

fn response(reasons: &BTreeSet<(&str, &str)>) -> Response {
    let lines: Vec<String> = reasons.iter().map(|(code, text)| format!("{code}: {text}")).collect();
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(lines.join("; ")).content("application/json", problem).build()
}

/// The header of the idempotency key.
fn key() -> utoipa::openapi::path::Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_MAX))
        .pattern(Some("^[ -~]*$"))
        .examples(["0b3c7f52-6f0e-4c52-9d0c-6d2a0a7c9f11"]);
    ParameterBuilder::new()
        .name(KEY)
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some(
            "What the client calls the request: the same key with the same request gets the same answer, and with \
             another request 1102.",
        ))
        .schema(Some(schema))
        .build()
}

const DESCRIPTION: &str = "\
The merchants' portal of a simulated acquirer: settlement cards and their change, unbinding, change of merchant, \
instant settlement, terminals. Amounts are in fen, times in RFC 3339. A request that changes something needs an \
`Idempotency-Key`. Every refusal has a code and a text in Chinese and English.";
