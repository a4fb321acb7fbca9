//! The decision of a reviewer.

use crate::{
    portal::Decision,
    web::{Fault, body::Body, problem::Failure, segment::Segment, site::Site, text::Text},
};
use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde::Deserialize;

/// What a reviewer says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
enum DecisionForm {
    /// Yes: `{"approve": {}}`.
    Approve {},
    /// No: `{"reject": {"reason": "…"}}`.
    Reject { reason: Text },
}

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/console/api/reviews/{application}/decision", post(decide))
}

impl DecisionForm {
    /// What the portal takes; a rejection without a reason is none.
    fn decision(self) -> Result<Decision, Failure> {
        match self {
            Self::Approve {} => Ok(Decision::Approve),
            Self::Reject { reason: Text(reason) } => {
                let reason = reason.trim();
                let none = || Failure::at(Fault::Shape, "reject.reason");
                if reason.is_empty() { Err(none()) } else { Ok(Decision::Reject(reason.to_owned())) }
            }
        }
    }
}

async fn decide(
    State(site): State<Site>,
    application: Segment,
    Body(form): Body<DecisionForm>,
) -> Result<StatusCode, Failure> {
    let no = application.application();
    let decision = form.decision()?;
    site.visit(move |host, now, out| Ok(host.review(now, no, decision, out)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
