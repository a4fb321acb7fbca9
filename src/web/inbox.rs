//! `/simulator/inbox`: the short messages that have arrived at a phone, codes and all. No real portal has this.

use super::{Fault, message::TopicName, moment::Moment, problem::Failure, segment::Segment, site::Site};
use crate::portal::{Password, Phone, Refusal};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Short messages, oldest first.
#[derive(Serialize, ToSchema)]
struct Inbox {
    messages: Vec<SmsView>,
}

/// A short message.
#[derive(Serialize, ToSchema)]
struct SmsView {
    /// When it arrived.
    at: Moment,
    topic: TopicName,
    /// The code or first password that it brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "123456")]
    code: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(show_inbox))
}

/// The short messages that have arrived at a phone, codes and all: a convenience of the simulation, for whoever plays
/// the merchant. No real portal has this.
#[utoipa::path(get, path = "/simulator/inbox/{phone}", tag = "simulator",
    params(("phone" = String, Path, description = "Phone number.", example = "13900000000")),
    responses((status = 200, description = "The messages.", body = Inbox)))]
async fn show_inbox(State(site): State<Site>, Segment(phone): Segment) -> Result<Json<Inbox>, Failure> {
    let (phone, wall) = (Phone::new(phone), site.wall);
    if !phone.is_valid() {
        return Err(Refusal::PhoneInvalid.into());
    }
    let messages = site.visit(move |host, now, _| {
        let portal = host.portal().ok_or(Fault::HostStopped)?;
        let arrived = portal.sms(now, &phone).map(|sms| SmsView {
            at: Moment::at(wall, sms.at),
            topic: sms.topic.into(),
            code: sms.secret.as_ref().map(|secret: &Password| secret.as_str().to_owned()),
        });
        Ok(arrived.collect())
    });
    Ok(Json(Inbox { messages: messages.await? }))
}
