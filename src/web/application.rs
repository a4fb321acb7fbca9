//! `/applications`: where an application stands.

use super::{caller::Caller, moment::Moment, problem::Failure, segment::Segment, site::Site};
use crate::{
    host::Host,
    portal::{
        AccountRequest, ApplicationView as Known, Call, Decision, OrderStep, Pair, Request, Response, Stage,
        Submission,
    },
    time::WallClock,
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// An application.
#[derive(Serialize, ToSchema)]
pub(super) struct ApplicationView {
    /// Its number.
    #[schema(example = "A00000000001")]
    application: String,
    stage: StageName,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// Every submission with its decision.
    submissions: Vec<SubmissionView>,
    /// The numbers that a change of merchant has brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    assigned: Option<Numbers>,
    /// How far an application for a terminal is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order: Option<OrderView>,
}

/// Where an application stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum StageName {
    /// Not under review yet.
    Received,
    /// Under review.
    Pending,
    /// Approved, not in effect yet.
    Approved,
    /// In effect.
    Done,
    /// Rejected.
    Rejected,
}

/// One submission of an application.
#[derive(Serialize, ToSchema)]
struct SubmissionView {
    /// When it was submitted.
    at: Moment,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decision: Option<DecisionView>,
}

/// What a reviewer said.
#[derive(Serialize, ToSchema)]
struct DecisionView {
    /// When.
    at: Moment,
    approved: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// The numbers of a terminal, and the key under which it signs in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Numbers {
    /// Terminal number, DE 41.
    #[schema(example = "90000001")]
    terminal: String,
    /// Merchant number, DE 42.
    #[schema(example = "898900000000001")]
    merchant: String,
    /// Its master key in hexadecimal: a simulated secret, of a simulated terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "0123456789ABCDEFFEDCBA9876543210")]
    master_key: Option<String>,
}

/// How far an application for a terminal is.
#[derive(Serialize, ToSchema)]
struct OrderView {
    step: OrderStepName,
    /// The number by which the parcel is followed, once it is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tracking: Option<String>,
    /// The serial number of the device, once it has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "N00000000001")]
    serial: Option<String>,
}

/// How far an application for a terminal is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum OrderStepName {
    /// The form has arrived.
    Applied,
    /// Somebody has phoned the applicant; the review goes on.
    Contacted,
    /// It was approved, and a device was set aside.
    Approved,
    /// The device is on its way; the activation code came by SMS.
    Shipped,
    /// The device has arrived.
    Delivered,
    /// The device has its numbers and its master key.
    Activated,
    /// The first sale was made.
    InUse,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(show_application))
}

/// An application of the merchant's.
#[utoipa::path(get, path = "/applications/{application}", tag = "application", security(("session" = [])),
    params(("application" = String, Path, description = "Its number.", example = "A00000000001")),
    responses((status = 200, description = "The application.", body = ApplicationView)))]
async fn show_application(
    State(site): State<Site>,
    caller: Caller,
    application: Segment,
) -> Result<Json<ApplicationView>, Failure> {
    let request = Request::Account(AccountRequest::Application(application.application()));
    applied(&site, caller.asks(request)).await.map(Json)
}

/// Asks something whose answer is an application.
pub(super) async fn applied(site: &Site, call: Call) -> Result<ApplicationView, Failure> {
    let wall = site.wall;
    site.visit(move |host, now, out| {
        let Response::Application(known) = host.call(now, &call, out)? else {
            return Err(Failure::confused());
        };
        Ok(ApplicationView::of(known, wall, host))
    })
    .await
}

impl ApplicationView {
    fn of(known: Known, wall: WallClock, host: &Host) -> Self {
        let (stage, reason) = match known.stage {
            Stage::Received => (StageName::Received, None),
            Stage::Pending => (StageName::Pending, None),
            Stage::Approved => (StageName::Approved, None),
            Stage::Done => (StageName::Done, None),
            Stage::Rejected(reason) => (StageName::Rejected, Some(reason)),
        };
        Self {
            application: known.no.to_string(),
            stage,
            reason,
            submissions: known.submissions.iter().map(|one| SubmissionView::of(one, wall)).collect(),
            assigned: known.assigned.map(|pair| Numbers::of(pair, host)),
            order: known.order.map(|order| OrderView {
                step: order.step.into(),
                tracking: order.tracking,
                serial: order.device.map(|device| device.0),
            }),
        }
    }
}

impl SubmissionView {
    fn of(submission: &Submission, wall: WallClock) -> Self {
        let decision = submission.decided.as_ref().map(|(at, decision)| DecisionView {
            at: Moment::at(wall, *at),
            approved: *decision == Decision::Approve,
            reason: match decision {
                Decision::Approve => None,
                Decision::Reject(reason) => Some(reason.clone()),
            },
        });
        Self { at: Moment::at(wall, submission.at), decision }
    }
}

impl Numbers {
    /// The numbers that were handed out, with the key that the host keeps for them.
    pub(super) fn of(pair: Pair, host: &Host) -> Self {
        let (terminal, merchant) = (pair.terminal.to_string(), pair.merchant.to_string());
        Self { terminal, merchant, master_key: master_key(host, pair) }
    }
}

/// The master key of a terminal in hexadecimal, as long as the host knows the terminal.
fn master_key(host: &Host, pair: Pair) -> Option<String> {
    let key = host.master_key(pair.terminal)?;
    Some(key.bytes().iter().map(|byte| format!("{byte:02X}")).collect())
}

impl From<OrderStep> for OrderStepName {
    fn from(step: OrderStep) -> Self {
        match step {
            OrderStep::Applied => Self::Applied,
            OrderStep::Contacted => Self::Contacted,
            OrderStep::Approved => Self::Approved,
            OrderStep::Shipped => Self::Shipped,
            OrderStep::Delivered => Self::Delivered,
            OrderStep::Activated => Self::Activated,
            OrderStep::InUse => Self::InUse,
        }
    }
}
