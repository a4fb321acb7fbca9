//! `/messages`: what the portal has told the merchant.

use super::{caller::Caller, moment::Moment, problem::Failure, site::Site};
use crate::portal::{AccountRequest, Request, Response, Topic};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Messages, oldest first.
#[derive(Serialize, ToSchema)]
struct Messages {
    messages: Vec<MessageView>,
}

/// A message.
#[derive(Serialize, ToSchema)]
struct MessageView {
    /// When.
    at: Moment,
    topic: TopicName,
    /// The card it is about, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "620000******0005")]
    card: Option<String>,
    /// The money it is about, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    amount: Option<u64>,
    /// Why, in the reviewer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// Declares the topics as clients see them.
macro_rules! topics {
    ($($name:ident)*) => {
        /// What a message is about.
        #[derive(Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub(super) enum TopicName {
            $($name,)*
        }

        impl From<Topic> for TopicName {
            fn from(topic: Topic) -> Self {
                match topic { $(Topic::$name => Self::$name,)* }
            }
        }
    };
}

topics! {
    Code Welcome DataChanged CardPending CardApproved CardRejected CardEffective CardUnbound SettleFirst
    MerchantChanged MerchantRejected InstantEnabled InstantRejected Credited PayoutHeld TerminalStep TerminalInUse
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list_messages))
}

/// What the portal has told the merchant.
#[utoipa::path(get, path = "/messages", tag = "message", security(("session" = [])),
    responses((status = 200, description = "The messages.", body = Messages)))]
async fn list_messages(State(site): State<Site>, caller: Caller) -> Result<Json<Messages>, Failure> {
    let request = Request::Account(AccountRequest::Messages);
    let Response::Messages(messages) = site.ask(caller.asks(request)).await? else {
        return Err(Failure::confused());
    };
    let messages = messages.into_iter().map(|message| MessageView {
        at: Moment::at(site.wall, message.at),
        topic: message.topic.into(),
        card: message.card.map(|card| card.to_string()),
        amount: message.amount.map(|amount| amount.minor()),
        reason: message.reason,
    });
    Ok(Json(Messages { messages: messages.collect() }))
}
